/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/body_parts: what is told of a body is the body, piece by piece,
 * and what is kept of it is little.
 */
#include "mitm/body_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "t/unit/suite.h"

#define BODY_BYTES ((size_t)1000 * 1000)
#define INTERVAL_US 1000000u

/* What was told, joined. */
static struct buf told;
static struct body_part last; /* its content is gone */
static unsigned count;
static bool all_text;

static void
note(void *context, const struct body_part *part)
{
	ck_assert_ptr_eq(context, &told);
	ck_assert_uint_eq(part->number, ++count);
	ck_assert_uint_le(part->content.length, BODY_PART_BYTES);
	ck_assert_uint_ge(part->offset, buf_length(&told));
	while (part->offset > buf_length(&told)) /* left out */
		ck_assert_int_eq(buf_append(&told, "?", 1), 0);
	ck_assert_int_eq(buf_append(&told, part->content.data,
	    part->content.length), 0);
	all_text &= json_is_utf8(part->content.data, part->content.length);
	last = *part;
}

static const struct tap_sink sink = {.context = &told, .body = note};
static const struct body_place place = {.sink = &sink, .stream = 3,
    .from = FROM_SERVER};
static struct body_rules rules;
static struct body_parts *parts;

static void
start(const char *type)
{
	const struct http_field field = {
	    .name = {(const uint8_t *)"Content-Type", 12},
	    .value = {(const uint8_t *)type, strlen(type)}};

	body_parts_free(parts);
	parts = body_parts_new(&rules, &place, &field, 1);
	ck_assert_ptr_nonnull(parts);
	buf_clear(&told);
	count = 0;
	all_text = true;
}

static void
setup(void)
{
	buf_init(&told, 2 * BODY_BYTES);
	rules = (struct body_rules){.inline_bytes = 1000, .body_bytes = BODY_ALL,
	    .content_bytes = 4000, .interval_us = INTERVAL_US};
}

static void
teardown(void)
{
	buf_free(&told);
	body_parts_free(parts);
	parts = NULL;
}

static void
begin(const char *text)
{
	struct http_body body = {0};

	body_parts_begin(parts, (struct bytes){(const uint8_t *)text,
	    strlen(text)}, BODY_GOES_ON, 1);
	body_parts_describe(parts, &body);
	ck_assert(body.in_parts);
	ck_assert_int_eq(buf_append(&told, body.content.data, body.content.length),
	    0);
	body_parts_told(parts, 1);
}

static void
add(const char *text, uint64_t now_us)
{
	body_parts_add(parts, (struct bytes){(const uint8_t *)text, strlen(text)},
	    now_us);
}

static void
check_told(const char *text)
{
	ck_assert_uint_eq(buf_length(&told), strlen(text));
	ck_assert_mem_eq(buf_data(&told), text, strlen(text));
}

/* The bytes of a long body in pieces of that length. */
static void
tell_in_pieces(const uint8_t *bytes, size_t length, size_t piece)
{
	const uint8_t *end = bytes + length;

	start("text/plain");
	begin("");
	while (bytes < end) {
		size_t n = (size_t)(end - bytes) < piece ? (size_t)(end - bytes)
		                                        : piece;
		body_parts_add(parts, (struct bytes){bytes, n}, 2);
		ck_assert_uint_le(body_parts_bytes(parts), 4 * BODY_PART_BYTES);
		bytes += n;
	}
	body_parts_end(parts);
}

START_TEST(the_parts_are_the_body)
{
	static const size_t pieces[] = {7, 1000, 65536, 65537, BODY_BYTES};
	uint8_t *bytes = malloc(BODY_BYTES);

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < BODY_BYTES; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	tell_in_pieces(bytes, BODY_BYTES, pieces[_i]);
	ck_assert_uint_eq(buf_length(&told), BODY_BYTES);
	ck_assert_mem_eq(buf_data(&told), bytes, BODY_BYTES);
	ck_assert(last.last && !last.truncated);
	ck_assert_uint_eq(last.stream, 3);
	ck_assert(last.from == FROM_SERVER);
	free(bytes);
}
END_TEST

/* Characters of one to four bytes, so that every limit falls into one. */
START_TEST(no_part_cuts_a_character)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82";
	const size_t length = (sizeof(text) - 1) * 50000;
	char *bytes = malloc(length);

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < length; i++)
		bytes[i] = text[i % (sizeof(text) - 1)];
	tell_in_pieces((uint8_t *)bytes, length, 4099);
	ck_assert(all_text);
	ck_assert_uint_ge(count, 7);
	ck_assert_mem_eq(buf_data(&told), bytes, length);
	free(bytes);
}
END_TEST

