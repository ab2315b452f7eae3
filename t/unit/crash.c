/* SPDX-License-Identifier: ISC */
/*
 * What is left of the log after a crash. Segments are made by the logger itself, of
 * many shapes; then they are cut anywhere, with anything behind, and a new logger
 * finds them; or a bit is flipped, and the reader meets it. By seed: SEEDS of them
 * (make check-long: thousands) from FIRST_SEED on; a failure names its own.
 *
 * - Cut: every record that was flushed before is there, once, in order, and nothing
 *   that was not written; the segment is sealed and whole; a record says what was
 *   done.
 * - Flipped: the records of all other frames are there, in order, those of that frame
 *   all and unaltered or not at all, and whatever lacks is told.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yyjson.h>
#include <zstd.h>

#include "base/err.h"
#include "log/reader.h"
#include "log/segment.h"
#include "log/segment_index.h"
#include "t/unit/loggers.h"
#include "t/unit/suite.h"

#define SEEDS_DEFAULT 20u
#define CASES 50u /* of each kind, a seed */
#define MARKS 4096u
#define FIRST_NUMBER 100u /* of the segments that are cut */
#define RING_BYTES (8u * 1024 * 1024)

/* --- segments as the logger makes them --- */

struct mark { /* after a turn: so much file holds at least so much text */
	size_t file_bytes, text_bytes;
};

struct sample {
	struct rig rig;
	struct buf open, sealed; /* the same segment, before and after its seal */
	struct buf text;         /* all that was put */
	struct mark marks[MARKS];
	size_t mark_count;
	struct segment_index frames; /* of the sealed one, its skippable one too */
	uint32_t random;
	uint32_t seed;
};

/* A length of some kind that people's records have. */
static size_t
record_bytes(struct sample *s, unsigned kind)
{
	uint32_t random = rig_random(&s->random);

	switch (kind) {
	case 0: /* DNS */
		return 50 + random % 200;
	case 1: /* HTTP */
		return 1000 + random % 3000;
	case 2: /* with bodies */
		return 20000 + random % 60000;
	case 3: /* longer than a flush, now and then than a frame */
		return random % 16 == 0 ? 1200000 : 70000 + random % 200000;
	default:
		return record_bytes(s, random % 16 == 0 ? 2 : random % 2);
	}
}

/* Records of one turn: what is flushed at once is one write, and one mark. */
static void
put_some(struct sample *s, unsigned kind, unsigned noise)
{
	size_t most = 1 + rig_random(&s->random) % 40, taken = 0;

	for (size_t i = 0; i < most; i++) {
		size_t bytes = record_bytes(s, kind);
		if (i > 0 && taken + bytes + 200 > 60000)
			break;
		ck_assert_int_ge(rig_put(&s->rig, 0, bytes, noise, &s->text), 0);
		taken += bytes + 200;
	}
}

static void
note_mark(struct sample *s)
{
	struct logger_counters c = logger_counters(s->rig.logger);

	if (s->mark_count > 0 &&
	    s->marks[s->mark_count - 1].file_bytes == c.file_bytes)
		return;
	ck_assert_uint_lt(s->mark_count, MARKS);
	s->marks[s->mark_count++] = (struct mark){c.file_bytes, c.text_bytes};
}

static void
sample_make(struct sample *s, uint32_t seed)
{
	size_t need = 0;

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->random = seed * 2654435761u + 12345;
	buf_init(&s->text, RIG_FILE_MAX);
	rig_open(&s->rig, RING_BYTES);
	unsigned kind = rig_random(&s->random) % 5;
	unsigned noise = 1 + rig_random(&s->random) % 8;
	s->rig.options.level = 1 + (int)(rig_random(&s->random) % 4);
	s->rig.options.flush_ms = 1 + rig_random(&s->random) % 200;
	/* Most have one frame, as in a quiet hour; some have several. */
	size_t text = seed % 8 == 0 ? 1500000 + rig_random(&s->random) % 2500000
	                            : 10000 + rig_random(&s->random) % 150000;
	ck_assert(rig_start(&s->rig));
	while (buf_length(&s->text) < text && s->mark_count < MARKS - 1) {
		put_some(s, kind, noise);
		rig_wait(&s->rig, rig_random(&s->random) % 250);
		note_mark(s);
	}
	rig_wait(&s->rig, 1000);
	note_mark(s);
	rig_read(&s->rig, SEGMENT_OPEN_SUFFIX, &s->open);
	ck_assert_int_eq(rig_finish(&s->rig), 0);
	rig_read(&s->rig, SEGMENT_SUFFIX, &s->sealed);
	ck_assert_int_eq(segment_index_read(buf_data(&s->sealed),
	    buf_length(&s->sealed), buf_length(&s->sealed), &s->frames, &need), 0);
	ck_assert(s->frames.own);
}

