/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/bypass: whose a flow is, how failures become an entry and
 * when they do not, how entries end, and that no report makes the table grow
 * beyond its bounds.
 */
#include "mitm/bypass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define SECOND_US 1000000ull

static const struct bypass_terms twice = {.count = 2,
    .window_us = 600 * SECOND_US, .ttl_us = 3600 * SECOND_US};

static struct bypass *table;
static unsigned gone_count;
static char gone_why[32];

static void
on_gone(void *context, const struct bypass_entry *entry, const char *why)
{
	ck_assert_ptr_eq(context, &gone_count);
	ck_assert_ptr_nonnull(entry->key);
	gone_count++;
	(void)snprintf(gone_why, sizeof(gone_why), "%s", why);
}

static void
begin(void)
{
	gone_count = 0;
	table = bypass_new(on_gone, &gone_count);
	ck_assert_ptr_nonnull(table);
}

static void
end(void)
{
	bypass_free(table);
}

static struct bypass_key
key(const char *application, const char *name)
{
	struct bypass_key k;

	ck_assert_int_eq(bypass_key_set(&k, application, name), 0);
	return k;
}

static int
refuse(const char *name, uint64_t now_s)
{
	struct bypass_key k = key("app", name);

	return bypass_fail(table, &k, BYPASS_PINNED, &twice, now_s * SECOND_US);
}

static const struct bypass_entry *
find(const char *name, uint64_t now_s)
{
	struct bypass_key k = key("app", name);

	return bypass_find(table, &k, now_s * SECOND_US);
}

static int
put(const char *application, const char *name, enum bypass_why why,
    uint64_t now_s)
{
	struct bypass_key k = key(application, name);
	const struct bypass_entry entry = {.key = &k, .why = why,
	    .learned_us = now_s * SECOND_US, .expires_us = UINT64_MAX};

	return bypass_put(table, &entry, now_s * SECOND_US);
}

/* --- keys --- */

