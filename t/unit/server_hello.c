/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/server_hello: what real servers answered (captured by
 * t/corpus/capture-server-hello), and answers built here for what they do not
 * say. Each goes through the fuzz target too, which cuts it at every point.
 */
#include "mitm/server_hello.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

static struct server_flight flight;

static void
setup(void)
{
	memset(&flight, 0, sizeof(flight));
}

/* --- building answers --- */

static void
put(struct buf *b, const void *bytes, size_t length)
{
	ck_assert_int_eq(buf_append(b, bytes, length), 0);
}

static void
put16(struct buf *b, size_t value)
{
	const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};
	put(b, bytes, 2);
}

static void
put_record(struct buf *b, uint8_t type, const struct buf *content)
{
	put(b, &type, 1);
	put16(b, 0x0303);
	put16(b, buf_length(content));
	put(b, buf_data(content), buf_length(content));
}

/* A handshake message in a record of its own. */
static void
put_message(struct buf *b, uint8_t type, const void *body, size_t length)
{
	struct buf message;

	buf_init(&message, 1 << 20);
	put(&message, &type, 1);
	put(&message, "", 1);
	put16(&message, length);
	put(&message, body, length);
	put_record(b, 22, &message);
	buf_free(&message);
}

/* The body of a server hello of TLS 1.2 whose extensions are `count` of this
 * type, each without content. */
static void
put_body(struct buf *b, uint16_t suite, uint16_t type, size_t count)
{
	static const uint8_t random[32];

	put16(b, 0x0303);
	put(b, random, sizeof(random));
	put(b, "", 1);
	put16(b, suite);
	put(b, "", 1);
	put16(b, count * 4);
	for (size_t i = 0; i < count; i++) {
		put16(b, type);
		put16(b, 0);
	}
}

static void
put_hello(struct buf *b, uint16_t suite, uint16_t type, size_t count)
{
	struct buf body;

	buf_init(&body, 1 << 20);
	put_body(&body, suite, type, count);
	put_message(b, 2, buf_data(&body), buf_length(&body));
	buf_free(&body);
}

static int
read_all(struct buf *b)
{
	(void)LLVMFuzzerTestOneInput(buf_data(b), buf_length(b));
	int verdict = server_flight_read(&flight, buf_data(b), buf_length(b));
	buf_free(b);
	return verdict;
}

/* --- real servers --- */

START_TEST(every_captured_answer_reads_the_same_however_it_is_cut)
{
	ck_assert_uint_ge(corpus_run("server_hello"), 8);
}
END_TEST

static const struct {
	const char *server;
	int verdict;
	uint16_t version, suite;
	const char *group;
	bool retried;
	uint16_t count, extensions[4];
} captured[] = {
	{"openssl-13", 0, 0x0304, 0x1302, "x25519", false, 2, {43, 51}},
	{"openssl-13-retry", 0, 0x0304, 0x1302, "secp384r1", true, 2, {43, 51}},
	{"openssl-12-ecdhe", 0, 0x0303, 0xc02c, "x25519", false, 4,
	    {65281, 11, 35, 23}},
	{"openssl-12-dhe", 0, 0x0303, 0x009e, NULL, false, 3, {65281, 35, 23}},
	{"openssl-12-rsa", 0, 0x0303, 0x009c, NULL, false, 3, {65281, 35, 23}},
	{"gnutls-13", 0, 0x0304, 0x1302, "x25519", false, 2, {51, 43}},
	{"gnutls-12", 0, 0x0303, 0xc02c, "x25519", false, 4, {11, 23, 35, 65281}},
};

START_TEST(real_servers_say_what_they_chose)
{
	char path[128];
	size_t length;

	(void)snprintf(path, sizeof(path), "t/corpus/server_hello/%s",
	    captured[_i].server);
	uint8_t *bytes = (uint8_t *)corpus_read(path, &length);
	ck_assert_int_eq(server_flight_read(&flight, bytes, length),
	    captured[_i].verdict);
	free(bytes);
	const struct server_hello *h = &flight.hello;
	const char *group = server_hello_group_name(h->group);
	ck_assert(flight.seen);
	ck_assert_uint_eq(h->legacy_version, 0x0303);
	ck_assert_uint_eq(h->version, captured[_i].version);
	ck_assert_uint_eq(h->suite, captured[_i].suite);
	ck_assert(h->retried == captured[_i].retried);
	ck_assert_pstr_eq(group, captured[_i].group);
	ck_assert_uint_eq(h->dh_bits,
	    strcmp(captured[_i].server, "openssl-12-dhe") == 0 ? 2048 : 0);
	ck_assert(!h->downgraded);
	ck_assert_uint_eq(h->extension_count, captured[_i].count);
	for (size_t i = 0; i < h->extension_count; i++)
		ck_assert_uint_eq(h->extensions[i], captured[_i].extensions[i]);
}
END_TEST

