/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/ws: frames of RFC 6455 and RFC 7692, among them the examples
 * that stand there, become messages; what no end may send ends the reading.
 */
#include "mitm/ws.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define LIMIT 100u
#define SEEN_MAX 8u
#define FRAMES(...) ((const uint8_t[]){__VA_ARGS__}), \
	sizeof((const uint8_t[]){__VA_ARGS__})

static struct seen {
	struct websocket_message message;
	char content[LIMIT + 1];
} seen[SEEN_MAX];
static size_t seen_count;
static struct ws *ws;
static enum capture_level capture;

static void
note(void *context, const struct websocket_message *m)
{
	struct seen *s = &seen[seen_count++];

	ck_assert_uint_le(seen_count, SEEN_MAX);
	ck_assert_ptr_eq(context, seen);
	s->message = *m;
	ck_assert_uint_le(m->content.length, LIMIT);
	if (m->content.length > 0)
		memcpy(s->content, m->content.data, m->content.length);
	s->content[m->content.length] = '\0';
}

static void
agree(const char *extensions)
{
	const struct http_field field = {
	    .name = {(const uint8_t *)"sec-websocket-extensions", 24},
	    .value = {(const uint8_t *)extensions, strlen(extensions)}};
	const struct ws_limits limits = {.message_bytes = LIMIT, .capture = capture};
	const struct tap_sink sink = {.context = seen, .websocket = note};

	ws_free(ws);
	seen_count = 0;
	ws = ws_new(&limits, &sink, 7, &field, extensions[0] != '\0');
	ck_assert_ptr_nonnull(ws);
}

static void
setup(void)
{
	capture = CAPTURE_BODY;
	agree("");
}

static void
teardown(void)
{
	ws_free(ws);
	ws = NULL;
}

static void
feed(enum direction direction, const uint8_t *bytes, size_t length)
{
	ws_feed(ws, direction, bytes, length, 5);
}

static void
check(size_t i, enum ws_opcode opcode, const char *content)
{
	ck_assert_uint_lt(i, seen_count);
	ck_assert_uint_eq(seen[i].message.number, i + 1);
	ck_assert_uint_eq(seen[i].message.stream, 7);
	ck_assert_int_eq(seen[i].message.opcode, opcode);
	ck_assert_str_eq(seen[i].content, content);
}

/* RFC 6455 section 5.7. */
START_TEST(the_examples_of_the_standard_are_read)
{
	feed(FROM_SERVER, FRAMES(0x81, 0x05, 'H', 'e', 'l', 'l', 'o'));
	feed(FROM_CLIENT, FRAMES(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f,
	    0x4d, 0x51, 0x58));
	feed(FROM_SERVER, FRAMES(0x01, 0x03, 'H', 'e', 'l', 0x80, 0x02, 'l', 'o'));
	feed(FROM_SERVER, FRAMES(0x89, 0x05, 'H', 'e', 'l', 'l', 'o'));
	feed(FROM_CLIENT, FRAMES(0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f,
	    0x4d, 0x51, 0x58));
	check(0, WS_TEXT, "Hello");
	check(1, WS_TEXT, "Hello");
	check(2, WS_TEXT, "Hello");
	check(3, WS_PING, "Hello");
	check(4, WS_PONG, "Hello");
	ck_assert_int_eq(seen[1].message.from, FROM_CLIENT);
	ck_assert_uint_eq(seen[2].message.frames, 2);
	ck_assert_uint_eq(seen[2].message.wire_bytes, 5);
}
END_TEST

START_TEST(a_control_message_may_stand_between_fragments)
{
	feed(FROM_SERVER, FRAMES(0x02, 0x01, 'a', 0x89, 0x00, 0x00, 0x00, 0x80, 0x01,
	    'b'));
	check(0, WS_PING, "");
	check(1, WS_BINARY, "ab");
	ck_assert_uint_eq(seen[1].message.frames, 3);
}
END_TEST

START_TEST(a_close_has_a_code_and_a_reason)
{
	feed(FROM_SERVER, FRAMES(0x88, 0x05, 0x03, 0xe9, 'b', 'y', 'e'));
	feed(FROM_CLIENT, FRAMES(0x88, 0x80, 1, 2, 3, 4));
	check(0, WS_CLOSE, "bye");
	ck_assert_uint_eq(seen[0].message.close_code, 1001);
	check(1, WS_CLOSE, "");
	ck_assert_uint_eq(seen[1].message.close_code, 0);
}
END_TEST

START_TEST(long_lengths_are_read_and_long_messages_cut)
{
	uint8_t bytes[4 + 300] = {0x82, 126, 0x01, 0x2c};
	uint8_t longer[10 + 300] = {0x82, 127, 0, 0, 0, 0, 0, 0, 0x01, 0x2c};

	memset(bytes + 4, 'x', 300);
	memset(longer + 10, 'y', 300);
	feed(FROM_SERVER, bytes, sizeof(bytes));
	feed(FROM_SERVER, longer, sizeof(longer));
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(seen[i].message.wire_bytes, 300);
		ck_assert_uint_eq(strlen(seen[i].content), LIMIT);
		ck_assert(seen[i].message.truncated);
	}
	ck_assert_uint_eq(seen_count, 2);
}
END_TEST

