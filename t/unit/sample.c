/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/sample: one flow of so many, always the same, and which rules are
 * none. */
#include "mitm/sample.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "t/unit/suite.h"

static struct sample *sample;
static const char *why;
static size_t wrong;

static void
teardown(void)
{
	sample_free(sample);
	sample = NULL;
}

static bool
make(uint64_t one_of, const char *first, const char *second)
{
	char *rules[] = {(char *)first, (char *)second};
	const struct conf_list list = {.items = rules,
	    .count = first == NULL ? 0 : second == NULL ? 1 : 2};

	teardown();
	sample = sample_new(one_of, &list, &wrong, &why);
	return sample != NULL;
}

static unsigned
taken(const char *name, unsigned flows)
{
	unsigned count = 0;

	for (unsigned i = 0; i < flows; i++) {
		char id[40];
		(void)snprintf(id, sizeof(id), "abcdefgh-1-%u", i);
		if (sample_takes(sample, id, name, NULL))
			count++;
	}
	return count;
}

START_TEST(all_or_none)
{
	ck_assert(make(1, NULL, NULL));
	ck_assert_uint_eq(taken("a", 100), 100);
	ck_assert(make(0, NULL, NULL));
	ck_assert_uint_eq(taken("a", 100), 0);
}
END_TEST

START_TEST(one_of_so_many)
{
	ck_assert(make(10, NULL, NULL));
	ck_assert_uint_gt(taken("a", 10000), 900);
	ck_assert_uint_lt(taken("a", 10000), 1100);
	ck_assert(make(2, NULL, NULL));
	ck_assert_uint_gt(taken("a", 10000), 4850);
	ck_assert_uint_lt(taken("a", 10000), 5150);
}
END_TEST

/* The SHA-256 of "d6vtinot-1-5" begins with b58f4bdc79acbf66. */
START_TEST(the_id_alone_decides)
{
	static const struct {
		uint64_t one_of;
		bool takes;
	} cases[] = {{2, true}, {3, false}, {7, false}, {110, true},
	    {1000, false}};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		ck_assert(make(cases[i].one_of, NULL, NULL));
		ck_assert(sample_takes(sample, "d6vtinot-1-5", NULL, NULL) ==
		    cases[i].takes);
	}
}
END_TEST

START_TEST(the_first_rule_that_covers_the_host_counts)
{
	ck_assert(make(0, "a.example=1", ".example=0"));
	ck_assert_uint_eq(taken("a.example", 10), 10);
	ck_assert_uint_eq(taken("b.example", 10), 0);
	ck_assert(make(1, ".example=0", "a.example=1"));
	ck_assert_uint_eq(taken("a.example", 10), 0);
	ck_assert_uint_eq(taken("other", 10), 10);
	ck_assert_uint_eq(taken(NULL, 10), 10);
}
END_TEST

static const char *const errors[] = {"a.example", "a.example=", "a.example=-1",
    "a.example=1000001", "a.example=10%", "a.example=00000001", "=1", "a b=1",
    "port:25=1"};

START_TEST(a_rule_that_is_none_is_named)
{
	ck_assert(!make(1, "x=1", errors[_i]));
	ck_assert_uint_eq(wrong, 1);
	ck_assert_ptr_nonnull(why);
	ck_assert_uint_gt(strlen(why), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("sample");
	TCase *t = tcase_create("sample");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, all_or_none);
	tcase_add_test(t, one_of_so_many);
	tcase_add_test(t, the_id_alone_decides);
	tcase_add_test(t, the_first_rule_that_covers_the_host_counts);
	tcase_add_loop_test(t, a_rule_that_is_none_is_named, 0, ARRAY_LENGTH(errors));
	suite_add_tcase(s, t);
	return s;
}
