/* SPDX-License-Identifier: ISC */
/*
 * The WebSocket tap (RFC 6455): fed copies of the bytes of both directions behind
 * an upgrade, in any fragments, it hands each message to its sink: fragments
 * joined, unmasked, and decompressed where permessage-deflate (RFC 7692) was agreed
 * on. It sends nothing and changes nothing. An error ends the reading of its
 * direction, never the connection.
 *
 * Pure: no descriptor, no clock (the time is handed in), no global. Worker.
 */
#ifndef SIGHTGLASS_MITM_WS_H
#define SIGHTGLASS_MITM_WS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/event.h"

struct ws;

struct ws_limits {
	size_t message_bytes; /* kept of each message's content... */
	enum capture_level capture; /* ...unless this is less than CAPTURE_BODY */
};

/* A tap for what follows the exchange `stream` of a connection, whose answer has
 * `fields`. limits and sink are copied. NULL: out of memory. */
struct ws *ws_new(const struct ws_limits *limits, const struct tap_sink *sink,
    uint64_t stream, const struct http_field *fields, size_t field_count)
    WUNRES NONNULL(1, 2);

/* Frees it, silently dropping what is unfinished. NULL is fine. */
void ws_free(struct ws *ws);

/* Reads `length` bytes that passed in `direction` at now_us. */
void ws_feed(struct ws *ws, enum direction direction, const uint8_t *bytes,
    size_t length, uint64_t now_us) NONNULL(1);

/* The connection is over: hands on the messages that are not whole, marked so. */
void ws_finish(struct ws *ws, uint64_t now_us) NONNULL(1);

/* Whether an answer of a server agreed to WebSocket: its Upgrade field says so. */
bool ws_is_agreed(const struct http_field *fields, size_t count) WUNRES;

#endif
