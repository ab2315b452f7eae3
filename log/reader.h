/* SPDX-License-Identifier: ISC */
/*
 * Reads segments back as lines: sealed ones, the one that grows, and what a
 * crash left. Follows a directory over rotation. CLI only.
 */
#ifndef SIGHTGLASS_LOG_READER_H
#define SIGHTGLASS_LOG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct reader;

enum reader_start {
	READER_FROM_START, /* the oldest segment's first line */
	READER_FROM_END    /* only what is committed from now on */
};

/* A reader of all segments of `directory`, oldest first by number and name.
 * NULL with words in error[256]: it cannot be read. */
struct reader *reader_open(const char *directory, enum reader_start start,
    char error[256]) WUNRES NONNULL(1, 3);
void reader_close(struct reader *r);

/* The next whole line, without its newline, valid until the next call. 0;
 * E_AGAIN: no more at present; E_CORRUPT: a damaged frame was skipped (reading
 * goes on with the next call; reader_place says where); E_SYS. */
int reader_next(struct reader *r, const char **line, size_t *length)
    WUNRES NONNULL(1, 2, 3);

/* Waits until there may be more, for at most timeout_ms (-1: for ever). 1: look
 * again; 0: the time is over; E_SYS, also when a signal came (errno EINTR). */
int reader_wait(struct reader *r, int timeout_ms) WUNRES NONNULL(1);

/* What the last E_CORRUPT or E_SYS was about, for messages: borrowed,
 * "sightglass-….ndjson.zst, frame at byte 123". */
const char *reader_place(const struct reader *r) NONNULL(1);

#endif
