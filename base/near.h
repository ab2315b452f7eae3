/* SPDX-License-Identifier: ISC */
/*
 * How near a name that was mistyped is to one that is known. Pure; parent and CLI.
 */
#ifndef SIGHTGLASS_BASE_NEAR_H
#define SIGHTGLASS_BASE_NEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define NEAR_TEXT_MAX 127u /* bytes; nothing is near to what is longer */

/* How many letters must be added, taken, changed or swapped with the next to make one
 * of the other (Damerau and Levenshtein). UINT_MAX when one is longer than
 * NEAR_TEXT_MAX. */
unsigned near_distance(const char *a, size_t a_length, const char *b,
    size_t b_length) NONNULL(1, 3);

/* Whether that is so little that a name of `length` bytes may be a slip. */
bool near_enough(unsigned distance, size_t length);

#endif
