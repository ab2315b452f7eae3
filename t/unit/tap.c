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
	{"h3", PREFACE, TAP_NOTHING}, {"dot", "GET / HTTP/1.1\r\n", TAP_DNS},
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

	ck_assert_int_eq(tap_choose(choices[_i].alpn, 443,
	    (const uint8_t *)bytes, strlen(bytes)), choices[_i].chosen);
}
END_TEST

#define QUERY "\0\x11" "id\1\0" "\0\1"
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

START_TEST(dns_is_told_by_its_port_and_a_query)
{
	for (size_t length = 0; length < sizeof(QUERY) - 1; length++)
		ck_assert_int_eq(tap_choose(NULL, 53, (const uint8_t *)QUERY, length),
		    E_MORE);
	ck_assert_int_eq(tap_choose(NULL, 53, BYTES(QUERY)), TAP_DNS);
	ck_assert_int_eq(tap_choose(NULL, 853, BYTES(QUERY)), TAP_DNS);
	ck_assert_int_eq(tap_choose(NULL, 443, BYTES(QUERY)), TAP_NOTHING);
	ck_assert_int_eq(tap_choose("h2", 53, BYTES(QUERY)), TAP_HTTP2);
	/* Shorter than a header; an answer; an operation that there is not; many. */
	ck_assert_int_eq(tap_choose(NULL, 53, BYTES("\0\xb")), TAP_NOTHING);
	ck_assert_int_eq(tap_choose(NULL, 53, BYTES("\0\x11id\x81")), TAP_NOTHING);
	ck_assert_int_eq(tap_choose(NULL, 53, BYTES("\0\x11id\x38")), TAP_NOTHING);
	ck_assert_int_eq(tap_choose(NULL, 53, BYTES("\0\x11id\1\0\0\2")),
	    TAP_NOTHING);
	ck_assert_int_eq(tap_choose(NULL, 53, BYTES("GET / HTTP/1.1\r\n")), TAP_HTTP1);
}
END_TEST

