/* SPDX-License-Identifier: ISC */
/*
 * Several logs as one: the wanted records of all of them, by their time. CLI only.
 */
#ifndef SIGHTGLASS_LOG_INPUTS_H
#define SIGHTGLASS_LOG_INPUTS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "log/filter.h"
#include "log/reader.h"

struct input;

struct inputs {
	struct reader **readers; /* owned, in the order of the paths */
	struct input *items;     /* owned, one a reader */
	size_t count;
	struct filter *filter; /* borrowed; NULL: all records are wanted */
	size_t failed;         /* the reader that the last error was about */
};

/* Opens each path as reader_open does. False with words in error[256]. Close it in
 * either case. */
bool inputs_open(struct inputs *in, const char *const *paths, size_t count,
    bool following, char error[256]) WUNRES NONNULL(1, 2, 5);
void inputs_close(struct inputs *in) NONNULL(1);

/* Only what passes (NULL: all does), and of the range that the filter has, too. */
void inputs_filter(struct inputs *in, struct filter *filter, int64_t since_us,
    int64_t until_us) NONNULL(1);

/* As reader_next and reader_previous, of wanted lines. */
int inputs_next(struct inputs *in, struct reader_line *line) WUNRES NONNULL(1, 2);
int inputs_previous(struct inputs *in, struct reader_line *line)
    WUNRES NONNULL(1, 2);

/* The next lines are the last `count` wanted ones, and what comes behind. Before
 * anything else was read. E_SYS, E_NOMEM. */
int inputs_start_at_last(struct inputs *in, size_t count) WUNRES NONNULL(1);

/* Before inputs_previous and inputs_start_at_last, where there may be streams. */
int inputs_keep(struct inputs *in) WUNRES NONNULL(1);

/* As reader_wait. */
int inputs_wait(struct inputs *in, int timeout_ms,
    const volatile sig_atomic_t *stop) WUNRES NONNULL(1, 3);

/* Which file the last E_CORRUPT or E_SYS was about. */
const char *inputs_place(const struct inputs *in) NONNULL(1);

/* Where the line that was handed out last stands, as text, to go on there with the
 * same paths. E_NOTFOUND: none was yet. E_SYNTAX: not of these inputs. */
int inputs_cursor_write(const struct inputs *in, struct buf *out)
    WUNRES NONNULL(1, 2);
int inputs_cursor_read(struct inputs *in, const char *cursor, bool behind)
    WUNRES NONNULL(1, 2);

#endif
