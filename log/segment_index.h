/* SPDX-License-Identifier: ISC */
/*
 * What a sealed segment says of its own frames: our index (JSON in a skippable
 * frame) and behind it zstd's seek table. Shared by the writer and by repair.
 * Pure; logger and CLI.
 */
#ifndef SIGHTGLASS_LOG_SEGMENT_INDEX_H
#define SIGHTGLASS_LOG_SEGMENT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

#define SEGMENT_INDEX_MAGIC 0x184D2A50u
#define SEGMENT_SEEK_MAGIC 0x184D2A5Eu
#define SEGMENT_SEEK_FOOTER_MAGIC 0x8F92EAB1u
#define SEGMENT_SEEK_FOOTER_BYTES 9u
#define SEGMENT_INDEX_HASH "xxh64" /* the last member of our index */
#define SEGMENT_TIME_BYTES 36 /* an @timestamp with its NUL */

/* One frame of the file, in order and without a hole between them. */
struct segment_frame {
	uint64_t offset;     /* of its first byte in the file */
	uint64_t bytes;      /* in the file */
	uint64_t text_bytes; /* decoded; 0: skippable or damaged */
	uint64_t lines;
	char first[SEGMENT_TIME_BYTES]; /* the smallest and the largest */
	char last[SEGMENT_TIME_BYTES];  /* @timestamp of its lines, or "" */
};

struct segment_index {
	struct segment_frame *frames; /* owned */
	size_t count;
	size_t capacity;
	bool own; /* read back: our own index was there, and agrees with the table */
};

void segment_index_free(struct segment_index *index) NONNULL(1);

/* Appends a frame that begins at `offset`. NULL: out of memory. Valid until the
 * next call. */
struct segment_frame *segment_index_add(struct segment_index *index,
    uint64_t offset) WUNRES NONNULL(1);

/* Counts one line (its newline included) into the frame. */
void segment_frame_count(struct segment_frame *frame, const uint8_t *line,
    size_t length) NONNULL(1, 2);

/* Appends the index frame (which lists the frames that have lines) and the seek
 * table to `out`. E_LIMIT, E_NOMEM. */
int segment_index_write(const struct segment_index *index, struct buf *out)
    WUNRES NONNULL(1, 2);

/* Reads both back from the last `length` bytes of a file of file_bytes: every frame
 * but the table, those of lines with what our own index says of them. E_MORE: it
 * takes *need bytes; E_NOTFOUND: there is no seek table; E_CORRUPT: there is one, and
 * it does not fit the file, or our index is damaged; E_NOMEM. Free *out afterwards. */
int segment_index_read(const uint8_t *tail, size_t length, uint64_t file_bytes,
    struct segment_index *out, size_t *need) WUNRES NONNULL(1, 4, 5);

/* Whether a skippable frame of `bytes` (its header included) is a seek table
 * as zstd's document has it. */
bool segment_is_seek_table(const uint8_t *frame, size_t bytes) NONNULL(1);

#endif
