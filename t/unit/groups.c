/* SPDX-License-Identifier: ISC */
/* Unit suite of cli/groups: sums, their order, and what becomes of too many values. */
#include "cli/groups.h"

#include <stdio.h>
#include <string.h>

#include "t/unit/suite.h"

static const struct sample one = {.counted = true, .timed = true,
    .duration_us = 1000, .sent = 10, .received = 100};

static void
add(struct groups *g, const char *text, const struct sample *s)
{
	ck_assert_int_eq(groups_add(g, text, text == NULL ? 0 : strlen(text), s), 0);
}

static const struct group *
find(const struct groups *g, const char *text)
{
	for (size_t i = 0; i < g->count; i++) {
		const char *found = g->items[i].text;
		if (text == NULL ? found == NULL
		                 : found != NULL && strcmp(found, text) == 0)
			return &g->items[i];
	}
	return NULL;
}

START_TEST(samples_are_summed_up)
{
	const struct sample failed = {.counted = true, .failed = true, .sent = 1};
	const struct sample bytes = {.failed = true, .timed = true, .received = 7};
	struct groups g;

	ck_assert(groups_init(&g, 16, GROUP_BY_COUNT));
	add(&g, "a", &one);
	add(&g, "a", &failed);
	add(&g, "a", &bytes);
	add(&g, "", &one);
	add(&g, NULL, &one);
	const struct group *a = find(&g, "a");
	ck_assert_uint_eq(a->count, 2);
	ck_assert_uint_eq(a->errors, 1);
	ck_assert_uint_eq(a->sent, 11);
	ck_assert_uint_eq(a->received, 107);
	ck_assert_uint_eq(a->latency.count, 1);
	ck_assert_uint_eq(find(&g, "")->count, 1);
	ck_assert_uint_eq(find(&g, NULL)->count, 1);
	ck_assert_uint_eq(g.total.count, 4);
	ck_assert_uint_eq(g.total.received, 307);
	groups_free(&g);
}
END_TEST

START_TEST(the_largest_is_first)
{
	const struct sample slow = {.counted = true, .timed = true, .failed = true,
	    .duration_us = 5000, .sent = 900};
	static const struct {
		enum group_order order;
		const char *first, *last;
	} cases[] = {
	    {GROUP_BY_COUNT, "many", "slow"},
	    {GROUP_BY_ERRORS, "slow", "many"},
	    {GROUP_BY_SENT, "slow", "few"},
	    {GROUP_BY_RECEIVED, "many", "slow"},
	    {GROUP_BY_BYTES, "slow", "few"},
	    {GROUP_BY_P50, "slow", "many"},
	    {GROUP_BY_MAX, "slow", "many"},
	    {GROUP_BY_NAME, "few", "slow"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct groups g;
		ck_assert(groups_init(&g, 16, cases[i].order));
		add(&g, "slow", &slow);
		for (int n = 0; n < 5; n++)
			add(&g, "many", &one);
		for (int n = 0; n < 2; n++)
			add(&g, "few", &one);
		ck_assert_int_eq(groups_sort(&g), 0);
		ck_assert_str_eq(g.items[0].text, cases[i].first);
		ck_assert_str_eq(g.items[2].text, cases[i].last);
		groups_free(&g);
	}
}
END_TEST

START_TEST(what_is_not_shown_is_one_sum)
{
	struct group others = {0};
	struct groups g;
	char name[] = "a";

	ck_assert(groups_init(&g, 16, GROUP_BY_COUNT));
	for (; name[0] <= 'f'; name[0]++) {
		for (char n = 'a'; n <= name[0]; n++)
			add(&g, name, &one);
	}
	ck_assert_int_eq(groups_sort(&g), 0);
	ck_assert_int_eq(groups_others(&g, 2, &others), 0);
	ck_assert_uint_eq(others.count, 4 + 3 + 2 + 1);
	ck_assert_uint_eq(others.latency.count, others.count);
	group_free(&others);
	groups_free(&g);
}
END_TEST

/* A few values among a flood of others, each of which comes once: they are found,
 * nothing of the sums is lost, and what they may lack is said. */
START_TEST(what_matters_is_kept_among_too_many)
{
	struct group others = {0};
	struct groups g;
	char text[32];
	uint64_t n = 0;

	ck_assert(groups_init(&g, 64, GROUP_BY_COUNT));
	for (unsigned i = 0; i < 10000; i++) {
		(void)snprintf(text, sizeof(text), "flood %u", i);
		add(&g, text, &one);
		n++;
		if (i % 10 == 0) {
			(void)snprintf(text, sizeof(text), "often %u", i / 10 % 3);
			add(&g, text, &one);
			n++;
		}
		ck_assert_uint_le(g.count, 64);
	}
	ck_assert_int_eq(groups_sort(&g), 0);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_msg(strncmp(g.items[i].text, "often", 5) == 0, "%s",
		    g.items[i].text);
		ck_assert_uint_le(g.items[i].count, 334);
		ck_assert_uint_ge(g.items[i].count + g.missing, 333);
	}
	ck_assert_uint_gt(g.given_up, 0);
	ck_assert_int_eq(groups_others(&g, 0, &others), 0);
	ck_assert_uint_eq(others.count, n);
	ck_assert_uint_eq(g.total.count, n);
	ck_assert_uint_eq(others.received, g.total.received);
	ck_assert_uint_eq(others.latency.count, n);
	group_free(&others);
	groups_free(&g);
}
END_TEST

START_TEST(a_long_value_is_told_by_its_begin)
{
	static char text[GROUP_TEXT_MAX + 2];
	struct groups g;

	ck_assert(groups_init(&g, 16, GROUP_BY_COUNT));
	memset(text, 'x', sizeof(text) - 1);
	text[GROUP_TEXT_MAX - 1] = (char)0xc3; /* and a half: one character */
	text[GROUP_TEXT_MAX] = (char)0xa9;
	add(&g, text, &one);
	ck_assert_uint_eq(g.items[0].length, GROUP_TEXT_MAX - 1);
	ck_assert_uint_eq(g.cut, 1);
	groups_free(&g);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("groups");
	TCase *c = tcase_create("groups");

	tcase_add_test(c, samples_are_summed_up);
	tcase_add_test(c, the_largest_is_first);
	tcase_add_test(c, what_is_not_shown_is_one_sum);
	tcase_add_test(c, what_matters_is_kept_among_too_many);
	tcase_add_test(c, a_long_value_is_told_by_its_begin);
	suite_add_tcase(s, c);
	return s;
}
