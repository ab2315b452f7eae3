/* SPDX-License-Identifier: ISC */
/* A body through a decoder, by pieces. Fuzz targets and unit suites only. */
#ifndef SIGHTGLASS_T_FUZZ_DECODE_ALL_H
#define SIGHTGLASS_T_FUZZ_DECODE_ALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "mitm/decode.h"

/* Appends what the body says to `out`, which has no limit of its own, feeding
 * piece_bytes at a time. */
enum decode_outcome decode_all(const char *codings, struct bytes in,
    uint64_t limit_bytes, size_t piece_bytes, struct buf *out);

#endif
