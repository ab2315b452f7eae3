/* SPDX-License-Identifier: ISC */
/*
 * What written-down conversations have in common, whatever protocol they are of:
 * lines of text with escapes, the lines that say what the tap should tell, and the
 * ways in which the bytes are cut up before the tap is fed. Fuzz targets and unit
 * suites only.
 */
#ifndef SIGHTGLASS_T_FUZZ_CONVERSATION_H
#define SIGHTGLASS_T_FUZZ_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"
#include "t/fuzz/target.h"

/* --- text --- */

/* The length of the first line, without its end. */
size_t conversation_line(const uint8_t *text, size_t length) WUNRES;

/* Appends the bytes that \r \n \t \\ \xHH stand for, and all others as they are,
 * as far as `out` takes them. */
void conversation_unescape(const uint8_t *at, size_t length, struct buf *out)
    NONNULL(3);

/* Appends the bytes of a line "> bytes", or of ">*100 bytes" that many times, as far
 * as `out` takes them. */
void conversation_add(const uint8_t *line, size_t length, struct buf *out)
    NONNULL(1, 3);

/* The digit's value, or -1. */
int conversation_hex(uint8_t digit) WUNRES;

/* The "=" lines of a conversation, without their mark. */
void conversation_expected(const uint8_t *text, size_t length, struct buf *out)
    NONNULL(3);

/* --- cutting --- */

/* How segments are cut up, and where the connection breaks. */
struct cut {
	size_t step;   /* every `step` bytes; 0: not */
	uint32_t seed; /* if step is 0: at random if this is not 0 */
	size_t stop;   /* the connection breaks after this many bytes in all */
};

#define CUT_NEVER SIZE_MAX

struct cutter {
	struct cut how;
	uint32_t random;   /* begins as how.seed */
	size_t played;     /* bytes so far */
	uint64_t bytes[2]; /* the same, by enum direction */
	/* Takes one piece. It is borrowed for the length of the call. */
	void (*feed)(void *context, enum direction direction, const uint8_t *bytes,
	    size_t length);
	void *context;
};

/* Feeds one segment in pieces. Each is a copy of its own, so that a borrow that is
 * too long is found. */
void cutter_feed(struct cutter *c, enum direction direction, const uint8_t *bytes,
    size_t length) NONNULL(1);

/* Whether the connection still stands. */
bool cutter_stands(const struct cutter *c) WUNRES NONNULL(1);

/* --- playing --- */

/* Plays an input; what the tap said goes to `out`. Returns the payload bytes that
 * were fed. Aborts where the tap breaks a promise of its header. */
typedef size_t conversation_player(const uint8_t *input, size_t length,
    const struct cut *how, struct buf *out);

/* That the tap says the same of it whole, byte by byte and cut at random, and keeps
 * its promises when the connection breaks: at each byte, if they are few. */
void conversation_check_cuts(conversation_player *play, const uint8_t *input,
    size_t length) NONNULL(1);

#endif
