/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/dns_ech: what becomes of a message byte by byte. */
#include "mitm/dns_ech.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

static uint8_t message[8192];
static size_t length;

static void
add(const void *bytes, size_t count)
{
	memcpy(message + length, bytes, count);
	length += count;
}

static void
begin(unsigned answers)
{
	const uint8_t header[] = {0, 7, 0x81, 0x80, 0, 1, 0, (uint8_t)answers, 0, 0, 0,
	    0};

	length = 0;
	add(header, sizeof(header));
	add("\3wWw\4test\0\0\x41\0\1", 14);
}

/* A record of the question's name; returns where its data begin. */
static size_t
add_record(uint8_t type, const void *data, size_t count)
{
	const uint8_t head[] = {0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60,
	    (uint8_t)(count >> 8), (uint8_t)count};

	add(head, sizeof(head));
	add(data, count);
	return length - count;
}

#define TEXT(text) (text), sizeof(text) - 1
#define HTTPS 65
#define SERVICE "\0\1\0" /* priority 1, target "." */
#define ALPN "\0\1\0\3\2h2"
#define PORT "\0\3\0\2\1\xbb"
#define ECH "\0\5\0\4ABCD"
#define HINT "\0\6\0\4\1\2\3\4"

/* Of one record with these parameters: all else stays as it was. */
static void
check_change(const void *before, const void *after, size_t count)
{
	uint8_t old[sizeof(message)];

	begin(2);
	size_t at = add_record(HTTPS, before, count);
	add_record(1, TEXT("\xc0\0\2\1"));
	memcpy(old, message, length);
	ck_assert(dns_ech_has(message, length));
	dns_ech_remove(message, length);
	ck_assert_mem_eq(message + at, after, count);
	ck_assert_mem_eq(message, old, at);
	ck_assert_mem_eq(message + at + count, old + at + count, length - at - count);
	ck_assert(!dns_ech_has(message, length));
}

static void
check_same(void)
{
	uint8_t old[sizeof(message)];

	memcpy(old, message, length);
	ck_assert(!dns_ech_has(message, length));
	dns_ech_remove(message, length);
	ck_assert_mem_eq(message, old, length);
}

#define CHANGE(before, after)                                                 \
	do {                                                                  \
		_Static_assert(sizeof(before) == sizeof(after), "as long");   \
		check_change(before, after, sizeof(before) - 1);              \
	} while (0)

START_TEST(it_goes_to_the_end_under_another_key)
{
	CHANGE(SERVICE ALPN ECH HINT, SERVICE ALPN HINT "\xff\0\0\4\0\0\0\0");
	CHANGE(SERVICE ALPN ECH, SERVICE ALPN "\xff\0\0\4\0\0\0\0");
	CHANGE(SERVICE ECH, SERVICE "\xff\0\0\4\0\0\0\0");
	CHANGE("\0\1\3svc\4test\0" ALPN ECH HINT,
	    "\0\1\3svc\4test\0" ALPN HINT "\xff\0\0\4\0\0\0\0");
}
END_TEST

START_TEST(an_empty_one_too)
{
	CHANGE(SERVICE "\0\5\0\0" HINT, SERVICE HINT "\xff\0\0\0");
}
END_TEST

START_TEST(keys_stay_in_order_and_once_each)
{
	CHANGE(SERVICE ECH "\xff\0\0\1x", SERVICE "\xff\0\0\1x" "\xff\1\0\4\0\0\0\0");
	CHANGE(SERVICE ECH "\xff\1\0\1x", SERVICE "\xff\0\0\4\0\0\0\0" "\xff\1\0\1x");
	CHANGE(SERVICE ECH "\xff\xff\0\1x",
	    SERVICE "\xff\0\0\4\0\0\0\0" "\xff\xff\0\1x");
}
END_TEST

START_TEST(it_is_not_mandatory_any_more)
{
	CHANGE(SERVICE "\0\0\0\4\0\3\0\5" PORT ECH HINT,
	    SERVICE "\0\0\0\2\0\3" PORT HINT "\xff\0\0\6\0\0\0\0\0\0");
	CHANGE(SERVICE "\0\0\0\6\0\3\0\5\0\6" PORT ECH HINT,
	    SERVICE "\0\0\0\4\0\3\0\6" PORT HINT "\xff\0\0\6\0\0\0\0\0\0");
	CHANGE(SERVICE "\0\0\0\2\0\5" ALPN ECH,
	    SERVICE ALPN "\xff\0\0\x0a\0\0\0\0\0\0\0\0\0\0");
	CHANGE(SERVICE "\0\0\0\2\0\3" PORT ECH,
	    SERVICE "\0\0\0\2\0\3" PORT "\xff\0\0\4\0\0\0\0");
}
END_TEST

