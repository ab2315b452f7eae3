/* SPDX-License-Identifier: ISC */
/*
 * Index and seek table of a segment. The seek table follows zstd's "Seekable
 * Format" 0.1.0: one entry for each frame but itself, also for skippable ones
 * (decompressed size 0), so that the sum of the compressed sizes is where the
 * table begins. Entries carry no checksum, since every frame ends in its own.
 * Pure; logger and CLI. segment_index_read.c reads both back.
 */
#include "log/segment_index.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/err.h"
#include "base/json.h"
#include "log/frame.h"

#define SEEK_ENTRY_BYTES 8u

static const char time_prefix[] = "{\"@timestamp\":\"";

void
segment_index_free(struct segment_index *index)
{
	free(index->frames);
	*index = (struct segment_index){0};
}

struct segment_frame *
segment_index_add(struct segment_index *index, uint64_t offset)
{
	if (index->count == index->capacity) {
		size_t capacity = index->capacity == 0 ? 16 : index->capacity * 2;
		struct segment_frame *frames = realloc(index->frames,
		    capacity * sizeof(*frames));
		if (frames == NULL)
			return NULL;
		index->frames = frames;
		index->capacity = capacity;
	}
	struct segment_frame *frame = &index->frames[index->count++];
	*frame = (struct segment_frame){.offset = offset};
	return frame;
}

/* The line's @timestamp, or false if it does not begin with a plain one. */
static bool
line_time(const uint8_t *line, size_t length, char out[SEGMENT_TIME_BYTES])
{
	size_t prefix = sizeof(time_prefix) - 1;

	if (length <= prefix || memcmp(line, time_prefix, prefix) != 0)
		return false;
	line += prefix;
	length -= prefix;
	if (length > SEGMENT_TIME_BYTES)
		length = SEGMENT_TIME_BYTES;
	const uint8_t *quote = memchr(line, '"', length);
	if (quote == NULL)
		return false;
	size_t bytes = (size_t)(quote - line);
	for (size_t i = 0; i < bytes; i++) {
		if (strchr("0123456789-:.TZ", line[i]) == NULL || line[i] == 0)
			return false;
	}
	memcpy(out, line, bytes);
	out[bytes] = '\0';
	return true;
}

void
segment_frame_count(struct segment_frame *frame, const uint8_t *line,
    size_t length)
{
	char time[SEGMENT_TIME_BYTES];

	frame->lines++;
	frame->text_bytes += length;
	if (!line_time(line, length, time))
		return;
	/* All of one width and zone, so text order is time's order. */
	if (frame->first[0] == '\0' || strcmp(time, frame->first) < 0)
		memcpy(frame->first, time, sizeof(time));
	if (strcmp(time, frame->last) > 0)
		memcpy(frame->last, time, sizeof(time));
}

static void
emit_frame(struct json *j, const struct segment_frame *frame)
{
	json_object_begin(j, NULL);
	json_uint(j, "offset", frame->offset);
	json_uint(j, "text", frame->text_bytes);
	json_uint(j, "lines", frame->lines);
	if (frame->first[0] != '\0') {
		json_text(j, "first", frame->first);
		json_text(j, "last", frame->last);
	}
	json_object_end(j);
}

/* Over all that stands before it, so that no flipped bit hides a frame. */
static void
emit_hash(struct json *j, const struct buf *out)
{
	char hash[17];

	(void)snprintf(hash, sizeof(hash), "%016" PRIx64,
	    (uint64_t)XXH64(buf_data(out), buf_length(out), 0));
	json_text(j, SEGMENT_INDEX_HASH, hash);
}

static int
write_json(const struct segment_index *index, struct buf *out)
{
	struct json j;
	uint64_t records = 0;

	for (size_t i = 0; i < index->count; i++)
		records += index->frames[i].lines;
	json_init(&j, out);
	json_object_begin(&j, NULL);
	json_uint(&j, "version", 1);
	json_uint(&j, "records", records);
	json_array_begin(&j, "frames");
	for (size_t i = 0; i < index->count; i++) {
		if (index->frames[i].lines > 0)
			emit_frame(&j, &index->frames[i]);
	}
	json_array_end(&j);
	emit_hash(&j, out);
	json_object_end(&j);
	return json_error(&j);
}

static int
append_skippable_header(struct buf *out, uint32_t magic, size_t content_bytes)
{
	uint8_t header[FRAME_SKIPPABLE_HEADER_BYTES];

	if (content_bytes > UINT32_MAX)
		return E_LIMIT;
	frame_put_u32(header, magic);
	frame_put_u32(header + 4, (uint32_t)content_bytes);
	return buf_append(out, header, sizeof(header));
}

static int
append_seek_entry(struct buf *out, uint64_t bytes, uint64_t text_bytes)
{
	uint8_t entry[SEEK_ENTRY_BYTES];

	if (bytes > UINT32_MAX || text_bytes > UINT32_MAX)
		return E_LIMIT;
	frame_put_u32(entry, (uint32_t)bytes);
	frame_put_u32(entry + 4, (uint32_t)text_bytes);
	return buf_append(out, entry, sizeof(entry));
}

static int
append_seek_table(const struct segment_index *index, size_t index_bytes,
    struct buf *out)
{
	size_t entries = index->count + 1; /* the index frame is one too */
	uint8_t footer[SEGMENT_SEEK_FOOTER_BYTES] = {0};

	int error = append_skippable_header(out, SEGMENT_SEEK_MAGIC,
	    entries * SEEK_ENTRY_BYTES + SEGMENT_SEEK_FOOTER_BYTES);
	for (size_t i = 0; error == 0 && i < index->count; i++)
		error = append_seek_entry(out, index->frames[i].bytes,
		    index->frames[i].text_bytes);
	if (error == 0)
		error = append_seek_entry(out, index_bytes, 0);
	if (error != 0)
		return error;
	frame_put_u32(footer, (uint32_t)entries);
	frame_put_u32(footer + 5, SEGMENT_SEEK_FOOTER_MAGIC);
	return buf_append(out, footer, sizeof(footer));
}

int
segment_index_write(const struct segment_index *index, struct buf *out)
{
	struct buf json;

	buf_init(&json, out->limit_bytes);
	int error = write_json(index, &json);
	size_t json_bytes = buf_length(&json);
	if (error == 0)
		error = append_skippable_header(out, SEGMENT_INDEX_MAGIC,
		    json_bytes);
	if (error == 0)
		error = buf_append(out, buf_data(&json), json_bytes);
	if (error == 0)
		error = append_seek_table(index,
		    json_bytes + FRAME_SKIPPABLE_HEADER_BYTES, out);
	buf_free(&json);
	return error;
}

bool
segment_is_seek_table(const uint8_t *frame, size_t bytes)
{
	size_t frame_bytes = FRAME_SKIPPABLE_HEADER_BYTES + SEGMENT_SEEK_FOOTER_BYTES;

	if (bytes < frame_bytes || frame_u32(frame) != SEGMENT_SEEK_MAGIC)
		return false;
	const uint8_t *footer = frame + bytes - SEGMENT_SEEK_FOOTER_BYTES;
	size_t entry_bytes = (footer[4] & 0x80) != 0 ? 12 : 8;
	return frame_u32(footer + 5) == SEGMENT_SEEK_FOOTER_MAGIC &&
	    (bytes - frame_bytes) % entry_bytes == 0 &&
	    (bytes - frame_bytes) / entry_bytes == frame_u32(footer);
}
