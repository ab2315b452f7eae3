/* SPDX-License-Identifier: ISC */
/*
 * Durations counted in buckets, so that percentiles of any number of them cost
 * little memory. Log-linear, as HdrHistogram: each doubling has 32 buckets of equal
 * width, so a percentile is wrong by less than 1 part in 64; below 32 and at both
 * ends it is exact. Pure; CLI only.
 */
#ifndef SIGHTGLASS_CLI_HISTOGRAM_H
#define SIGHTGLASS_CLI_HISTOGRAM_H

#include <stdint.h>

#include "base/attr.h"

#define HISTOGRAM_BUCKETS 32u /* of an octave */
#define HISTOGRAM_OCTAVES 36u
/* What is larger (in microseconds: 12 days) counts as this. */
#define HISTOGRAM_MAX (((uint64_t)HISTOGRAM_BUCKETS << (HISTOGRAM_OCTAVES - 1)) - 1)

/* All zero is an empty one. */
struct histogram {
	uint64_t *octaves[HISTOGRAM_OCTAVES]; /* owned; NULL: nothing there */
	uint64_t count;
	uint64_t least, most; /* exact, once there is one */
};

void histogram_free(struct histogram *h) NONNULL(1);

/* E_NOMEM: it is not counted. */
int histogram_add(struct histogram *h, uint64_t value) WUNRES NONNULL(1);

/* Adds all of `from`. E_NOMEM: some of it at most. */
int histogram_merge(struct histogram *h, const struct histogram *from)
    WUNRES NONNULL(1, 2);

/* The value that `percent` of 100 of all are at or below: the nearest rank, which
 * is the ceil(percent * count / 100)th, the first at least. 0 of none. */
uint64_t histogram_at(const struct histogram *h, unsigned percent) NONNULL(1);

#endif
