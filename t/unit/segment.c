/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of log/segment: what is written is read back by plain zstd, index
 * and seek table tell the truth, and whatever a crash leaves is repaired to
 * exactly what had been flushed.
 */
#include "log/segment.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>
#include <zstd.h>

#include "base/err.h"
#include "log/frame.h"
#include "log/reader.h"
#include "log/segment_index.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define FILE_MAX (64u * 1024 * 1024)

/* --- a segment and what should be in it --- */

struct mark { /* after a flush: so much file holds so much text */
	size_t file_bytes;
	size_t text_bytes;
};

struct sample {
	struct segment_writer *writer;
	struct buf file;
	struct buf text;
	struct mark marks[4096];
	size_t mark_count;
	unsigned lines;
};

static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static struct sample *
sample_new(void)
{
	struct sample *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	buf_init(&s->file, FILE_MAX);
	buf_init(&s->text, FILE_MAX);
	s->writer = segment_writer_new(3);
	ck_assert_ptr_nonnull(s->writer);
	return s;
}

static void
sample_free(struct sample *s)
{
	segment_writer_free(s->writer);
	buf_free(&s->file);
	buf_free(&s->text);
	free(s);
}

/* Adds a record with a body of `filler` times one letter and some noise. */
static void
sample_add(struct sample *s, size_t filler, uint32_t *random)
{
	struct buf line;
	uint8_t *room;

	buf_init(&line, FILE_MAX);
	ck_assert_int_eq(buf_printf(&line,
	    "{\"@timestamp\":\"2026-11-23T10:15:%02u.%06uZ\",\"n\":%u,\"x\":\"%08"
	    PRIx32 "%08" PRIx32 "\",\"body\":\"", s->lines / 100 % 60,
	    s->lines % 100, s->lines, next_random(random), next_random(random)),
	    0);
	ck_assert_int_eq(buf_reserve(&line, filler, &room), 0);
	memset(room, 'a' + (int)(s->lines % 26), filler);
	buf_commit(&line, filler);
	ck_assert_int_eq(buf_puts(&line, "\"}\n"), 0);
	ck_assert_int_eq(segment_add(s->writer, buf_data(&line),
	    buf_length(&line), &s->file), 0);
	ck_assert_int_eq(buf_append(&s->text, buf_data(&line),
	    buf_length(&line)), 0);
	s->lines++;
	buf_free(&line);
}

static void
sample_flush(struct sample *s)
{
	ck_assert_int_eq(segment_flush(s->writer, &s->file), 0);
	ck_assert_uint_lt(s->mark_count, ARRAY_LENGTH(s->marks));
	s->marks[s->mark_count++] = (struct mark){buf_length(&s->file),
	    buf_length(&s->text)};
}

/* One frame, some 60 flushes of a few records: what a quiet hour looks like. */
static struct sample *
one_frame(void)
{
	struct sample *s = sample_new();
	uint32_t random = 2463534242u;

	for (unsigned i = 0; i < 60; i++) {
		for (unsigned n = 0; n <= i % 5; n++)
			sample_add(s, 100 + i, &random);
		sample_flush(s);
	}
	return s;
}

/* Several frames of few, long and well compressed records. */
static struct sample *
four_frames(void)
{
	struct sample *s = sample_new();
	uint32_t random = 88172645u;

	for (unsigned i = 0; i < 16; i++) {
		sample_add(s, 200 * 1024, &random);
		sample_flush(s);
	}
	return s;
}

static void
sample_seal(struct sample *s)
{
	ck_assert_int_eq(segment_seal(s->writer, &s->file), 0);
}