START_TEST(a_flow_is_its_signing_id_else_its_path_else_its_users)
{
	char longest[BYPASS_APPLICATION_BYTES + 1];
	struct bypass_key k;
	uint32_t uid = 501;

	const struct {
		struct bypass_program program;
		const char *application;
	} rows[] = {
	    {{"/bin/x", "com.x", "ABCDE12345", &uid}, "ABCDE12345:com.x"},
	    {{NULL, "com.x", "ABCDE12345", NULL}, "ABCDE12345:com.x"},
	    /* Whoever signs without a team may call himself com.x too. */
	    {{"/bin/x", "com.x", NULL, &uid}, "/bin/x"},
	    {{NULL, "com.x", NULL, &uid}, ":com.x"},
	    {{"/bin/x", NULL, "ABCDE12345", &uid}, "/bin/x"},
	    {{"/bin/x", NULL, NULL, &uid}, "/bin/x"},
	    {{NULL, NULL, NULL, &uid}, "user:501"},
	    {{NULL, NULL, NULL, NULL}, "any"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(bypass_key_make(&k, &rows[i].program, "a"), 0);
		ck_assert_str_eq(k.application, rows[i].application);
		ck_assert_str_eq(k.name, "a");
	}
	ck_assert_int_eq(bypass_key_make(&k, &rows[0].program, NULL), E_RANGE);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(bypass_key_make(&k,
	    &(struct bypass_program){.executable = longest}, "a"), E_LIMIT);
}
END_TEST

START_TEST(names_are_lower_case_without_the_final_dot)
{
	char longest[BYPASS_NAME_BYTES], longer[BYPASS_NAME_BYTES + 2];
	struct bypass_key k = key("A", "WWW.Example.COM.");

	ck_assert_str_eq(k.name, "www.example.com");
	ck_assert_str_eq(k.application, "A");
	ck_assert_int_eq(bypass_key_set(&k, "a", ""), E_RANGE);
	ck_assert_int_eq(bypass_key_set(&k, "", "a"), E_RANGE);
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(bypass_key_set(&k, "a", longest), 0);
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_int_eq(bypass_key_set(&k, "a", longer), E_LIMIT);
}
END_TEST

START_TEST(a_message_is_two_texts_and_nothing_else)
{
	static const struct {
		const char *bytes;
		size_t length;
		int outcome;
	} messages[] = {
		{"app\0name\0", 9, 0},
		{"app\0name", 8, E_CORRUPT},
		{"app\0", 4, E_CORRUPT},
		{"app", 3, E_CORRUPT},
		{"", 0, E_CORRUPT},
		{"app\0\0", 5, E_CORRUPT},
		{"\0name\0", 6, E_CORRUPT},
		{"app\0na\0me\0", 10, E_CORRUPT},
	};
	struct bypass_key k;

	for (size_t i = 0; i < ARRAY_LENGTH(messages); i++)
		ck_assert_int_eq(bypass_key_read(&k,
		    (const uint8_t *)messages[i].bytes, messages[i].length),
		    messages[i].outcome);
	ck_assert_int_eq(bypass_key_read(&k, (const uint8_t *)"app\0name", 9), 0);
	ck_assert_str_eq(k.application, "app");
	ck_assert_str_eq(k.name, "name");
}
END_TEST

/* --- learning --- */

START_TEST(enough_failures_within_the_window_make_an_entry)
{
	ck_assert_int_eq(refuse("a", 100), 0);
	ck_assert_ptr_null(find("a", 100));
	ck_assert_int_eq(refuse("b", 101), 0);
	ck_assert_int_eq(refuse("a", 700), 1);
	ck_assert_str_eq(bypass_why_name(find("a", 700)->why), "pinned");
	ck_assert_uint_eq(find("a", 700)->expires_us, (700 + 3600) * SECOND_US);
	ck_assert_ptr_null(find("b", 700));
}
END_TEST

START_TEST(a_failure_after_the_window_is_a_first_one)
{
	ck_assert_int_eq(refuse("a", 100), 0);
	ck_assert_int_eq(refuse("a", 701), 0);
	ck_assert_int_eq(refuse("a", 1301), 1);
}
END_TEST

START_TEST(a_clock_that_goes_back_counts_from_there)
{
	ck_assert_int_eq(refuse("a", 1000), 0);
	ck_assert_int_eq(refuse("a", 10), 0);
	ck_assert_int_eq(refuse("a", 11), 1);
}
END_TEST

START_TEST(a_server_that_asks_is_believed_at_once)
{
	struct bypass_key k = key("app", "a");

	ck_assert_int_eq(bypass_fail(table, &k, BYPASS_CLIENT_CERTIFICATE, &twice,
	    SECOND_US), 1);
	ck_assert_str_eq(bypass_why_name(find("a", 1)->why), "client_certificate");
}
END_TEST

START_TEST(what_is_learned_is_not_learned_again_until_it_ends)
{
	ck_assert_int_eq(refuse("a", 1), 0);
	ck_assert_int_eq(refuse("a", 1), 1);
	ck_assert_int_eq(refuse("a", 2), 0);
	ck_assert_uint_eq(find("a", 2)->learned_us, SECOND_US);
	ck_assert_ptr_null(find("a", 3601));
	ck_assert_int_eq(refuse("a", 3700), 0);
	ck_assert_int_eq(refuse("a", 3701), 1);
	ck_assert_uint_eq(bypass_count(table), 1);
}
END_TEST

START_TEST(entries_are_not_made_faster_than_they_may)
{
	char name[16];
	unsigned made = 0;

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		ck_assert_int_eq(refuse(name, 1000), 0);
		int outcome = refuse(name, 1000);
		ck_assert(outcome == 1 || outcome == E_LIMIT);
		made += outcome == 1;
	}
	ck_assert_uint_eq(made, BYPASS_BURST);
	ck_assert_int_eq(refuse("n999", 1001), E_LIMIT);
	ck_assert_int_eq(refuse("n999", 1002), 1);
	ck_assert_int_eq(refuse("n998", 1002), E_LIMIT);
}
END_TEST

