/* SPDX-License-Identifier: ISC */
/*
 * What the suites of the records share: one flow with its events, which a test
 * changes before it writes a record of them, and that record read back by a
 * foreign parser. Set and emptied for each test by the fixture.
 */
#ifndef SIGHTGLASS_T_UNIT_RECORDS_H
#define SIGHTGLASS_T_UNIT_RECORDS_H

#include <check.h>
#include <yyjson.h>

#include "log/record.h"

#define START_US 1795428900123456 /* 2026-11-23T10:15:00.123456Z */
#define BYTES(text) {(const uint8_t *)(text), sizeof(text) - 1}

extern const struct record_writer writer; /* redacts authorization and cookie */
extern const uint32_t pid;                /* of the flow */

extern struct flow_facts flow;
extern struct record_facts facts; /* of the flow, by make_facts */
extern struct http_exchange exchange;
extern struct tls_event tls;
extern struct flow_event end;
extern struct buf out; /* empty between records */

/* A checked fixture's. */
void record_setup(void);
void record_teardown(void);

void set_address(struct sockaddr_storage *a, const char *text, uint16_t port);
/* After a change of `flow`. */
void make_facts(bool is_tls);

/* What was written to `out` without `error` is one line of JSON: at() and the
 * checks see it until the next. */
void parse(int error);
void write_http(void);
void write_tls(void);
void write_flow(void);

/* What stands at a JSON pointer (RFC 6901). NULL: nothing. */
yyjson_val *at(const char *pointer);
void check_text(const char *pointer, const char *text);
void check_number(const char *pointer, uint64_t number);
void check_ms(const char *pointer, double ms);
void check_true(const char *pointer);
void check_false(const char *pointer);
void check_absent(const char *pointer);
/* Members of an object or an array. */
void check_count(const char *pointer, size_t count);

#endif
