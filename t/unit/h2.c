/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/h2, and of mitm/tap where it reads HTTP/2: the conversations of
 * t/corpus/h2-conversations say what is written under them, however they are cut up,
 * and every break of the connection leaves the exchanges before it as they were.
 */
#include "mitm/h2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/fuzz/h2_write.h"
#include "t/fuzz/tap_play.h"
#include "t/unit/conversations.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define OUT_BYTES_MAX ((size_t)1024 * 1024)
#define MIB ((size_t)1024 * 1024)
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SETTINGS "\0\0\0\4\0\0\0\0\0"

/* RFC 9113 section 6. */
enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, CONTINUATION = 9 };
enum { END_STREAM = 0x01, END_HEADERS = 0x04 };

static const struct conversations all = {
    .directory = "t/corpus/h2-conversations", .write = h2_write, .play = tap_play};

START_TEST(conversations_say_what_is_written_under_them)
{
	conversations_say_what_they_should(&all, _i);
}
END_TEST

START_TEST(conversations_say_the_same_however_they_are_cut_up)
{
	conversations_say_the_same_in_pieces(&all, _i);
}
END_TEST

START_TEST(a_break_at_any_point_tells_what_came_before)
{
	conversations_break_anywhere(&all, _i);
}
END_TEST

/* The fuzzer begins where the conversations end. With WRITE_CORPUS set in the
 * environment this writes its files; that they say what the conversations say does not
 * hang on how an encoder writes a block. */
START_TEST(the_corpus_of_the_fuzzer_is_that_of_the_conversations)
{
	const struct cut uncut = {.stop = CUT_NEVER};
	struct buf input, said, expected;
	char path[300];
	size_t length;

	conversations_input(&all, _i, &input);
	(void)snprintf(path, sizeof(path), "t/corpus/h2/%s",
	    conversations_name(&all, _i));
	if (getenv("WRITE_CORPUS") != NULL)
		corpus_write(path, buf_data(&input), buf_length(&input));
	char *bytes = corpus_read(path, &length);
	buf_init(&said, OUT_BYTES_MAX);
	buf_init(&expected, OUT_BYTES_MAX);
	(void)tap_play((uint8_t *)bytes, length, &uncut, &said);
	(void)tap_play(buf_data(&input), buf_length(&input), &uncut, &expected);
	ck_assert_uint_eq(buf_length(&said), buf_length(&expected));
	if (buf_length(&said) > 0)
		ck_assert_mem_eq(buf_data(&said), buf_data(&expected),
		    buf_length(&said));
	buf_free(&input);
	buf_free(&said);
	buf_free(&expected);
	free(bytes);
}
END_TEST

/* --- what conversations can not say --- */

struct seen {
	unsigned count;
	size_t fields, captured;
	struct http_exchange last;
};

static void
note(void *context, const struct http_exchange *exchange)
{
	struct seen *seen = context;

	seen->count++;
	seen->fields += exchange->request.field_count +
	    exchange->response.field_count;
	seen->captured += exchange->request.body.captured.length +
	    exchange->response.body.captured.length;
	seen->last = *exchange;
}

static struct h2 *
tap(struct seen *seen, const struct h2_limits *limits)
{
	struct tap_sink sink = {.context = seen, .http = note};
	struct h2 *h = h2_new(limits, &sink);

	ck_assert_ptr_nonnull(h);
	h2_feed(h, FROM_CLIENT, (const uint8_t *)PREFACE SETTINGS,
	    sizeof(PREFACE SETTINGS) - 1, 1);
	h2_feed(h, FROM_SERVER, (const uint8_t *)SETTINGS, sizeof(SETTINGS) - 1, 1);
	return h;
}

static const struct h2_limits roomy = {.head_bytes = 4096, 
    .bodies = {.inline_bytes = 1000, .body_bytes = 1000}, .streams = 100,
    .pending_bytes = 1000000};

/* A frame with its payload in one piece. */
static void
frame(struct h2 *h, enum direction direction, uint8_t type, uint8_t flags,
    uint32_t stream, struct bytes payload, uint64_t now_us)
{
	uint8_t header[] = {(uint8_t)(payload.length >> 16),
	    (uint8_t)(payload.length >> 8), (uint8_t)payload.length, type, flags,
	    (uint8_t)(stream >> 24), (uint8_t)(stream >> 16),
	    (uint8_t)(stream >> 8), (uint8_t)stream};

	h2_feed(h, direction, header, sizeof(header), now_us);
	h2_feed(h, direction, payload.data, payload.length, now_us);
}

