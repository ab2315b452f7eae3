/* SPDX-License-Identifier: ISC */
/*
 * Names of segments, and the writer: lines in, zstd frames out. A frame ends
 * before the line that would make it larger than SEGMENT_FRAME_BYTES, so only a
 * frame of one long line is larger. Pure; the logger writes, the CLI reads
 * names. Refuses a line longer than SEGMENT_LINE_MAX.
 */
#include "log/segment.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#include "base/err.h"
#include "log/segment_index.h"

/* A frame's text is its window: a larger one only costs readers memory. */
#define WINDOW_LOG 20

struct segment_writer {
	ZSTD_CCtx *zstd;            /* reused from frame to frame */
	uint64_t file_bytes;        /* given out so far */
	uint64_t text_bytes;
	uint64_t records;
	struct segment_index index; /* its last frame is the open one, if any */
	bool frame_open;
	bool unflushed;
};

/* --- names --- */

void
segment_name(char out[SEGMENT_NAME_BYTES], int64_t time_s, unsigned long number)
{
	time_t seconds = (time_t)time_s;
	struct tm utc;
	char stamp[32] = "19700101T000000Z";

	if (gmtime_r(&seconds, &utc) != NULL)
		(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	(void)snprintf(out, SEGMENT_NAME_BYTES, "sightglass-%s-%06lu%s", stamp,
	    number, SEGMENT_SUFFIX);
}

/* "20261123T101500Z-": 'd' stands for a digit. */
static bool
matches(const char *text, const char *pattern)
{
	for (; *pattern != '\0'; text++, pattern++) {
		if (*pattern == 'd' ? !isdigit((unsigned char)*text)
		                    : *text != *pattern)
			return false;
	}
	return true;
}

bool
segment_parse_name(const char *name, unsigned long *number, bool *open)
{
	static const char pattern[] = "sightglass-ddddddddTddddddZ-";
	unsigned long value = 0;

	if (strlen(name) >= SEGMENT_NAME_BYTES + strlen(".part") ||
	    !matches(name, pattern))
		return false;
	const char *digit = name + strlen(pattern);
	const char *end = digit;
	for (; isdigit((unsigned char)*end); end++) {
		if (end - digit >= 9)
			return false;
		value = value * 10 + (unsigned long)(*end - '0');
	}
	*number = value;
	*open = strcmp(end, SEGMENT_OPEN_SUFFIX) == 0;
	return end - digit >= 6 && (*open || strcmp(end, SEGMENT_SUFFIX) == 0);
}

bool
segment_is_line(const uint8_t *line, size_t length)
{
	return length >= 3 && length <= SEGMENT_LINE_MAX && line[0] == '{' &&
	    line[length - 2] == '}' && line[length - 1] == '\n' &&
	    memchr(line, '\n', length - 1) == NULL;
}

/* --- writing --- */

static bool
set_parameters(ZSTD_CCtx *zstd, int level)
{
	if (level < 1 || level > ZSTD_maxCLevel())
		return false;
	return !ZSTD_isError(ZSTD_CCtx_setParameter(zstd,
	           ZSTD_c_compressionLevel, level)) &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1)) &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog,
	        WINDOW_LOG));
}

struct segment_writer *
segment_writer_new(int level)
{
	struct segment_writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->zstd = ZSTD_createCCtx();
	if (w->zstd == NULL || !set_parameters(w->zstd, level)) {
		segment_writer_free(w);
		return NULL;
	}
	return w;
}

void
segment_writer_free(struct segment_writer *w)
{
	if (w == NULL)
		return;
	ZSTD_freeCCtx(w->zstd);
	segment_index_free(&w->index);
	free(w);
}

/* Runs zstd until it has taken the input and, unless it may go on collecting,
 * has given out all that it holds. */
static int
compress(struct segment_writer *w, const void *bytes, size_t length,
    ZSTD_EndDirective directive, struct buf *out)
{
	ZSTD_inBuffer input = {bytes, length, 0};
	size_t held;

	do {
		uint8_t *room;
		int error = buf_reserve(out, ZSTD_CStreamOutSize(), &room);
		if (error != 0)
			return error;
		ZSTD_outBuffer output = {room, ZSTD_CStreamOutSize(), 0};
		held = ZSTD_compressStream2(w->zstd, &output, &input, directive);
		if (ZSTD_isError(held))
			return E_NOMEM;
		buf_commit(out, output.pos);
		w->file_bytes += output.pos;
	} while (directive == ZSTD_e_continue ? input.pos < input.size : held > 0);
	return 0;
}

static struct segment_frame *
open_frame(const struct segment_writer *w)
{
	return &w->index.frames[w->index.count - 1];
}

static int
end_frame(struct segment_writer *w, struct buf *out)
{
	int error = compress(w, NULL, 0, ZSTD_e_end, out);

	if (error != 0)
		return error;
	open_frame(w)->bytes = w->file_bytes - open_frame(w)->offset;
	w->frame_open = false;
	w->unflushed = false;
	return 0;
}

static int
begin_frame(struct segment_writer *w)
{
	if (segment_index_add(&w->index, w->file_bytes) == NULL)
		return E_NOMEM;
	w->frame_open = true;
	return 0;
}

int
segment_add(struct segment_writer *w, const uint8_t *line, size_t length,
    struct buf *out)
{
	int error = 0;

	if (length > SEGMENT_LINE_MAX)
		return E_RANGE;
	if (w->frame_open &&
	    open_frame(w)->text_bytes + length > SEGMENT_FRAME_BYTES)
		error = end_frame(w, out);
	if (error == 0 && !w->frame_open)
		error = begin_frame(w);
	if (error == 0)
		error = compress(w, line, length, ZSTD_e_continue, out);
	if (error != 0)
		return error;
	segment_frame_count(open_frame(w), line, length);
	w->text_bytes += length;
	w->records++;
	w->unflushed = true;
	return 0;
}

int
segment_flush(struct segment_writer *w, struct buf *out)
{
	if (!w->unflushed)
		return 0;
	int error = compress(w, NULL, 0, ZSTD_e_flush, out);
	if (error == 0)
		w->unflushed = false;
	return error;
}

int
segment_seal(struct segment_writer *w, struct buf *out)
{
	int error = 0;

	if (w->index.count == 0)
		error = begin_frame(w); /* never a skippable frame first */
	if (error == 0 && w->frame_open)
		error = end_frame(w, out);
	return error != 0 ? error : segment_index_write(&w->index, out);
}

uint64_t
segment_text_bytes(const struct segment_writer *w)
{
	return w->text_bytes;
}

uint64_t
segment_records(const struct segment_writer *w)
{
	return w->records;
}