/* Decodes all of a file; with `strict` every frame must be good. */
static void
decode(const uint8_t *file, size_t length, struct buf *text)
{
	static uint8_t chunk[128 * 1024];
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	ZSTD_inBuffer input = {file, length, 0};
	size_t result = 0;
	bool more = true;

	buf_init(text, FILE_MAX);
	while (input.pos < input.size || more) {
		ZSTD_outBuffer output = {chunk, sizeof(chunk), 0};
		result = ZSTD_decompressStream(zstd, &output, &input);
		ck_assert_msg(!ZSTD_isError(result), "at byte %zu: %s", input.pos,
		    ZSTD_getErrorName(result));
		ck_assert_int_eq(buf_append(text, chunk, output.pos), 0);
		more = output.pos == output.size;
	}
	ck_assert_uint_eq(result, 0);
	ZSTD_freeDCtx(zstd);
}

static size_t
count_lines(const struct buf *text)
{
	size_t lines = 0;

	for (size_t i = 0; i < buf_length(text); i++)
		lines += buf_data(text)[i] == '\n';
	return lines;
}

/* --- names --- */

START_TEST(a_name_is_read_back_as_it_was_made)
{
	char name[SEGMENT_NAME_BYTES];
	unsigned long number;
	bool open;

	segment_name(name, 1795428900, 42);
	ck_assert_str_eq(name, "sightglass-20261123T101500Z-000042.ndjson.zst");
	ck_assert(segment_parse_name(name, &number, &open));
	ck_assert_uint_eq(number, 42);
	ck_assert(!open);
	segment_name(name, 0, 12345678);
	ck_assert(segment_parse_name(name, &number, &open));
	ck_assert_uint_eq(number, 12345678);
	ck_assert(segment_parse_name(
	    "sightglass-20261123T101500Z-000007.ndjson.zst.part", &number, &open));
	ck_assert(open);
}
END_TEST

static const char *const strange_names[] = {
    "", ".", "sightglass-", "sightglass-20261123T101500Z-.ndjson.zst",
    "sightglass-20261123T101500Z-00001.ndjson.zst",
    "sightglass-20261123T101500Z-000001.ndjson",
    "sightglass-20261123T101500Z-000001.ndjson.zst.part.part",
    "sightglass-20261123T101500Z-000001.ndjson.zst.tmp",
    "sightglass-20261123T1015Z-000001.ndjson.zst",
    "sightglass-20261123T101500Z-0000000001.ndjson.zst",
    "xsightglass-20261123T101500Z-000001.ndjson.zst",
};

START_TEST(another_name_is_not_taken_for_a_segment)
{
	unsigned long number;
	bool open;

	ck_assert(!segment_parse_name(strange_names[_i], &number, &open));
}
END_TEST

/* --- sealed segments --- */

START_TEST(a_level_that_zstd_does_not_know_is_refused)
{
	ck_assert_ptr_null(segment_writer_new(0));
	ck_assert_ptr_null(segment_writer_new(23));
}
END_TEST

START_TEST(a_sealed_segment_is_plain_zstd)
{
	struct sample *s = _i == 0 ? one_frame() : four_frames();
	struct buf text;

	sample_seal(s);
	decode(buf_data(&s->file), buf_length(&s->file), &text);
	ck_assert_uint_eq(buf_length(&text), buf_length(&s->text));
	ck_assert_mem_eq(buf_data(&text), buf_data(&s->text), buf_length(&text));
	ck_assert_uint_eq(segment_records(s->writer), s->lines);
	ck_assert_uint_eq(segment_text_bytes(s->writer), buf_length(&text));
	ck_assert_uint_eq(frame_u32(buf_data(&s->file)), FRAME_MAGIC);
	buf_free(&text);
	sample_free(s);
}
END_TEST

START_TEST(a_line_longer_than_a_frame_has_a_frame_of_its_own)
{
	struct sample *s = sample_new();
	uint32_t random = 1;
	struct buf text;

	sample_add(s, 10, &random);
	sample_add(s, 3 * SEGMENT_FRAME_BYTES, &random);
	sample_add(s, 10, &random);
	sample_seal(s);
	decode(buf_data(&s->file), buf_length(&s->file), &text);
	ck_assert_mem_eq(buf_data(&text), buf_data(&s->text),
	    buf_length(&s->text));
	/* The table: three frames and the index. */
	ck_assert_uint_eq(frame_u32(buf_data(&s->file) + buf_length(&s->file) - 9),
	    4);
	buf_free(&text);
	sample_free(s);
}
END_TEST

