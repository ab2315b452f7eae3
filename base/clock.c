/* SPDX-License-Identifier: ISC */
/* Wall clock and monotonic clock. Any process. */
#include "base/clock.h"

#include <time.h>

uint64_t
clock_wall_us(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t
clock_tick_us(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t
clock_tick_ms(void)
{
	return clock_tick_us() / 1000;
}

struct timeval
clock_timeval(uint64_t ms)
{
	return (struct timeval){.tv_sec = (time_t)(ms / 1000),
	    .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

int64_t
clock_utc_s(int year, int month, int day, int hour, int minute, int second)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
	    .tm_hour = hour, .tm_min = minute, .tm_sec = second};

	return (int64_t)timegm(&tm);
}