static struct bytes
bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

#define GET bytes("\x82\x84") /* RFC 7541 appendix A: :method GET, :path / */
#define OK bytes("\x88")      /* :status 200 */

START_TEST(times_are_those_of_the_first_and_last_byte)
{
	struct seen seen = {0};
	struct h2 *h = tap(&seen, &roomy);

	frame(h, FROM_CLIENT, HEADERS, 0, 1, GET, 10);
	frame(h, FROM_CLIENT, CONTINUATION, END_HEADERS, 1, bytes("\x86"), 11);
	frame(h, FROM_CLIENT, DATA, 0, 1, bytes("abc"), 12);
	frame(h, FROM_SERVER, HEADERS, END_HEADERS, 1, bytes("\x08\x03" "103"), 15);
	frame(h, FROM_CLIENT, DATA, END_STREAM, 1, bytes(""), 16);
	frame(h, FROM_SERVER, HEADERS, END_HEADERS, 1, OK, 20);
	frame(h, FROM_SERVER, DATA, 0, 1, bytes("abc"), 25);
	frame(h, FROM_SERVER, DATA, END_STREAM, 1, bytes("def"), 30);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_uint_eq(seen.last.request.first_us, 10);
	ck_assert_uint_eq(seen.last.request.last_us, 16);
	ck_assert_uint_eq(seen.last.response.first_us, 20);
	ck_assert_uint_eq(seen.last.response.last_us, 30);
	h2_free(h);
}
END_TEST

START_TEST(an_unfinished_message_ends_with_its_last_byte)
{
	struct seen seen = {0};
	struct h2 *h = tap(&seen, &roomy);

	frame(h, FROM_CLIENT, HEADERS, END_STREAM, 1, GET, 10);
	frame(h, FROM_CLIENT, CONTINUATION, 0, 1, bytes("\x86"), 13);
	h2_finish(h, 99);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert(seen.last.incomplete == HTTP_CUT_REQUEST);
	ck_assert_uint_eq(seen.last.request.last_us, 13);
	ck_assert(!h2_reading(h));
	h2_free(h);
}
END_TEST

START_TEST(large_bodies_are_counted_and_cut)
{
	static uint8_t block[1 << 20];
	struct seen seen = {0};
	struct h2 *h = tap(&seen, &roomy);

	frame(h, FROM_CLIENT, HEADERS, END_HEADERS | END_STREAM, 1, GET, 1);
	frame(h, FROM_SERVER, HEADERS, END_HEADERS, 1, OK, 2);
	for (int i = 0; i < 5000; i++)
		frame(h, FROM_SERVER, DATA, 0, 1,
		    (struct bytes){block, sizeof(block)}, 3);
	frame(h, FROM_SERVER, DATA, END_STREAM, 1, bytes(""), 4);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_uint_eq(seen.last.response.body.wire_bytes,
	    (uint64_t)5000 << 20);
	ck_assert_uint_eq(seen.captured, 1000);
	h2_free(h);
}
END_TEST

START_TEST(a_tap_can_go_away_in_the_middle)
{
	struct seen seen = {0};
	struct h2 *h = tap(&seen, &roomy);

	frame(h, FROM_CLIENT, HEADERS, END_HEADERS, 1, GET, 1);
	frame(h, FROM_CLIENT, HEADERS, 0, 3, GET, 1);
	frame(h, FROM_SERVER, HEADERS, 0, 1, OK, 2);
	h2_free(h);
	h2_free(NULL);
	ck_assert_uint_eq(seen.count, 0);
}
END_TEST

/* --- what costs the most --- */

static const struct h2_limits real = {.head_bytes = 256 * 1024,
    .bodies = {.inline_bytes = 64 * 1024, .body_bytes = 64 * 1024},
    .streams = 16384, .pending_bytes = 8 * MIB};

/* A block of so many short fields, none of which goes into the table. */
static struct bytes
fields(struct bytes begins, size_t count)
{
	static uint8_t block[64 * 1024];
	size_t at = begins.length;

	memcpy(block, begins.data, begins.length);
	for (size_t i = 0; i < count; i++, at += 4)
		memcpy(block + at, "\x00\x01x\x00", 4);
	return (struct bytes){block, at};
}

