/* SPDX-License-Identifier: ISC */
/* The two clocks, for those who run pure modules and hand the time in. */
#ifndef SIGHTGLASS_BASE_CLOCK_H
#define SIGHTGLASS_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds since the epoch: what records say. It can jump. */
uint64_t clock_wall_us(void);

/* Milliseconds of a clock that only goes forward: what deadlines count. */
uint64_t clock_tick_ms(void);

#endif
