/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/dns_message. The texts of the types are compared with a foreign
 * reader's in dns_reference. */
#include "mitm/dns_message.h"

#include <check.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define HEADER(flags, questions, answers, authorities, additionals) "\x12\x34" \
	flags "\0" questions "\0" answers "\0" authorities "\0" additionals
#define QUERY "\x01\x00"
#define ANSWER "\x85\x80" /* response, authoritative, recursion both ways */
#define A_EXAMPLE "\1A\7eXample\0"
#define IN "\0\1"
#define TTL "\0\0\1\x2c" /* 300 */
#define TO_NAME "\xc0\x0c"
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static struct arena arena;
static struct dns_message m;

static void
setup(void)
{
	arena_init(&arena, (size_t)1024 * 1024);
}

static void
teardown(void)
{
	arena_free(&arena);
}

static void
check_text(struct bytes text, const char *expected)
{
	ck_assert_msg(text.length == strlen(expected) &&
	    memcmp(text.data, expected, text.length) == 0, "\"%.*s\" is not \"%s\"",
	    (int)text.length, (const char *)text.data, expected);
}

/* Reads it from memory of its own length, so that a sanitizer sees its end. */
static void
read_bytes(const uint8_t *bytes, size_t length)
{
	uint8_t *copy = arena_alloc(&arena, length);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, length);
	ck_assert_int_eq(dns_message_read(copy, length, &arena, &m), 0);
}

START_TEST(less_than_a_header_is_no_message)
{
	for (size_t length = 0; length < DNS_HEADER_BYTES; length++)
		ck_assert_int_eq(dns_message_read((const uint8_t *)"\0\0\0\0\0\0\0\0"
		    "\0\0\0", length, &arena, &m), E_MORE);
	read_bytes(BYTES(HEADER(QUERY, "\0", "\0", "\0", "\0")));
	ck_assert_ptr_null(m.malformed);
	ck_assert_ptr_null(m.question);
}
END_TEST

START_TEST(a_query_is_read)
{
	read_bytes(BYTES(HEADER(QUERY, "\1", "\0", "\0", "\0") A_EXAMPLE "\0\x1c" IN));
	ck_assert_ptr_null(m.malformed);
	ck_assert_uint_eq(m.id, 0x1234);
	ck_assert(!m.is_response && m.recursion_desired);
	ck_assert(!m.recursion_available && !m.authoritative && !m.truncated);
	ck_assert_str_eq(m.opcode, "QUERY");
	ck_assert_str_eq(m.rcode, "NOERROR");
	ck_assert_uint_eq(m.bytes, 12 + 11 + 4);
	check_text(m.question->name, "A.eXample");
	ck_assert_str_eq(m.question->type, "AAAA");
	ck_assert_str_eq(m.question->class_name, "IN");
}
END_TEST

START_TEST(an_answer_is_read)
{
	read_bytes(BYTES(HEADER(ANSWER, "\1", "\1", "\1", "\0") A_EXAMPLE "\0\1" IN
	    TO_NAME "\0\1" IN TTL "\0\4\xc0\0\2\1"
	    "\xc0\x0e" "\0\2" IN TTL "\0\5\2ns\xc0\x0e"));
	ck_assert_ptr_null(m.malformed);
	ck_assert(m.is_response && m.authoritative && m.recursion_available);
	ck_assert_uint_eq(m.record_count, 2);
	ck_assert_int_eq(m.records[0].section, DNS_ANSWER);
	check_text(m.records[0].name, "A.eXample");
	check_text(m.records[0].data, "192.0.2.1");
	ck_assert_uint_eq(m.records[0].ttl_s, 300);
	ck_assert_int_eq(m.records[1].section, DNS_AUTHORITY);
	check_text(m.records[1].name, "eXample");
	check_text(m.records[1].data, "ns.eXample");
}
END_TEST

/* --- names --- */

#define NAMED(name) HEADER(QUERY, "\1", "\0", "\0", "\0") name "\0\1" IN
#define X10 "xxxxxxxxxx"
#define LABEL63 "\x3f" X10 X10 X10 X10 X10 X10 "xxx"

