/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/dns_names: the table that workers share. */
#include "mitm/dns_names.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define SECOND UINT64_C(1000000)
#define NOW (1000 * SECOND)
#define APP 7u
#define OTHER 8u

static struct dns_names table;
static struct dns_name found[4];

static void
make(uint32_t writers, uint32_t sets)
{
	table = (struct dns_names){.seed = 1, .writers = writers, .sets = sets};
	table.slots = calloc(1, dns_names_bytes(writers, sets));
	ck_assert_ptr_nonnull(table.slots);
}

static void
setup(void)
{
	make(2, 4);
}

static void
teardown(void)
{
	free(table.slots);
}

static const uint8_t *
address_of(const char *text)
{
	static uint8_t bytes[DNS_ADDRESS_BYTES];
	struct sockaddr_storage a = {.ss_family = AF_INET};

	if (strchr(text, ':') != NULL) {
		a.ss_family = AF_INET6;
		ck_assert_int_eq(inet_pton(AF_INET6, text,
		    &((struct sockaddr_in6 *)&a)->sin6_addr), 1);
	} else {
		ck_assert_int_eq(inet_pton(AF_INET, text,
		    &((struct sockaddr_in *)&a)->sin_addr), 1);
	}
	ck_assert(dns_names_address(&a, bytes));
	return bytes;
}

static void
put(uint32_t writer, const char *address, uint64_t application, const char *name,
    uint64_t at_us)
{
	const struct bytes text = {(const uint8_t *)name, strlen(name)};

	table.writer = writer;
	dns_names_put(&table, address_of(address), application, text, at_us,
	    60 * SECOND);
}

static size_t
find(const char *address, uint64_t application, uint64_t at_us)
{
	return dns_names_find(&table, address_of(address), application, at_us, found,
	    ARRAY_LENGTH(found));
}

static void
check_found(size_t i, const char *name, uint64_t age_s, bool by_application)
{
	ck_assert_str_eq(found[i].text, name);
	ck_assert_uint_eq(found[i].age_us, age_s * SECOND);
	ck_assert_int_eq(found[i].by_application, by_application);
}

START_TEST(what_one_writer_puts_all_find)
{
	put(0, "192.0.2.1", APP, "a.test", NOW);
	put(1, "2001:db8::1", APP, "b.test", NOW);
	for (table.writer = 0; table.writer < 2; table.writer++) {
		ck_assert_uint_eq(find("192.0.2.1", APP, NOW + 2 * SECOND), 1);
		check_found(0, "a.test", 2, true);
		ck_assert_uint_eq(find("2001:db8::1", OTHER, NOW), 1);
		check_found(0, "b.test", 0, false);
	}
	ck_assert_uint_eq(find("192.0.2.2", APP, NOW), 0);
}
END_TEST

START_TEST(an_ipv4_address_inside_ipv6_is_the_same)
{
	put(0, "192.0.2.1", APP, "a.test", NOW);
	ck_assert_uint_eq(find("::ffff:192.0.2.1", APP, NOW), 1);
}
END_TEST

START_TEST(the_applications_own_come_first_then_the_latest)
{
	put(0, "192.0.2.1", OTHER, "late.test", NOW + 9 * SECOND);
	put(1, "192.0.2.1", APP, "own.test", NOW);
	put(0, "192.0.2.1", APP, "own-late.test", NOW + 5 * SECOND);
	put(1, "192.0.2.1", 0, "early.test", NOW);
	ck_assert_uint_eq(find("192.0.2.1", APP, NOW + 10 * SECOND), 4);
	check_found(0, "own-late.test", 5, true);
	check_found(1, "own.test", 10, true);
	check_found(2, "late.test", 1, false);
	check_found(3, "early.test", 10, false);
	/* Who is not known has nothing of his own. */
	ck_assert_uint_eq(find("192.0.2.1", 0, NOW + 10 * SECOND), 4);
	check_found(0, "late.test", 1, false);
	ck_assert_int_eq(found[3].by_application, false);
}
END_TEST

START_TEST(each_name_is_told_once_as_it_is_known_best)
{
	put(0, "192.0.2.1", OTHER, "a.test", NOW + 5 * SECOND);
	put(1, "192.0.2.1", APP, "a.test", NOW);
	put(1, "192.0.2.1", APP, "a.test", NOW + SECOND);
	ck_assert_uint_eq(find("192.0.2.1", APP, NOW + 5 * SECOND), 1);
	check_found(0, "a.test", 4, true);
	ck_assert_uint_eq(find("192.0.2.1", 0, NOW + 5 * SECOND), 1);
	check_found(0, "a.test", 0, false);
}
END_TEST

