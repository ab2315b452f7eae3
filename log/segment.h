/* SPDX-License-Identifier: ISC */
/*
 * The format of a log segment (sightglass-log(5)): NDJSON in checksummed zstd
 * frames (RFC 8878) of about 1 MiB of lines; when sealed, our own index and then
 * zstd's seek table, each in a skippable frame (RFC 8878 section 3.1.2; zstd's
 * contrib/seekable_format document), at the end. Pure: lines in, file bytes
 * out, and back. Logger and CLI.
 */
#ifndef SIGHTGLASS_LOG_SEGMENT_H
#define SIGHTGLASS_LOG_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

#define SEGMENT_FRAME_BYTES (1024u * 1024)
#define SEGMENT_LINE_MAX (8u * 1024 * 1024) /* what readers hold in memory */
#define SEGMENT_NAME_BYTES 64
#define SEGMENT_SUFFIX ".ndjson.zst"
#define SEGMENT_OPEN_SUFFIX ".ndjson.zst.part"

/* "sightglass-20261123T101500Z-000042.ndjson.zst", without ".part". */
void segment_name(char out[SEGMENT_NAME_BYTES], int64_t time_s,
    unsigned long number) NONNULL(1);

/* Whether `name` is a segment's; *open tells if it ends in ".part"; *number as
 * given to segment_name. */
bool segment_parse_name(const char *name, unsigned long *number, bool *open)
    NONNULL(1, 2, 3);

/* Whether it is one object on one line of its own, as far as its ends tell: all that
 * segments have. */
bool segment_is_line(const uint8_t *line, size_t length) WUNRES NONNULL(1);

/* --- writing --- */

struct segment_writer;

/* A writer at the start of an empty file. NULL: out of memory or a level that
 * zstd does not know. */
struct segment_writer *segment_writer_new(int level) WUNRES;
void segment_writer_free(struct segment_writer *w);

/* Compresses one line (its newline included); whatever zstd gives out goes to
 * `out`, to be appended to the file. A full frame is ended first, so a frame
 * always holds whole lines. E_RANGE: longer than SEGMENT_LINE_MAX, nothing was
 * done. After E_LIMIT (of `out`) and E_NOMEM, also of the next two, w can only be
 * freed. */
int segment_add(struct segment_writer *w, const uint8_t *line, size_t length,
    struct buf *out) WUNRES NONNULL(1, 2, 4);

/* Everything added so far can be read back once `out` is in the file. */
int segment_flush(struct segment_writer *w, struct buf *out)
    WUNRES NONNULL(1, 2);

/* Ends the last frame and appends index and seek table; w can only be freed. */
int segment_seal(struct segment_writer *w, struct buf *out)
    WUNRES NONNULL(1, 2);

uint64_t segment_text_bytes(const struct segment_writer *w) NONNULL(1);
uint64_t segment_records(const struct segment_writer *w) NONNULL(1);

/* --- repair of a segment whose writer died --- */

struct segment_repair {
	uint64_t keep_bytes;  /* of the file; what is behind is to be cut */
	struct buf tail;      /* to be appended then: the last frame's end, index,
	                       * seek table */
	uint64_t records;     /* whole lines that are kept */
	uint64_t lost_bytes;  /* of the file, cut */
	uint64_t bad_frames;  /* frames inside that do not decode (left as is) */
};

/* Says how to make a valid sealed segment of a file's bytes, cut anywhere. The
 * result ends in a whole line. Free tail afterwards. E_NOMEM. */
int segment_repair(const uint8_t *file, size_t length,
    struct segment_repair *out) WUNRES NONNULL(1, 3);

#endif
