/* SPDX-License-Identifier: ISC */
/*
 * Index and seek table of a sealed segment, read back from its end. Pure; CLI
 * only. Believes no size: the entries must add up to where the table begins.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <xxhash.h>
#include <yyjson.h>

#include "base/err.h"
#include "log/frame.h"
#include "log/segment_index.h"

#define TAIL_BYTES_MAX (64u * 1024 * 1024)

struct table {
	const uint8_t *entries;
	size_t count;
	size_t entry_bytes;
	size_t bytes; /* of the whole frame */
};

static int
find_table(const uint8_t *tail, size_t length, uint64_t file_bytes,
    struct table *out, size_t *need)
{
	*need = SEGMENT_SEEK_FOOTER_BYTES;
	if (length < *need)
		return file_bytes < *need ? E_NOTFOUND : E_MORE;
	const uint8_t *footer = tail + length - SEGMENT_SEEK_FOOTER_BYTES;
	if (frame_u32(footer + 5) != SEGMENT_SEEK_FOOTER_MAGIC)
		return E_NOTFOUND;
	out->count = frame_u32(footer);
	out->entry_bytes = (footer[4] & 0x80) != 0 ? 12 : 8;
	out->bytes = FRAME_SKIPPABLE_HEADER_BYTES + out->count * out->entry_bytes +
	    SEGMENT_SEEK_FOOTER_BYTES;
	*need = out->bytes;
	if (out->bytes > file_bytes || out->bytes > TAIL_BYTES_MAX)
		return E_CORRUPT;
	if (out->bytes > length)
		return E_MORE;
	const uint8_t *frame = tail + length - out->bytes;
	out->entries = frame + FRAME_SKIPPABLE_HEADER_BYTES;
	return segment_is_seek_table(frame, out->bytes) ? 0 : E_CORRUPT;
}

static int
take_entries(const struct table *table, uint64_t file_bytes,
    struct segment_index *out)
{
	const uint8_t *entry = table->entries;
	uint64_t offset = 0;

	for (size_t i = 0; i < table->count; i++, entry += table->entry_bytes) {
		struct segment_frame *frame = segment_index_add(out, offset);
		if (frame == NULL)
			return E_NOMEM;
		frame->bytes = frame_u32(entry);
		frame->text_bytes = frame_u32(entry + 4);
		offset += frame->bytes;
	}
	return offset == file_bytes - table->bytes ? 0 : E_CORRUPT;
}

/* --- our own index --- */

static void
take_time(char out[SEGMENT_TIME_BYTES], yyjson_val *value)
{
	size_t length = yyjson_get_len(value);

	if (!yyjson_is_str(value) || length >= SEGMENT_TIME_BYTES)
		return;
	memcpy(out, yyjson_get_str(value), length);
	out[length] = '\0';
}

/* Whether it ends in the hash of what stands before. */
static bool
is_whole(const char *json, size_t length)
{
	char end[48];

	int bytes = snprintf(end, sizeof(end), ",\"%s\":\"%016" PRIx64 "\"}",
	    SEGMENT_INDEX_HASH, (uint64_t)0);
	if (bytes < 0 || length < (size_t)bytes)
		return false;
	length -= (size_t)bytes;
	(void)snprintf(end, sizeof(end), ",\"%s\":\"%016" PRIx64 "\"}",
	    SEGMENT_INDEX_HASH, (uint64_t)XXH64(json, length, 0));
	return memcmp(json + length, end, (size_t)bytes) == 0;
}

/* What it says of one frame. False: the table has none there, or another. */
static bool
take_frame(yyjson_val *item, struct segment_index *out, size_t *at)
{
	uint64_t offset = yyjson_get_uint(yyjson_obj_get(item, "offset"));

	while (*at < out->count && out->frames[*at].offset < offset)
		++*at;
	if (*at == out->count)
		return false;
	struct segment_frame *frame = &out->frames[*at];
	frame->lines = yyjson_get_uint(yyjson_obj_get(item, "lines"));
	take_time(frame->first, yyjson_obj_get(item, "first"));
	take_time(frame->last, yyjson_obj_get(item, "last"));
	return frame->offset == offset &&
	    frame->text_bytes == yyjson_get_uint(yyjson_obj_get(item, "text"));
}

/* What it says of the frames that the table has, both being in order. */
static int
take_json(const char *json, size_t length, struct segment_index *out)
{
	if (!is_whole(json, length))
		return E_CORRUPT;
	yyjson_doc *doc = yyjson_read(json, length, 0);
	yyjson_val *frames = yyjson_obj_get(yyjson_doc_get_root(doc), "frames");
	yyjson_val *item;
	size_t index, count, at = 0;

	out->own = yyjson_is_arr(frames);
	if (out->own) {
		yyjson_arr_foreach(frames, index, count, item) {
			if (!take_frame(item, out, &at))
				out->own = false;
		}
	}
	yyjson_doc_free(doc);
	return out->own ? 0 : E_CORRUPT;
}

/* The last frame in front of the table is ours, when it is there at all. */
static int
take_index(const uint8_t *tail, size_t length, const struct table *table,
    struct segment_index *out, size_t *need)
{
	const struct segment_frame *last =
	    out->count == 0 ? NULL : &out->frames[out->count - 1];

	if (last == NULL || last->text_bytes != 0 ||
	    last->bytes < FRAME_SKIPPABLE_HEADER_BYTES)
		return 0;
	*need = table->bytes + (size_t)last->bytes;
	if (*need > TAIL_BYTES_MAX)
		return 0;
	if (*need > length)
		return E_MORE;
	const uint8_t *frame = tail + length - *need;
	if (frame_u32(frame) != SEGMENT_INDEX_MAGIC ||
	    frame_u32(frame + 4) != last->bytes - FRAME_SKIPPABLE_HEADER_BYTES)
		return 0; /* somebody else's */
	return take_json((const char *)frame + FRAME_SKIPPABLE_HEADER_BYTES,
	    (size_t)last->bytes - FRAME_SKIPPABLE_HEADER_BYTES, out);
}

int
segment_index_read(const uint8_t *tail, size_t length, uint64_t file_bytes,
    struct segment_index *out, size_t *need)
{
	struct table table;

	*out = (struct segment_index){0};
	int error = find_table(tail, length, file_bytes, &table, need);
	if (error == 0)
		error = take_entries(&table, file_bytes, out);
	if (error == 0)
		error = take_index(tail, length, &table, out, need);
	if (error != 0)
		segment_index_free(out);
	return error;
}