static void
sample_free(struct sample *s)
{
	rig_close(&s->rig);
	buf_free(&s->open);
	buf_free(&s->sealed);
	buf_free(&s->text);
	segment_index_free(&s->frames);
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

/* --- cuts --- */

struct cut {
	char name[SEGMENT_NAME_BYTES]; /* once it is sealed */
	size_t at;    /* in the file */
	size_t least; /* of text that must be there */
	bool exact;   /* nothing behind it can be taken for text */
	uint64_t records;
};

/* What a file system may leave behind the cut: nothing, zeros, or old bytes, which in
 * the place of a half-written block may decode to anything. False: those. */
static bool
add_garbage(struct sample *s, struct buf *file)
{
	uint32_t kind = rig_random(&s->random) % 4;
	size_t bytes = rig_random(&s->random) % 9000;
	uint8_t *room;

	if (kind < 2)
		return true;
	ck_assert_int_eq(buf_reserve(file, bytes + 1, &room), 0);
	for (size_t i = 0; i < bytes; i++)
		room[i] = kind == 2 ? 0 : (uint8_t)rig_random(&s->random);
	buf_commit(file, bytes);
	return kind == 2;
}

/* A file as a crash leaves it, cut anywhere, or just behind a write. */
static void
leave_cut(struct sample *s, struct cut *cut, unsigned number)
{
	const struct buf *whole = number % 4 == 3 ? &s->sealed : &s->open;
	bool last = number + 1 == CASES; /* not empty: it is counted on from there */
	char part[SEGMENT_NAME_BYTES + 8];
	struct buf file;

	cut->at = rig_random(&s->random) % (buf_length(whole) + 1);
	if (number % 8 == 1)
		cut->at = s->marks[rig_random(&s->random) % s->mark_count].file_bytes;
	if (number % 8 == 3) /* near the index and the table */
		cut->at = buf_length(&s->open) + rig_random(&s->random) %
		    (buf_length(&s->sealed) - buf_length(&s->open) + 1);
	if (last && cut->at == 0)
		cut->at = 1;
	cut->least = flushed(s, cut->at);
	segment_name(cut->name, (int64_t)(RIG_NOW_US / 1000000),
	    FIRST_NUMBER + number);
	(void)snprintf(part, sizeof(part), "%.63s.part", cut->name);
	buf_init(&file, RIG_FILE_MAX);
	ck_assert_int_eq(buf_append(&file, buf_data(whole), cut->at), 0);
	cut->exact = add_garbage(s, &file);
	rig_write(&s->rig, part, buf_length(&file) == 0 ? (const uint8_t *)""
	    : buf_data(&file), buf_length(&file));
	buf_free(&file);
}

/* Decodes every frame, as zstd -t does; false: one is not whole. */
static bool
decode(const uint8_t *file, size_t length, struct buf *text)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	ZSTD_inBuffer in = {file, length, 0};
	size_t left = 0;
	bool more = true;
	uint8_t *room;

	buf_init(text, RIG_FILE_MAX);
	while (!ZSTD_isError(left) && (in.pos < in.size || more)) {
		ck_assert_int_eq(buf_reserve(text, 131072, &room), 0);
		ZSTD_outBuffer out = {room, 131072, 0};
		left = ZSTD_decompressStream(zstd, &out, &in);
		buf_commit(text, out.pos);
		more = out.pos == out.size;
	}
	ZSTD_freeDCtx(zstd);
	return left == 0;
}

