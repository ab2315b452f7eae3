/* SPDX-License-Identifier: ISC */
/* Unit suite of log/retention: each limit alone, none, and which comes first. */
#include "log/retention.h"

#include "t/unit/suite.h"

#define NOW 1000000000u
#define GB 1000000000u

#define SPACE {.segments = 5000, .free = 900, .size = 100ull * GB}

static const struct {
	const char *what;
	struct retention limits;
	struct retention_space space;
	uint64_t written_us;
	enum retention_verdict verdict;
} rows[] = {
	{"no limits", {0}, SPACE, 0, RETENTION_KEEP},
	{"young", {.age_ms = 1000}, SPACE, NOW - 999999, RETENTION_KEEP},
	{"of age", {.age_ms = 1000}, SPACE, NOW - 1000000, RETENTION_TOO_OLD},
	{"ahead", {.age_ms = 1000}, SPACE, NOW + 5000000, RETENTION_KEEP},
	{"an age without an end", {.age_ms = UINT64_MAX / 1000}, SPACE, 616,
	    RETENTION_KEEP},
	{"as large as may be", {.bytes = 5000}, SPACE, 0, RETENTION_KEEP},
	{"larger", {.bytes = 4999}, SPACE, 0, RETENTION_TOO_LARGE},
	{"room enough", {.free_bytes = 900}, SPACE, 0, RETENTION_KEEP},
	{"too little room", {.free_bytes = 901}, SPACE, 0, RETENTION_TOO_FULL},
	{"a small file system", {.free_bytes = GB}, {5000, 900, 9000}, 0,
	    RETENTION_KEEP},
	{"a small full one", {.free_bytes = GB}, {5000, 899, 9000}, 0,
	    RETENTION_TOO_FULL},
	{"age goes first", {.age_ms = 1, .bytes = 1, .free_bytes = GB}, SPACE, 0,
	    RETENTION_TOO_OLD},
};

START_TEST(the_oldest_goes_by_the_first_limit_that_it_passes)
{
	enum retention_verdict got = retention_judge(&rows[_i].limits,
	    &rows[_i].space, rows[_i].written_us, NOW);

	ck_assert_msg(got == rows[_i].verdict, "%s: %d, not %d", rows[_i].what,
	    (int)got, (int)rows[_i].verdict);
}
END_TEST

START_TEST(it_is_due_when_it_will_be_of_age)
{
	const struct retention never = {.bytes = 1}, second = {.age_ms = 1000};

	ck_assert_uint_eq(retention_due_us(&never, 5), UINT64_MAX);
	ck_assert_uint_eq(retention_due_us(&second, 5), 1000005);
	ck_assert_uint_eq(retention_due_us(&second, UINT64_MAX - 3), UINT64_MAX);
}
END_TEST

START_TEST(each_limit_is_a_setting)
{
	ck_assert_ptr_null(retention_setting(RETENTION_KEEP));
	ck_assert_str_eq(retention_setting(RETENTION_TOO_OLD), "log.keep_age");
	ck_assert_str_eq(retention_setting(RETENTION_TOO_LARGE), "log.keep_size");
	ck_assert_str_eq(retention_setting(RETENTION_TOO_FULL), "log.keep_free");
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("retention");
	TCase *t = tcase_create("retention");

	tcase_add_loop_test(t, the_oldest_goes_by_the_first_limit_that_it_passes, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(t, it_is_due_when_it_will_be_of_age);
	tcase_add_test(t, each_limit_is_a_setting);
	suite_add_tcase(s, t);
	return s;
}
