/* SPDX-License-Identifier: ISC */
/*
 * One HTTP/1 message as the tap collects it: fields, trailers and the captured
 * part of the body, each bounded, all in memory of its own that one call gives
 * back. Pure; worker, used by mitm/h1.c only. It does not parse.
 */
#ifndef SIGHTGLASS_MITM_H1_MESSAGE_H
#define SIGHTGLASS_MITM_H1_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

/* Text that the parser hands over in pieces. It is borrowed while it is one run
 * in the bytes being fed, and copied only when it is not or when those end. */
struct h1_span {
	const uint8_t *at; /* borrowed; NULL: it is in `kept` */
	size_t length;     /* all of it, also what was not kept */
	struct buf kept;
};

struct h1_fields {
	struct http_field *items; /* in the message's arena */
	size_t count, capacity;
};

struct h1_message {
	struct arena arena;
	struct h1_fields fields, trailers;
	struct buf body;
	uint64_t wire_bytes;
	uint64_t first_us, last_us;
	size_t head_left; /* bytes of the head that will still be kept */
	bool began, complete, head_too_long;
};

void h1_span_init(struct h1_span *s, size_t limit_bytes) NONNULL(1);
void h1_span_free(struct h1_span *s) NONNULL(1);

/* One more piece of the text. */
void h1_span_add(struct h1_span *s, const uint8_t *at, size_t length)
    NONNULL(1);

/* The bytes being fed end here: copies what is borrowed of them. */
void h1_span_settle(struct h1_span *s) NONNULL(1);

/* Empties it and gives its memory back. */
void h1_span_clear(struct h1_span *s) NONNULL(1);

void h1_message_init(struct h1_message *m, size_t head_bytes,
    size_t body_bytes) NONNULL(1);
void h1_message_free(struct h1_message *m) NONNULL(1);

/* Adds a field to `list`, one of m's. One that does not fit is left out, as are
 * all behind it, and head_too_long is set. */
void h1_message_add_field(struct h1_message *m, struct h1_fields *list,
    const struct h1_span *name, const struct h1_span *value)
    NONNULL(1, 2, 3, 4);

/* Copies the text of the start line, cut if it does not fit (head_too_long). */
struct bytes h1_message_keep(struct h1_message *m, const struct h1_span *text)
    NONNULL(1, 2);

/* Counts payload bytes and keeps them up to the limit. */
void h1_message_add_body(struct h1_message *m, const uint8_t *at,
    size_t length) NONNULL(1);

/* How much memory it keeps, roughly. */
size_t h1_message_bytes(const struct h1_message *m) WUNRES NONNULL(1);

/* Everything in *out is borrowed from m until m next changes. */
void h1_message_describe(const struct h1_message *m, struct http_message *out)
    NONNULL(1, 2);

#endif