static uint64_t
count_lines(const struct buf *text, size_t length)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < length; i++)
		lines += buf_data(text)[i] == '\n';
	return lines;
}

/* The file that was sealed: all that was flushed, and no more than was written. */
static void
check_sealed(const struct sample *s, struct cut *cut)
{
	struct segment_index index;
	struct buf file, text;
	size_t need;

	if (rig_count(&s->rig, cut->name) == 0) {
		/* Nothing stood in it: then it is removed. */
		ck_assert_msg(cut->least == 0, "seed %" PRIu32 ": cut at %zu: gone",
		    s->seed, cut->at);
		cut->records = UINT64_MAX;
		return;
	}
	rig_read(&s->rig, cut->name, &file);
	ck_assert_msg(decode(buf_data(&file), buf_length(&file), &text),
	    "seed %" PRIu32 ": cut at %zu: not whole", s->seed, cut->at);
	size_t length = buf_length(&text);
	size_t same = cut->exact ? length : cut->least;
	ck_assert_msg(length >= cut->least && same <= buf_length(&s->text),
	    "seed %" PRIu32 ": cut at %zu: %zu bytes of text, %zu were flushed",
	    s->seed, cut->at, length, cut->least);
	ck_assert_msg(length == 0 ||
	    (memcmp(buf_data(&text), buf_data(&s->text), same) == 0 &&
	        buf_data(&text)[length - 1] == '\n'),
	    "seed %" PRIu32 ": cut at %zu: not what was written", s->seed, cut->at);
	cut->records = count_lines(&text, length);
	ck_assert_int_eq(segment_index_read(buf_data(&file), buf_length(&file),
	    buf_length(&file), &index, &need), 0);
	ck_assert(index.own);
	segment_index_free(&index);
	buf_free(&text);
	buf_free(&file);
}

/* The record that tells of it. */
static yyjson_doc *
find_repair(const struct buf *lines, const char *name)
{
	const char *text = (const char *)buf_data(lines);
	const char *end = text + buf_length(lines);

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		yyjson_doc *doc = yyjson_read(line, (size_t)(newline - line), 0);
		yyjson_val *own = yyjson_obj_get(yyjson_doc_get_root(doc),
		    "sightglass");
		const char *segment = yyjson_get_str(yyjson_obj_get(own, "segment"));
		if (segment != NULL && strcmp(segment, name) == 0)
			return doc;
		yyjson_doc_free(doc);
		line = newline + 1;
	}
	return NULL;
}

static void
check_told(const struct sample *s, const struct buf *told, const struct cut *cut)
{
	yyjson_doc *doc = find_repair(told, cut->name);
	yyjson_val *own = yyjson_obj_get(yyjson_doc_get_root(doc), "sightglass");
	yyjson_val *repair = yyjson_obj_get(own, "repair");

	if (cut->records != UINT64_MAX) {
		ck_assert_msg(doc != NULL, "seed %" PRIu32 ": cut at %zu: not told",
		    s->seed, cut->at);
		ck_assert_str_eq(yyjson_get_str(yyjson_obj_get(own, "action")),
		    "repaired");
		ck_assert_uint_eq(yyjson_get_uint(yyjson_obj_get(repair,
		    "records")), cut->records);
		ck_assert_uint_eq(yyjson_get_uint(yyjson_obj_get(repair,
		    "damaged_frames")), 0);
	}
	yyjson_doc_free(doc);
}

/* The programs agree: zstd, where there is one, and our own. */
static void
run_programs(const struct sample *s)
{
	const char *build = getenv("SIGHTGLASS_BUILD");
	char command[1024];

	(void)snprintf(command, sizeof(command),
	    "if command -v zstd >/dev/null; then zstd -qt %s/*.zst; fi",
	    s->rig.directory);
	ck_assert_msg(system(command) == 0, "seed %" PRIu32 ": zstd -t", s->seed);
	if (build == NULL)
		return;
	(void)snprintf(command, sizeof(command),
	    "%s/sightglass segments verify %s/*.zst >/dev/null", build,
	    s->rig.directory);
	ck_assert_msg(system(command) == 0, "seed %" PRIu32 ": segments verify",
	    s->seed);
}