START_TEST(one_application_can_not_push_out_the_others)
{
	char name[16];

	ck_assert_int_eq(put("other", "kept", BYPASS_PINNED, 1), 0);
	for (unsigned i = 0; i < 2 * BYPASS_SHARE_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		ck_assert_int_eq(put("flood", name, BYPASS_PINNED, i + 2), 0);
	}
	ck_assert_uint_eq(bypass_count(table), BYPASS_SHARE_MAX + 1);
	ck_assert_uint_eq(gone_count, BYPASS_SHARE_MAX);
	ck_assert_str_eq(gone_why, "evicted");
	ck_assert_uint_eq(bypass_count_of(table, "other", BYPASS_PINNED), 1);
}
END_TEST

START_TEST(the_one_not_used_for_longest_makes_room)
{
	char name[16], application[16];
	struct bypass_key first = key("a0", "n0"), second = key("a1", "n1");

	for (unsigned i = 0; i < BYPASS_ENTRIES_MAX; i++) {
		(void)snprintf(application, sizeof(application), "a%u", i);
		(void)snprintf(name, sizeof(name), "n%u", i);
		ck_assert_int_eq(put(application, name, BYPASS_PINNED, i + 1), 0);
	}
	bypass_hit(table, &first, 10000 * SECOND_US);
	ck_assert_int_eq(put("new", "new", BYPASS_PINNED, 10001), 0);
	ck_assert_uint_eq(bypass_count(table), BYPASS_ENTRIES_MAX);
	ck_assert_ptr_nonnull(bypass_find(table, &first, 10001 * SECOND_US));
	ck_assert_uint_eq(bypass_find(table, &first, 10001 * SECOND_US)->hits, 1);
	ck_assert_ptr_null(bypass_find(table, &second, 10001 * SECOND_US));
}
END_TEST

START_TEST(what_a_person_added_makes_room_for_nothing)
{
	char name[16];

	for (unsigned i = 0; i < BYPASS_ENTRIES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		ck_assert_int_eq(put("*", name, BYPASS_ADDED, 1), 0);
	}
	ck_assert_int_eq(put("app", "a", BYPASS_PINNED, 2), E_FULL);
	ck_assert_int_eq(put("*", "one more", BYPASS_ADDED, 2), E_FULL);
	ck_assert_int_eq(put("*", "n0", BYPASS_ADDED, 2), 0);
	ck_assert_uint_eq(gone_count, 0);
}
END_TEST

/* --- entries --- */

START_TEST(an_entry_for_every_application_is_found_for_each)
{
	ck_assert_int_eq(put(BYPASS_EVERY, "a", BYPASS_ADDED, 1), 0);
	ck_assert_ptr_nonnull(find("a", 2));
	ck_assert_str_eq(find("a", 2)->key->application, BYPASS_EVERY);
	ck_assert_ptr_null(find("b", 2));
	ck_assert_int_eq(put("app", "a", BYPASS_PINNED, 3), 0);
	ck_assert_str_eq(find("a", 4)->key->application, "app");
}
END_TEST

START_TEST(they_end_by_time_by_hand_and_by_order)
{
	struct bypass_key a = key("app", "a");
	struct policy *never = policy_new(DECIDE_INSPECT);
	const char *why;

	ck_assert_int_eq(refuse("a", 1), 0);
	ck_assert_int_eq(refuse("a", 1), 1);
	bypass_expire(table, 3600 * SECOND_US);
	ck_assert_uint_eq(gone_count, 0);
	bypass_expire(table, 3601 * SECOND_US);
	ck_assert_uint_eq(gone_count, 1);
	ck_assert_str_eq(gone_why, "expired");
	ck_assert(!bypass_remove(table, &a));
	ck_assert_int_eq(put("app", "a", BYPASS_PINNED, 1), 0);
	ck_assert(bypass_remove(table, &a));
	ck_assert_str_eq(gone_why, "removed");
	ck_assert_int_eq(put("app", "x.a", BYPASS_PINNED, 1), 0);
	ck_assert_int_eq(put("app", "b", BYPASS_ADDED, 1), 0);
	ck_assert_int_eq(bypass_never_add(never, "*.a", &why), 0);
	bypass_forbid(table, never);
	ck_assert_uint_eq(bypass_count(table), 1);
	ck_assert_uint_eq(bypass_clear(table), 1);
	ck_assert_ptr_null(bypass_next(table, NULL));
	policy_free(never);
}
END_TEST