START_TEST(a_line_that_no_reader_holds_is_refused_and_harms_nothing)
{
	struct sample *s = sample_new();
	uint32_t random = 1;
	uint8_t *line = malloc(SEGMENT_LINE_MAX + 1);

	ck_assert_ptr_nonnull(line);
	memset(line, 'a', SEGMENT_LINE_MAX + 1);
	line[SEGMENT_LINE_MAX] = '\n';
	sample_add(s, 10, &random);
	ck_assert_int_eq(segment_add(s->writer, line, SEGMENT_LINE_MAX + 1,
	    &s->file), E_RANGE);
	sample_add(s, 10, &random);
	ck_assert_uint_eq(segment_records(s->writer), 2);
	free(line);
	sample_free(s);
}
END_TEST

/* Where the seek table says that frame i begins, and what it decodes to. */
static void
check_seek_entry(const struct sample *s, const uint8_t *entry, size_t *offset,
    size_t *text_at, bool is_index)
{
	size_t bytes = frame_u32(entry);
	size_t text_bytes = frame_u32(entry + 4);
	struct buf text;

	decode(buf_data(&s->file) + *offset, bytes, &text);
	ck_assert_uint_eq(buf_length(&text), text_bytes);
	if (is_index)
		ck_assert_uint_eq(text_bytes, 0);
	else
		ck_assert_mem_eq(buf_data(&text), buf_data(&s->text) + *text_at,
		    text_bytes);
	*offset += bytes;
	*text_at += text_bytes;
	buf_free(&text);
}

START_TEST(the_seek_table_finds_every_frame)
{
	struct sample *s = _i == 0 ? one_frame() : four_frames();

	sample_seal(s);
	const uint8_t *end = buf_data(&s->file) + buf_length(&s->file);
	ck_assert_uint_eq(frame_u32(end - 4), SEGMENT_SEEK_FOOTER_MAGIC);
	ck_assert_uint_eq(end[-5], 0);
	size_t entries = frame_u32(end - 9);
	const uint8_t *table = end - 9 - 8 * entries - 8;
	size_t offset = 0, text_at = 0;
	ck_assert_uint_eq(frame_u32(table), SEGMENT_SEEK_MAGIC);
	ck_assert_uint_eq(frame_u32(table + 4), 8 * entries + 9);
	ck_assert(segment_is_seek_table(table, (size_t)(end - table)));
	for (size_t i = 0; i < entries; i++)
		check_seek_entry(s, table + 8 + 8 * i, &offset, &text_at,
		    i + 1 == entries);
	ck_assert_ptr_eq(buf_data(&s->file) + offset, table);
	ck_assert_uint_eq(text_at, buf_length(&s->text));
	sample_free(s);
}
END_TEST

/* The index as JSON, out of the frame in front of the seek table. */
static yyjson_doc *
read_index(const struct buf *file)
{
	const uint8_t *end = buf_data(file) + buf_length(file);
	size_t entries = frame_u32(end - 9);
	const uint8_t *table = end - 9 - 8 * entries - 8;
	size_t bytes = frame_u32(table + 8 + 8 * (entries - 1));
	const uint8_t *index = table - bytes;

	ck_assert_uint_eq(frame_u32(index), SEGMENT_INDEX_MAGIC);
	ck_assert_uint_eq(frame_u32(index + 4), bytes - 8);
	yyjson_doc *doc = yyjson_read((const char *)index + 8, bytes - 8, 0);
	ck_assert_ptr_nonnull(doc);
	return doc;
}

static uint64_t
number(yyjson_val *object, const char *key)
{
	yyjson_val *value = yyjson_obj_get(object, key);

	ck_assert_msg(yyjson_is_uint(value), "no number %s", key);
	return yyjson_get_uint(value);
}

