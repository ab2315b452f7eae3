/* SPDX-License-Identifier: ISC */
/* A text to UTF-8, by pieces. Fuzz targets and unit suites only. */
#ifndef SIGHTGLASS_T_FUZZ_CHARSET_ALL_H
#define SIGHTGLASS_T_FUZZ_CHARSET_ALL_H

#include "mitm/charset.h"

/* Appends the text to `out`, feeding piece_bytes at a time. The charset that is left
 * tells what it was; nothing of it is owned. */
struct charset charset_all(const char *type, struct bytes text, size_t piece_bytes,
    struct buf *out);

#endif