START_TEST(readers_have_names)
{
	ck_assert_str_eq(tap_protocol_name(TAP_HTTP1), "http");
	ck_assert_str_eq(tap_protocol_name(TAP_HTTP2), "http2");
	ck_assert_str_eq(tap_protocol_name(TAP_DNS), "dns");
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
	const struct tap_limits limits = {.head_bytes = 4096, 
	    .bodies = {.inline_bytes = 100, .body_bytes = 100, .content_bytes = 100},
	    .pipelined = 8, .streams = 8, .pending_bytes = 65536};
	unsigned counted = 0;
	const struct tap_sink sink = {.context = &counted, .http = count};
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

START_TEST(it_says_why_it_reads_no_more)
{
	static const struct {
		enum tap_protocol protocol;
		struct bytes client, server;
		const char *why;
	} cases[] = {
	    {TAP_HTTP1, {BYTES("\1\r\n\r\n")}, {BYTES("")}, "HPE_INVALID_METHOD"},
	    {TAP_HTTP1, {BYTES("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")},
	        {BYTES("HTTP/1.1 200 OK\r\n\r\n")}, "upgraded"},
	    {TAP_HTTP1, {BYTES("GET / HTTP/1.1\r\nUpgrade: x\r\n"
	        "Connection: upgrade\r\n\r\n")},
	        {BYTES("HTTP/1.1 101 x\r\nUpgrade: x\r\n\r\n")}, "upgraded"},
	    {TAP_HTTP2, {BYTES("no preface")}, {BYTES("")}, "http2_preface"},
	    {TAP_DNS, {BYTES("\0\1 too short")}, {BYTES("")}, "dns_message"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct tap_limits limits = {.head_bytes = 4096, .pipelined = 8,
		    .streams = 8, .pending_bytes = 65536, .dns_questions = 8};
		unsigned counted = 0;
		const struct tap_sink sink = {.context = &counted, .http = count};
		struct tap *t = tap_new(cases[i].protocol, &limits, &sink);
		bool reads = tap_feed(t, FROM_CLIENT, cases[i].client.data,
		    cases[i].client.length, 1);
		if (reads)
			reads = tap_feed(t, FROM_SERVER, cases[i].server.data,
			    cases[i].server.length, 1);
		ck_assert_msg(!reads, "case %zu", i);
		ck_assert_str_eq(tap_ended(t), cases[i].why);
		tap_free(t);
	}
}
END_TEST

/* --- what is captured --- */

/* The answers to what the tap asks, and what it told in the end. */
struct capturing {
	struct capture_verdict early, late;
	unsigned asked[2]; /* before the answer, and with it */
	unsigned status;   /* that was told with the latter */
	unsigned told;
	enum capture_level level;
	size_t captured[2];
	uint64_t bytes[2];
};

static struct capture_verdict
on_capture(void *context, const struct http_exchange *e, bool answered)
{
	struct capturing *c = context;

	c->asked[answered]++;
	ck_assert_uint_eq(e->request.field_count, 1);
	ck_assert_uint_gt(e->method.length, 0);
	if (!answered)
		return c->early;
	c->status = e->status;
	return c->late;
}

static void
on_captured(void *context, const struct http_exchange *e)
{
	const struct http_message *messages[2] = {&e->request, &e->response};
	struct capturing *c = context;

	c->told++;
	c->level = e->capture;
	for (int i = 0; i < 2; i++) {
		c->captured[i] = messages[i]->body.captured.length;
		c->bytes[i] = messages[i]->body.wire_bytes;
	}
}

static const char http1_request[] =
    "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nsaid";
static const char http1_answer[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nheard";
/* The same, without a table that changes: ":method: POST", a field, and the body. */
static const char http2_request[] = PREFACE "\0\0\0\4\0\0\0\0\0"
    "\0\0\6\1\4\0\0\0\1\x83\0\1a\1b" "\0\0\4\0\1\0\0\0\1said";
static const char http2_answer[] = "\0\0\0\4\0\0\0\0\0"
    "\0\0\1\1\4\0\0\0\1\x88" "\0\0\5\0\1\0\0\0\1heard";

static void
play(struct capturing *c, bool http2, bool answered)
{
	const struct tap_limits limits = {.head_bytes = 4096, 
	    .bodies = {.inline_bytes = 100, .body_bytes = 100, .content_bytes = 100},
	    .pipelined = 8, .streams = 8, .pending_bytes = 65536};
	const struct tap_sink sink = {.context = c, .http = on_captured,
	    .capture = on_capture};
	struct tap *t = tap_new(http2 ? TAP_HTTP2 : TAP_HTTP1, &limits, &sink);

	ck_assert_ptr_nonnull(t);
	ck_assert(tap_feed(t, FROM_CLIENT,
	    (const uint8_t *)(http2 ? http2_request : http1_request),
	    http2 ? sizeof(http2_request) - 1 : sizeof(http1_request) - 1, 1));
	if (answered)
		ck_assert(tap_feed(t, FROM_SERVER,
		    (const uint8_t *)(http2 ? http2_answer : http1_answer),
		    http2 ? sizeof(http2_answer) - 1 : sizeof(http1_answer) - 1, 2));
	tap_finish(t, 3);
	tap_free(t);
	ck_assert_uint_eq(c->told, 1);
	ck_assert_uint_eq(c->bytes[FROM_CLIENT], 4);
	ck_assert_uint_eq(c->bytes[FROM_SERVER], answered ? 5 : 0);
}

#define FOR_BOTH(t, test) tcase_add_loop_test(t, test, 0, 2)

START_TEST(what_is_decided_by_the_request_is_not_asked_again)
{
	struct capturing c = {.early = {CAPTURE_HEAD, true}};

	play(&c, _i == 1, true);
	ck_assert(c.asked[0] == 1 && c.asked[1] == 0);
	ck_assert(c.level == CAPTURE_HEAD);
	ck_assert(c.captured[FROM_CLIENT] == 0 && c.captured[FROM_SERVER] == 0);
}
END_TEST

START_TEST(what_waits_for_the_answer_is_kept_until_then)
{
	struct capturing c = {.early = {CAPTURE_BODY, false},
	    .late = {CAPTURE_BODY, true}};

	play(&c, _i == 1, true);
	ck_assert(c.asked[0] == 1 && c.asked[1] == 1);
	ck_assert_uint_eq(c.status, 200);
	ck_assert(c.level == CAPTURE_BODY);
	ck_assert(c.captured[FROM_CLIENT] == 4 && c.captured[FROM_SERVER] == 5);
}
END_TEST

START_TEST(what_the_answer_rules_out_is_not_told)
{
	struct capturing c = {.early = {CAPTURE_BODY, false},
	    .late = {CAPTURE_COUNT, true}};

	play(&c, _i == 1, true);
	ck_assert(c.level == CAPTURE_COUNT);
	ck_assert(c.captured[FROM_CLIENT] == 0 && c.captured[FROM_SERVER] == 0);
}
END_TEST

START_TEST(without_an_answer_it_is_decided_at_the_end)
{
	struct capturing c = {.early = {CAPTURE_BODY, false},
	    .late = {CAPTURE_HEAD, true}};

	play(&c, _i == 1, false);
	ck_assert(c.asked[0] == 1 && c.asked[1] == 1);
	ck_assert_uint_eq(c.status, 0);
	ck_assert(c.level == CAPTURE_HEAD);
	ck_assert_uint_eq(c.captured[FROM_CLIENT], 0);
}
END_TEST

/* --- what is told before its end --- */

#define INTERVAL_US 1000u

static void
note_partial(void *context, const struct http_exchange *exchange)
{
	unsigned *partials = context;

	*partials += exchange->incomplete == HTTP_CONTINUES;
}

static void
no_part(void *context, const struct body_part *part)
{
	(void)context;
	(void)part;
}

/* One whose answer has its head and so many bytes more. */
static struct tap *
under_way(struct body_budget *budget, unsigned *partials, size_t bytes)
{
	const struct tap_limits limits = {.head_bytes = 4096,
	    .bodies = {.inline_bytes = 64 * 1024, .body_bytes = 64 * 1024,
	        .content_bytes = 64 * 1024, .interval_us = INTERVAL_US,
	        .budget = budget},
	    .pipelined = 8, .streams = 8, .pending_bytes = 65536};
	const struct tap_sink sink = {.context = partials, .http = note_partial,
	    .body = no_part};
	struct tap *t = tap_new(TAP_HTTP1, &limits, &sink);
	static const uint8_t body[64 * 1024];

	ck_assert_ptr_nonnull(t);
	ck_assert(feed(t, FROM_CLIENT, "GET / HTTP/1.1\r\n\r\n"));
	ck_assert_uint_eq(tap_due_us(t), BODY_NEVER);
	ck_assert(feed(t, FROM_SERVER,
	    "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"));
	ck_assert_uint_eq(tap_due_us(t), 1 + INTERVAL_US);
	ck_assert(tap_feed(t, FROM_SERVER, body, bytes, 1));
	return t;
}

START_TEST(whose_body_grows_beyond_the_budget_is_told_at_once)
{
	struct body_budget budget = {.limit_bytes = 40000};
	unsigned partials[3] = {0};
	struct tap *taps[3];

	taps[0] = under_way(&budget, &partials[0], 30000);
	ck_assert_uint_ge(budget.held_bytes, 30000);
	taps[1] = under_way(&budget, &partials[1], 30000);
	taps[2] = under_way(&budget, &partials[2], 5000);  /* it has little */
	ck_assert_uint_eq(partials[0], 0);
	ck_assert_uint_eq(partials[1], 1);
	ck_assert_uint_eq(partials[2], 0);
	ck_assert_uint_lt(budget.held_bytes, 60000);
	for (int i = 0; i < 3; i++)
		tap_free(taps[i]);
	ck_assert_uint_eq(budget.held_bytes, 0);
}
END_TEST

START_TEST(what_takes_long_is_told_once_and_then_waits_for_bytes)
{
	unsigned partials = 0;
	struct tap *t = under_way(NULL, &partials, 10);

	tap_tick(t, INTERVAL_US);
	ck_assert_uint_eq(partials, 0);
	tap_tick(t, INTERVAL_US + 1);
	ck_assert_uint_eq(partials, 1);
	ck_assert_uint_eq(tap_due_us(t), BODY_NEVER);
	ck_assert(feed(t, FROM_SERVER, "abc"));
	ck_assert_uint_eq(tap_due_us(t), 2 * INTERVAL_US + 1);
	tap_tick(t, 2 * INTERVAL_US + 1);
	ck_assert_uint_eq(tap_due_us(t), BODY_NEVER);
	ck_assert_uint_eq(partials, 1);
	tap_free(t);
}
END_TEST

static struct capture_verdict
by_the_answer(void *context, const struct http_exchange *e, bool answered)
{
	(void)context;
	(void)e;
	return (struct capture_verdict){CAPTURE_BODY, answered};
}

START_TEST(nothing_is_told_before_it_is_decided_whether_it_is)
{
	const struct tap_limits limits = {.head_bytes = 4096,
	    .bodies = {.inline_bytes = 4, .body_bytes = BODY_ALL,
	        .content_bytes = 100, .interval_us = INTERVAL_US},
	    .pipelined = 8, .streams = 8, .pending_bytes = 65536};
	unsigned partials = 0;
	const struct tap_sink sink = {.context = &partials, .http = note_partial,
	    .body = NULL, .capture = by_the_answer};
	struct tap *t = tap_new(TAP_HTTP1, &limits, &sink);

	ck_assert_ptr_nonnull(t);
	ck_assert(feed(t, FROM_CLIENT,
	    "POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n0123456789"));
	ck_assert_uint_eq(tap_due_us(t), BODY_NEVER);
	tap_tick(t, 10 * INTERVAL_US);
	ck_assert_uint_eq(partials, 0);
	ck_assert(feed(t, FROM_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"));
	tap_tick(t, 10 * INTERVAL_US);
	ck_assert_uint_ge(partials, 1);
	tap_free(t);
}
END_TEST

START_TEST(a_clock_that_is_set_back_delays_nothing)
{
	unsigned partials = 0;
	struct tap *t = under_way(NULL, &partials, 10);

	ck_assert(tap_feed(t, FROM_SERVER, (const uint8_t *)"a", 1,
	    100 * INTERVAL_US));
	tap_tick(t, 0);
	ck_assert_uint_eq(partials, 1);
	tap_free(t);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("tap");
	TCase *t = tcase_create("tap");

	tcase_add_loop_test(t, a_reader_is_chosen_by_alpn_and_the_first_bytes, 0,
	    ARRAY_LENGTH(choices));
	tcase_add_test(t, dns_is_told_by_its_port_and_a_query);
	tcase_add_test(t, readers_have_names);
	tcase_add_test(t, it_says_what_it_reads_now);
	tcase_add_test(t, it_says_why_it_reads_no_more);
	FOR_BOTH(t, what_is_decided_by_the_request_is_not_asked_again);
	FOR_BOTH(t, what_waits_for_the_answer_is_kept_until_then);
	FOR_BOTH(t, what_the_answer_rules_out_is_not_told);
	FOR_BOTH(t, without_an_answer_it_is_decided_at_the_end);
	tcase_add_test(t, whose_body_grows_beyond_the_budget_is_told_at_once);
	tcase_add_test(t, what_takes_long_is_told_once_and_then_waits_for_bytes);
	tcase_add_test(t, nothing_is_told_before_it_is_decided_whether_it_is);
	tcase_add_test(t, a_clock_that_is_set_back_delays_nothing);
	suite_add_tcase(s, t);
	return s;
}