START_TEST(thousands_of_long_heads_and_bodies_cost_what_is_allowed)
{
	static uint8_t body[64 * 1024];
	struct seen seen = {0};
	struct h2 *h = tap(&seen, &real);
	size_t field_bytes = 0;

	for (uint32_t i = 0; i < real.streams; i++)
		frame(h, FROM_CLIENT, HEADERS, END_HEADERS, 2 * i + 1,
		    fields(GET, 900), 1);
	for (uint32_t i = 0; i < real.streams; i++)
		frame(h, FROM_SERVER, HEADERS, END_HEADERS, 2 * i + 1,
		    fields(OK, 900), 2);
	for (uint32_t i = 0; i < real.streams; i++)
		frame(h, FROM_CLIENT, DATA, 0, 2 * i + 1,
		    (struct bytes){body, sizeof(body)}, 3);
	ck_assert(h2_reading(h));
	h2_finish(h, 4);
	ck_assert_uint_eq(seen.count, real.streams);
	field_bytes = seen.fields * sizeof(struct http_field);
	ck_assert_uint_gt(field_bytes, MIB);
	ck_assert_uint_lt(field_bytes + seen.captured, 3 * real.pending_bytes);
	h2_free(h);
}
END_TEST

START_TEST(bodies_are_kept_up_to_what_is_allowed)
{
	static uint8_t body[64 * 1024];
	struct seen seen = {0};
	struct h2 *h = tap(&seen, &real);

	for (uint32_t i = 0; i < 1000; i++) {
		frame(h, FROM_CLIENT, HEADERS, END_HEADERS, 2 * i + 1, GET, 1);
		frame(h, FROM_CLIENT, DATA, 0, 2 * i + 1,
		    (struct bytes){body, sizeof(body)}, 3);
	}
	h2_finish(h, 4);
	ck_assert_uint_gt(seen.captured, real.pending_bytes * 3 / 4);
	ck_assert_uint_le(seen.captured, real.pending_bytes);
	h2_free(h);
}
END_TEST

/* What is kept of streams that are over is free again. */
START_TEST(streams_that_are_over_cost_nothing)
{
	static uint8_t body[64 * 1024];
	struct seen seen = {0};
	struct h2 *h = tap(&seen, &real);

	for (uint32_t i = 0; i < 3000; i++) {
		frame(h, FROM_CLIENT, HEADERS, END_HEADERS, 2 * i + 1, GET, 1);
		frame(h, FROM_CLIENT, DATA, END_STREAM, 2 * i + 1,
		    (struct bytes){body, sizeof(body)}, 1);
		frame(h, FROM_SERVER, HEADERS, END_HEADERS, 2 * i + 1, OK, 2);
		if (i % 2 == 0)
			frame(h, FROM_CLIENT, RST_STREAM, 0, 2 * i + 1,
			    (struct bytes){(const uint8_t *)"\0\0\0\x8", 4}, 3);
		else
			frame(h, FROM_SERVER, DATA, END_STREAM, 2 * i + 1,
			    bytes("x"), 3);
	}
	ck_assert_uint_eq(seen.count, 3000);
	ck_assert_uint_eq(seen.captured, 3000 * sizeof(body) + 1500);
	h2_free(h);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("h2");
	TCase *t = tcase_create("h2");
	int count = conversations_count(&all);

	tcase_add_loop_test(t, conversations_say_what_is_written_under_them, 0,
	    count);
	tcase_add_loop_test(t, conversations_say_the_same_however_they_are_cut_up,
	    0, count);
	tcase_add_loop_test(t, a_break_at_any_point_tells_what_came_before, 0,
	    count);
	tcase_add_loop_test(t,
	    the_corpus_of_the_fuzzer_is_that_of_the_conversations, 0, count);
	tcase_add_test(t, times_are_those_of_the_first_and_last_byte);
	tcase_add_test(t, an_unfinished_message_ends_with_its_last_byte);
	tcase_add_test(t, large_bodies_are_counted_and_cut);
	tcase_add_test(t, a_tap_can_go_away_in_the_middle);
	tcase_add_test(t, thousands_of_long_heads_and_bodies_cost_what_is_allowed);
	tcase_add_test(t, bodies_are_kept_up_to_what_is_allowed);
	tcase_add_test(t, streams_that_are_over_cost_nothing);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