/* RFC 7692 sections 7.2.3.1, 7.2.3.2 and 7.2.3.4. */
START_TEST(compressed_messages_are_read)
{
	agree("permessage-deflate");
	feed(FROM_SERVER, FRAMES(0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07,
	    0x00));
	feed(FROM_SERVER, FRAMES(0xc1, 0x05, 0xf2, 0x00, 0x11, 0x00, 0x00));
	feed(FROM_SERVER, FRAMES(0x41, 0x03, 0xf2, 0x48, 0xcd, 0x80, 0x04, 0xc9,
	    0xc9, 0x07, 0x00));
	feed(FROM_SERVER, FRAMES(0xc1, 0x08, 0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07,
	    0x00, 0x00));
	for (size_t i = 0; i < 4; i++) {
		check(i, WS_TEXT, "Hello");
		ck_assert(seen[i].message.compressed && !seen[i].message.truncated);
	}
	feed(FROM_SERVER, FRAMES(0x81, 0x02, 'o', 'k'));
	check(4, WS_TEXT, "ok");
	ck_assert(!seen[4].message.compressed);
}
END_TEST

START_TEST(without_a_context_a_broken_message_spoils_no_other)
{
	agree("permessage-deflate; server_no_context_takeover");
	feed(FROM_SERVER, FRAMES(0xc1, 0x02, 0xff, 0xff));
	feed(FROM_SERVER, FRAMES(0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07,
	    0x00));
	ck_assert_str_eq(seen[0].message.decode_error, "corrupt");
	check(1, WS_TEXT, "Hello");
	ck_assert_ptr_null(seen[1].message.decode_error);
}
END_TEST

START_TEST(with_a_context_nothing_is_read_behind_a_broken_message)
{
	agree("permessage-deflate");
	feed(FROM_SERVER, FRAMES(0xc1, 0x02, 0xff, 0xff));
	feed(FROM_SERVER, FRAMES(0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07,
	    0x00));
	feed(FROM_SERVER, FRAMES(0x81, 0x02, 'o', 'k'));
	ck_assert_str_eq(seen[1].message.decode_error, "corrupt");
	check(2, WS_TEXT, "ok");
}
END_TEST

START_TEST(of_messages_whose_bodies_are_not_logged_the_length_is_told)
{
	capture = CAPTURE_HEAD;
	agree("permessage-deflate");
	feed(FROM_SERVER, FRAMES(0xc1, 0x02, 0xff, 0xff)); /* corrupt, were it read */
	feed(FROM_CLIENT, FRAMES(0x81, 0x02, 'o', 'k'));
	feed(FROM_SERVER, FRAMES(0x88, 0x05, 0x03, 0xe9, 'b', 'y', 'e'));
	feed(FROM_SERVER, FRAMES(0x8a, 0x00));
	for (size_t i = 0; i < 3; i++) {
		ck_assert_str_eq(seen[i].content, "");
		ck_assert(seen[i].message.truncated);
		ck_assert_ptr_null(seen[i].message.decode_error);
		ck_assert(seen[i].message.capture == CAPTURE_HEAD);
	}
	ck_assert_uint_eq(seen[1].message.wire_bytes, 2);
	ck_assert_uint_eq(seen[2].message.close_code, 1001);
	ck_assert(!seen[3].message.truncated);
	ck_assert_uint_eq(seen_count, 4);
}
END_TEST

static const struct {
	uint8_t bytes[10];
	size_t length;
} unsound[] = {
	{{0xc1, 0x01, 'a'}, 3},             /* RSV1, and nothing agreed */
	{{0xa1, 0x01, 'a'}, 3},             /* RSV2 */
	{{0x83, 0x01, 'a'}, 3},             /* an opcode that there is not */
	{{0x8b, 0x00}, 2},                  /* likewise */
	{{0x09, 0x00}, 2},                  /* a control message in fragments */
	{{0x89, 126, 0x00, 0x7e}, 4},       /* or over 125 bytes */
	{{0x80, 0x01, 'a'}, 3},             /* goes on with nothing */
	{{0x01, 0x00, 0x01, 0x00}, 4},      /* begins inside another */
	{{0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}, 10}, /* a length below zero */
};

START_TEST(what_no_end_may_send_ends_the_reading_of_its_direction)
{
	feed(FROM_SERVER, unsound[_i].bytes, unsound[_i].length);
	feed(FROM_SERVER, FRAMES(0x81, 0x02, 'n', 'o'));
	feed(FROM_CLIENT, FRAMES(0x81, 0x02, 'o', 'k'));
	ck_assert_uint_eq(seen_count, 1);
	check(0, WS_TEXT, "ok");
}
END_TEST

START_TEST(what_is_not_whole_is_told_at_the_end)
{
	feed(FROM_SERVER, FRAMES(0x01, 0x02, 'a', 'b', 0x80, 0x04, 'c'));
	ck_assert_uint_eq(seen_count, 0);
	ws_finish(ws, 9);
	check(0, WS_TEXT, "abc");
	ck_assert(!seen[0].message.complete);
	feed(FROM_SERVER, FRAMES(0x81, 0x02, 'n', 'o'));
	ck_assert_uint_eq(seen_count, 1);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("ws"), 6);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("ws");
	TCase *t = tcase_create("message");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_examples_of_the_standard_are_read);
	tcase_add_test(t, a_control_message_may_stand_between_fragments);
	tcase_add_test(t, a_close_has_a_code_and_a_reason);
	tcase_add_test(t, long_lengths_are_read_and_long_messages_cut);
	tcase_add_test(t, compressed_messages_are_read);
	tcase_add_test(t, without_a_context_a_broken_message_spoils_no_other);
	tcase_add_test(t, with_a_context_nothing_is_read_behind_a_broken_message);
	tcase_add_test(t, of_messages_whose_bodies_are_not_logged_the_length_is_told);
	tcase_add_loop_test(t, what_no_end_may_send_ends_the_reading_of_its_direction,
	    0, (int)ARRAY_LENGTH(unsound));
	tcase_add_test(t, what_is_not_whole_is_told_at_the_end);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
