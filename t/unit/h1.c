/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/h1: the conversations of t/corpus/h1 say what is written
 * under them, however they are cut up, and every break of the connection leaves
 * the exchanges before it as they were.
 */
#include "mitm/h1.h"

#include <string.h>

#include "base/err.h"
#include "t/fuzz/h1_play.h"
#include "t/unit/conversations.h"
#include "t/unit/suite.h"

static const struct conversations all = {.directory = "t/corpus/h1",
    .play = h1_play};

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

/* --- what conversations can not say --- */

struct seen {
	unsigned count;
	struct http_exchange last;
};

static void
note(void *context, const struct http_exchange *exchange)
{
	struct seen *seen = context;

	seen->count++;
	seen->last = *exchange;
}

static struct h1 *
tap(struct seen *seen, size_t body_bytes)
{
	struct h1_limits limits = {.head_bytes = 4096,
	    .bodies = {.inline_bytes = body_bytes, .body_bytes = body_bytes},
	    .pipelined = 8, .pending_bytes = 65536};
	struct tap_sink sink = {.context = seen, .http = note};
	struct h1 *h = h1_new(&limits, &sink);

	ck_assert_ptr_nonnull(h);
	return h;
}

static void
feed(struct h1 *h, enum direction direction, const char *text, uint64_t now_us)
{
	h1_feed(h, direction, (const uint8_t *)text, strlen(text), now_us);
}

START_TEST(times_are_those_of_the_first_and_last_byte)
{
	struct seen seen = {0};
	struct h1 *h = tap(&seen, 100);

	feed(h, FROM_CLIENT, "\r\n", 1);
	feed(h, FROM_CLIENT, "P", 10);
	feed(h, FROM_CLIENT, "OST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n", 11);
	feed(h, FROM_CLIENT, "a", 12);
	feed(h, FROM_CLIENT, "b", 13);
	feed(h, FROM_SERVER, "HTTP/1.1 100 Continue\r\n\r\n", 14);
	feed(h, FROM_SERVER, "HTTP", 20);
	feed(h, FROM_SERVER, "/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", 21);
	feed(h, FROM_SERVER, "x", 22);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_uint_eq(seen.last.request.first_us, 10);
	ck_assert_uint_eq(seen.last.request.last_us, 13);
	ck_assert_uint_eq(seen.last.response.first_us, 20);
	ck_assert_uint_eq(seen.last.response.last_us, 22);
	h1_free(h);
}
END_TEST

START_TEST(an_unfinished_message_ends_with_its_last_byte)
{
	struct seen seen = {0};
	struct h1 *h = tap(&seen, 100);

	feed(h, FROM_CLIENT, "GET / HTTP/1.1\r\n\r\n", 10);
	feed(h, FROM_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 20);
	feed(h, FROM_SERVER, "abc", 30);
	h1_finish(h, 99);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert(seen.last.incomplete == HTTP_CUT_RESPONSE);
	ck_assert_uint_eq(seen.last.response.last_us, 30);
	h1_free(h);
}
END_TEST

START_TEST(large_bodies_are_counted_and_cut)
{
	static char block[64 * 1024];
	struct seen seen = {0};
	struct h1 *h = tap(&seen, 1000);

	memset(block, 'z', sizeof(block));
	feed(h, FROM_CLIENT, "GET / HTTP/1.1\r\n\r\n", 1);
	feed(h, FROM_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n",
	    2);
	for (uint64_t left = 5000000000; left > 0;) {
		size_t step = left < sizeof(block) ? (size_t)left : sizeof(block);
		h1_feed(h, FROM_SERVER, (uint8_t *)block, step, 3);
		left -= step;
	}
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_uint_eq(seen.last.response.body.wire_bytes, 5000000000);
	ck_assert_uint_eq(seen.last.response.body.captured.length, 1000);
	ck_assert(seen.last.response.body.truncated && seen.last.response.complete);
	h1_free(h);
}
END_TEST