START_TEST(a_removal_forgets_the_failures_too)
{
	struct bypass_key a = key("app", "a");

	ck_assert_int_eq(refuse("a", 1), 0);
	ck_assert(!bypass_remove(table, &a));
	ck_assert_int_eq(refuse("a", 2), 0);
	ck_assert_int_eq(refuse("a", 3), 1);
}
END_TEST

START_TEST(they_are_walked_in_the_order_they_were_made)
{
	static const char *const names[] = {"c", "a", "b"};
	const struct bypass_entry *entry = NULL;

	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(put("app", names[i], BYPASS_PINNED, i + 1), 0);
	ck_assert_int_eq(put("app", "c", BYPASS_ADDED, 9), 0);
	for (size_t i = 0; i < 3; i++) {
		entry = bypass_next(table, entry);
		ck_assert_str_eq(entry->key->name, names[i]);
	}
	ck_assert_ptr_null(bypass_next(table, entry));
}
END_TEST

START_TEST(never_is_about_names_and_addresses)
{
	struct policy *never = policy_new(DECIDE_INSPECT);
	const char *why;

	ck_assert_int_eq(bypass_never_add(never, ".a.test", &why), 0);
	ck_assert_int_eq(bypass_never_add(never, "192.0.2.0/24", &why), 0);
	ck_assert_int_eq(bypass_never_add(never, "2001:db8::/32", &why), 0);
	ck_assert_int_eq(bypass_never_add(never, "app:x", &why), E_SYNTAX);
	ck_assert_ptr_nonnull(why);
	ck_assert_int_eq(bypass_never_add(never, "port:1", &why), E_SYNTAX);
	ck_assert_int_eq(bypass_never_add(never, "user:1", &why), E_SYNTAX);
	ck_assert(bypass_never_covers(never, "a.test"));
	ck_assert(bypass_never_covers(never, "x.a.test"));
	ck_assert(bypass_never_covers(never, "192.0.2.7"));
	ck_assert(bypass_never_covers(never, "2001:db8::7"));
	ck_assert(!bypass_never_covers(never, "b.test"));
	ck_assert(!bypass_never_covers(never, "192.0.3.1"));
	policy_free(never);
}
END_TEST

START_TEST(reasons_have_names_and_back)
{
	enum bypass_why why;

	for (int i = 0; i < BYPASS_WHY_COUNT; i++) {
		ck_assert(bypass_why_find(bypass_why_name((enum bypass_why)i), &why));
		ck_assert_int_eq((int)why, i);
	}
	ck_assert(!bypass_why_find("?", &why));
	ck_assert_str_eq(bypass_why_name(BYPASS_WHY_COUNT), "?");
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("bypass"), 3);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("bypass");
	TCase *t = tcase_create("bypass");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_flow_is_its_signing_id_else_its_path_else_its_users);
	tcase_add_test(t, names_are_lower_case_without_the_final_dot);
	tcase_add_test(t, a_message_is_two_texts_and_nothing_else);
	tcase_add_test(t, enough_failures_within_the_window_make_an_entry);
	tcase_add_test(t, a_failure_after_the_window_is_a_first_one);
	tcase_add_test(t, a_clock_that_goes_back_counts_from_there);
	tcase_add_test(t, a_server_that_asks_is_believed_at_once);
	tcase_add_test(t, what_is_learned_is_not_learned_again_until_it_ends);
	tcase_add_test(t, entries_are_not_made_faster_than_they_may);
	tcase_add_test(t, one_application_can_not_push_out_the_others);
	tcase_add_test(t, the_one_not_used_for_longest_makes_room);
	tcase_add_test(t, what_a_person_added_makes_room_for_nothing);
	tcase_add_test(t, an_entry_for_every_application_is_found_for_each);
	tcase_add_test(t, they_end_by_time_by_hand_and_by_order);
	tcase_add_test(t, a_removal_forgets_the_failures_too);
	tcase_add_test(t, they_are_walked_in_the_order_they_were_made);
	tcase_add_test(t, never_is_about_names_and_addresses);
	tcase_add_test(t, reasons_have_names_and_back);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