START_TEST(its_time_ends)
{
	put(0, "192.0.2.1", APP, "a.test", NOW);
	ck_assert_uint_eq(find("192.0.2.1", APP, NOW + 60 * SECOND - 1), 1);
	ck_assert_uint_eq(find("192.0.2.1", APP, NOW + 60 * SECOND), 0);
	put(0, "192.0.2.1", APP, "a.test", NOW + 60 * SECOND);
	ck_assert_uint_eq(find("192.0.2.1", APP, NOW + 100 * SECOND), 1);
	check_found(0, "a.test", 40, true);
}
END_TEST

START_TEST(a_clock_that_was_set_back_makes_no_age)
{
	put(0, "192.0.2.1", APP, "a.test", NOW);
	ck_assert_uint_eq(find("192.0.2.1", APP, NOW - 500 * SECOND), 1);
	check_found(0, "a.test", 0, true);
}
END_TEST

START_TEST(no_more_than_were_asked_for_the_best)
{
	char name[16];

	for (unsigned i = 0; i < 9; i++) {
		(void)snprintf(name, sizeof(name), "n%u.test", i);
		put(i % 2, "192.0.2.1", APP, name, NOW + i * SECOND);
	}
	ck_assert_uint_eq(find("192.0.2.1", APP, NOW + 10 * SECOND), 4);
	check_found(0, "n8.test", 2, true);
	check_found(3, "n5.test", 5, true);
}
END_TEST

START_TEST(the_oldest_goes_when_a_set_is_full)
{
	char name[16];

	for (unsigned i = 0; i <= DNS_NAMES_SET; i++) {
		(void)snprintf(name, sizeof(name), "n%u.test", i);
		put(0, "192.0.2.1", i == 0 || i == 1 ? APP : OTHER, name,
		    NOW + i * SECOND);
	}
	ck_assert_uint_eq(find("192.0.2.1", APP, NOW + 20 * SECOND), 4);
	check_found(0, "n1.test", 19, true);
	ck_assert_int_eq(found[1].by_application, false); /* n0 is gone */
}
END_TEST

/* More than the table holds, by far: the size stays, and the latest are there. */
START_TEST(a_million_names_take_no_more_room)
{
	char name[24], address[32];
	size_t kept = 0;

	for (unsigned i = 0; i < 1000000; i++) {
		(void)snprintf(name, sizeof(name), "n%u.test", i);
		(void)snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16,
		    i >> 8 & 255, i & 255);
		put(i % 2, address, APP, name, NOW + i);
	}
	for (unsigned i = 1000000 - 50; i < 1000000; i++) {
		(void)snprintf(name, sizeof(name), "n%u.test", i);
		(void)snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16,
		    i >> 8 & 255, i & 255);
		if (find(address, APP, NOW + 1000000) != 1)
			continue;
		ck_assert_str_eq(found[0].text, name);
		kept++;
	}
	ck_assert_uint_ge(kept, 40);
}
END_TEST

START_TEST(what_is_too_long_or_empty_is_not_kept)
{
	char name[DNS_NAME_TEXT_MAX + 2] = "";

	put(0, "192.0.2.1", APP, "", NOW);
	memset(name, 'x', DNS_NAME_TEXT_MAX + 1);
	put(0, "192.0.2.1", APP, name, NOW);
	ck_assert_uint_eq(find("192.0.2.1", APP, NOW), 0);
	name[DNS_NAME_TEXT_MAX] = '\0';
	put(0, "192.0.2.1", APP, name, NOW);
	ck_assert_uint_eq(find("192.0.2.1", APP, NOW), 1);
	ck_assert_str_eq(found[0].text, name);
}
END_TEST

START_TEST(without_a_table_nothing_is_kept)
{
	struct dns_names none = {.slots = NULL};
	const struct bytes name = {(const uint8_t *)"a", 1};

	ck_assert_uint_eq(dns_names_sets(0, 8), 0);
	dns_names_put(&none, address_of("192.0.2.1"), APP, name, NOW, SECOND);
	ck_assert_uint_eq(dns_names_find(&none, address_of("192.0.2.1"), APP, NOW,
	    found, 4), 0);
}
END_TEST

START_TEST(what_a_name_announced_is_kept_for_its_time)
{
	const struct bytes a = {(const uint8_t *)"a.test", 6},
	                   b = {(const uint8_t *)"b.test", 6};

	table.writer = 0;
	dns_names_announce(&table, a, DNS_NAMES_H3_RECORD, NOW, SECOND);
	dns_names_announce(&table, b, DNS_NAMES_H3_ALT_SVC, NOW, SECOND);
	table.writer = 1;
	ck_assert_int_eq(dns_names_announced(&table, a, NOW), DNS_NAMES_H3_RECORD);
	ck_assert_int_eq(dns_names_announced(&table, b, NOW), DNS_NAMES_H3_ALT_SVC);
	ck_assert_int_eq(dns_names_announced(&table, a, NOW + SECOND),
	    DNS_NAMES_H3_NO);
	put(1, "192.0.2.1", APP, "c.test", NOW);
	ck_assert_int_eq(dns_names_announced(&table,
	    (struct bytes){(const uint8_t *)"c.test", 6}, NOW), DNS_NAMES_H3_NO);
}
END_TEST

