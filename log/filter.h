/* SPDX-License-Identifier: ISC */
/*
 * Which records are wanted (sightglass(1), FILTERS). Two languages, the expression
 * letters of mitmproxy and typed fields, compile to one expression; a regular
 * expression over the raw line and a range of time may come on top. Pure: text
 * in, a verdict on a line out. CLI only.
 */
#ifndef SIGHTGLASS_LOG_FILTER_H
#define SIGHTGLASS_LOG_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define FILTER_TEXT_MAX (64u * 1024) /* bytes of an expression */

struct filter;

struct filter_error {
	size_t column; /* bytes of the expression in front of what is wrong */
	char words[200];
};

/* One that everything passes. NULL: out of memory. */
struct filter *filter_new(void) WUNRES;
void filter_free(struct filter *f);

/* Each narrows it: what passes must pass all that was added. The texts are not
 * kept. 0, with *error empty, or with what is likely a slip, though other writers may
 * mean it: a name that no record of ours has (log/fields.h), or a value that its field
 * never has. E_SYNTAX with *error, E_NOMEM (with *error too). */
int filter_add_letters(struct filter *f, const char *text,
    struct filter_error *error) WUNRES NONNULL(1, 2, 3);
int filter_add_where(struct filter *f, const char *text,
    struct filter_error *error) WUNRES NONNULL(1, 2, 3);
int filter_add_regex(struct filter *f, const char *text,
    struct filter_error *error) WUNRES NONNULL(1, 2, 3);

/* Only records whose @timestamp is at or behind since_us and before until_us,
 * microseconds since the epoch. */
void filter_set_range(struct filter *f, int64_t since_us, int64_t until_us)
    NONNULL(1);

/* Whether the line (without its newline) is wanted. `own`: our writer made it, so
 * that what must stand in it can be looked for in its raw bytes. What is no JSON
 * object passes only expressions that ask nothing of its fields. */
bool filter_passes(struct filter *f, const char *line, size_t length, bool own)
    NONNULL(1, 2);

/* Of lines of our writer's: how many bytes from the front can be passed over,
 * because no wanted line has its bytes there; `length`: all of them. */
size_t filter_skip(struct filter *f, const uint8_t *text, size_t length)
    NONNULL(1);

#endif