START_TEST(the_first_record_cuts_no_character_either)
{
	start("text/event-stream");
	begin("abc\xe2\x82");
	ck_assert_uint_eq(buf_length(&told), 3);
	add("\xac.", 2);
	body_parts_end(parts);
	check_told("abc\xe2\x82\xac.");
	ck_assert(all_text && last.last);
}
END_TEST

START_TEST(what_waits_is_told_when_it_is_due_and_nothing_else_is)
{
	start("video/mp4");
	begin("abc");
	ck_assert_uint_eq(body_parts_due_us(parts), BODY_NEVER);
	add("def", 10);
	ck_assert_uint_eq(body_parts_due_us(parts), 1 + INTERVAL_US);
	body_parts_flush(parts, 2 * INTERVAL_US);
	check_told("abcdef");
	ck_assert(!last.last);
	ck_assert_uint_eq(last.first_us, 10);
	ck_assert_uint_eq(body_parts_due_us(parts), BODY_NEVER);
	body_parts_flush(parts, 3 * INTERVAL_US);
	ck_assert_uint_eq(count, 1);
	body_parts_end(parts);
	ck_assert_uint_eq(count, 2);
	ck_assert(last.last && last.content.length == 0);
}
END_TEST

/* The charset of a short text is looked for up to its end. */
START_TEST(what_is_not_read_yet_is_in_the_parts)
{
	start("text/plain");
	begin("abc");
	ck_assert_uint_eq(buf_length(&told), 0);
	body_parts_end(parts);
	check_told("abc");
	ck_assert(last.last);
}
END_TEST

START_TEST(a_body_without_parts_has_no_last_one)
{
	start("video/mp4");
	begin("abc");
	body_parts_end(parts);
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(no_more_is_told_than_is_to_be_captured)
{
	rules.body_bytes = 10;
	start("video/mp4");
	begin("0123");
	add("4567", 2);
	ck_assert_uint_eq(count, 0);
	add("89ab", 3);
	check_told("0123456789");
	ck_assert(last.last && last.truncated);
	add("cdef", 4);
	body_parts_end(parts);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(body_parts_due_us(parts), BODY_NEVER);
}
END_TEST

START_TEST(so_much_is_told_of_events_in_each_interval)
{
	rules.body_bytes = 10;
	start("Text/Event-Stream; charset=utf-8");
	begin("0123");
	add("456789abcdef", 2);
	add("ghi", 3);
	body_parts_flush(parts, 1 + INTERVAL_US);
	check_told("0123456789");
	ck_assert(last.truncated && !last.last);
	add("jkl", 1 + INTERVAL_US);
	body_parts_end(parts);
	check_told("0123456789?????????jkl");
	ck_assert(last.last && !last.truncated);
}
END_TEST

START_TEST(what_is_read_as_it_comes_is_known_by_its_type)
{
	static const struct {
		const char *type;
		bool is_feed;
	} types[] = {{"text/event-stream", true}, {"application/x-ndjson", true},
	    {"multipart/x-mixed-replace; boundary=a", true}, {"text/html", false},
	    {"application/json", false}};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		const struct http_field field = {
		    .name = {(const uint8_t *)"content-type", 12},
		    .value = {(const uint8_t *)types[i].type,
		        strlen(types[i].type)}};
		ck_assert(body_is_feed(&field, 1) == types[i].is_feed);
	}
	ck_assert(!body_is_feed(NULL, 0));
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("body_parts");
	TCase *t = tcase_create("parts");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, the_parts_are_the_body, 0, 5);
	tcase_add_test(t, no_part_cuts_a_character);
	tcase_add_test(t, the_first_record_cuts_no_character_either);
	tcase_add_test(t, what_waits_is_told_when_it_is_due_and_nothing_else_is);
	tcase_add_test(t, what_is_not_read_yet_is_in_the_parts);
	tcase_add_test(t, a_body_without_parts_has_no_last_one);
	tcase_add_test(t, no_more_is_told_than_is_to_be_captured);
	tcase_add_test(t, so_much_is_told_of_events_in_each_interval);
	tcase_add_test(t, what_is_read_as_it_comes_is_known_by_its_type);
	suite_add_tcase(s, t);
	return s;
}
