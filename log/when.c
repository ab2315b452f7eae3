/* SPDX-License-Identifier: ISC */
/* Times as records and people write them. Pure but for the zone; CLI only. */
#include "log/when.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define US_PER_S INT64_C(1000000)
#define S_PER_DAY INT64_C(86400)

/* A text that is read from its front. */
struct text {
	const char *p, *end;
};

static bool
take(struct text *t, char wanted)
{
	if (t->p == t->end || *t->p != wanted)
		return false;
	t->p++;
	return true;
}

static bool
take_number(struct text *t, unsigned digits, int *out)
{
	*out = 0;
	for (; digits > 0; digits--, t->p++) {
		if (t->p == t->end || *t->p < '0' || *t->p > '9')
			return false;
		*out = *out * 10 + (*t->p - '0');
	}
	return true;
}

static bool
take_date(struct text *t, struct tm *tm)
{
	if (!take_number(t, 4, &tm->tm_year) || !take(t, '-') ||
	    !take_number(t, 2, &tm->tm_mon) || !take(t, '-') ||
	    !take_number(t, 2, &tm->tm_mday) || tm->tm_mon < 1 ||
	    tm->tm_mon > 12 || tm->tm_mday < 1 || tm->tm_mday > 31)
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	return true;
}

/* Digits behind a point, of which the first six count. */
static void
take_fraction(struct text *t, int64_t *us)
{
	int64_t unit = US_PER_S / 10;

	for (; t->p < t->end && *t->p >= '0' && *t->p <= '9'; t->p++, unit /= 10)
		*us += (*t->p - '0') * unit;
}

/* "10:15" or "10:15:00.123". */
static bool
take_clock(struct text *t, struct tm *tm, bool with_seconds, int64_t *us)
{
	*us = 0;
	if (!take_number(t, 2, &tm->tm_hour) || !take(t, ':') ||
	    !take_number(t, 2, &tm->tm_min) || tm->tm_hour > 23 ||
	    tm->tm_min > 59)
		return false;
	if (!take(t, ':'))
		return !with_seconds;
	if (!take_number(t, 2, &tm->tm_sec) || tm->tm_sec > 60)
		return false;
	if (take(t, '.'))
		take_fraction(t, us);
	return true;
}

/* Z or +hh:mm, in seconds. */
static bool
take_offset(struct text *t, int64_t *seconds)
{
	int hours, minutes, sign = t->p < t->end && *t->p == '-' ? -1 : 1;

	*seconds = 0;
	if (take(t, 'Z') || take(t, 'z'))
		return true;
	if ((!take(t, '+') && !take(t, '-')) || !take_number(t, 2, &hours) ||
	    !take(t, ':') || !take_number(t, 2, &minutes) || hours > 23 ||
	    minutes > 59)
		return false;
	*seconds = sign * (hours * INT64_C(3600) + minutes * INT64_C(60));
	return true;
}

bool
when_stamp(const char *text, size_t length, int64_t *us)
{
	struct text t = {text, text + length};
	struct tm tm = {0};
	int64_t fraction, shift;

	if (!take_date(&t, &tm) ||
	    (!take(&t, 'T') && !take(&t, 't') && !take(&t, ' ')) ||
	    !take_clock(&t, &tm, true, &fraction) || !take_offset(&t, &shift) ||
	    t.p != t.end)
		return false;
	*us = ((int64_t)timegm(&tm) - shift) * US_PER_S + fraction;
	return true;
}

/* --- a person's words --- */

static int64_t
to_us(struct tm *tm, bool utc)
{
	tm->tm_isdst = -1;
	return (int64_t)(utc ? timegm(tm) : mktime(tm)) * US_PER_S;
}

/* The day that now_us is in, `back` days before. */
static bool
midnight(int64_t now_us, int back, bool utc, struct tm *tm)
{
	time_t seconds = (time_t)(now_us / US_PER_S);

	if ((utc ? gmtime_r(&seconds, tm) : localtime_r(&seconds, tm)) == NULL)
		return false;
	tm->tm_hour = tm->tm_min = tm->tm_sec = 0;
	tm->tm_mday -= back;
	return true;
}

static bool
parse_age(const char *text, int64_t now_us, int64_t *us)
{
	static const char names[] = "smhdw";
	static const int64_t units_s[] = {1, 60, 3600, S_PER_DAY, 7 * S_PER_DAY};
	char *end;

	errno = 0;
	double count = strtod(text, &end);
	const char *unit = *end == '\0' ? NULL : strchr(names, *end);
	if (errno != 0 || end == text || unit == NULL || end[1] != '\0' ||
	    text[0] < '0' || text[0] > '9' || count > 1e9)
		return false;
	*us = now_us - (int64_t)(count * (double)(units_s[unit - names] * US_PER_S));
	return true;
}

static bool
parse_epoch(const char *text, int64_t *us)
{
	char *end;

	if (text[0] != '@')
		return false;
	errno = 0;
	double seconds = strtod(text + 1, &end);
	if (errno != 0 || end == text + 1 || *end != '\0' || !(seconds > -1e11) ||
	    !(seconds < 1e11))
		return false;
	*us = (int64_t)(seconds * (double)US_PER_S);
	return true;
}

/* A date, a date and a time of day, or a time of day of today. */
static bool
parse_calendar(const char *text, int64_t now_us, bool utc, int64_t *us)
{
	struct text t = {text, text + strlen(text)};
	struct tm tm = {0};
	int64_t fraction = 0;

	if (take_date(&t, &tm)) {
		if (t.p < t.end && (!(take(&t, ' ') || take(&t, 'T')) ||
		        !take_clock(&t, &tm, false, &fraction)))
			return false;
	} else {
		t.p = text;
		if (!midnight(now_us, 0, utc, &tm) ||
		    !take_clock(&t, &tm, false, &fraction))
			return false;
	}
	*us = to_us(&tm, utc) + fraction;
	return t.p == t.end;
}

bool
when_parse(const char *text, int64_t now_us, bool utc, int64_t *us)
{
	struct tm tm;
	bool yesterday = strcmp(text, "yesterday") == 0;

	if (strcmp(text, "now") == 0) {
		*us = now_us;
		return true;
	}
	if (yesterday || strcmp(text, "today") == 0) {
		if (!midnight(now_us, yesterday ? 1 : 0, utc, &tm))
			return false;
		*us = to_us(&tm, utc);
		return true;
	}
	return parse_age(text, now_us, us) || parse_epoch(text, us) ||
	    when_stamp(text, strlen(text), us) ||
	    parse_calendar(text, now_us, utc, us);
}
