/* SPDX-License-Identifier: ISC */
/*
 * Summaries of the records of a log, each by one thing, and their two pages: tables
 * for a person and one JSON object. Pure: lines in, text out; CLI only.
 */
#ifndef SIGHTGLASS_CLI_SUMMARY_H
#define SIGHTGLASS_CLI_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "cli/groups.h"
#include "cli/traffic.h"

#define SUMMARIES_MAX 8u
/* Values that all summaries together tell apart. One costs some 2 KB, 9 KB when its
 * durations are of every size: 12 MB and 55 MB with all of them. */
#define SUMMARY_VALUES 6144u

struct summary {
	struct traffic_by by;
	struct groups groups;
	uint64_t without; /* records that lack the field */
};

struct summaries {
	struct summary items[SUMMARIES_MAX];
	size_t count;
	bool asked;         /* as of traffic_read */
	uint64_t records;   /* that were counted */
	uint64_t continues; /* exchanges as they stood before their end: not counted */
	uint64_t foreign;   /* lines that are none of our records: not counted */
	bool has_time;
	int64_t first_us, last_us; /* @timestamp of what was counted */
};

struct summary_look {
	bool colour, utc;
	unsigned width; /* columns of the terminal; 0: lines are as long as they are */
	size_t top;     /* values of each; the rest is one sum */
};

/* One more, by that name, before the first record. False: there are too many. */
bool summaries_by(struct summaries *s, const char *name, size_t length)
    WUNRES NONNULL(1, 2);

/* When all are named. False: out of memory. */
bool summaries_begin(struct summaries *s, enum group_order order, bool asked)
    WUNRES NONNULL(1);
void summaries_free(struct summaries *s) NONNULL(1);

/* Counts a line. E_NOMEM. */
int summaries_add(struct summaries *s, const char *line, size_t length)
    WUNRES NONNULL(1, 2);

/* When all is counted: sorts. E_NOMEM. */
int summaries_end(struct summaries *s) WUNRES NONNULL(1);

/* Append a page (summary_text.c, summary_json.c). E_LIMIT, E_NOMEM. */
int summaries_text(const struct summaries *s, const struct summary_look *look,
    struct buf *out) WUNRES NONNULL(1, 2, 3);
int summaries_json(const struct summaries *s, size_t top, struct buf *out)
    WUNRES NONNULL(1, 3);

#endif
