/* SPDX-License-Identifier: ISC */
/*
 * What a record adds to a summary of traffic, so that each thing that happened is
 * counted once: exchanges of HTTP, questions of DNS, and flows of which no other
 * record tells. Pure: a record in, a sample out; CLI only.
 */
#ifndef SIGHTGLASS_CLI_TRAFFIC_H
#define SIGHTGLASS_CLI_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/attr.h"
#include "cli/groups.h"

enum traffic_verdict {
	TRAFFIC_COUNTED,   /* or its bytes are */
	TRAFFIC_TOLD,      /* no traffic, or another record tells of it */
	TRAFFIC_CONTINUES, /* an exchange before its end, which has its own record */
	TRAFFIC_FOREIGN    /* none of our records */
};

struct traffic {
	yyjson_val *record; /* borrowed */
	struct sample sample;
	bool twin; /* DNS within an exchange: counts by fields of DNS alone */
	bool has_time;
	int64_t time_us; /* @timestamp, since the epoch */
};

/* `asked`: the datasets were chosen, so that each of their records counts. Messages
 * of WebSockets else add their bytes only: their exchange was counted. */
enum traffic_verdict traffic_read(yyjson_val *record, bool asked,
    struct traffic *t) WUNRES NONNULL(3);

/* What a summary is by: "host", "application", "status", "type", "method", or else
 * the dotted name of any field. */
struct traffic_key;

struct traffic_by {
	const char *name;              /* borrowed */
	size_t length;
	const struct traffic_key *key; /* NULL: a field */
};

struct traffic_by traffic_by(const char *name, size_t length) NONNULL(1);

struct traffic_value {
	const char *text; /* NULL: it has none, which counts as a value */
	size_t length;
	char *owned;      /* NULL, or what text is in */
	char lower[256];  /* or this */
};

/* The record's value. False: it is none of those that the summary is about (no
 * exchange, for a summary by status), or lacks the field. E_NOMEM is *failed. Give
 * the value to traffic_value_free in either case; it borrows from the record. */
bool traffic_value(const struct traffic_by *by, const struct traffic *t,
    struct traffic_value *value, bool *failed) WUNRES NONNULL(1, 2, 3, 4);
void traffic_value_free(struct traffic_value *value) NONNULL(1);

#endif
