/* SPDX-License-Identifier: ISC */
/* Unit suite of cli/histogram: percentiles beside those of the sorted values. */
#include "cli/histogram.h"

#include <stdlib.h>

#include "t/unit/suite.h"

#define VALUES 5000u

static int
ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of every size, from a generator that says the same each time. */
static uint64_t
draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 24 >> (*state >> 58) % 40;
}

static void
check_percentiles(uint64_t *values, size_t count)
{
	struct histogram h = {0};

	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(histogram_add(&h, values[i]), 0);
	qsort(values, count, sizeof(*values), ascending);
	for (unsigned percent = 1; percent <= 100; percent++) {
		uint64_t exact = values[(percent * count + 99) / 100 - 1];
		uint64_t got = histogram_at(&h, percent);
		uint64_t off = got > exact ? got - exact : exact - got;
		ck_assert_msg(off * 64 <= exact, "p%u: %llu is not %llu", percent,
		    (unsigned long long)got, (unsigned long long)exact);
	}
	ck_assert_uint_eq(h.count, count);
	ck_assert_uint_eq(h.least, values[0]);
	ck_assert_uint_eq(h.most, values[count - 1]);
	histogram_free(&h);
}

START_TEST(percentiles_are_within_a_64th)
{
	uint64_t values[VALUES], state = (uint64_t)_i;

	for (size_t count = 1; count <= VALUES; count = count * 2 + 1) {
		for (size_t i = 0; i < count; i++)
			values[i] = draw(&state);
		check_percentiles(values, count);
	}
}
END_TEST

START_TEST(small_values_are_exact)
{
	struct histogram h = {0};

	for (uint64_t value = 0; value < 32; value++)
		ck_assert_int_eq(histogram_add(&h, value), 0);
	for (unsigned percent = 1; percent <= 100; percent++)
		ck_assert_uint_eq(histogram_at(&h, percent),
		    (percent * 32 + 99) / 100 - 1);
	histogram_free(&h);
}
END_TEST

START_TEST(the_ends_of_buckets_stay_apart)
{
	for (uint64_t power = 32; power < HISTOGRAM_MAX / 2; power *= 2) {
		uint64_t values[] = {power - 1, power, power + power / 32};
		check_percentiles(values, 3);
	}
}
END_TEST

START_TEST(nothing_has_no_percentile)
{
	struct histogram h = {0};

	ck_assert_uint_eq(histogram_at(&h, 50), 0);
	histogram_free(&h);
}
END_TEST

START_TEST(what_is_too_large_keeps_its_most)
{
	struct histogram h = {0};

	ck_assert_int_eq(histogram_add(&h, UINT64_MAX), 0);
	ck_assert_int_eq(histogram_add(&h, UINT64_MAX), 0);
	ck_assert_int_eq(histogram_add(&h, 5), 0);
	ck_assert_uint_eq(histogram_at(&h, 1), 5);
	ck_assert_uint_ge(histogram_at(&h, 50), HISTOGRAM_MAX - HISTOGRAM_MAX / 32);
	ck_assert_uint_eq(histogram_at(&h, 99), UINT64_MAX);
	histogram_free(&h);
}
END_TEST

START_TEST(two_become_one)
{
	struct histogram one = {0}, other = {0}, both = {0};
	uint64_t state = 7;

	for (size_t i = 0; i < 1000; i++) {
		uint64_t value = draw(&state);
		ck_assert_int_eq(histogram_add(i % 3 ? &one : &other, value), 0);
		ck_assert_int_eq(histogram_add(&both, value), 0);
	}
	ck_assert_int_eq(histogram_merge(&one, &other), 0);
	for (unsigned percent = 1; percent <= 100; percent++)
		ck_assert_uint_eq(histogram_at(&one, percent),
		    histogram_at(&both, percent));
	ck_assert_uint_eq(one.count, both.count);
	ck_assert_uint_eq(one.least, both.least);
	ck_assert_uint_eq(one.most, both.most);
	histogram_free(&one);
	histogram_free(&other);
	histogram_free(&both);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("histogram");
	TCase *c = tcase_create("histogram");

	tcase_add_loop_test(c, percentiles_are_within_a_64th, 1, 5);
	tcase_add_test(c, small_values_are_exact);
	tcase_add_test(c, the_ends_of_buckets_stay_apart);
	tcase_add_test(c, nothing_has_no_percentile);
	tcase_add_test(c, what_is_too_large_keeps_its_most);
	tcase_add_test(c, two_become_one);
	suite_add_tcase(s, c);
	return s;
}
