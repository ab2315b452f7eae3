/* SPDX-License-Identifier: ISC */
/*
 * Text that the HTTP/1 parser hands over in pieces. It is borrowed while it is one
 * run in the bytes being fed, and copied only when it is not or when those end.
 * Pure; worker, used by mitm/h1.c only.
 */
#ifndef SIGHTGLASS_MITM_H1_SPAN_H
#define SIGHTGLASS_MITM_H1_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

struct h1_span {
	const uint8_t *at; /* borrowed; NULL: it is in `kept` */
	size_t length;     /* all of it, also what was not kept */
	struct buf kept;
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

/* What is at hand of it, until the span next changes. False: its end is missing,
 * because it passed its limit. */
bool h1_span_bytes(const struct h1_span *s, struct bytes *out) WUNRES
    NONNULL(1, 2);

#endif
