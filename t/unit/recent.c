/* SPDX-License-Identifier: ISC */
/* Unit suite of base/recent: what is found, and what goes first. */
#include <check.h>
#include <string.h>

#include "base/recent.h"
#include "t/unit/suite.h"

#define THINGS 8

static struct recent_entry things[THINGS];
static size_t dropped[THINGS];
static struct recent table;

static void
note(struct recent_entry *entry)
{
	dropped[entry - things]++;
}

/* Things 0 and 4, 1 and 5... have the same id; all share a bucket. */
static void
set_up(size_t limit)
{
	memset(dropped, 0, sizeof(dropped));
	for (size_t i = 0; i < THINGS; i++) {
		things[i] = (struct recent_entry){0};
		things[i].id[RECENT_ID_BYTES - 1] = (uint8_t)(i % 4);
	}
	recent_init(&table, limit, note);
}

START_TEST(the_least_recently_used_goes_first)
{
	set_up(3);
	for (size_t i = 0; i < 3; i++)
		recent_add(&table, &things[i]);
	ck_assert_ptr_eq(recent_find(&table, things[0].id), &things[0]);
	recent_add(&table, &things[3]);
	ck_assert_uint_eq(dropped[1], 1);
	ck_assert_ptr_null(recent_find(&table, things[1].id));
	ck_assert_ptr_eq(recent_find(&table, things[0].id), &things[0]);
	ck_assert_ptr_eq(recent_find(&table, things[2].id), &things[2]);
	recent_clear(&table);
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_eq(dropped[i], 1);
	ck_assert_uint_eq(table.count, 0);
}
END_TEST

START_TEST(of_those_with_one_id_the_last_is_found)
{
	set_up(THINGS);
	for (size_t i = 0; i < THINGS; i++)
		recent_add(&table, &things[i]);
	ck_assert_ptr_eq(recent_find(&table, things[1].id), &things[5]);
	recent_take(&table, &things[5]);
	ck_assert_uint_eq(dropped[5], 0);
	ck_assert_ptr_eq(recent_find(&table, things[1].id), &things[1]);
	recent_take(&table, &things[1]);
	ck_assert_ptr_null(recent_find(&table, things[1].id));
	recent_clear(&table);
	ck_assert_uint_eq(dropped[1] + dropped[5], 0);
}
END_TEST

START_TEST(those_with_one_id_are_trimmed_from_the_first)
{
	set_up(THINGS);
	for (size_t i = 0; i < THINGS; i++)
		recent_add(&table, &things[i]);
	recent_trim(&table, things[1].id, 2);
	ck_assert_uint_eq(table.count, THINGS);
	recent_trim(&table, things[1].id, 1);
	ck_assert_uint_eq(dropped[1], 1);
	ck_assert_uint_eq(table.count, THINGS - 1);
	recent_trim(&table, things[1].id, 0);
	ck_assert_uint_eq(dropped[5], 1);
	ck_assert_ptr_null(recent_find(&table, things[1].id));
	ck_assert_ptr_eq(recent_find(&table, things[0].id), &things[4]);
	recent_clear(&table);
}
END_TEST

START_TEST(a_table_for_nothing_keeps_nothing)
{
	set_up(0);
	recent_add(&table, &things[0]);
	ck_assert_uint_eq(dropped[0], 1);
	ck_assert_ptr_null(recent_find(&table, things[0].id));
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("recent");
	TCase *t = tcase_create("recent");

	tcase_add_test(t, the_least_recently_used_goes_first);
	tcase_add_test(t, of_those_with_one_id_the_last_is_found);
	tcase_add_test(t, those_with_one_id_are_trimmed_from_the_first);
	tcase_add_test(t, a_table_for_nothing_keeps_nothing);
	suite_add_tcase(s, t);
	return s;
}
