/* SPDX-License-Identifier: ISC */
/*
 * Undoes content codings (RFC 9110 section 8.4) for the log: gzip, deflate, br and
 * zstd, several in a row. What passes between the two ends is never touched. Input
 * that was cut gives as much as can be had of it. Bounded in output and in memory,
 * whatever the bytes claim. Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_DECODE_H
#define SIGHTGLASS_MITM_DECODE_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

enum decode_outcome {
	DECODE_NOTHING, /* no coding, or none that changes anything */
	DECODE_WHOLE,
	DECODE_CUT,     /* the bytes end before the coding does */
	DECODE_LIMIT,   /* there is more than out may hold, or than a body that is
	                 * no attack would become */
	DECODE_CORRUPT, /* as far as it could be read */
	DECODE_UNKNOWN, /* a coding that is not known: out is empty */
	DECODE_NO_MEMORY
};

/* Undoes the codings that one or several Content-Encoding values name, joined by
 * commas in the order in which they were applied. `out` is empty and has its limit;
 * what it holds afterwards is a beginning, except after DECODE_NOTHING. */
enum decode_outcome decode_body(struct bytes codings, struct bytes in,
    struct buf *out) WUNRES NONNULL(3);

#endif