START_TEST(a_refusal_is_no_hello)
{
	static const uint8_t alert[] = {21, 3, 3, 0, 2, 2, 70};

	ck_assert_int_eq(server_flight_read(&flight, alert, sizeof(alert)), E_MORE);
	ck_assert(!flight.seen);
}
END_TEST

START_TEST(a_warning_may_come_before_the_hello)
{
	static const uint8_t unrecognized_name[] = {21, 3, 3, 0, 2, 1, 112};
	size_t length;
	uint8_t *bytes =
	    (uint8_t *)corpus_read("t/corpus/server_hello/openssl-13", &length);

	ck_assert_int_eq(server_flight_read(&flight, unrecognized_name,
	                     sizeof(unrecognized_name)), E_MORE);
	ck_assert_int_eq(server_flight_read(&flight, bytes, length), 0);
	ck_assert(flight.seen);
	ck_assert_uint_eq(flight.hello.version, 0x0304);
	free(bytes);
}
END_TEST

START_TEST(other_records_before_the_hello_are_a_syntax_error)
{
	static const uint8_t data[] = {23, 3, 3, 0, 2, 1, 2};

	ck_assert_int_eq(server_flight_read(&flight, data, sizeof(data)), E_SYNTAX);
	ck_assert(!flight.seen);
}
END_TEST

START_TEST(the_reader_stops_at_the_first_encrypted_byte)
{
	size_t length;
	uint8_t *bytes =
	    (uint8_t *)corpus_read("t/corpus/server_hello/openssl-13", &length);
	size_t hello = 5 + ((size_t)bytes[3] << 8 | bytes[4]);

	ck_assert_int_eq(server_flight_read(&flight, bytes, hello - 1), E_MORE);
	ck_assert(!flight.seen);
	ck_assert_int_eq(server_flight_read(&flight, bytes + hello - 1, 1), 0);
	ck_assert(flight.seen);
	free(bytes);
}
END_TEST

/* --- built ones --- */

START_TEST(a_hello_without_extensions_is_one)
{
	static const uint8_t body[38] = {3, 1, [34] = 0, [35] = 0x00, [36] = 0x2f};
	struct server_hello h;

	ck_assert_int_eq(server_hello_parse(body, sizeof(body), &h), 0);
	ck_assert_uint_eq(h.version, 0x0301);
	ck_assert_uint_eq(h.suite, 0x002f);
	ck_assert_uint_eq(h.extension_count, 0);
	for (size_t i = 0; i < sizeof(body); i++)
		ck_assert_int_eq(server_hello_parse(body, i, &h), E_SYNTAX);
}
END_TEST

START_TEST(more_extensions_than_fit_are_said_to_be_cut)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	put_hello(&b, 0xc02b, 16, SERVER_HELLO_EXTENSIONS_MAX + 1);
	ck_assert_int_eq(read_all(&b), E_MORE);
	ck_assert(flight.seen && flight.hello.extensions_cut);
	ck_assert_uint_eq(flight.hello.extension_count,
	    SERVER_HELLO_EXTENSIONS_MAX);
}
END_TEST

START_TEST(a_hello_longer_than_the_limit_is_given_up)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	put_hello(&b, 0xc02b, 16, SERVER_HELLO_BYTES_MAX / 4);
	ck_assert_int_eq(read_all(&b), E_LIMIT);
	ck_assert(!flight.seen);
}
END_TEST

START_TEST(a_long_chain_is_passed_over)
{
	static uint8_t chain[16000];
	struct buf b;

	buf_init(&b, 1 << 20);
	put_hello(&b, 0xc02f, 23, 1);
	for (int i = 0; i < 4; i++)
		put_message(&b, 11, chain, sizeof(chain));
	put_message(&b, 12, "\003\000\030\001x", 5);
	ck_assert_int_eq(read_all(&b), 0);
	ck_assert_uint_eq(flight.hello.group, 0x0018);
}
END_TEST

