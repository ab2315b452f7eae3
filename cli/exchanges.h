/* SPDX-License-Identifier: ISC */
/*
 * Records put together: all that the log has of one request (http.request.id) as one
 * exchange, with its bodies whole and with the messages of its WebSocket. What waits
 * for the rest of its exchange waits in a file (spool.h), so that memory does not grow
 * with bodies. CLI.
 */
#ifndef SIGHTGLASS_CLI_EXCHANGES_H
#define SIGHTGLASS_CLI_EXCHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/attr.h"
#include "cli/spool.h"
#include "log/reader.h"

/* Those that wait at the same time. With one more the oldest is over as it is. */
#define EXCHANGES_WAITING_MAX 65536u

enum exchange_side { EXCHANGE_REQUEST, EXCHANGE_RESPONSE };

/* What is there of a body. */
struct exchange_body {
	yyjson_val *facts; /* http.request.body of the last record, or NULL */
	bool is_kept;      /* there is content */
	bool is_text;      /* all of it is UTF-8 */
	bool is_cut;       /* not all that was said is there */
};

struct exchange_part;

/* Borrowed for the length of the call that hands it over. */
struct exchange {
	yyjson_val *record; /* of dataset http, the last one there is */
	struct exchange_body bodies[2]; /* by enum exchange_side */
	bool is_socket;     /* messages of a WebSocket may follow on it */
	const struct exchange_part *parts; /* exchanges.c's */
};

/* http.request or http.response; NULL: it has none. */
yyjson_val *exchange_message(const struct exchange *e, enum exchange_side side)
    NONNULL(1);

/* Shows the body to `piece`, front to end: of text whole characters, else a multiple
 * of three bytes but for the last piece; at most EXCHANGE_PIECE_BYTES. 0, what made
 * `piece` stop, or E_SYS, E_NOMEM. */
#define EXCHANGE_PIECE_BYTES ((size_t)48 * 1024)
typedef int exchange_piece(void *context, const uint8_t *bytes, size_t length);
int exchange_read_body(const struct exchange *e, enum exchange_side side,
    exchange_piece *piece, void *context) WUNRES NONNULL(1, 3);

/* Shows each websocket record. As above. */
typedef int exchange_message_visit(void *context, yyjson_val *record);
int exchange_read_messages(const struct exchange *e, exchange_message_visit *visit,
    void *context) WUNRES NONNULL(1, 2);

struct exchanges;

/* Is given each exchange when it is over. What it returns but 0 ends the adding. */
typedef int exchanges_take(void *context, const struct exchange *e);

/* NULL: out of memory. */
struct exchanges *exchanges_new(exchanges_take *take, void *context)
    WUNRES NONNULL(1);
void exchanges_free(struct exchanges *x);

/* One record, in the order of the log. An exchange is handed on when one of its
 * records is `wanted`. 0, what `take` returned, or E_SYS, E_NOMEM, E_LIMIT. */
int exchanges_add(struct exchanges *x, const struct reader_line *line, bool wanted)
    WUNRES NONNULL(1, 2);

/* The log ends here: what still waits is over, the oldest first. As above. */
int exchanges_end(struct exchanges *x) WUNRES NONNULL(1);

#endif
