/* SPDX-License-Identifier: ISC */
/*
 * Records on their way to a person or a program: what `show`, `tail`, `get` and
 * `exec` have in common. One table of formats; adding one is a row. CLI.
 */
#ifndef SIGHTGLASS_CLI_VIEW_H
#define SIGHTGLASS_CLI_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "cli/pretty.h"
#include "log/filter.h"

struct view;

struct view_format {
	const char *name;    /* of -o */
	const char *summary; /* NULL: another name for the one before */
	/* Appends a record. E_SYNTAX: it is none; what was appended is printed. */
	int (*record)(struct view *v, const char *line, size_t length,
	    struct buf *out);
};

struct view {
	FILE *out;
	bool terminal; /* out is one */
	const struct view_format *format;
	struct pretty pretty;
	const char *fields;    /* of -F: names with commas; NULL: none */
	struct filter *filter; /* borrowed; NULL: all pass */
	const char *run; /* only of this run of a daemon, or NULL */
	uint64_t shown;  /* records so far */
	struct buf page; /* the record in hand */
};

/* Looks at what `out` is; the first format, in colour where that is a terminal and
 * NO_COLOR does not forbid it. */
void view_open(struct view *v, FILE *out) NONNULL(1, 2);
void view_close(struct view *v) NONNULL(1);

/* Options, each false after a message. `name` of -o; "auto", "always", "never" of
 * --color; some of "HhBb" of --print: head and body of the request, of the
 * response; names of -F. */
bool view_set_format(struct view *v, const char *name) WUNRES NONNULL(1, 2);
bool view_set_colour(struct view *v, const char *when) WUNRES NONNULL(1, 2);
bool view_set_parts(struct view *v, const char *parts) WUNRES NONNULL(1, 2);
bool view_set_fields(struct view *v, const char *names) WUNRES NONNULL(1, 2);

#define VIEW_HELP                                                             \
	"  -o, --output FORMAT  pretty, short (with the date, never cut), json\n" \
	"                       (as it is logged) or json-pretty\n"           \
	"  -F, --fields A,B     only these fields, as columns: url.full,process.name\n" \
	"  -v                   heads too; -vv: bodies too\n"                 \
	"      --print PARTS    of H and B, head and body of the request, h and b,\n" \
	"                       those of the response\n"                      \
	"      --color WHEN     auto, always or never\n"

/* Whether the record is one of those that are wanted. */
bool view_wants(struct view *v, const char *line, size_t length)
    WUNRES NONNULL(1, 2);

/* Prints it. E_SYS: the output cannot be written. */
int view_print(struct view *v, const char *line, size_t length)
    WUNRES NONNULL(1, 2);

#endif
