/* SPDX-License-Identifier: ISC */
/*
 * Which records a subcommand is about, and out of which logs: the options that all
 * of them share that read records, what comes of them, and the reading. CLI.
 */
#ifndef SIGHTGLASS_CLI_QUERY_H
#define SIGHTGLASS_CLI_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "cli/command.h"
#include "cli/view.h"
#include "log/filter.h"
#include "log/inputs.h"

#define QUERY_INPUTS_MAX 64u

struct query {
	struct filter *filter; /* owned */
	struct buf datasets;   /* the names of --dataset as a list of --where */
	const char *since, *until; /* as given, or NULL */
	int64_t since_us, until_us;
	bool narrowed; /* something was asked for */
	bool utc;
	bool all; /* the caller is given all records, and asks the filter itself */
	const char *paths[QUERY_INPUTS_MAX]; /* of --input */
	size_t path_count;                   /* 0: the log that applies */
	struct conf *conf;                   /* owned; NULL with --input */
	struct inputs inputs;                /* once begun */
	bool damaged;                        /* something was passed over */
};

/* Its options, for the subcommand's table. */
enum query_option { QUERY_WHERE = 0x100, QUERY_DATASET, QUERY_UTC };
extern const struct option_row query_options[];
#define QUERY_INPUT_ROW                                                       \
	{'i', "input", "PATH", "a log directory, a file of records (zstd or\n" \
	 "plain), or - for standard input; may be repeated", ARGUMENT_FILE, NULL}
#define QUERY_UTC_ROW                                                         \
	{QUERY_UTC, "utc", NULL, "times in UTC", ARGUMENT_TEXT, NULL}

/* False after a message: out of memory. */
bool query_open(struct query *q) WUNRES NONNULL(1);
void query_close(struct query *q) NONNULL(1);

/* Takes one of its options. False: it is none of them. *good: whether what it was
 * given was; else a message was printed. */
bool query_take(struct query *q, int option, const char *argument, bool *good)
    WUNRES NONNULL(1, 4);

/* Only records of this id: the event's own, its flow's or its request's. False after
 * a message. */
bool query_add_id(struct query *q, const char *id) WUNRES NONNULL(1, 2);

/* When all options are taken: `words` of the command line are one expression of
 * letters. False after a message. */
bool query_finish(struct query *q, int count, char **words) WUNRES NONNULL(1);

/* What each of them has to know of the other, when the options of both are known. The
 * view borrows the filter. */
void query_view(struct query *q, struct view *v) NONNULL(1, 2);

/* Opens the inputs, or the log of the settings that apply. CLI_OK, or a status
 * after a message. SIGINT and SIGTERM make query_next end from then on. */
int query_begin(struct query *q, const struct cli *cli, bool following)
    WUNRES NONNULL(1, 2);

/* The next wanted record, or the one before. 0; E_AGAIN: no more at present, or
 * interrupted; E_SYS, E_NOMEM. What is damaged is warned of. */
int query_next(struct query *q, struct reader_line *line) WUNRES NONNULL(1, 2);
int query_previous(struct query *q, struct reader_line *line)
    WUNRES NONNULL(1, 2);
bool query_interrupted(void);

/* Until there may be more, or it is interrupted: as inputs_wait. */
int query_wait(struct query *q) WUNRES NONNULL(1);

/* Says which file it was that could not be read, and returns the status that fits
 * what came of the reading. `error` is E_AGAIN when all was read. */
int query_status(const struct query *q, int error) WUNRES NONNULL(1);

#endif
