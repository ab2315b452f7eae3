/* SPDX-License-Identifier: ISC */
/*
 * Keeps secrets out of the log: the values of fields with certain names, in the
 * query of a URL, in forms and in JSON, become "[redacted]". What passes is never
 * touched. Meets text that was cut, or is not what it is said to be, as it meets
 * any other. Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_REDACT_H
#define SIGHTGLASS_MITM_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

#define REDACT_NAMES_MAX 64u

/* Which fields: names without case, borrowed; REDACT_NAMES_MAX at most. */
struct redact {
	const char *const *names;
	size_t count;
};

/* Each copies text to `out`, which is empty, with the values replaced, and returns
 * which names were met, a bit each by their place in the list. 0: none, and `out`
 * holds nothing of use. UINT64_MAX: it could not be copied for lack of memory: the
 * text must not be shown. */

/* "a=1&token=2": a query (RFC 3986 section 3.4) or a form of
 * application/x-www-form-urlencoded. */
uint64_t redact_pairs(const struct redact *r, struct bytes text, struct buf *out)
    WUNRES NONNULL(1, 3);

/* JSON (RFC 8259), several texts in a row too: a member's value, whatever it is,
 * at any depth. */
uint64_t redact_json(const struct redact *r, struct bytes text, struct buf *out)
    WUNRES NONNULL(1, 3);

/* Memory of what a redacted exchange borrows. */
struct redact_room {
	struct buf target, request, response;
};

/* All of an exchange: its target's query, and bodies that are forms or JSON.
 * Free the room when the exchange has been used. */
void redact_exchange(const struct redact *r, struct http_exchange *e,
    struct redact_room *room) NONNULL(1, 2, 3);
void redact_room_free(struct redact_room *room) NONNULL(1);

/* A message of a WebSocket: text that is JSON. Free the room likewise. */
void redact_message(const struct redact *r, struct websocket_message *m,
    struct buf *room) NONNULL(1, 2, 3);

#endif
