/* SPDX-License-Identifier: ISC */
/*
 * The written-down conversations of one directory of t/corpus, and what each of them
 * is tested for. Unit suites only.
 */
#ifndef SIGHTGLASS_T_UNIT_CONVERSATIONS_H
#define SIGHTGLASS_T_UNIT_CONVERSATIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "t/fuzz/conversation.h"

/* How a suite plays them. */
struct conversations {
	const char *directory; /* below the source tree */
	/* Appends what `play` takes; NULL: the text itself. */
	void (*write)(const uint8_t *text, size_t length, struct buf *input);
	conversation_player *play;
};

/* How many there are; the functions below take their numbers, from 0. */
int conversations_count(const struct conversations *all) WUNRES NONNULL(1);

const char *conversations_name(const struct conversations *all, int i) WUNRES
    NONNULL(1);

/* What is played of the i-th one, for the caller to free. */
void conversations_input(const struct conversations *all, int i,
    struct buf *input) NONNULL(1, 3);

/* It says what is written under it. */
void conversations_say_what_they_should(const struct conversations *all, int i)
    NONNULL(1);

/* It says the same however it is cut up: the fuzz target takes it. */
void conversations_say_the_same_in_pieces(const struct conversations *all, int i)
    NONNULL(1);

/* With each byte that comes before the connection breaks, no fewer exchanges are
 * whole, and never more than at its end. */
void conversations_break_anywhere(const struct conversations *all, int i)
    NONNULL(1);

#endif
