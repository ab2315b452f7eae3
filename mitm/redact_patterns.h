/* SPDX-License-Identifier: ISC */
/*
 * Keeps out of the log what regular expressions (PCRE2) match in a text, as a stream.
 * A hostile text cannot hold the worker up: the steps that may be spent on it are
 * counted, and grow with its length; when they are used up the rest of it is hidden.
 * Pure; worker, and the parent to check settings.
 *
 * Up to 8 KiB of the text are held back. What is found is as if the text were read in
 * one, except that of a match of more than 4 KiB a part may be shown, and that an
 * expression sees no more than 256 bytes of what stands before.
 */
#ifndef SIGHTGLASS_MITM_REDACT_PATTERNS_H
#define SIGHTGLASS_MITM_REDACT_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

#define REDACT_PATTERNS_MAX 64u

struct redact_patterns;

/* What is wrong with an expression. */
struct redact_pattern_error {
	size_t column;  /* from 1 */
	char words[160];
};

/* No expressions yet. NULL: out of memory. */
struct redact_patterns *redact_patterns_new(void) WUNRES;
void redact_patterns_free(struct redact_patterns *p);

/* One more. E_SYNTAX: *error says why; E_NOMEM; E_FULL. */
int redact_patterns_add(struct redact_patterns *p, const char *text,
    struct redact_pattern_error *error) WUNRES NONNULL(1, 2, 3);

struct redact_matcher {
	struct redact_patterns *patterns; /* borrowed */
	struct buf held;     /* the context, and what is not decided on */
	size_t context;      /* bytes of it that were decided on */
	uint64_t steps;      /* that are left */
	uint64_t met;        /* a bit for each expression that matched */
	bool gave_up;        /* the rest is hidden */
	bool cut;            /* as of struct redactor */
};

/* One for a text. */
void redact_matcher_init(struct redact_matcher *m, struct redact_patterns *p)
    NONNULL(1, 2);
void redact_matcher_free(struct redact_matcher *m) NONNULL(1);

/* More of the text, and its end: append to `out` what may be shown of it. */
void redact_matcher_feed(struct redact_matcher *m, struct bytes text,
    struct buf *out) NONNULL(1, 3);
void redact_matcher_end(struct redact_matcher *m, struct buf *out) NONNULL(1, 2);

#endif
