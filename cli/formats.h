/* SPDX-License-Identifier: ISC */
/*
 * In which form records are written: one table for show, tail, get and export. Adding a
 * format is a row, and a file with its writer. CLI.
 */
#ifndef SIGHTGLASS_CLI_FORMATS_H
#define SIGHTGLASS_CLI_FORMATS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"

struct exchange;
struct view;

/* Each appends to the view's page, and may call view_flush_some as that grows. 0, E_SYS,
 * E_NOMEM, E_LIMIT. A NULL of them has nothing to say. Exactly one of `record` and
 * `exchange` is there. */
struct format_writer {
	bool columns; /* -F chooses them */
	int (*begin)(struct view *v);
	/* One record. E_SYNTAX: it is none; what was appended is printed. */
	int (*record)(struct view *v, const char *line, size_t length);
	/* All records of one exchange (exchanges.h). */
	int (*exchange)(struct view *v, const struct exchange *e);
	int (*end)(struct view *v);
	/* What the page goes through on its way to a terminal (safe.h), and the controls
	 * that may stand; NULL: it is safe as it is. */
	int (*escape)(struct buf *out, const char *text, size_t length,
	    const char *keep);
	const char *keep;
};

struct format {
	const char *name;     /* of -o and of export */
	const char *summary;
	const char *datasets; /* that it takes */
	const struct format_writer *writer;
};

/* X(writer, name, summary, datasets): in the order of the help. */
#define FORMAT_TABLE(X)                                                       \
	X(pretty, "pretty", "a line a record, as wide as the terminal", "all") \
	X(short, "short", "a line a record, with the date, never cut", "all") \
	X(json, "json", "as it is logged", "all")                             \
	X(json_pretty, "json-pretty", "as it is logged, indented", "all")     \
	X(har, "har", "an HTTP Archive 1.2", "http, body, websocket")         \
	X(curl, "curl", "a command that repeats the request", "http, body")   \
	X(raw, "raw", "the messages, as in HTTP/1.1", "http, body")           \
	X(csv, "csv", "a table of requests, of --dataset dns questions", "all")

#define FORMAT_WRITER(writer, name, summary, datasets)                        \
	extern const struct format_writer format_##writer;
FORMAT_TABLE(FORMAT_WRITER)
#undef FORMAT_WRITER

/* What -F alone asks for: no row, since it has no name. */
extern const struct format_writer format_columns;

/* For the help and the completion of an option: a line each, and all names. */
#define FORMAT_LINE(writer, name, summary, datasets) "\n" name ": " summary
#define FORMAT_LINES FORMAT_TABLE(FORMAT_LINE)
#define FORMAT_WORD(writer, name, summary, datasets) name " "
#define FORMAT_WORDS FORMAT_TABLE(FORMAT_WORD)

/* A line of help each. */
#define FORMAT_HELP_LINE(writer, name, summary, datasets)                     \
	"                       " name ": " summary "\n"
#define FORMAT_HELP FORMAT_TABLE(FORMAT_HELP_LINE)

/* The row of that name, or NULL after a message; "text" is another one for "pretty". */
const struct format *format_find(const char *name) WUNRES NONNULL(1);

/* Row `index`, from 0; NULL behind the last. */
const struct format *format_at(size_t index);

#endif