/* The new logger's own segment, which is the newest. */
static void
read_own(const struct sample *s, struct buf *text)
{
	char suffix[SEGMENT_NAME_BYTES];
	struct buf file;

	(void)snprintf(suffix, sizeof(suffix), "-%06u.ndjson.zst",
	    FIRST_NUMBER + CASES);
	rig_read(&s->rig, suffix, &file);
	ck_assert(decode(buf_data(&file), buf_length(&file), text));
	buf_free(&file);
}

static void
cut_and_start(uint32_t seed)
{
	struct cut cuts[CASES];
	struct sample s;
	struct buf told;

	sample_make(&s, seed);
	for (unsigned i = 0; i < CASES; i++)
		leave_cut(&s, &cuts[i], i);
	rig_forget(&s.rig);
	ck_assert(rig_start(&s.rig));
	rig_turn(&s.rig);
	ck_assert_int_eq(rig_finish(&s.rig), 0);
	ck_assert_uint_eq(rig_count(&s.rig, ".part"), 0);
	read_own(&s, &told);
	for (unsigned i = 0; i < CASES; i++) {
		check_sealed(&s, &cuts[i]);
		check_told(&s, &told, &cuts[i]);
	}
	run_programs(&s);
	buf_free(&told);
	sample_free(&s);
}

/* --- flipped bits --- */

/* The frame that has this byte of the file, its end and those of its text. */
struct place {
	size_t index;
	size_t text_begin, text_end;
	bool is_data;
};

static struct place
place_of(const struct sample *s, size_t byte)
{
	struct place p = {0};

	for (; p.index < s->frames.count; p.index++) {
		const struct segment_frame *frame = &s->frames.frames[p.index];
		p.text_begin = p.text_end;
		p.text_end += (size_t)frame->text_bytes;
		p.is_data = frame->text_bytes > 0;
		if (byte < frame->offset + frame->bytes)
			return p;
	}
	p.text_begin = p.text_end;
	p.is_data = false;
	return p;
}

/* What was read of a file: filled from its begin, or backward from its end. */
struct text {
	uint8_t *bytes;
	size_t begin, end, size;
	bool told; /* it was said that the file is damaged */
};

static void
add_line(struct text *t, const struct reader_line *line, bool back)
{
	size_t length = line->length + 1;

	ck_assert_uint_le(t->end - t->begin + length, t->size);
	uint8_t *at = back ? t->bytes + t->begin - length : t->bytes + t->end;
	memcpy(at, line->text, line->length);
	at[line->length] = '\n';
	t->begin -= back ? length : 0;
	t->end += back ? 0 : length;
}

/* All that the reader gives of the one file. */
static void
read_file(const struct sample *s, const char *name, bool back, struct text *out)
{
	size_t size = buf_length(&s->text) + SEGMENT_LINE_MAX;
	size_t front = back ? size : 0;
	struct reader_line line;
	char path[512], words[256];
	int error = 0;

	rig_path(&s->rig, name, path);
	struct reader *reader = reader_open(path, false, words);
	ck_assert_msg(reader != NULL, "%s", words);
	*out = (struct text){malloc(size), front, front, size, false};
	ck_assert_ptr_nonnull(out->bytes);
	while (error == 0 || error == E_CORRUPT) {
		error = back ? reader_previous(reader, &line)
		             : reader_next(reader, &line);
		out->told = out->told || error == E_CORRUPT;
		if (error == 0)
			add_line(out, &line, back);
	}
	ck_assert_int_eq(error, back ? E_NOTFOUND : E_AGAIN);
	reader_close(reader);
}