static const char *
string(yyjson_val *object, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(object, key));

	ck_assert_msg(text != NULL, "no string %s", key);
	return text;
}

START_TEST(the_index_tells_offsets_lines_and_times)
{
	struct sample *s = four_frames();
	size_t index, count;
	yyjson_val *frame;
	uint64_t lines = 0, text = 0;

	sample_seal(s);
	yyjson_doc *doc = read_index(&s->file);
	yyjson_val *root = yyjson_doc_get_root(doc);
	ck_assert_uint_eq(number(root, "version"), 1);
	ck_assert_uint_eq(number(root, "records"), s->lines);
	yyjson_val *frames = yyjson_obj_get(root, "frames");
	ck_assert_uint_eq(yyjson_arr_size(frames), 4);
	yyjson_arr_foreach(frames, index, count, frame) {
		char first[40];
		ck_assert_uint_eq(frame_u32(buf_data(&s->file) +
		    number(frame, "offset")), FRAME_MAGIC);
		(void)snprintf(first, sizeof(first),
		    "2026-11-23T10:15:00.%06uZ", (unsigned)lines);
		ck_assert_str_eq(string(frame, "first"), first);
		lines += number(frame, "lines");
		text += number(frame, "text");
		(void)snprintf(first, sizeof(first),
		    "2026-11-23T10:15:00.%06uZ", (unsigned)lines - 1);
		ck_assert_str_eq(string(frame, "last"), first);
	}
	ck_assert_uint_eq(lines, s->lines);
	ck_assert_uint_eq(text, buf_length(&s->text));
	yyjson_doc_free(doc);
	sample_free(s);
}
END_TEST

START_TEST(the_index_has_the_smallest_and_largest_time_in_any_order)
{
	static const char *const lines[] = {
	    "{\"@timestamp\":\"2026-01-02T00:00:00.000000Z\"}\n",
	    "{\"@timestamp\":\"2026-01-03T00:00:00.000000Z\"}\n",
	    "{\"@timestamp\":\"2026-01-01T00:00:00.000000Z\"}\n",
	    "{\"@timestamp\":\"9\\\\\",\"hostile\":1}\n",
	    "{\"@timestamp\":\"9999999999999999999999999999999999999999\"}\n",
	    "{\"no\":\"time\"}\n",
	};
	struct sample *s = sample_new();

	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
		ck_assert_int_eq(segment_add(s->writer,
		    (const uint8_t *)lines[i], strlen(lines[i]), &s->file), 0);
	sample_seal(s);
	yyjson_doc *doc = read_index(&s->file);
	yyjson_val *frame = yyjson_arr_get(yyjson_obj_get(
	    yyjson_doc_get_root(doc), "frames"), 0);
	ck_assert_str_eq(string(frame, "first"), "2026-01-01T00:00:00.000000Z");
	ck_assert_str_eq(string(frame, "last"), "2026-01-03T00:00:00.000000Z");
	yyjson_doc_free(doc);
	sample_free(s);
}
END_TEST

START_TEST(a_segment_without_a_record_begins_with_a_frame_too)
{
	struct sample *s = sample_new();
	struct buf text;

	sample_seal(s);
	ck_assert_uint_eq(frame_u32(buf_data(&s->file)), FRAME_MAGIC);
	decode(buf_data(&s->file), buf_length(&s->file), &text);
	ck_assert_uint_eq(buf_length(&text), 0);
	buf_free(&text);
	sample_free(s);
}
END_TEST

/* --- repair --- */

/* The file as repair leaves it. */
static struct buf
repaired(const uint8_t *file, size_t length, struct segment_repair *repair)
{
	struct buf out;

	ck_assert_int_eq(segment_repair(file, length, repair), 0);
	ck_assert_uint_le(repair->keep_bytes, length);
	buf_init(&out, FILE_MAX);
	ck_assert_int_eq(buf_append(&out, file, repair->keep_bytes), 0);
	ck_assert_int_eq(buf_append(&out, buf_data(&repair->tail),
	    buf_length(&repair->tail)), 0);
	buf_free(&repair->tail);
	return out;
}