static const struct {
	const char *bytes;
	size_t length;
	const char *name; /* NULL: there is none */
} names[] = {
#define NAME(bytes, name) {NAMED(bytes), sizeof(NAMED(bytes)) - 1, name}
	NAME("\0", "."),
	NAME("\1.\0", "\\."),
	NAME("\5a b\"c\3\\\177\200\0", "a\\032b\\\"c.\\\\\\127\\128"),
	NAME("\2()\1;\0", "\\(\\).\\;"),
	/* 63 bytes a label, and 255 in all, are the most. */
	NAME("\x40" "x\0", NULL),
	NAME("\x80" "x\0", NULL),
	NAME(LABEL63 LABEL63 LABEL63 "\x3d" X10 X10 X10 X10 X10 X10 "x\0",
	    X10 X10 X10 X10 X10 X10 "xxx." X10 X10 X10 X10 X10 X10 "xxx."
	    X10 X10 X10 X10 X10 X10 "xxx." X10 X10 X10 X10 X10 X10 "x"),
	NAME(LABEL63 LABEL63 LABEL63 "\x3e" X10 X10 X10 X10 X10 X10 "xx\0", NULL),
	/* Pointers: to itself, forward, into the header, around. */
	NAME("\xc0\x0c", NULL),
	NAME("\xc0\x0e", NULL),
	NAME("\xc0\xff", NULL),
	NAME("\1a\xc0\x0c", NULL),
	NAME("\1a\xc0\x04", "a"), /* into the header: its count of questions is 0, 1 */
	{HEADER(QUERY, "\1", "\0", "\0", "\0") "\7exampl", 12 + 7, NULL},
	{HEADER(QUERY, "\1", "\0", "\0", "\0") "\1a\xc0", 12 + 3, NULL},
};

START_TEST(a_name_is_read_or_is_none)
{
	read_bytes((const uint8_t *)names[_i].bytes, names[_i].length);
	if (names[_i].name == NULL) {
		ck_assert_ptr_nonnull(m.malformed);
		ck_assert_str_eq(m.malformed, "question");
		ck_assert_ptr_null(m.question);
		return;
	}
	ck_assert_ptr_null(m.malformed);
	check_text(m.question->name, names[_i].name);
}
END_TEST

/* --- what is wrong --- */

static const struct {
	const char *bytes;
	size_t length;
	const char *malformed;
	size_t records;
	const char *data; /* of the last record */
} wrong[] = {
#define ONE(record) HEADER(ANSWER, "\0", "\1", "\0", "\0") "\0" record
#define WRONG(bytes, malformed, records, data) \
	{bytes, sizeof(bytes) - 1, malformed, records, data}
	WRONG(ONE("\0\1" IN TTL "\0\5\1\2\3\4\5"), "data", 1, "\\# 5 0102030405"),
	WRONG(ONE("\0\1" IN TTL "\0\3\1\2\3"), "data", 1, "\\# 3 010203"),
	WRONG(ONE("\0\1" IN TTL "\0\0"), "data", 1, "\\# 0"),
	WRONG(ONE("\0\1" "\0\xff" TTL "\0\0"), NULL, 1, ""), /* of an update */
	WRONG(ONE("\0\1" IN TTL "\0\5\1\2\3\4"), "record", 0, NULL),
	WRONG(ONE("\0\1" IN TTL "\0"), "record", 0, NULL),
	WRONG(ONE("\0\1" IN TTL "\0\4\1\2\3\4" "!"), "trailing", 1, "1.2.3.4"),
	WRONG(ONE("\xff\0" IN TTL "\0\2\1\2"), NULL, 1, "\\# 2 0102"),
	/* A name whose data end inside it; one that points out of its data is good. */
	WRONG(ONE("\0\2" IN TTL "\0\2\1a" "\0"), "data", 1, "\\# 2 0161"),
	WRONG(ONE("\0\2" IN TTL "\0\2\xc0\x0c"), NULL, 1, "."),
	WRONG(ONE("\0\x10" IN TTL "\0\3\5ab"), "data", 1, "\\# 3 056162"),
	WRONG(ONE("\0\x2f" IN TTL "\0\3\0\0\0"), "data", 1, "\\# 3 000000"),
	WRONG(HEADER(ANSWER, "\0", "\2", "\0", "\0") "\0\0\1" IN TTL "\0\4\1\2\3\4",
	    "record", 1, "1.2.3.4"),
	WRONG(HEADER(ANSWER, "\xff", "\0", "\0", "\0"), "question", 0, NULL),
};

START_TEST(what_is_wrong_is_named)
{
	read_bytes((const uint8_t *)wrong[_i].bytes, wrong[_i].length);
	ck_assert_pstr_eq(m.malformed, wrong[_i].malformed);
	ck_assert_uint_eq(m.record_count, wrong[_i].records);
	if (wrong[_i].data != NULL)
		check_text(m.records[wrong[_i].records - 1].data, wrong[_i].data);
}
END_TEST

START_TEST(no_room_is_said)
{
	struct arena small;

	arena_init(&small, 100);
	ck_assert_int_eq(dns_message_read(BYTES(HEADER(ANSWER, "\1", "\1", "\0", "\0")
	    A_EXAMPLE "\0\1" IN TO_NAME "\0\1" IN TTL "\0\4\xc0\0\2\1"), &small, &m), 0);
	ck_assert_pstr_eq(m.malformed, "limit");
	arena_free(&small);
}
END_TEST

/* --- EDNS --- */

