/* SPDX-License-Identifier: ISC */
/*
 * Points in time as text: RFC 3339, as records have them, and the words that
 * people use. Pure but for the local zone; CLI only.
 */
#ifndef SIGHTGLASS_LOG_WHEN_H
#define SIGHTGLASS_LOG_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* RFC 3339 section 5.6, a blank in the place of the T too: microseconds since the
 * epoch. False: it is something else. */
bool when_stamp(const char *text, size_t length, int64_t *us)
    WUNRES NONNULL(1, 3);

/* What a person may say, at now_us: an age ("90s", "10m", "2h", "3d", "1w"), "now",
 * "today", "yesterday", "@" and seconds since the epoch, RFC 3339, a date, a date
 * and a time of day, a time of day of today. What names no zone is of the local
 * one, or of UTC. False: none of these. */
bool when_parse(const char *text, int64_t now_us, bool utc, int64_t *us)
    WUNRES NONNULL(1, 4);

#endif