/* What had been flushed when the file was `cut` long, in bytes of text. */
static size_t
flushed(const struct sample *s, size_t cut)
{
	size_t text = 0;

	for (size_t i = 0; i < s->mark_count; i++) {
		if (s->marks[i].file_bytes <= cut)
			text = s->marks[i].text_bytes;
	}
	return text;
}

/* Repairs the first `cut` bytes followed by garbage, and demands exactly what
 * had been flushed before. */
static void
check_cut(const struct sample *s, size_t cut, const uint8_t *garbage,
    size_t garbage_bytes)
{
	struct segment_repair repair;
	struct buf left, text;

	buf_init(&left, FILE_MAX);
	ck_assert_int_eq(buf_append(&left, buf_data(&s->file), cut), 0);
	ck_assert_int_eq(buf_append(&left, garbage, garbage_bytes), 0);
	struct buf file = repaired(buf_length(&left) == 0 ? (const uint8_t *)"" :
	    buf_data(&left), buf_length(&left), &repair);
	decode(buf_data(&file), buf_length(&file), &text);
	ck_assert_msg(buf_length(&text) == flushed(s, cut),
	    "cut at %zu: %zu bytes of text, not %zu", cut, buf_length(&text),
	    flushed(s, cut));
	if (buf_length(&text) > 0)
		ck_assert_mem_eq(buf_data(&text), buf_data(&s->text),
		    buf_length(&text));
	ck_assert_uint_eq(repair.records, count_lines(&text));
	ck_assert_uint_eq(repair.bad_frames, 0);
	ck_assert_uint_eq(frame_u32(buf_data(&file) + buf_length(&file) - 4),
	    SEGMENT_SEEK_FOOTER_MAGIC);
	buf_free(&text);
	buf_free(&file);
	buf_free(&left);
}

START_TEST(cut_at_every_byte_repair_gives_back_what_was_flushed)
{
	struct sample *s = _i == 0 ? one_frame() : four_frames();

	for (size_t cut = 0; cut <= buf_length(&s->file); cut++)
		check_cut(s, cut, (const uint8_t *)"", 0);
	sample_free(s);
}
END_TEST

START_TEST(cut_inside_index_or_seek_table_they_are_written_again)
{
	struct sample *s = four_frames();
	size_t flushed_bytes = buf_length(&s->file);
	struct segment_repair repair;

	sample_seal(s);
	for (size_t cut = flushed_bytes; cut < buf_length(&s->file); cut++) {
		struct buf file = repaired(buf_data(&s->file), cut, &repair);
		ck_assert_uint_eq(repair.records, s->lines);
		yyjson_doc *doc = read_index(&file);
		ck_assert_uint_eq(number(yyjson_doc_get_root(doc), "records"),
		    s->lines);
		yyjson_doc_free(doc);
		buf_free(&file);
	}
	sample_free(s);
}
END_TEST

START_TEST(garbage_behind_the_cut_changes_nothing)
{
	struct sample *s = one_frame();
	uint32_t random = 5;
	uint8_t garbage[4096];

	for (unsigned round = 0; round < 3000; round++) {
		size_t cut = next_random(&random) % (buf_length(&s->file) + 1);
		size_t bytes = next_random(&random) % sizeof(garbage);
		for (size_t i = 0; i < bytes; i++)
			garbage[i] = round % 2 == 0 ? 0
			    : (uint8_t)next_random(&random);
		check_cut(s, cut, garbage, bytes);
	}
	sample_free(s);
}
END_TEST

