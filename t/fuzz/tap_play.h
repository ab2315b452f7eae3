/* SPDX-License-Identifier: ISC */
/*
 * Plays bytes of a connection to mitm/tap, and so to the reader of HTTP/2 and to an
 * upgrade from HTTP/1, and writes down what it said. Fuzz targets and unit suites
 * only. The input is what the fuzzer mutates:
 *
 *   8 bytes    protocol (bit 0: begins as HTTP/1; bit 1: of bodies what passes their
 *              limit too; bit 2: not all is captured), head limit (2), body limit (2), streams (1), pending
 *              bytes (2); numbers big-endian
 *   segments   bit 0 of the first byte: the direction, by enum direction; bit 1:
 *              that direction ends in order behind it; bit 2: the interval is over
 *              behind it for all that is open; length (2); the bytes, as many as
 *              there are
 */
#ifndef SIGHTGLASS_T_FUZZ_TAP_PLAY_H
#define SIGHTGLASS_T_FUZZ_TAP_PLAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "t/fuzz/conversation.h"

#define TAP_PLAY_HEADER_BYTES 8u
#define TAP_PLAY_SEGMENT_BYTES 3u /* before its bytes */
#define TAP_PLAY_HTTP1 0x01u
#define TAP_PLAY_ALL 0x02u
#define TAP_PLAY_CAPTURE 0x04u
#define TAP_PLAY_FROM_SERVER 0x01u
#define TAP_PLAY_EOF 0x02u
#define TAP_PLAY_TICK 0x04u

/* Plays it; what the tap said goes to `out`. Returns the payload bytes in all.
 * Aborts where the tap breaks a promise of its headers. */
size_t tap_play(const uint8_t *input, size_t length, const struct cut *how,
    struct buf *out) NONNULL(3, 4);

#endif
