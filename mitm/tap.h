/* SPDX-License-Identifier: ISC */
/*
 * The tap of one connection: the reader of the protocol that it speaks, and of the
 * one that it changes to. Fed copies of the bytes of both directions, it hands what
 * it read to its sink; it sends nothing, changes nothing, and cannot fail the
 * connection. Pure: no descriptor, no clock, no global. Worker.
 */
#ifndef SIGHTGLASS_MITM_TAP_H
#define SIGHTGLASS_MITM_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/event.h"

struct redact_rules;
struct tap;

enum tap_protocol { TAP_NOTHING, TAP_HTTP1, TAP_HTTP2, TAP_WEBSOCKET };

struct tap_limits {
	size_t head_bytes;    /* a head longer than this is cut, and says so */
	size_t body_bytes;    /* captured of each body, in each direction */
	size_t content_bytes; /* of what it says, once its codings are undone */
	unsigned pipelined;   /* requests of HTTP/1 that wait for an answer */
	unsigned streams;     /* of HTTP/2 that are open at one time */
	size_t pending_bytes; /* kept of them in all; then less of each is */
	struct redact_rules *const *rules; /* where those are that hold now, as long
	                                    * as the tap lives; NULL: all is shown */
};

/* What the connection speaks that can be read, by the ALPN that was agreed on
 * (NULL: none) and the client's first bytes: an enum tap_protocol, or E_MORE. */
int tap_choose(const char *alpn, const uint8_t *bytes, size_t length) WUNRES;

/* As in flow records: "http", "http2", "websocket"; NULL for TAP_NOTHING. */
const char *tap_protocol_name(enum tap_protocol protocol);

/* Of TAP_HTTP1 or TAP_HTTP2. limits and sink are copied. NULL: out of memory. */
struct tap *tap_new(enum tap_protocol protocol, const struct tap_limits *limits,
    const struct tap_sink *sink) WUNRES NONNULL(2, 3);

/* Frees it, silently dropping what is unfinished. NULL is fine. */
void tap_free(struct tap *t);

/* Reads `length` bytes that passed in `direction` at now_us. False: the reading
 * has ended, and what was unfinished has been handed on; it can be freed. */
bool tap_feed(struct tap *t, enum direction direction, const uint8_t *bytes,
    size_t length, uint64_t now_us) WUNRES NONNULL(1);

/* That direction has ended in order (a body may end with it). */
void tap_eof(struct tap *t, enum direction direction, uint64_t now_us)
    NONNULL(1);

/* The connection is over: hands on what is unfinished, marked so. */
void tap_finish(struct tap *t, uint64_t now_us) NONNULL(1);

/* What it reads now. */
enum tap_protocol tap_reads(const struct tap *t) NONNULL(1);

#endif