START_TEST(a_sealed_segment_needs_no_repair)
{
	struct sample *s = four_frames();
	struct segment_repair repair;

	sample_seal(s);
	ck_assert_int_eq(segment_repair(buf_data(&s->file),
	    buf_length(&s->file), &repair), 0);
	ck_assert_uint_eq(repair.keep_bytes, buf_length(&s->file));
	ck_assert_uint_eq(buf_length(&repair.tail), 0);
	ck_assert_uint_eq(repair.lost_bytes, 0);
	ck_assert_uint_eq(repair.records, s->lines);
	buf_free(&repair.tail);
	sample_free(s);
}
END_TEST

START_TEST(garbage_behind_the_seek_table_is_cut)
{
	struct sample *s = four_frames();
	struct segment_repair repair;

	sample_seal(s);
	size_t length = buf_length(&s->file);
	ck_assert_int_eq(buf_puts(&s->file, "garbage"), 0);
	ck_assert_int_eq(segment_repair(buf_data(&s->file),
	    buf_length(&s->file), &repair), 0);
	ck_assert_uint_eq(repair.keep_bytes, length);
	ck_assert_uint_eq(repair.lost_bytes, 7);
	ck_assert_uint_eq(buf_length(&repair.tail), 0);
	buf_free(&repair.tail);
	sample_free(s);
}
END_TEST

