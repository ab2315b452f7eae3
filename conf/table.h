/* SPDX-License-Identifier: ISC */
/*
 * The rows of params.h as values: what conf/'s own files walk over. Pure; parent
 * and CLI, and the roles when they read the parent's message.
 */
#ifndef SIGHTGLASS_CONF_TABLE_H
#define SIGHTGLASS_CONF_TABLE_H

#include "conf/conf.h"

enum conf_kind {
	CONF_KIND_BOOL,
	CONF_KIND_COUNT,
	CONF_KIND_BYTES,
	CONF_KIND_BYTES_OR_ALL,
	CONF_KIND_TIME,
	CONF_KIND_TEXT,
	CONF_KIND_CHOICE,
	CONF_KIND_LIST
};

struct conf_row {
	const char *key;
	enum conf_kind kind;
	size_t offset; /* of the member in struct conf */
	const char *fallback;
	uint64_t least, most;
	const char *text;
};

extern const struct conf_row conf_rows[];
extern const size_t conf_row_count;

/* The row of a key, or NULL. */
const struct conf_row *conf_find(const char *key) NONNULL(1);

/* The row that a section's name stands for where it has a value of its own: that of
 * its "mode" ("capture: full"). NULL: it has none. */
const struct conf_row *conf_find_mode(const char *section) NONNULL(1);

/* Says that the key is unknown, and which one may be meant. E_NOTFOUND. */
int conf_unknown(const char *key, struct conf_error *error) NONNULL(1, 2);

/* value.c: sets a member from its text. E_SYNTAX, E_RANGE, E_NOMEM; *error says
 * it in words that begin with the key. */
int value_set(const struct conf_row *row, struct conf *c, const char *text,
    struct conf_error *error) WUNRES NONNULL(1, 2, 3, 4);

/* Replaces a list's items; copies them and their places (NULL: they have none). */
int value_set_list(const struct conf_row *row, struct conf *c,
    const char *const *items, const struct conf_place *places, size_t count,
    struct conf_error *error) WUNRES NONNULL(1, 2, 6);

/* Whether both have the same value. */
bool value_equal(const struct conf_row *row, const struct conf *a,
    const struct conf *b) WUNRES NONNULL(1, 2, 3);

/* Exchanges the values of both. */
void value_swap(const struct conf_row *row, struct conf *a, struct conf *b)
    NONNULL(1, 2, 3);

/* Gives back what a member owns. */
void value_free(const struct conf_row *row, struct conf *c) NONNULL(1, 2);

/* "from 1 ms to 1 min", "inspect, splice or refuse": what a value may be, for a
 * person. Static, until the next call. */
const char *value_range(const struct conf_row *row) NONNULL(1);

/* The member in *c. */
static inline void *
conf_member(const struct conf_row *row, struct conf *c)
{
	return (char *)c + row->offset;
}

static inline const void *
conf_member_const(const struct conf_row *row, const struct conf *c)
{
	return (const char *)c + row->offset;
}

#endif
