/* SPDX-License-Identifier: ISC */
/*
 * Regular expressions of people who look for something: PCRE2's syntax, over
 * UTF-8, with bounds on what a match may cost. Pure; CLI only.
 */
#ifndef SIGHTGLASS_LOG_PATTERN_H
#define SIGHTGLASS_LOG_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define PATTERN_LITERAL_MAX 256u

enum pattern_flag {
	PATTERN_CASELESS = 1, /* upper and lower case are the same */
	PATTERN_DOTALL = 2,   /* a dot is any character, a newline too */
	PATTERN_LITERAL = 4   /* the text stands for itself */
};

struct pattern;

struct pattern_error {
	size_t offset; /* of the expression's bytes: where it is wrong */
	char words[128];
};

/* Compiles `length` bytes; `flags` are of enum pattern_flag. NULL with *error: it
 * is not well formed, or memory is out. */
struct pattern *pattern_new(const char *text, size_t length, unsigned flags,
    struct pattern_error *error) WUNRES NONNULL(1, 4);
void pattern_free(struct pattern *p);

/* Whether it matches anywhere in the bytes, and where first (*at). A match that
 * would cost too much is none. */
bool pattern_find(struct pattern *p, const void *bytes, size_t length,
    size_t *at) NONNULL(1, 4);
bool pattern_matches(struct pattern *p, const void *bytes, size_t length)
    NONNULL(1);

/* The longest run of bytes that stands in everything the expression matches (in
 * either case, when it is caseless), for a search that is cheaper. Its length; 0:
 * none was found, which says nothing. The expression is one that pattern_new
 * takes. */
size_t pattern_literal(const char *text, size_t length,
    char out[PATTERN_LITERAL_MAX]) NONNULL(1, 3);

#endif