/* A frame flushed in the middle of a line, as a torn write leaves it. */
static size_t
half_a_line(uint8_t *file, size_t size)
{
	static const char text[] =
	    "{\"@timestamp\":\"2026-11-23T10:15:00.000001Z\"}\n"
	    "{\"@timestamp\":\"2026-11-23T10:15:00.000002Z\"}\n"
	    "{\"@timestamp\":\"2026-11-2";
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	ZSTD_inBuffer input = {text, sizeof(text) - 1, 0};
	ZSTD_outBuffer output = {file, size, 0};

	(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	ck_assert_uint_eq(ZSTD_compressStream2(zstd, &output, &input,
	    ZSTD_e_flush), 0);
	ZSTD_freeCCtx(zstd);
	return output.pos;
}

START_TEST(blocks_that_end_inside_a_line_are_cut_to_the_last_whole_one)
{
	uint8_t left[4096];
	size_t length = half_a_line(left, sizeof(left));
	struct segment_repair repair;
	struct buf text;

	struct buf file = repaired(left, length, &repair);
	decode(buf_data(&file), buf_length(&file), &text);
	ck_assert_uint_eq(repair.records, 2);
	ck_assert_uint_eq(count_lines(&text), 2);
	ck_assert_uint_eq(buf_data(&text)[buf_length(&text) - 1], '\n');
	ck_assert_uint_gt(repair.lost_bytes, 0);
	buf_free(&text);
	buf_free(&file);
}
END_TEST

#define RECORD "{\"@timestamp\":\"2026-11-23T10:15:00.000001Z\"}\n"
#define NO_RECORD "{\"@timestamp\":\"2026-11-2\"\"\"\"\"\"\"\"\"}\n"

/* Blocks of which zeros end the last, as a file system leaves them, can decode to what
 * looks like a line. In one before it that is what somebody logged. */
START_TEST(a_last_block_of_no_records_is_cut)
{
	static const char *const blocks[] = {RECORD, NO_RECORD RECORD, RECORD NO_RECORD};
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	uint8_t left[4096];
	ZSTD_outBuffer output = {left, sizeof(left), 0};
	struct segment_repair repair;
	struct buf text;

	(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
		ZSTD_inBuffer input = {blocks[i], strlen(blocks[i]), 0};
		ck_assert_uint_eq(ZSTD_compressStream2(zstd, &output, &input,
		    ZSTD_e_flush), 0);
	}
	ZSTD_freeCCtx(zstd);
	struct buf file = repaired(left, output.pos, &repair);
	decode(buf_data(&file), buf_length(&file), &text);
	ck_assert_int_eq(buf_append(&text, "", 1), 0);
	ck_assert_str_eq((const char *)buf_data(&text),
	    RECORD NO_RECORD RECORD RECORD);
	ck_assert_uint_eq(repair.lost_bytes, strlen(NO_RECORD));
	buf_free(&text);
	buf_free(&file);
}
END_TEST

/* Which frame of the sample holds this byte of the file; -1: index or table. */
static int
frame_at(const struct sample *s, size_t byte)
{
	yyjson_doc *doc = read_index(&s->file);
	yyjson_val *frames = yyjson_obj_get(yyjson_doc_get_root(doc), "frames");
	const uint8_t *end = buf_data(&s->file) + buf_length(&s->file);
	size_t entries = frame_u32(end - 9);
	const uint8_t *table = end - 9 - 8 * entries;
	size_t offset = 0;
	int found = -1;

	for (size_t i = 0; i + 1 < entries && found < 0; i++) {
		offset += frame_u32(table + 8 * i);
		if (byte < offset)
			found = (int)i;
	}
	ck_assert_uint_eq(yyjson_arr_size(frames), entries - 1);
	yyjson_doc_free(doc);
	return found;
}

START_TEST(a_flipped_bit_costs_its_frame_alone)
{
	struct sample *s = four_frames();
	struct segment_repair repair;

	sample_seal(s);
	yyjson_doc *doc = read_index(&s->file);
	yyjson_val *frames = yyjson_obj_get(yyjson_doc_get_root(doc), "frames");
	for (size_t bit = 0; bit < 8 * buf_length(&s->file); bit += 13) {
		int frame = frame_at(s, bit / 8);
		if (frame < 0)
			break;
		uint64_t lines = number(yyjson_arr_get(frames, (size_t)frame),
		    "lines");
		buf_data(&s->file)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(segment_repair(buf_data(&s->file),
		    buf_length(&s->file), &repair), 0);
		ck_assert_uint_eq(repair.keep_bytes, buf_length(&s->file));
		ck_assert_uint_eq(repair.records,
		    repair.bad_frames == 0 ? s->lines : s->lines - lines);
		ck_assert_uint_le(repair.bad_frames, 1);
		buf_free(&repair.tail);
		buf_data(&s->file)[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	yyjson_doc_free(doc);
	sample_free(s);
}
END_TEST

static void
run_zstd_test(const struct buf *file)
{
	char directory[SUITE_DIRECTORY_BYTES], path[SUITE_DIRECTORY_BYTES + 16];
	char command[SUITE_DIRECTORY_BYTES + 48];

	suite_make_directory(directory, "segment");
	(void)snprintf(path, sizeof(path), "%s/whole", directory);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, buf_data(file), buf_length(file)),
	    (ssize_t)buf_length(file));
	(void)close(fd);
	(void)snprintf(command, sizeof(command), "zstd -q -t - <%s", path);
	int status = system(command);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
	ck_assert_int_eq(status, 0);
}

START_TEST(the_zstd_program_accepts_repaired_segments)
{
	struct sample *s = four_frames();
	struct segment_repair repair;

	if (system("command -v zstd >/dev/null") != 0) {
		(void)fprintf(stderr, "no zstd program here: not tested\n");
		sample_free(s);
		return;
	}
	for (size_t cut = 0; cut < buf_length(&s->file); cut += 97) {
		struct buf file = repaired(buf_data(&s->file), cut, &repair);
		run_zstd_test(&file);
		buf_free(&file);
	}
	sample_free(s);
}
END_TEST

/* --- reading --- */

#define READ_BYTES (128u * 1024) /* that a reader takes at once */

/* The segment behind a frame to be skipped, by which its byte at `at` is the last that
 * comes with the reader's first look. */
static void
write_behind_padding(FILE *out, const struct buf *segment, size_t at)
{
	static const uint8_t padding[READ_BYTES];
	uint8_t header[FRAME_SKIPPABLE_HEADER_BYTES];
	size_t length = READ_BYTES - at - sizeof(header);

	frame_put_u32(header, FRAME_SKIPPABLE_MAGIC);
	frame_put_u32(header + 4, (uint32_t)length);
	ck_assert_uint_eq(fwrite(header, 1, sizeof(header), out), sizeof(header));
	ck_assert_uint_eq(fwrite(padding, 1, length, out), length);
	ck_assert_uint_eq(fwrite(buf_data(segment), 1, buf_length(segment), out),
	    buf_length(segment));
}

static void
read_back(const char *path, struct buf *text)
{
	struct reader_line line;
	char words[256];
	struct reader *r = reader_open(path, false, words);
	int error;

	ck_assert_msg(r != NULL, "%s", words);
	buf_init(text, FILE_MAX);
	while ((error = reader_next(r, &line)) == 0) {
		ck_assert_int_eq(buf_append(text, line.text, line.length), 0);
		ck_assert_int_eq(buf_puts(text, "\n"), 0);
	}
	ck_assert_int_eq(error, E_AGAIN);
	reader_close(r);
}

START_TEST(wherever_a_look_at_the_file_ends_every_line_is_read)
{
	char directory[] = "/tmp/segment-suite-XXXXXX", path[128];
	struct sample *s = one_frame();
	struct buf text;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path),
	    "%s/sightglass-20261123T101500Z-000001.ndjson.zst", directory);
	sample_seal(s);
	size_t end = ZSTD_findFrameCompressedSize(buf_data(&s->file),
	    buf_length(&s->file));
	for (size_t at = end - 60; at < end + 20; at++) {
		FILE *file = fopen(path, "w");
		ck_assert_ptr_nonnull(file);
		write_behind_padding(file, &s->file, at);
		ck_assert_int_eq(fclose(file), 0);
		read_back(path, &text);
		ck_assert_msg(buf_length(&text) == buf_length(&s->text) &&
		    memcmp(buf_data(&text), buf_data(&s->text),
		        buf_length(&text)) == 0,
		    "%zu of %zu bytes of text, with the look's end at %zu of %zu",
		    buf_length(&text), buf_length(&s->text), at, end);
		buf_free(&text);
	}
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
	sample_free(s);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("segment"), 8);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("segment");
	TCase *t = tcase_create("segment");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_name_is_read_back_as_it_was_made);
	tcase_add_loop_test(t, another_name_is_not_taken_for_a_segment, 0,
	    ARRAY_LENGTH(strange_names));
	tcase_add_test(t, a_level_that_zstd_does_not_know_is_refused);
	tcase_add_loop_test(t, a_sealed_segment_is_plain_zstd, 0, 2);
	tcase_add_test(t, a_line_longer_than_a_frame_has_a_frame_of_its_own);
	tcase_add_test(t,
	    a_line_that_no_reader_holds_is_refused_and_harms_nothing);
	tcase_add_loop_test(t, the_seek_table_finds_every_frame, 0, 2);
	tcase_add_test(t, the_index_tells_offsets_lines_and_times);
	tcase_add_test(t,
	    the_index_has_the_smallest_and_largest_time_in_any_order);
	tcase_add_test(t, a_segment_without_a_record_begins_with_a_frame_too);
	tcase_add_loop_test(t,
	    cut_at_every_byte_repair_gives_back_what_was_flushed, 0, 2);
	tcase_add_test(t, cut_inside_index_or_seek_table_they_are_written_again);
	tcase_add_test(t, garbage_behind_the_cut_changes_nothing);
	tcase_add_test(t, a_sealed_segment_needs_no_repair);
	tcase_add_test(t, garbage_behind_the_seek_table_is_cut);
	tcase_add_test(t,
	    blocks_that_end_inside_a_line_are_cut_to_the_last_whole_one);
	tcase_add_test(t, a_last_block_of_no_records_is_cut);
	tcase_add_test(t, a_flipped_bit_costs_its_frame_alone);
	tcase_add_test(t, wherever_a_look_at_the_file_ends_every_line_is_read);
	tcase_add_test(t, the_zstd_program_accepts_repaired_segments);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
