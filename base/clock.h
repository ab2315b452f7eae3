/* SPDX-License-Identifier: ISC */
/* The two clocks, for those who run pure modules and hand the time in. */
#ifndef SIGHTGLASS_BASE_CLOCK_H
#define SIGHTGLASS_BASE_CLOCK_H

#include <stdint.h>
#include <sys/time.h>

/* Microseconds since the epoch: what records say. It can jump. */
uint64_t clock_wall_us(void);

/* Milliseconds of a clock that only goes forward: what deadlines count. */
uint64_t clock_tick_ms(void);

/* Microseconds of that clock: what a piece of work took. */
uint64_t clock_tick_us(void);

/* So many milliseconds, as an event loop takes them. */
struct timeval clock_timeval(uint64_t ms);

/* Seconds since the epoch at that time (UTC); a value that is too large carries
 * over. */
int64_t clock_utc_s(int year, int month, int day, int hour, int minute,
    int second);

#endif