START_TEST(reading_ends_with_an_error_and_an_upgrade)
{
	struct seen seen = {0};
	struct h1 *h = tap(&seen, 0);

	ck_assert(h1_reading(h));
	feed(h, FROM_CLIENT, "\x16\x03", 1);
	ck_assert(!h1_reading(h));
	feed(h, FROM_CLIENT, "GET / HTTP/1.1\r\n\r\n", 2);
	h1_finish(h, 3);
	ck_assert_uint_eq(seen.count, 0);
	h1_free(h);

	h = tap(&seen, 0);
	feed(h, FROM_CLIENT, "GET / HTTP/1.1\r\nUpgrade: x\r\nConnection: upgrade\r\n"
	    "\r\n", 1);
	ck_assert(h1_reading(h));
	feed(h, FROM_SERVER, "HTTP/1.1 101 x\r\n\r\n", 2);
	ck_assert(!h1_reading(h));
	ck_assert_uint_eq(seen.count, 1);
	ck_assert(seen.last.upgraded && seen.last.incomplete == HTTP_WHOLE);
	h1_free(h);
}
END_TEST

START_TEST(a_tap_can_go_away_in_the_middle)
{
	struct seen seen = {0};
	struct h1 *h = tap(&seen, 100);

	feed(h, FROM_CLIENT, "GET / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nA: ", 1);
	feed(h, FROM_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 2);
	h1_free(h);
	h1_free(NULL);
	ck_assert_uint_eq(seen.count, 0);
}
END_TEST

static const struct {
	const char *bytes;
	int verdict;
} sniffed[] = {
	{"", E_MORE}, {"G", E_MORE}, {"GET", E_MORE}, {"GET ", E_MORE},
	{"GET /", 1}, {"GET / HTTP/1.1\r\n", 1}, {"OPTIONS *", 1},
	{"\r\nGET /", 1}, {"GET  /", 0}, {"GET\t/", 0}, {"GET\r\n", 0},
	{"GET http://a/", E_MORE}, {"GET http://a/ HTTP/1.1", 1},
	{"GET key\r\n", 0}, {"CONNECT a:443 HTTP/1.1\r\n", 1},
	{"FROB /", E_MORE}, {"FROB / HTTP", E_MORE}, {"FROB / HTTP/1.1", 1},
	{"FROB / FTP/", 0}, {"PRI * HTTP/2.0\r\n\r\n", 0},
	{"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", 0}, {"EHLO me\r\n", 0},
	{"USER anonymous\r\n", 0}, {"a001 LOGIN a b\r\n", 0},
	{"\x16\x03\x01", 0}, {"*1\r\n$4\r\nPING\r\n", 0}, {"{\"a\":1}", 0},
	{"abcdefghijklmnopqrstuvwxyzabcdefghi", 0},
};

START_TEST(the_start_of_a_request_is_told_from_other_protocols)
{
	const char *bytes = sniffed[_i].bytes;

	ck_assert_int_eq(h1_sniff((const uint8_t *)bytes, strlen(bytes)),
	    sniffed[_i].verdict);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("h1");
	TCase *t = tcase_create("h1");
	int count = conversations_count(&all);

	tcase_add_loop_test(t, conversations_say_what_is_written_under_them, 0,
	    count);
	tcase_add_loop_test(t, conversations_say_the_same_however_they_are_cut_up,
	    0, count);
	tcase_add_loop_test(t, a_break_at_any_point_tells_what_came_before, 0,
	    count);
	tcase_add_test(t, times_are_those_of_the_first_and_last_byte);
	tcase_add_test(t, an_unfinished_message_ends_with_its_last_byte);
	tcase_add_test(t, large_bodies_are_counted_and_cut);
	tcase_add_test(t, reading_ends_with_an_error_and_an_upgrade);
	tcase_add_test(t, a_tap_can_go_away_in_the_middle);
	tcase_add_loop_test(t,
	    the_start_of_a_request_is_told_from_other_protocols, 0,
	    ARRAY_LENGTH(sniffed));
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
