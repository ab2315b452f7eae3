/* SPDX-License-Identifier: ISC */
/*
 * The HTTP/1 tap (RFC 9112): fed copies of the bytes of both directions of one
 * connection, in any fragments, it pairs requests with responses and hands each
 * exchange to its sink. It sends nothing and changes nothing. Pipelining, 1xx,
 * HEAD, 204/304, chunked bodies with trailers, and bodies that end with the
 * connection are followed by llhttp in its lenient settings. A parser error
 * ends the reading, never the connection.
 *
 * Pure: no descriptor, no clock (the time is handed in), no global. Worker.
 */
#ifndef SIGHTGLASS_MITM_H1_H
#define SIGHTGLASS_MITM_H1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/body_parts.h"
#include "mitm/event.h"

struct h1;

struct h1_limits {
	size_t head_bytes;   /* a head longer than this is cut, and says so */
	struct body_rules bodies; /* of each body, in each direction */
	unsigned pipelined;  /* unanswered requests that are remembered */
	size_t pending_bytes; /* of which these are kept in full; of others the
	                       * head is cut early and no body is captured */
};

/* A tap for one connection. limits and sink are copied. NULL: out of memory. */
struct h1 *h1_new(const struct h1_limits *limits, const struct tap_sink *sink)
    WUNRES NONNULL(1, 2);

/* Frees it, silently dropping what is unfinished. NULL is fine. */
void h1_free(struct h1 *h);

/* Reads `length` bytes that passed in `direction` at now_us. After a parser
 * error or an upgrade it ignores them. */
void h1_feed(struct h1 *h, enum direction direction, const uint8_t *bytes,
    size_t length, uint64_t now_us) NONNULL(1);

/* When h1_tick has something to do; BODY_NEVER: not while no byte comes. */
uint64_t h1_due_us(const struct h1 *h) WUNRES NONNULL(1);

/* Tells of what is under way and due at now_us. */
void h1_tick(struct h1 *h, uint64_t now_us) NONNULL(1);

/* That direction has ended in order (a body may end with it). */
void h1_eof(struct h1 *h, enum direction direction, uint64_t now_us)
    NONNULL(1);

/* The connection is over: hands on every unfinished exchange, marked so. */
void h1_finish(struct h1 *h, uint64_t now_us) NONNULL(1);

/* False once the tap has given up or the connection was upgraded. */
bool h1_reading(const struct h1 *h) NONNULL(1);

/* Why it has given up, as parse_error says it; NULL: it has not. */
const char *h1_trouble(const struct h1 *h) NONNULL(1);

/* After an upgrade, what was fed of that direction and is not HTTP/1 any more.
 * Borrowed: from the bytes last fed, or until the tap is freed. False: the client
 * had sent more than head_bytes of it before the server agreed, and it is lost. */
bool h1_rest(const struct h1 *h, enum direction direction, struct bytes *rest)
    WUNRES NONNULL(1, 3);

/* Whether the bytes could be the start of an HTTP/1 request: a method token,
 * one space, a target. 1 yes, 0 no, E_MORE undecided. */
int h1_sniff(const uint8_t *bytes, size_t length) WUNRES NONNULL(1);

#endif