#define OPT(length, options) HEADER(ANSWER, "\0", "\0", "\0", "\1") "\0" "\0\x29" \
	"\x04\xd0" "\1\0\x80\0" length options

START_TEST(edns_is_read)
{
	read_bytes(BYTES(OPT("\0\0", "")));
	ck_assert_ptr_null(m.malformed);
	ck_assert_uint_eq(m.record_count, 0);
	ck_assert_ptr_nonnull(m.edns);
	ck_assert_uint_eq(m.edns->udp_bytes, 1232);
	ck_assert(m.dnssec_ok);
	ck_assert_str_eq(m.rcode, "BADVERS"); /* 1 above 0 */
}
END_TEST

static const struct {
	const char *bytes;
	size_t length;
	const char *name, *data;
} options[] = {
#define OPTION(code, length, data, name, text) \
	{OPT("\0" length, "\0" code "\0" data), \
	    sizeof(OPT("\0" length, "\0" code "\0" data)) - 1, name, text}
	OPTION("\3", "\4", "\0", "NSID", ""),
	OPTION("\3", "\7", "\3ns1", "NSID", "\"ns1\""),
	OPTION("\3", "\6", "\2\1\2", "NSID", "0102"),
	OPTION("\5", "\6", "\2\x8\xd", "DAU", "8 13"),
	OPTION("\x8", "\xb", "\7\0\1\x18\0\xc0\0\2", "ECS", "192.0.2.0/24/0"),
	OPTION("\x8", "\xa", "\6\0\2\x10\x30\x20\1", "ECS", "2001::/16/48"),
	OPTION("\x8", "\x8", "\4\0\1\0\0", "ECS", "0.0.0.0/0/0"),
	OPTION("\x8", "\x8", "\4\0\3\0\0", "ECS", "00030000"), /* no family */
	OPTION("\x8", "\x9", "\5\0\1\x18\0\xc0", "ECS", "00011800C0"), /* cut */
	OPTION("\x9", "\x8", "\4\0\1\0\0", "EXPIRE", "65536"),
	OPTION("\xa", "\xc", "\x8" "abcdefgh", "COOKIE", "6162636465666768"),
	OPTION("\xa", "\x14", "\x10" "abcdefghabcdefgh", "COOKIE",
	    "6162636465666768 6162636465666768"),
	OPTION("\xa", "\x5", "\1a", "COOKIE", "61"),
	OPTION("\xb", "\x6", "\2\0\x64", "KEEPALIVE", "10000"),
	OPTION("\xc", "\x7", "\3\0\0\0", "PADDING", "3"),
	OPTION("\xd", "\x7", "\3\1a\0", "CHAIN", "a"),
	OPTION("\xe", "\x8", "\4\0\1\0\2", "KEYTAG", "1 2"),
	OPTION("\xf", "\x6", "\2\0\xf", "EDE", "15 (Blocked)"),
	OPTION("\xf", "\xa", "\6\0\x6 a\"b", "EDE", "6 (DNSSEC Bogus) \" a\\\"b\""),
	OPTION("\xf", "\x6", "\2\x10\0", "EDE", "4096"),
	OPTION("\x63", "\x6", "\2\1\2", "OPTION99", "0102"),
};

START_TEST(an_option_is_readable)
{
	read_bytes((const uint8_t *)options[_i].bytes, options[_i].length);
	ck_assert_pstr_eq(m.malformed, NULL);
	ck_assert_uint_eq(m.edns->option_count, 1);
	ck_assert_str_eq(m.edns->options[0].name, options[_i].name);
	check_text(m.edns->options[0].data, options[_i].data);
}
END_TEST

START_TEST(cut_options_are_left_out)
{
	read_bytes(BYTES(OPT("\0\xa", "\0\xc\0\2\0\0" "\0\3\0\1")));
	ck_assert_pstr_eq(m.malformed, "data");
	ck_assert_uint_eq(m.edns->option_count, 1);
}
END_TEST

START_TEST(the_corpus_keeps_the_invariants)
{
	ck_assert_uint_gt(corpus_run("dns_message"), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("dns_message");
	TCase *t = tcase_create("dns_message");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, less_than_a_header_is_no_message);
	tcase_add_test(t, a_query_is_read);
	tcase_add_test(t, an_answer_is_read);
	tcase_add_loop_test(t, a_name_is_read_or_is_none, 0, ARRAY_LENGTH(names));
	tcase_add_loop_test(t, what_is_wrong_is_named, 0, ARRAY_LENGTH(wrong));
	tcase_add_test(t, no_room_is_said);
	tcase_add_test(t, edns_is_read);
	tcase_add_loop_test(t, an_option_is_readable, 0, ARRAY_LENGTH(options));
	tcase_add_test(t, cut_options_are_left_out);
	tcase_add_test(t, the_corpus_keeps_the_invariants);
	suite_add_tcase(s, t);
	return s;
}
