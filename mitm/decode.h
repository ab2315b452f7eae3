/* SPDX-License-Identifier: ISC */
/*
 * Undoes content codings (RFC 9110 section 8.4) for the log, as a stream: gzip,
 * deflate, br and zstd, several in a row. What passes between the two ends is never
 * touched. Input that was cut gives as much as can be had of it. Pure; worker.
 *
 * Memory: gzip and deflate take some 40 KiB, zstd and br the window that the sender
 * chose and some 300 KiB, which is 8 MiB (RFC 9659) and 16 MiB (RFC 7932 section
 * 9.1) at most; each coding behind another 4 KiB more. It is taken when the first
 * bytes come, and goes as soon as a coding has ended.
 */
#ifndef SIGHTGLASS_MITM_DECODE_H
#define SIGHTGLASS_MITM_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/event.h"

enum decode_outcome {
	DECODE_NOTHING, /* no coding, or none that changes anything */
	DECODE_WHOLE,
	DECODE_CUT,     /* the bytes end before the coding does */
	DECODE_LIMIT,   /* there is more than it may become, or than a body that is
	                 * no attack would become */
	DECODE_CORRUPT, /* as far as it could be read */
	DECODE_UNKNOWN, /* a coding that is not known, or more than four in a row */
	DECODE_NO_MEMORY
};

struct decoder;

/* A decoder of what one or several Content-Encoding values name, joined by commas
 * in the order in which they were applied; it gives limit_bytes at most. *out is
 * NULL where there is nothing to decode: after DECODE_NOTHING, DECODE_UNKNOWN and
 * DECODE_NO_MEMORY. Else DECODE_CUT. */
enum decode_outcome decoder_new(struct bytes codings, uint64_t limit_bytes,
    struct decoder **out) WUNRES NONNULL(3);

/* Frees it; NULL is fine. */
void decoder_free(struct decoder *d);

/* Takes bytes off the front of *in and fills `room` with what they say: how much of
 * it, at most size. 0: all of *in was read and more is needed, or it is over, and
 * then the rest of *in says nothing. */
size_t decoder_read(struct decoder *d, struct bytes *in, uint8_t *room,
    size_t size) WUNRES NONNULL(1, 2, 3);

/* After decoder_read gave 0: whether it is over, whatever may follow. */
bool decoder_is_over(const struct decoder *d) WUNRES NONNULL(1);

/* What became of it, if nothing follows. */
enum decode_outcome decoder_outcome(const struct decoder *d) WUNRES NONNULL(1);

#endif
