/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of ca/scope: what a domain and a block permit, that several levels
 * must all permit, and what is refused as a constraint. Whether the extension is
 * read by others as by us is asked in t/unit/ca.c.
 */
#include "ca/scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

static struct scope scope;

static void
clear(void)
{
	scope = (struct scope){0};
}

static bool
permits(const char *text)
{
	struct name name;

	ck_assert_int_eq(name_read(&name, text), 0);
	return scope_permits(&scope, &name);
}

START_TEST(without_trees_every_name_is_permitted)
{
	ck_assert(permits("www.example.com") && permits("192.0.2.1") &&
	    permits("2001:db8::1"));
}
END_TEST

START_TEST(a_domain_permits_what_is_below_it)
{
	ck_assert_int_eq(scope_permit(&scope, "Example.COM"), 0);
	ck_assert(permits("example.com") && permits("a.b.example.com"));
	ck_assert(permits("*.example.com"));
	ck_assert(!permits("badexample.com") && !permits("example.com.net"));
	ck_assert(!permits("com"));
	/* Of other kinds it says nothing, until the scope is closed. */
	ck_assert(permits("192.0.2.1"));
	ck_assert_int_eq(scope_close(&scope), 0);
	ck_assert(!permits("192.0.2.1") && !permits("2001:db8::1"));
	ck_assert(permits("www.example.com"));
}
END_TEST

START_TEST(a_dot_in_front_permits_only_what_is_below)
{
	ck_assert_int_eq(scope_permit(&scope, ".example.com"), 0);
	ck_assert(!permits("example.com") && permits("www.example.com"));
	ck_assert(!permits("wwwexample.com"));
}
END_TEST

START_TEST(a_block_permits_its_addresses)
{
	ck_assert_int_eq(scope_permit(&scope, "192.0.2.128/25"), 0);
	ck_assert(permits("192.0.2.128") && permits("192.0.2.255"));
	ck_assert(!permits("192.0.2.127") && !permits("198.51.100.128"));
	/* The other family is of the same kind in a certificate. */
	ck_assert(!permits("2001:db8::1"));
	ck_assert_int_eq(scope_permit(&scope, "2001:db8::/32"), 0);
	ck_assert(permits("2001:db8:ffff::1") && !permits("2001:db9::1"));
	ck_assert(permits("www.example.com"));
	ck_assert_int_eq(scope_close(&scope), 0);
	ck_assert(!permits("www.example.com") && permits("192.0.2.200"));
}
END_TEST

START_TEST(what_is_neither_domain_nor_block_is_refused)
{
	static const char *const wrong[] = {"", ".", "*.example.com", "a b",
	    "192.0.2.1", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/x", "/8",
	    "2001:db8::/129", "192.0.2.0/-1", "example..com", "192.0.2.0/24 "};

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		ck_assert_msg(scope_permit(&scope, wrong[i]) == E_SYNTAX, "'%s'",
		    wrong[i]);
	ck_assert_uint_eq(scope.count, 0);
}
END_TEST

START_TEST(there_is_room_for_so_many)
{
	for (unsigned i = 0; i < SCOPE_TREES_MAX; i++)
		ck_assert_int_eq(scope_permit(&scope, "example.com"), 0);
	ck_assert_int_eq(scope_permit(&scope, "example.com"), E_FULL);
	ck_assert_int_eq(scope_close(&scope), E_FULL);
}
END_TEST

static void
add(unsigned level, bool excluded, const char *domain)
{
	struct scope_tree *tree = &scope.trees[scope.count++];

	*tree = (struct scope_tree){.level = level, .excluded = excluded,
	    .kind = NAME_DNS, .length = (uint8_t)strlen(domain)};
	memcpy(tree->bytes, domain, strlen(domain));
	scope.levels = level + 1;
}

START_TEST(every_level_must_permit)
{
	add(0, false, "example.com");
	add(1, false, "www.example.com");
	add(1, false, "example.net");
	ck_assert(permits("www.example.com"));
	ck_assert(!permits("example.com") && !permits("example.net"));
}
END_TEST

START_TEST(what_is_excluded_is_not_permitted)
{
	add(0, false, "example.com");
	add(0, true, "secret.example.com");
	ck_assert(permits("example.com"));
	ck_assert(!permits("secret.example.com"));
	ck_assert(!permits("a.secret.example.com"));
	/* It would stand for the excluded one. */
	ck_assert(!permits("*.example.com") && permits("*.open.example.com"));
}
END_TEST

START_TEST(names_outside_are_filtered_out)
{
	static const char *const all[] = {"a.net", "www.example.com", "b.net",
	    "example.com", "192.0.2.1"};
	static struct names names;

	for (size_t i = 0; i < ARRAY_LENGTH(all); i++)
		ck_assert_int_eq(names_add(&names, all[i]), 0);
	ck_assert_int_eq(scope_permit(&scope, "example.com"), 0);
	scope_filter(&scope, &names);
	ck_assert_uint_eq(names.count, 3);
	ck_assert_mem_eq(names.items[0].bytes, "www.example.com", 15);
	ck_assert_mem_eq(names.items[1].bytes, "example.com", 11);
	ck_assert_int_eq(names.items[2].kind, NAME_IP4);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("scope"), 4);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("scope");
	TCase *t = tcase_create("scope");

	tcase_add_checked_fixture(t, clear, NULL);
	tcase_add_test(t, without_trees_every_name_is_permitted);
	tcase_add_test(t, a_domain_permits_what_is_below_it);
	tcase_add_test(t, a_dot_in_front_permits_only_what_is_below);
	tcase_add_test(t, a_block_permits_its_addresses);
	tcase_add_test(t, what_is_neither_domain_nor_block_is_refused);
	tcase_add_test(t, there_is_room_for_so_many);
	tcase_add_test(t, every_level_must_permit);
	tcase_add_test(t, what_is_excluded_is_not_permitted);
	tcase_add_test(t, names_outside_are_filtered_out);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
