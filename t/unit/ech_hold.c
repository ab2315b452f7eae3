/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/ech_hold: what waits, and for how long. */
#include "mitm/ech_hold.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

/* An HTTPS record with ech=XY for ".", and the same without. */
static const uint8_t with[] = "\0\1\x81\x80\0\0\0\1\0\0\0\0"
    "\0\0\x41\0\1\0\0\0\x3c\0\x09" "\0\1\0" "\0\5\0\2XY";
static const uint8_t without[] = "\0\1\x81\x80\0\0\0\1\0\0\0\0"
    "\0\0\x41\0\1\0\0\0\x3c\0\x09" "\0\1\0" "\xff\0\0\2\0\0";
#define BYTES (sizeof(with) - 1)

static struct ech_hold *hold;
static uint8_t fed[ECH_HOLD_BYTES_MAX];

static void
setup(void)
{
	hold = ech_hold_new();
	ck_assert_ptr_nonnull(hold);
}

static void
teardown(void)
{
	ech_hold_free(hold);
}

static void
feed(const void *bytes, size_t length)
{
	memcpy(fed, bytes, length);
	ech_hold_feed(hold, fed, length);
}

static void
check_given(const void *bytes, size_t length)
{
	struct bytes given = ech_hold_settle(hold);

	ck_assert_uint_eq(given.length, length);
	if (length > 0)
		ck_assert_mem_eq(given.data, bytes, length);
}

START_TEST(what_is_no_answer_passes_where_it_lies)
{
	feed("abc", 3);
	ck_assert_ptr_eq(ech_hold_settle(hold).data, fed);
	ck_assert(!ech_hold_waits(hold));
}
END_TEST

START_TEST(an_answer_in_one_piece_is_changed_where_it_lies)
{
	feed(with, BYTES);
	ech_hold_piece(hold, 1, 0, (struct bytes){fed, BYTES});
	ck_assert(ech_hold_end(hold, 1));
	check_given(without, BYTES);
	ck_assert(!ech_hold_waits(hold));
}
END_TEST

START_TEST(one_in_pieces_waits_and_what_came_behind_it_too)
{
	feed("abc", 3);
	memcpy(fed + 3, with, 20);
	ech_hold_feed(hold, fed, 23);
	ech_hold_piece(hold, 1, 0, (struct bytes){fed + 3, 20});
	check_given("abc", 3);
	ck_assert(ech_hold_waits(hold));
	feed("def", 3);
	check_given("", 0);
	feed(with + 20, BYTES - 20);
	ech_hold_piece(hold, 1, 20, (struct bytes){fed, BYTES - 20});
	ck_assert(ech_hold_end(hold, 1));
	struct bytes given = ech_hold_settle(hold);
	ck_assert_uint_eq(given.length, BYTES + 3);
	ck_assert_mem_eq(given.data, without, 20);
	ck_assert_mem_eq(given.data + 20, "def", 3);
	ck_assert_mem_eq(given.data + 23, without + 20, BYTES - 20);
	ck_assert(!ech_hold_waits(hold));
}
END_TEST

START_TEST(what_will_never_be_whole_passes_as_it_came)
{
	feed(with, 20);
	ech_hold_piece(hold, 1, 0, (struct bytes){fed, 20});
	check_given("", 0);
	ech_hold_feed(hold, NULL, 0);
	ech_hold_forget_all(hold);
	check_given(with, 20);
	feed(with + 20, BYTES - 20);
	ech_hold_piece(hold, 1, 20, (struct bytes){fed, BYTES - 20});
	ck_assert(!ech_hold_end(hold, 1));
	check_given(with + 20, BYTES - 20);
}
END_TEST

START_TEST(one_that_is_forgotten_holds_nothing_up)
{
	feed(with, 20);
	ech_hold_piece(hold, 1, 0, (struct bytes){fed, 20});
	ech_hold_forget(hold, 1);
	check_given(with, 20);
}
END_TEST

START_TEST(no_more_waits_than_may)
{
	static uint8_t other[ECH_HOLD_BYTES_MAX];

	feed(with, 20);
	ech_hold_piece(hold, 1, 0, (struct bytes){fed, 20});
	check_given("", 0);
	ech_hold_feed(hold, other, sizeof(other));
	ck_assert_uint_eq(ech_hold_settle(hold).length, 20 + sizeof(other));
	ck_assert(!ech_hold_waits(hold));
	ck_assert(!ech_hold_end(hold, 1));
}
END_TEST

START_TEST(bytes_from_elsewhere_are_not_touched)
{
	uint8_t other[BYTES];

	memcpy(other, with, BYTES);
	feed("abc", 3);
	ech_hold_piece(hold, 1, 0, (struct bytes){other, BYTES});
	ck_assert(!ech_hold_end(hold, 1));
	check_given("abc", 3);
	ck_assert_mem_eq(other, with, BYTES);
}
END_TEST

START_TEST(any_stream_is_what_it_would_be_as_a_whole)
{
	uint8_t steps[500];

	srandom(4711);
	for (int round = 0; round < 5000; round++) {
		size_t length = 1 + (size_t)random() % sizeof(steps);
		for (size_t i = 0; i < length; i++)
			steps[i] = (uint8_t)(random() % 3 ? random() : random() % 16);
		LLVMFuzzerTestOneInput(steps, length);
	}
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_gt(corpus_run("ech_hold"), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("ech_hold");
	TCase *t = tcase_create("hold");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, what_is_no_answer_passes_where_it_lies);
	tcase_add_test(t, an_answer_in_one_piece_is_changed_where_it_lies);
	tcase_add_test(t, one_in_pieces_waits_and_what_came_behind_it_too);
	tcase_add_test(t, what_will_never_be_whole_passes_as_it_came);
	tcase_add_test(t, one_that_is_forgotten_holds_nothing_up);
	tcase_add_test(t, no_more_waits_than_may);
	tcase_add_test(t, bytes_from_elsewhere_are_not_touched);
	tcase_add_test(t, any_stream_is_what_it_would_be_as_a_whole);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
