/* SPDX-License-Identifier: ISC */
/*
 * The HTTP/2 tap (RFC 9113): fed copies of the bytes of both directions of one
 * connection, in any fragments, it pairs the two halves of each stream and hands
 * each exchange to its sink, as the HTTP/1 tap does. It sends nothing and changes
 * nothing. An error, or a header block that cannot be decoded, ends the reading,
 * never the connection.
 *
 * Pure: no descriptor, no clock (the time is handed in), no global. Worker.
 */
#ifndef SIGHTGLASS_MITM_H2_H
#define SIGHTGLASS_MITM_H2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/body_parts.h"
#include "mitm/event.h"

struct h2;

struct h2_limits {
	size_t head_bytes;    /* a head longer than this is cut, and says so */
	struct body_rules bodies; /* of each body, in each direction */
	size_t message_bytes; /* captured of each message of a WebSocket */
	unsigned streams;     /* open at one time */
	size_t pending_bytes; /* kept of all open streams; then no more of any body
	                       * is captured and heads are cut early; from twice
	                       * as much on they are without fields */
};

/* A tap for one connection, from the client's preface on. limits and sink are
 * copied. NULL: out of memory. */
struct h2 *h2_new(const struct h2_limits *limits, const struct tap_sink *sink)
    WUNRES NONNULL(1, 2);

/* Frees it, silently dropping what is unfinished. NULL is fine. */
void h2_free(struct h2 *h);

/* The connection was upgraded from HTTP/1 by this exchange, whose request the
 * server answers as stream 1 (RFC 7540 section 3.2). Before the first byte. */
void h2_adopt(struct h2 *h, const struct http_exchange *upgrade) NONNULL(1, 2);

/* Reads `length` bytes that passed in `direction` at now_us. Once the reading has
 * ended it ignores them. */
void h2_feed(struct h2 *h, enum direction direction, const uint8_t *bytes,
    size_t length, uint64_t now_us) NONNULL(1);

/* When h2_tick may have something to do; BODY_NEVER: not while no byte comes. */
uint64_t h2_due_us(const struct h2 *h) WUNRES NONNULL(1);

/* Tells of what is under way and due at now_us. */
void h2_tick(struct h2 *h, uint64_t now_us) NONNULL(1);

/* The connection is over: hands on every unfinished exchange, marked so. */
void h2_finish(struct h2 *h, uint64_t now_us) NONNULL(1);

/* What passes cannot be read, and why: ends the reading as an error does. */
void h2_give_up(struct h2 *h, const char *parse_error, uint64_t now_us)
    NONNULL(1, 2);

/* False once the tap has given up. */
bool h2_reading(const struct h2 *h) NONNULL(1);

/* Why it has, as parse_error says it; NULL: it has not. */
const char *h2_trouble(const struct h2 *h) NONNULL(1);

/* Whether the bytes begin with the client's preface (section 3.4). 1 yes, 0 no,
 * E_MORE: so far they do. */
int h2_sniff(const uint8_t *bytes, size_t length) WUNRES;

#endif
