/* SPDX-License-Identifier: ISC */
/*
 * Records on their way to a person or a program: what `show`, `tail`, `get`, `export`
 * and `exec` have in common. CLI.
 */
#ifndef SIGHTGLASS_CLI_VIEW_H
#define SIGHTGLASS_CLI_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "cli/exchanges.h"
#include "cli/formats.h"
#include "cli/options.h"
#include "cli/pretty.h"
#include "log/filter.h"
#include "log/reader.h"

struct view {
	FILE *out;
	bool terminal; /* out is one */
	const struct format *format;
	const struct format_writer *writer; /* its, or that of the columns */
	struct exchanges *exchanges;        /* owned; of formats that want them */
	struct pretty pretty;
	const char *fields;    /* of -F: names with commas; NULL: none */
	bool of_dns;           /* what is asked for are questions, not requests */
	struct filter *filter; /* borrowed; NULL: all pass */
	const char *run; /* only of this run of a daemon, or NULL */
	uint64_t shown;  /* records so far */
	struct buf page; /* the record in hand */
};

/* Looks at what `out` is; the first format, in colour where that is a terminal and
 * NO_COLOR does not forbid it. */
void view_open(struct view *v, FILE *out) NONNULL(1, 2);
void view_close(struct view *v) NONNULL(1);

/* Writes there instead, and looks at what it is; it stays the caller's. */
void view_set_output(struct view *v, FILE *out) NONNULL(1, 2);

/* Options, each false after a message. `name` of -o; "auto", "always", "never" of
 * --color; some of "HhBb" of --print: head and body of the request, of the
 * response; names of -F. */
bool view_set_format(struct view *v, const char *name) WUNRES NONNULL(1, 2);
bool view_set_colour(struct view *v, const char *when) WUNRES NONNULL(1, 2);
bool view_set_parts(struct view *v, const char *parts) WUNRES NONNULL(1, 2);
bool view_set_fields(struct view *v, const char *names) WUNRES NONNULL(1, 2);

/* Warns of a name that no record of ours has; another writer's may, so it is good. */
void view_warn_of_unknown(const char *option, const char *name, size_t length)
    NONNULL(1, 2);

/* All of them, for the tables of subcommands. */
enum view_option { VIEW_COLOUR = 0x180, VIEW_PARTS };
extern const struct option_row view_options[];
#define VIEW_COLOUR_ROW                                                       \
	{VIEW_COLOUR, "color", "WHEN", "auto, always or never", ARGUMENT_WORDS, \
	 "auto always never"}

/* Takes one of them. False: it is none. *good: whether what it was given was; else a
 * message was printed. */
bool view_take(struct view *v, int option, const char *argument, bool *good)
    WUNRES NONNULL(1, 4);

/* Whether the record is one of those that are wanted. */
bool view_wants(struct view *v, const struct reader_line *line)
    WUNRES NONNULL(1, 2);

/* Columns of the terminal that it goes to; 0: it is none. */
unsigned view_width(const struct view *v) WUNRES NONNULL(1);

/* The format wants all records there are, and asks by itself which are wanted. */
static inline bool
view_is_joined(const struct view *v)
{
	return v->writer->exchange != NULL;
}

/* Before the first record, when all options are known; each record; behind the last,
 * also where the reading failed. E_SYS: the output cannot be written; E_FULL, after a
 * message: what waits for the rest of its exchange cannot be kept; E_NOMEM, E_LIMIT. */
int view_begin(struct view *v) WUNRES NONNULL(1);
int view_print(struct view *v, const struct reader_line *line)
    WUNRES NONNULL(1, 2);
int view_end(struct view *v) WUNRES NONNULL(1);

/* For writers: empties the page when that is worth it. E_SYS. */
int view_flush_some(struct view *v) WUNRES NONNULL(1);

#endif