/* Whether got is the text but for what that place has of it. */
static bool
lacks_only(const struct sample *s, const struct text *got, const struct place *p)
{
	const uint8_t *text = buf_data(&s->text);
	const uint8_t *bytes = got->bytes + got->begin;
	size_t rest = buf_length(&s->text) - p->text_end;

	return got->end - got->begin == p->text_begin + rest &&
	    memcmp(bytes, text, p->text_begin) == 0 &&
	    memcmp(bytes + p->text_begin, text + p->text_end, rest) == 0;
}

static bool
is_all(const struct sample *s, const struct text *got)
{
	return got->end - got->begin == buf_length(&s->text) &&
	    memcmp(got->bytes + got->begin, buf_data(&s->text),
	        buf_length(&s->text)) == 0;
}

/* The index is found damaged, or says what it said. */
static void
check_index(const struct sample *s, size_t bit)
{
	const uint8_t *file = buf_data(&s->sealed);
	size_t length = buf_length(&s->sealed);
	struct segment_index index;
	size_t need;

	if (segment_index_read(file, length, length, &index, &need) != 0)
		return;
	ck_assert_msg(!index.own || (index.count == s->frames.count &&
	    memcmp(index.frames, s->frames.frames,
	        index.count * sizeof(*index.frames)) == 0),
	    "seed %" PRIu32 ": bit %zu: the index lies", s->seed, bit);
	segment_index_free(&index);
}

static void
flip(struct sample *s, size_t bit)
{
	buf_data(&s->sealed)[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void
check_reading(const struct sample *s, const char *name, size_t bit, bool back)
{
	struct place place = place_of(s, bit / 8);
	struct text got;

	read_file(s, name, back, &got);
	if (!is_all(s, &got)) {
		ck_assert_msg(got.told, "seed %" PRIu32 ": bit %zu: not told%s",
		    s->seed, bit, back ? " backward" : "");
		ck_assert_msg(lacks_only(s, &got, &place), "seed %" PRIu32 ": bit "
		    "%zu%s: %zu bytes of text of %zu, not just without %zu to %zu",
		    s->seed, bit, back ? " backward" : "", got.end - got.begin,
		    buf_length(&s->text), place.text_begin, place.text_end);
	}
	free(got.bytes);
}

static void
check_flip(struct sample *s, size_t bit)
{
	static const char name[] = "sightglass-20261123T101500Z-000009.ndjson.zst";

	flip(s, bit);
	rig_write(&s->rig, name, buf_data(&s->sealed), buf_length(&s->sealed));
	check_reading(s, name, bit, false);
	check_reading(s, name, bit, true);
	check_index(s, bit);
	flip(s, bit);
}

static void
flip_and_read(uint32_t seed)
{
	struct sample s;

	sample_make(&s, seed);
	size_t bits = 8 * buf_length(&s.sealed);
	size_t behind = 8 * buf_length(&s.open);
	for (unsigned i = 0; i < CASES; i++) {
		/* Each fourth is behind the data: in index or table. */
		size_t bit = i % 4 != 3 ? rig_random(&s.random) % bits
		    : behind + rig_random(&s.random) % (bits - behind);
		check_flip(&s, bit);
	}
	sample_free(&s);
}

/* --- the suite --- */

static unsigned
number_of(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

static void
for_each_seed(void (*one)(uint32_t seed))
{
	unsigned first = number_of("FIRST_SEED", 1);
	unsigned count = number_of("SEEDS", SEEDS_DEFAULT);

	for (unsigned i = 0; i < count; i++)
		one(first + i);
}

/* What the logger says of each repair is not for whom runs the tests. */
static void
be_quiet(void)
{
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

START_TEST(cut_anywhere_all_that_was_flushed_is_there_once)
{
	be_quiet();
	for_each_seed(cut_and_start);
}
END_TEST

START_TEST(a_flipped_bit_costs_its_frame_alone_and_is_told)
{
	for_each_seed(flip_and_read);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("crash");
	TCase *t = tcase_create("crash");

	tcase_set_timeout(t, 3600);
	tcase_add_test(t, cut_anywhere_all_that_was_flushed_is_there_once);
	tcase_add_test(t, a_flipped_bit_costs_its_frame_alone_and_is_told);
	suite_add_tcase(s, t);
	return s;
}
