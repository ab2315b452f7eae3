/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/h2_streams. */
#include "mitm/h2_streams.h"

#include "t/unit/suite.h"

#define MANY 5000u

static void
add_many(struct h2_streams *all)
{
	h2_streams_init(all);
	for (uint32_t i = 0; i < MANY; i++)
		ck_assert_ptr_nonnull(h2_streams_add(all, 2 * i + 1));
}

START_TEST(nothing_is_found_where_nothing_is)
{
	struct h2_streams all;

	h2_streams_init(&all);
	ck_assert_ptr_null(h2_streams_find(&all, 1));
	ck_assert_ptr_null(h2_streams_first(&all));
	h2_streams_free(&all);
}
END_TEST

START_TEST(each_is_found_by_its_number)
{
	struct h2_streams all;

	add_many(&all);
	ck_assert_uint_eq(all.count, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		ck_assert_uint_eq(h2_streams_find(&all, 2 * i + 1)->id, 2 * i + 1);
		ck_assert_ptr_null(h2_streams_find(&all, 2 * i));
	}
	h2_streams_free(&all);
}
END_TEST

START_TEST(they_stand_in_the_order_in_which_they_were_opened)
{
	struct h2_streams all;
	uint32_t expected = 1;

	add_many(&all);
	for (struct h2_stream *s = h2_streams_first(&all); s != NULL;
	    s = h2_streams_next(s), expected += 2)
		ck_assert_uint_eq(s->id, expected);
	ck_assert_uint_eq(expected, 2 * MANY + 1);
	h2_streams_free(&all);
}
END_TEST

START_TEST(one_that_is_removed_leaves_the_others)
{
	struct h2_streams all;

	add_many(&all);
	for (uint32_t i = 0; i < MANY; i += 2)
		h2_streams_remove(&all, h2_streams_find(&all, 2 * i + 1));
	ck_assert_uint_eq(all.count, MANY / 2);
	for (uint32_t i = 0; i < MANY; i++)
		ck_assert((h2_streams_find(&all, 2 * i + 1) != NULL) == (i % 2 == 1));
	h2_streams_free(&all);
	ck_assert_uint_eq(all.count, 0);
	ck_assert_ptr_nonnull(h2_streams_add(&all, 7));
	h2_streams_free(&all);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("h2_streams");
	TCase *t = tcase_create("h2_streams");

	tcase_add_test(t, nothing_is_found_where_nothing_is);
	tcase_add_test(t, each_is_found_by_its_number);
	tcase_add_test(t, they_stand_in_the_order_in_which_they_were_opened);
	tcase_add_test(t, one_that_is_removed_leaves_the_others);
	suite_add_tcase(s, t);
	return s;
}
