/* SPDX-License-Identifier: ISC */
/*
 * Turns a written-down HTTP/2 conversation into what t/fuzz/tap_play.h plays. Unit
 * suites only. A conversation is lines of text:
 *
 *   > PREFACE                         from the client (<: from the server)
 *   > HEADERS 1 end_stream end_headers :method=GET :path=/ +accept=*\x2f*
 *   < DATA 1 end_stream padded=3 - abc
 *   !> or !<                          that direction ends in order
 *   % head 512                        a limit: head, body, streams or pending
 *   % http1                           it begins as HTTP/1
 *   % all                             of a body what passes its limit too
 *   !tick                             the interval is over for all that is open
 *   = ...                             what the tap should say
 *
 * A frame is its type, by name or number, its stream, then words, in any order:
 *
 *   end_stream ack end_headers        flags
 *   padded=3                          so much padding; priority: five bytes of it
 *   error=8 last=3 promised=2         the 32 bits of RST_STREAM, GOAWAY, PUSH_PROMISE
 *   :name=value +name=value           fields of a header block, values with escapes
 *   prefix=\x20                       bytes of the block before its fields
 *   table=100                         the encoder's table has this size from now on
 *   cut=5                             only so many bytes of the block; the others
 *                                     are for CONTINUATION
 *   times=100                         the content that often
 *   length=9 pad_length=9             what is announced, whatever comes
 *   - text                            the content is the rest of the line
 *
 * TEXT, in a frame's place, is followed by bytes as they are. Anything else is a
 * comment. Each direction has one HPACK encoder, nghttp2's. Bytes of one direction
 * in a row are one segment.
 */
#ifndef SIGHTGLASS_T_FUZZ_H2_WRITE_H
#define SIGHTGLASS_T_FUZZ_H2_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

/* Appends the input to `out`. Aborts where the conversation makes no sense. */
void h2_write(const uint8_t *text, size_t length, struct buf *out) NONNULL(1, 3);

#endif
