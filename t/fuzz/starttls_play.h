/* SPDX-License-Identifier: ISC */
/*
 * Plays a written-down dialogue to mitm/starttls and writes down what came of it.
 * Shared by the fuzz target and the unit suite. A dialogue is lines of text:
 *
 *   > EHLO me\r\n              bytes from the client (\r \n \t \\ \xHH)
 *   < 250 fine\r\n             bytes from the server
 *   >*100 abc                  the same, that many times
 *   % smtp                     that protocol is not to be watched
 *   = ...                      what should come of it: the stage, the protocol
 *                              once TLS begins, and the client's bytes that wait
 *
 * Anything else is a comment. Bytes of one direction in a row are one segment.
 */
#ifndef SIGHTGLASS_T_FUZZ_STARTTLS_PLAY_H
#define SIGHTGLASS_T_FUZZ_STARTTLS_PLAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "t/fuzz/conversation.h"

/* Plays it; what came of it goes to `out`. Returns the bytes in all. Aborts where
 * the watcher breaks a promise of its header. */
size_t starttls_play(const uint8_t *text, size_t length, const struct cut *how,
    struct buf *out) NONNULL(3, 4);

#endif
