/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/tap: which reader a connection gets. What it reads is tested
 * with conversations, in t/unit/h2.c. */
#include "mitm/tap.h"

#include <string.h>

#include "base/err.h"
#include "t/unit/suite.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

static const struct {
	const char *alpn, *bytes;
	int chosen;
} choices[] = {
	/* What was agreed on, whatever comes. */
	{"h2", "", TAP_HTTP2}, {"h2", "GET / HTTP/1.1\r\n", TAP_HTTP2},
	{"grpc-exp", "", TAP_HTTP2},
	{"h3", PREFACE, TAP_NOTHING}, {"dot", "GET / HTTP/1.1\r\n", TAP_NOTHING},
	{"h2c", PREFACE, TAP_NOTHING}, {"", "GET /", TAP_NOTHING},
	{"http/0.9", "GET /", TAP_NOTHING},
	/* HTTP/1, or nothing was agreed on: the first bytes say it. */
	{"http/1.1", "", E_MORE}, {"http/1.1", "GET /", TAP_HTTP1},
	{"http/1.0", "GET /", TAP_HTTP1}, {"http/1.1", PREFACE, TAP_HTTP2},
	{"http/1.1", "\x16\x03\x01", TAP_NOTHING},
	{NULL, "", E_MORE}, {NULL, "GET /", TAP_HTTP1}, {NULL, PREFACE, TAP_HTTP2},
	{NULL, PREFACE "\0\0\0\4", TAP_HTTP2}, {NULL, "PR", E_MORE},
	{NULL, "PRI * HTTP/2.0\r\n\r\nSM\r\n", E_MORE},
	{NULL, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r", TAP_NOTHING},
	{NULL, "PRI * HTTP/1.1\r\n\r\n", TAP_NOTHING},
	{NULL, "PRINT / HTTP/1.1\r\n", TAP_HTTP1}, {NULL, "P", E_MORE},
	{NULL, "POST /", TAP_HTTP1}, {NULL, "SSH-2.0-x\r\n", TAP_NOTHING},
};

START_TEST(a_reader_is_chosen_by_alpn_and_the_first_bytes)
{
	const char *bytes = choices[_i].bytes;

	ck_assert_int_eq(tap_choose(choices[_i].alpn, (const uint8_t *)bytes,
	    strlen(bytes)), choices[_i].chosen);
}
END_TEST

START_TEST(readers_have_names)
{
	ck_assert_str_eq(tap_protocol_name(TAP_HTTP1), "http");
	ck_assert_str_eq(tap_protocol_name(TAP_HTTP2), "http2");
	ck_assert_ptr_null(tap_protocol_name(TAP_NOTHING));
}
END_TEST

static void
count(void *context, const struct http_exchange *exchange)
{
	unsigned *counted = context;

	(void)exchange;
	++*counted;
}

static bool
feed(struct tap *t, enum direction direction, const char *text)
{
	return tap_feed(t, direction, (const uint8_t *)text, strlen(text), 1);
}

START_TEST(it_says_what_it_reads_now)
{
	const struct tap_limits limits = {.head_bytes = 4096, .body_bytes = 100,
	    .content_bytes = 100, .pipelined = 8, .streams = 8, .pending_bytes = 65536};
	unsigned counted = 0;
	const struct tap_sink sink = {&counted, count, NULL};
	struct tap *t = tap_new(TAP_HTTP1, &limits, &sink);

	ck_assert_ptr_nonnull(t);
	ck_assert(tap_reads(t) == TAP_HTTP1);
	ck_assert(feed(t, FROM_CLIENT, "GET / HTTP/1.1\r\nUpgrade: h2c\r\n"
	    "Connection: upgrade\r\n\r\n"));
	ck_assert(feed(t, FROM_SERVER, "HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n"));
	ck_assert(tap_reads(t) == TAP_HTTP2);
	ck_assert_uint_eq(counted, 1);
	ck_assert(!feed(t, FROM_CLIENT, "GET / HTTP/1.1\r\n\r\n"));
	ck_assert(tap_reads(t) == TAP_HTTP2);
	ck_assert_uint_eq(counted, 2); /* stream 1, which got no answer */
	tap_free(t);
	tap_free(NULL);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("tap");
	TCase *t = tcase_create("tap");

	tcase_add_loop_test(t, a_reader_is_chosen_by_alpn_and_the_first_bytes, 0,
	    ARRAY_LENGTH(choices));
	tcase_add_test(t, readers_have_names);
	tcase_add_test(t, it_says_what_it_reads_now);
	suite_add_tcase(s, t);
	return s;
}
