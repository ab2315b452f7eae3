/* SPDX-License-Identifier: ISC */
/* Patterns of text, as in rules. Pure; any process. */
#ifndef SIGHTGLASS_BASE_GLOB_H
#define SIGHTGLASS_BASE_GLOB_H

#include <stdbool.h>

#include "base/attr.h"

/* Whether all of the text fits: `*` is any run of characters, `/` too; `?` is any
 * one; `\` takes the next as it is. */
bool glob_matches(const char *pattern, const char *text) WUNRES NONNULL(1, 2);

#endif
