/* SPDX-License-Identifier: ISC */
/*
 * Reads records back as lines: a directory of segments, sealed ones, those that
 * grow, and what a crash left; one file, zstd or plain; or a stream. Forward,
 * following over rotation, or backward. CLI only.
 */
#ifndef SIGHTGLASS_LOG_READER_H
#define SIGHTGLASS_LOG_READER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "log/source.h"

struct reader;

struct reader_line {
	const char *text; /* without its newline */
	size_t length;
	bool own;         /* our own writer made it */
};

/* Where a line stands: in which of the reader's files, and where in that. */
struct reader_mark {
	bool set;
	size_t source;
	struct source_place place;
};

/* A reader of a log directory (its segments, the oldest first by number and name),
 * of a file, or of standard input ("-"). `following`: files may still grow; else
 * what is there is all. NULL with words in error[256]: it cannot be read. */
struct reader *reader_open(const char *path, bool following, char error[256])
    WUNRES NONNULL(1, 3);
void reader_close(struct reader *r);

/* What need not be read; copied. Its argument is borrowed until reader_close. */
void reader_limit(struct reader *r, const struct source_limits *limits)
    NONNULL(1, 2);

/* The next whole line, valid until the next call. 0; E_AGAIN: no more at present;
 * E_CORRUPT: a damaged frame was skipped (reading goes on with the next call;
 * reader_place says where); E_SYS. */
int reader_next(struct reader *r, struct reader_line *line) WUNRES NONNULL(1, 2);

/* The line before the one of the last call, the first time the last line there is.
 * E_NOTFOUND: there is none; else as reader_next. Not after reader_next. */
int reader_previous(struct reader *r, struct reader_line *line)
    WUNRES NONNULL(1, 2);

/* Copies a stream to a file without a name, so that it can be read backward and
 * more than once; others are left as they are. E_SYS. */
int reader_keep(struct reader *r) WUNRES NONNULL(1);

/* Passes over all that is there now. */
void reader_to_end(struct reader *r) NONNULL(1);

/* Of the line that was handed out last. */
struct reader_mark reader_mark(const struct reader *r) NONNULL(1);

/* The next line is the one of the mark, or the one behind it. E_SYS: its file cannot
 * be read; E_NOMEM. */
int reader_seek(struct reader *r, const struct reader_mark *mark, bool behind)
    WUNRES NONNULL(1, 2);

/* Marks as text that outlives the reader: "sightglass-….ndjson.zst:123:456". Of one
 * whose file is no longer there the next newer file's begin is taken, and the mark
 * is not set. E_SYNTAX. */
int reader_mark_write(const struct reader *r, const struct reader_mark *mark,
    struct buf *out) WUNRES NONNULL(1, 2, 3);
int reader_mark_read(const struct reader *r, const char *text, size_t length,
    struct reader_mark *mark) WUNRES NONNULL(1, 2, 4);

/* Waits until one of the readers may have more, for at most timeout_ms (-1: for
 * ever). 1: look again; 0: the time is over; E_CLOSED: all are streams, which
 * have ended; E_SYS, also when a signal came (errno EINTR). `stop` is what a handler
 * sets: that it is set is not missed, be it before the wait or in it. */
int reader_wait(struct reader *const *readers, size_t count, int timeout_ms,
    const volatile sig_atomic_t *stop) WUNRES NONNULL(1, 4);

/* What the last E_CORRUPT or E_SYS was about, for messages: borrowed,
 * "sightglass-….ndjson.zst, frame at byte 123". */
const char *reader_place(const struct reader *r) NONNULL(1);

#endif
