/* SPDX-License-Identifier: ISC */
/* UTF-8 (RFC 3629), character by character. Pure; any process. */
#ifndef SIGHTGLASS_BASE_UTF8_H
#define SIGHTGLASS_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define UTF8_BYTES_MAX 4u
#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The length of the character at `p` (section 4), which has at least one byte; 0:
 * it is none; E_MORE: it may become one with more than these `have` bytes. */
int utf8_length(const uint8_t *p, size_t have) WUNRES NONNULL(1);

/* How many of the bytes stand before a character at their end of which not all is
 * there: all of them, unless there is one. */
size_t utf8_whole(const uint8_t *bytes, size_t length) WUNRES;

#endif
