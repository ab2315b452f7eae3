/* SPDX-License-Identifier: ISC */
/*
 * Walks the frames of one direction of an HTTP/2 connection (RFC 9113 section 4),
 * fed in any fragments: it copies nothing but the few bytes of a header, and takes
 * padding and priorities away. Pure; worker.
 *
 * For each frame it says FRAME, then CONTENT as often as bytes of it come, then
 * END.
 */
#ifndef SIGHTGLASS_MITM_H2_FRAMES_H
#define SIGHTGLASS_MITM_H2_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/event.h"

/* RFC 9113 section 6, those that the tap reads. */
enum h2_type {
	H2_DATA = 0,
	H2_HEADERS = 1,
	H2_PRIORITY = 2,
	H2_RST_STREAM = 3,
	H2_SETTINGS = 4,
	H2_PUSH_PROMISE = 5,
	H2_GOAWAY = 7,
	H2_CONTINUATION = 9
};

/* Flags of the frames that have them. */
#define H2_END_STREAM 0x01u
#define H2_END_HEADERS 0x04u
#define H2_PADDED 0x08u
#define H2_HAS_PRIORITY 0x20u

struct h2_frame {
	uint8_t type, flags;
	uint32_t stream; /* 0: the connection */
	/* What stands before the content, where the type has it: the error code of
	 * RST_STREAM and GOAWAY, the stream that PUSH_PROMISE promises, the last one
	 * that GOAWAY lets through. */
	uint32_t error, promised, last;
};

enum h2_step {
	H2_MORE, /* all bytes are used */
	H2_FRAME,
	H2_CONTENT,
	H2_END,
	H2_BROKEN /* no frame looks like this: nothing behind it can be read */
};

struct h2_frames {
	struct h2_frame frame; /* from H2_FRAME to H2_END */
	enum { H2_IN_HEADER, H2_IN_FIXED, H2_IN_CONTENT, H2_IN_PADDING } stage;
	uint8_t held[9]; /* of a header, or of the fixed bytes behind it */
	unsigned held_count, fixed;
	uint32_t content_left, padding_left;
};

/* The client's connection preface (section 3.4), of which *seen bytes have come, 0 at
 * first: takes more of it from the front of *in. False: that is none. */
#define H2_PREFACE_BYTES 24u
bool h2_frames_pass_preface(size_t *seen, struct bytes *in) WUNRES NONNULL(1, 2);

/* Before the first byte behind the preface. */
void h2_frames_init(struct h2_frames *f) NONNULL(1);

/* Goes one step on, taking what it uses from the front of *in. *content is
 * borrowed from there; empty but for H2_CONTENT. After H2_BROKEN: no more. */
enum h2_step h2_frames_next(struct h2_frames *f, struct bytes *in,
    struct bytes *content) WUNRES NONNULL(1, 2, 3);

#endif