START_TEST(each_record_that_has_it_and_in_each_section)
{
	begin(1);
	message[11] = 1; /* an additional record */
	size_t first = add_record(HTTPS, TEXT(SERVICE ECH));
	size_t second = add_record(64, TEXT(SERVICE ALPN ECH));
	ck_assert(dns_ech_has(message, length));
	dns_ech_remove(message, length);
	ck_assert_mem_eq(message + first, SERVICE "\xff\0\0\4\0\0\0\0", 11);
	ck_assert_mem_eq(message + second + 3, ALPN "\xff\0\0\4\0\0\0\0", 15);
}
END_TEST

START_TEST(what_has_none_stays)
{
	begin(2);
	add_record(HTTPS, TEXT(SERVICE ALPN HINT));
	add_record(16, TEXT("\xa" SERVICE ECH));
	check_same();
}
END_TEST

START_TEST(a_query_stays)
{
	begin(1);
	message[2] = 1;
	add_record(HTTPS, TEXT(SERVICE ECH));
	check_same();
}
END_TEST

START_TEST(what_is_malformed_stays)
{
	begin(4);
	add_record(HTTPS, TEXT(SERVICE ECH ALPN));      /* out of order */
	add_record(HTTPS, TEXT(SERVICE ECH ECH));       /* twice */
	add_record(HTTPS, TEXT(SERVICE "\0\5\0\7ABCD")); /* longer than there is */
	add_record(HTTPS, TEXT(SERVICE ECH "\0\6"));
	check_same();
}
END_TEST

START_TEST(what_is_signed_as_it_passes_stays)
{
	begin(2);
	add_record(HTTPS, TEXT(SERVICE ECH));
	add_record(250, TEXT("tsig"));
	check_same();
	begin(2);
	add_record(HTTPS, TEXT(SERVICE ECH));
	add_record(24, TEXT("\0\0sig0"));
	check_same();
	begin(2);
	add_record(HTTPS, TEXT(SERVICE ECH));
	add_record(46, TEXT("\0\x41rrsig")); /* that of the zone does not help it */
	ck_assert(dns_ech_has(message, length));
}
END_TEST

START_TEST(no_free_key_no_change)
{
	uint8_t data[4096];
	size_t count = sizeof(SERVICE ECH) - 1;

	memcpy(data, SERVICE ECH, count);
	for (unsigned key = 65280; key < 65535; key++) {
		const uint8_t frame[] = {(uint8_t)(key >> 8), (uint8_t)key, 0, 0};
		memcpy(data + count, frame, sizeof(frame));
		count += sizeof(frame);
	}
	begin(1);
	add_record(HTTPS, data, count);
	check_same();
}
END_TEST

START_TEST(cut_anywhere_it_stays_in_bounds)
{
	begin(2);
	add_record(HTTPS, TEXT(SERVICE "\0\0\0\2\0\5" ALPN ECH HINT));
	add_record(HTTPS, TEXT(SERVICE ECH));
	for (size_t cut = 0; cut <= length; cut++)
		LLVMFuzzerTestOneInput(message, cut);
}
END_TEST

START_TEST(whatever_is_damaged_the_rest_stays)
{
	uint8_t old[sizeof(message)];

	begin(2);
	add_record(HTTPS, TEXT(SERVICE "\0\0\0\4\0\3\0\5" PORT ECH HINT));
	add_record(64, TEXT("\0\1\3svc\xc0\x0c" ALPN ECH HINT));
	memcpy(old, message, length);
	srandom(4711);
	for (int round = 0; round < 100000; round++) {
		memcpy(message, old, length);
		for (int i = 0; i < 3; i++)
			message[(size_t)random() % length] = (uint8_t)random();
		LLVMFuzzerTestOneInput(message, length);
	}
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_gt(corpus_run("dns_ech"), 0);
	ck_assert_uint_gt(corpus_run("dns_message"), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("dns_ech");
	TCase *t = tcase_create("message");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, it_goes_to_the_end_under_another_key);
	tcase_add_test(t, an_empty_one_too);
	tcase_add_test(t, keys_stay_in_order_and_once_each);
	tcase_add_test(t, it_is_not_mandatory_any_more);
	tcase_add_test(t, each_record_that_has_it_and_in_each_section);
	tcase_add_test(t, what_has_none_stays);
	tcase_add_test(t, a_query_stays);
	tcase_add_test(t, what_is_malformed_stays);
	tcase_add_test(t, what_is_signed_as_it_passes_stays);
	tcase_add_test(t, no_free_key_no_change);
	tcase_add_test(t, cut_anywhere_it_stays_in_bounds);
	tcase_add_test(t, whatever_is_damaged_the_rest_stays);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
