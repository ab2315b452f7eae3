/* SPDX-License-Identifier: ISC */
/* Unit suite of log/when: what records and what people write as a time. */
#include "log/when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "t/unit/suite.h"

#define NOW_US INT64_C(1795428900123456) /* 2026-11-23T10:15:00.123456Z */
#define MIDNIGHT_US INT64_C(1795392000000000)
#define S INT64_C(1000000)

static const struct {
	const char *text;
	int64_t us;
} stamps[] = {
    {"2026-11-23T10:15:00.123456Z", NOW_US},
    {"2026-11-23T10:15:00.123456789Z", NOW_US},
    {"2026-11-23t10:15:00.123456z", NOW_US},
    {"2026-11-23 10:15:00Z", NOW_US - 123456},
    {"2026-11-23T12:45:00.1+02:30", NOW_US - 23456},
    {"2026-11-23T05:15:00-05:00", NOW_US - 123456},
    {"1970-01-01T00:00:00Z", 0},
    {"1969-12-31T23:59:59.5Z", -500000},
};

START_TEST(a_stamp_is_read)
{
	int64_t us;

	ck_assert(when_stamp(stamps[_i].text, strlen(stamps[_i].text), &us));
	ck_assert_int_eq(us, stamps[_i].us);
}
END_TEST

static const char *const no_stamps[] = {"", "2026-11-23", "2026-11-23T10:15Z",
    "2026-11-23T10:15:00", "2026-13-23T10:15:00Z", "2026-11-23T24:15:00Z",
    "2026-11-23T10:15:00Zx", "2026-11-23T10:15:00+1:00", "yesterday",
    "2026-11-23T10:15:00+01:60"};

/* Cut at every place, too. */
START_TEST(what_is_no_stamp_is_not_read)
{
	int64_t us;

	ck_assert(!when_stamp(no_stamps[_i], strlen(no_stamps[_i]), &us));
	for (size_t n = 0; n < strlen(stamps[0].text); n++)
		ck_assert(!when_stamp(stamps[0].text, n, &us));
}
END_TEST

static const struct {
	const char *text;
	int64_t us;
} words[] = {
    {"now", NOW_US}, {"today", MIDNIGHT_US}, {"yesterday", MIDNIGHT_US - 86400 * S},
    {"90s", NOW_US - 90 * S}, {"10m", NOW_US - 600 * S}, {"1.5h", NOW_US - 5400 * S},
    {"2d", NOW_US - 2 * 86400 * S}, {"1w", NOW_US - 7 * 86400 * S},
    {"@1795428900", NOW_US - 123456}, {"@1795428900.5", NOW_US + 376544},
    {"2026-11-23T10:15:00.123456Z", NOW_US},
    {"2026-11-22", MIDNIGHT_US - 86400 * S},
    {"2026-11-23 10:15", NOW_US - 123456},
    {"2026-11-23T10:15:01", NOW_US - 123456 + S},
    {"10:15", NOW_US - 123456}, {"10:15:00.5", NOW_US + 376544},
};

START_TEST(what_a_person_says_is_read)
{
	int64_t us;

	ck_assert_msg(when_parse(words[_i].text, NOW_US, true, &us), "%s",
	    words[_i].text);
	ck_assert_int_eq(us, words[_i].us);
}
END_TEST

START_TEST(what_names_no_zone_is_local)
{
	int64_t us;

	ck_assert_int_eq(setenv("TZ", "UTC-3", 1), 0);
	tzset();
	ck_assert(when_parse("2026-11-23 13:15", NOW_US, false, &us));
	ck_assert_int_eq(us, NOW_US - 123456);
	ck_assert(when_parse("today", NOW_US, false, &us));
	ck_assert_int_eq(us, MIDNIGHT_US - 3 * 3600 * S);
}
END_TEST

static const char *const nonsense[] = {"", "10", "10x", "-5m", "m", "1e400s", "@",
    "@x", "tomorrow", "25:00", "2026-11-23 10", "2026-11-23x", "10:15pm"};

START_TEST(what_is_no_time_is_not_read)
{
	int64_t us;

	ck_assert_msg(!when_parse(nonsense[_i], NOW_US, true, &us), "%s",
	    nonsense[_i]);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("when");
	TCase *t = tcase_create("times");

	tcase_add_loop_test(t, a_stamp_is_read, 0, (int)ARRAY_LENGTH(stamps));
	tcase_add_loop_test(t, what_is_no_stamp_is_not_read, 0,
	    (int)ARRAY_LENGTH(no_stamps));
	tcase_add_loop_test(t, what_a_person_says_is_read, 0,
	    (int)ARRAY_LENGTH(words));
	tcase_add_test(t, what_names_no_zone_is_local);
	tcase_add_loop_test(t, what_is_no_time_is_not_read, 0,
	    (int)ARRAY_LENGTH(nonsense));
	suite_add_tcase(s, t);
	return s;
}
