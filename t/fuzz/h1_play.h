/* SPDX-License-Identifier: ISC */
/*
 * Plays a written-down HTTP/1 conversation to the tap and writes down what the
 * tap said. Shared by the fuzz target and the unit suite. A conversation is
 * lines of text:
 *
 *   > GET / HTTP/1.1\r\n       bytes from the client (\r \n \t \\ \xHH)
 *   < HTTP/1.1 200 OK\r\n      bytes from the server
 *   >*100 abc                  the same, that many times
 *   !> or !<                   that direction ends in order
 *   % head 512                 a limit: head, body or pipelined
 *   = ...                      what the tap should say
 *
 * Anything else is a comment. Bytes of one direction in a row are one segment.
 */
#ifndef SIGHTGLASS_T_FUZZ_H1_PLAY_H
#define SIGHTGLASS_T_FUZZ_H1_PLAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct play {
	const uint8_t *text;
	size_t length;
	size_t step;     /* segments are cut every `step` bytes; 0: not */
	uint32_t seed;   /* if step is 0: cut at random if this is not 0 */
	size_t stop;     /* the connection breaks after this many bytes in all */
};

#define PLAY_ALL SIZE_MAX

/* Plays it; what the tap said goes to `out`. Returns the payload bytes in all.
 * Aborts where the tap breaks a promise of its header. */
size_t h1_play(const struct play *play, struct buf *out);

/* The "=" lines of a conversation, without their mark. */
void h1_play_expected(const uint8_t *text, size_t length, struct buf *out);

#endif