/* A prime of 6144 bits: its length, 0x0300, begins as a named curve does. */
START_TEST(a_dhe_prime_is_not_taken_for_a_curve)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	put_hello(&b, 0x009e, 23, 1);
	put_message(&b, 12, "\003\000\030\001x", 5);
	ck_assert_int_eq(read_all(&b), 0);
	ck_assert_uint_eq(flight.hello.group, 0);
	ck_assert_uint_eq(flight.hello.dh_bits, 6144);
}
END_TEST

/* RFC 8446 section 4.1.3: of a server that could have done better. */
START_TEST(a_sentinel_in_the_random_says_that_it_is_a_downgrade)
{
	static const struct {
		const char *end;
		uint16_t version;
		bool downgraded;
	} rows[] = {{"DOWNGRD\1", 0x0303, true}, {"DOWNGRD\0", 0x0302, true},
	    {"DOWNGRD\2", 0x0303, false}, {"DOWNGRE\1", 0x0303, false}};
	struct server_hello hello;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		uint8_t body[2 + 32 + 4] = {3, (uint8_t)rows[i].version};
		memcpy(body + 2 + 32 - 8, rows[i].end, 8);
		ck_assert_int_eq(server_hello_parse(body, sizeof(body), &hello), 0);
		ck_assert(hello.downgraded == rows[i].downgraded);
	}
}
END_TEST

START_TEST(a_resumed_session_names_no_group)
{
	struct buf b, content;

	buf_init(&b, 1 << 20);
	buf_init(&content, 16);
	put_hello(&b, 0xc02b, 23, 1);
	put(&content, "\001", 1);
	put_record(&b, 20, &content);
	buf_free(&content);
	ck_assert_int_eq(read_all(&b), 0);
	ck_assert(flight.seen);
	ck_assert_uint_eq(flight.hello.group, 0);
}
END_TEST

START_TEST(what_comes_out_of_order_is_a_syntax_error)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	put_message(&b, 11, "", 0); /* a certificate first */
	ck_assert_int_eq(read_all(&b), E_SYNTAX);
	setup();
	buf_init(&b, 1 << 20);
	put_hello(&b, 0xc02b, 23, 1);
	put_hello(&b, 0xc02b, 23, 1); /* two hellos */
	ck_assert_int_eq(read_all(&b), E_SYNTAX);
	ck_assert(flight.seen);
}
END_TEST

START_TEST(what_is_malformed_inside_is_a_syntax_error)
{
	static const uint8_t ends[][8] = {
		{0, 4, 0, 43, 0, 1, 3},    /* list shorter than it says */
		{0, 5, 0, 43, 0, 1, 3, 0}, /* half a version; one byte too many */
		{0, 4, 0, 51, 0, 0, 0, 0}, /* a key share of nothing */
		{0, 4, 0, 51, 0, 9, 0, 0}, /* longer than the list */
	};
	struct server_hello h;
	struct buf body;

	buf_init(&body, 128);
	put_body(&body, 0x1301, 0, 0);
	body.length -= 2;
	put(&body, ends[_i], _i == 0 ? 7 : 8);
	ck_assert_int_eq(server_hello_parse(buf_data(&body), buf_length(&body), &h),
	    E_SYNTAX);
	buf_free(&body);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("server_hello");
	TCase *t = tcase_create("server_hello");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, every_captured_answer_reads_the_same_however_it_is_cut);
	tcase_add_loop_test(t, real_servers_say_what_they_chose, 0,
	    ARRAY_LENGTH(captured));
	tcase_add_test(t, a_refusal_is_no_hello);
	tcase_add_test(t, a_warning_may_come_before_the_hello);
	tcase_add_test(t, other_records_before_the_hello_are_a_syntax_error);
	tcase_add_test(t, the_reader_stops_at_the_first_encrypted_byte);
	tcase_add_test(t, a_hello_without_extensions_is_one);
	tcase_add_test(t, more_extensions_than_fit_are_said_to_be_cut);
	tcase_add_test(t, a_hello_longer_than_the_limit_is_given_up);
	tcase_add_test(t, a_long_chain_is_passed_over);
	tcase_add_test(t, a_dhe_prime_is_not_taken_for_a_curve);
	tcase_add_test(t, a_sentinel_in_the_random_says_that_it_is_a_downgrade);
	tcase_add_test(t, a_resumed_session_names_no_group);
	tcase_add_test(t, what_comes_out_of_order_is_a_syntax_error);
	tcase_add_loop_test(t, what_is_malformed_inside_is_a_syntax_error, 0, 4);
	suite_add_tcase(s, t);
	return s;
}