START_TEST(sizes_are_for_all_writers)
{
	ck_assert_uint_eq(dns_names_sets(1, 1), 1);
	ck_assert_uint_eq(dns_names_sets(16384, 4), 256);
	ck_assert_uint_eq(dns_names_sets(16385, 4), 257);
	ck_assert_uint_eq(dns_names_bytes(4, 256), 2 * dns_names_bytes(2, 256));
}
END_TEST

START_TEST(applications_are_told_apart)
{
	uint64_t a = dns_names_application(&table, "/usr/bin/a");

	ck_assert_uint_ne(a, 0);
	ck_assert_uint_eq(a, dns_names_application(&table, "/usr/bin/a"));
	ck_assert_uint_ne(a, dns_names_application(&table, "/usr/bin/b"));
	ck_assert_uint_eq(dns_names_application(&table, NULL), 0);
	ck_assert_uint_eq(dns_names_application(&table, ""), 0);
}
END_TEST

/* --- at the same time --- */

#define RACE_NAMES 20000u

static _Atomic bool writing;

/* Each name repeats one letter, so that a torn one would be seen. */
static void *
write_names(void *context)
{
	struct dns_names own = table;
	uint8_t address[DNS_ADDRESS_BYTES] = {1};
	char name[200];

	own.writer = *(const uint32_t *)context;
	for (unsigned i = 0; i < RACE_NAMES; i++) {
		const struct bytes text = {(const uint8_t *)name, 1 + i % sizeof(name)};
		memset(name, 'a' + (int)(i % 26), text.length);
		dns_names_put(&own, address, i % 3, text, NOW, SECOND);
	}
	return NULL;
}

static void *
read_names(void *context)
{
	const uint8_t address[DNS_ADDRESS_BYTES] = {1};
	struct dns_name all[8];
	size_t *read = context;

	while (writing) {
		size_t count = dns_names_find(&table, address, 1, NOW, all, 8);
		for (size_t i = 0; i < count; i++)
			ck_assert_uint_eq(strspn(all[i].text,
			    (const char[]){all[i].text[0], '\0'}),
			    strlen(all[i].text));
		*read += count;
	}
	return NULL;
}

START_TEST(readers_see_whole_names_while_they_are_written)
{
	pthread_t writers[2], readers[2];
	uint32_t numbers[2] = {0, 1};
	size_t read[2] = {0, 0};

	writing = true;
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(pthread_create(&readers[i], NULL, read_names,
		    &read[i]), 0);
		ck_assert_int_eq(pthread_create(&writers[i], NULL, write_names,
		    &numbers[i]), 0);
	}
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_join(writers[i], NULL), 0);
	writing = false;
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_join(readers[i], NULL), 0);
}
END_TEST

/* --- against the list that forgets nothing --- */

START_TEST(it_says_what_a_plain_list_would)
{
	uint8_t steps[5 * 200];

	srandom(4711);
	for (int round = 0; round < 2000; round++) {
		size_t length = 5 * (1 + (size_t)random() % 200);

		for (size_t i = 0; i < length; i++)
			steps[i] = (uint8_t)random();
		for (size_t i = 0; round % 8 != 0 && i < length; i += 5)
			steps[i] &= 0x0f; /* nobody scribbles */
		LLVMFuzzerTestOneInput(steps, length);
	}
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_gt(corpus_run("dns_names"), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("dns_names");
	TCase *t = tcase_create("table");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, what_one_writer_puts_all_find);
	tcase_add_test(t, an_ipv4_address_inside_ipv6_is_the_same);
	tcase_add_test(t, the_applications_own_come_first_then_the_latest);
	tcase_add_test(t, each_name_is_told_once_as_it_is_known_best);
	tcase_add_test(t, its_time_ends);
	tcase_add_test(t, a_clock_that_was_set_back_makes_no_age);
	tcase_add_test(t, no_more_than_were_asked_for_the_best);
	tcase_add_test(t, the_oldest_goes_when_a_set_is_full);
	tcase_add_test(t, a_million_names_take_no_more_room);
	tcase_add_test(t, what_is_too_long_or_empty_is_not_kept);
	tcase_add_test(t, without_a_table_nothing_is_kept);
	tcase_add_test(t, what_a_name_announced_is_kept_for_its_time);
	tcase_add_test(t, sizes_are_for_all_writers);
	tcase_add_test(t, applications_are_told_apart);
	tcase_add_test(t, readers_see_whole_names_while_they_are_written);
	tcase_add_test(t, it_says_what_a_plain_list_would);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
