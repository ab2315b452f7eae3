/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of ca/names: what is a name, what a name speaks for, and that a
 * list survives the way between two processes and nothing else does.
 */
#include "ca/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

static struct names list;

static void
clear(void)
{
	list.count = 0;
}

static const struct {
	const char *text;
	enum name_kind kind;
	const char *kept; /* NULL: as it is */
} good[] = {
	{"example.com", NAME_DNS, NULL},
	{"WWW.Example.COM.", NAME_DNS, "www.example.com"},
	{"localhost", NAME_DNS, NULL},
	{"*.example.com", NAME_DNS, NULL},
	{"_dmarc.example.com", NAME_DNS, NULL},
	{"xn--bcher-kva.example", NAME_DNS, NULL},
	{"a-.example", NAME_DNS, NULL},
	{"1.2.3.4.example", NAME_DNS, NULL},
	{"192.0.2.1", NAME_IP4, "\xc0\x00\x02\x01"},
	{"2001:db8::1", NAME_IP6, NULL},
	{"::ffff:192.0.2.1", NAME_IP6, NULL},
};

START_TEST(names_and_addresses_are_taken)
{
	ck_assert_int_eq(names_add(&list, good[_i].text), 0);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_eq((int)list.items[0].kind, (int)good[_i].kind);
	if (good[_i].kind == NAME_IP6) {
		ck_assert_uint_eq(list.items[0].length, 16);
		return;
	}
	const char *kept = good[_i].kept != NULL ? good[_i].kept : good[_i].text;
	size_t length = good[_i].kind == NAME_IP4 ? 4 : strlen(kept);
	ck_assert_uint_eq(list.items[0].length, length);
	ck_assert_mem_eq(list.items[0].bytes, kept, length);
}
END_TEST

