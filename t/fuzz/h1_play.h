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
 *   % all                      of a body what passes that limit too
 *   !tick                      the interval is over for all that is open
 *   = ...                      what the tap should say
 *
 * Anything else is a comment. Bytes of one direction in a row are one segment.
 */
#ifndef SIGHTGLASS_T_FUZZ_H1_PLAY_H
#define SIGHTGLASS_T_FUZZ_H1_PLAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "t/fuzz/conversation.h"

/* Plays it; what the tap said goes to `out`. Returns the payload bytes in all.
 * Aborts where the tap breaks a promise of its header. */
size_t h1_play(const uint8_t *text, size_t length, const struct cut *how,
    struct buf *out) NONNULL(3, 4);

#endif
