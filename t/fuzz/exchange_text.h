/* SPDX-License-Identifier: ISC */
/*
 * Writes down the exchanges that a tap hands on, and checks what mitm/event.h and
 * the taps' headers promise of each. Fuzz targets and unit suites only.
 *
 *   1 GET /a 1.1, 200 OK, whole     its number, method, target, version, answer
 *   > Host: a                       fields of the request, < of the answer
 *   >> 3 bytes: abc                 the body, << of the answer
 *   >+ Sum: 1                       trailers, <+ of the answer
 *   1 part 2 < at 70, last: abc     a part of a body, and where it begins
 */
#ifndef SIGHTGLASS_T_FUZZ_EXCHANGE_TEXT_H
#define SIGHTGLASS_T_FUZZ_EXCHANGE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

#define EXCHANGE_TEXT_INTERVAL_US UINT64_C(1000000000) /* longer than any segment */

struct exchange_text_parts;

struct exchange_text {
	struct buf *out;
	size_t head_bytes, body_bytes; /* the tap's limits */
	size_t content_bytes;
	uint64_t now_us;
	uint64_t body_bytes_told[2]; /* on the wire, by enum direction */
	struct exchange_text_parts *parts; /* owned: what came of each body */
};

void exchange_text_free(struct exchange_text *t) NONNULL(1);

/* Checks the exchange and writes it. Aborts where a promise is broken. */
void exchange_text_put(struct exchange_text *t, const struct http_exchange *x)
    NONNULL(1, 2);

/* Likewise a part of a body: it goes on where the one before ended, or says that
 * something is left out. */
void exchange_text_put_part(struct exchange_text *t, const struct body_part *part)
    NONNULL(1, 2);

/* Likewise a message of a WebSocket: the exchange that upgraded, the message's
 * number, who sent it, its opcode, its length on the wire, its content. */
void exchange_text_put_websocket(struct exchange_text *t,
    const struct websocket_message *message) NONNULL(1, 2);

#endif