static const char *const bad[] = {"", ".", "..", "*", "*.", "*.com", "*.com.",
    "a*.example.com", "*a.example.com", "www.*.com", "*.*.example.com",
    "a..example", ".example.com", "example.com..", "exa mple.com", "exa/mple",
    "example.com:443", "[::1]", "fe80::1%eth0", "1.2.3", "256.1.1.1", "1.2.3.4.",
    "example.123", "\xc3\xa9t\xc3\xa9.example", "a\nb.example",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example"};

START_TEST(what_is_no_name_is_refused)
{
	ck_assert_msg(names_add(&list, bad[_i]) == E_SYNTAX, "'%s'", bad[_i]);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(a_name_has_253_bytes_at_most)
{
	char text[256];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 50 == 49 ? '.' : 'a';
	text[253] = '\0';
	ck_assert_int_eq(names_add(&list, text), 0);
	text[253] = 'a';
	text[254] = '\0';
	ck_assert_int_eq(names_add(&list, text), E_SYNTAX);
}
END_TEST

static const struct {
	const char *name, *host;
	bool matches;
} pairs[] = {
	{"example.com", "example.com", true},
	{"example.com", "EXAMPLE.COM.", true},
	{"example.com", "www.example.com", false},
	{"example.com", "example.com.evil", false},
	{"example.com", "", false},
	{"*.example.com", "www.example.com", true},
	{"*.example.com", "WWW.EXAMPLE.com", true},
	{"*.example.com", "example.com", false},
	{"*.example.com", ".example.com", false},
	{"*.example.com", "a.b.example.com", false},
	{"*.example.com", "*.example.com", false},
	{"*.example.com", "www.example.org", false},
	{"192.0.2.1", "192.0.2.1", true},
	{"192.0.2.1", "192.0.2.2", false},
	{"192.0.2.1", "192.0.2.1.example", false},
	{"2001:db8::1", "2001:0db8:0:0::0001", true},
	{"2001:db8::1", "2001:db8::2", false},
	{"192.0.2.1", "::ffff:192.0.2.1", false},
	{"localhost", "localhost", true},
	{"localhost", "127.0.0.1", false},
};

START_TEST(a_name_speaks_for_what_the_rfc_says)
{
	ck_assert_int_eq(names_add(&list, pairs[_i].name), 0);
	ck_assert(names_match(&list, pairs[_i].host) == pairs[_i].matches);
}
END_TEST

START_TEST(a_name_is_kept_once_and_a_full_list_says_so)
{
	char text[32];

	for (unsigned i = 0; i < NAMES_MAX; i++) {
		(void)snprintf(text, sizeof(text), "host%u.example", i);
		ck_assert_int_eq(names_add(&list, text), 0);
		ck_assert_int_eq(names_add(&list, text), 0);
	}
	ck_assert_uint_eq(list.count, NAMES_MAX);
	ck_assert_int_eq(names_add(&list, "one.more.example"), E_FULL);
	ck_assert_int_eq(names_add(&list, "HOST0.example"), 0);
	ck_assert_uint_eq(list.count, NAMES_MAX);
}
END_TEST

START_TEST(a_message_cut_anywhere_is_corrupt)
{
	struct buf message;
	struct names again;

	ck_assert_int_eq(names_add(&list, "www.example.com"), 0);
	ck_assert_int_eq(names_add(&list, "*.example.com"), 0);
	ck_assert_int_eq(names_add(&list, "192.0.2.1"), 0);
	ck_assert_int_eq(names_add(&list, "2001:db8::1"), 0);
	buf_init(&message, 4096);
	ck_assert_int_eq(names_write(&list, &message), 0);
	for (size_t n = 0; n < buf_length(&message); n++)
		ck_assert_int_eq(names_read(&again, buf_data(&message), n), E_CORRUPT);
	ck_assert_int_eq(names_read(&again, buf_data(&message), buf_length(&message)),
	    (int)buf_length(&message));
	ck_assert_uint_eq(again.count, 4);
	ck_assert(names_match(&again, "any.example.com"));
	buf_free(&message);
}
END_TEST

static const struct {
	const char *bytes;
	size_t length;
} hostile[] = {
	{"\x81", 1},                                /* more than the list holds */
	{"\x01\x01\x05*.com", 8},                   /* a wildcard over a TLD */
	{"\x01\x01\x09" "A.example", 12},           /* not in lower case */
	{"\x01\x01\x0a" "a.example.", 13},          /* a final dot */
	{"\x01\x01\x09" "a\0example", 12},          /* NUL */
	{"\x01\x01\x07" "1.2.3.4", 10},             /* an address as a name */
	{"\x01\x04\x10" "0123456789abcdef", 19},    /* IPv6 called IPv4 */
	{"\x01\x06\x04" "0123", 7},                 /* and the other way about */
	{"\x01\x02\x04" "abcd", 7},                 /* no such kind */
	{"\x02\x01\x01" "a\x01\x01" "a", 7},        /* twice the same */
	{"\x01\x01\x00", 3},                        /* empty */
};

START_TEST(a_message_of_what_a_list_never_holds_is_corrupt)
{
	ck_assert_int_eq(names_read(&list, (const uint8_t *)hostile[_i].bytes,
	    hostile[_i].length), E_CORRUPT);
}
END_TEST

START_TEST(an_empty_list_is_a_message_too)
{
	ck_assert_int_eq(names_read(&list, (const uint8_t *)"\0rest", 5), 1);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("names"), 5);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("names");
	TCase *t = tcase_create("names");

	tcase_add_checked_fixture(t, clear, NULL);
	tcase_add_loop_test(t, names_and_addresses_are_taken, 0, ARRAY_LENGTH(good));
	tcase_add_loop_test(t, what_is_no_name_is_refused, 0, ARRAY_LENGTH(bad));
	tcase_add_test(t, a_name_has_253_bytes_at_most);
	tcase_add_loop_test(t, a_name_speaks_for_what_the_rfc_says, 0,
	    ARRAY_LENGTH(pairs));
	tcase_add_test(t, a_name_is_kept_once_and_a_full_list_says_so);
	tcase_add_test(t, a_message_cut_anywhere_is_corrupt);
	tcase_add_loop_test(t, a_message_of_what_a_list_never_holds_is_corrupt, 0,
	    ARRAY_LENGTH(hostile));
	tcase_add_test(t, an_empty_list_is_a_message_too);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
