/* SPDX-License-Identifier: ISC */
/*
 * One HTTP message as a tap collects it: fields, trailers and the captured
 * part of the body, each bounded, all in memory of its own that one call gives
 * back. Pure; worker. It does not parse.
 */
#ifndef SIGHTGLASS_MITM_HTTP_BUILDER_H
#define SIGHTGLASS_MITM_HTTP_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "mitm/body_parts.h"
#include "mitm/event.h"
#include "mitm/grpc.h"

struct http_fields {
	struct http_field *items; /* in the message's arena */
	size_t count, capacity;
};

struct http_builder {
	struct arena arena;
	struct http_fields fields, trailers;
	const struct body_rules *bodies; /* borrowed */
	struct body_place place;
	struct buf body;          /* captured on the wire, until there are parts */
	struct body_parts *parts; /* owned; NULL: the body is not told in parts */
	size_t held_bytes;        /* of the budget */
	uint64_t wire_bytes;
	uint64_t first_us, last_us;
	size_t head_limit; /* bytes of the head that are kept at most */
	size_t head_left;  /* of which these are still free */
	uint64_t due_us;   /* to be told by then if it is not over */
	bool began, complete, head_too_long;
	bool has_head; /* all of it; its body is coming until it is complete */
	bool told;     /* before its end: only what is new is told any more */
	bool capped;   /* of the body no more than was captured is kept */
	bool no_body;  /* nothing of it is kept, whatever comes */
	bool is_undecided; /* whether it is told before its end */
	bool no_fields; /* none are kept any more */
	bool is_dns; /* its body is a message of DNS (RFC 8484), as it is sent */
	struct grpc_body *grpc; /* owned; NULL: the body is none */
};

/* `bodies` is borrowed, place is copied. */
void http_builder_init(struct http_builder *m, size_t head_bytes,
    const struct body_rules *bodies, const struct body_place *place)
    NONNULL(1, 3, 4);
/* Also of one that is all zero. */
void http_builder_free(struct http_builder *m) NONNULL(1);

/* Forgets what it collected: another message of the same limits begins. */
void http_builder_restart(struct http_builder *m) NONNULL(1);

/* Frees what it collected and collects no more. */
void http_builder_forget(struct http_builder *m) NONNULL(1);

/* At most head_bytes more of the head are kept. */
void http_builder_limit_head(struct http_builder *m, size_t head_bytes) NONNULL(1);

/* At most body_bytes more of the body are kept. */
void http_builder_limit_body(struct http_builder *m, size_t body_bytes) NONNULL(1);

/* More is known of what will be logged: of what will not nothing is kept, nor what was
 * so far; and before it is decided nothing is told. */
void http_builder_obey(struct http_builder *m, const struct capture_verdict *verdict)
    NONNULL(1, 2);

/* Adds a field to `list`, one of m's. One that does not fit is left out, as are
 * all behind it, and head_too_long is set. */
void http_builder_add_field(struct http_builder *m, struct http_fields *list,
    struct bytes name, struct bytes value) NONNULL(1, 2);

/* Copies the text of the start line, cut if it does not fit (head_too_long). */
struct bytes http_builder_keep(struct http_builder *m, struct bytes text)
    NONNULL(1);

/* The head is whole: what the body is can be told from its fields. */
void http_builder_end_head(struct http_builder *m, uint64_t now_us) NONNULL(1);

/* Counts payload bytes and keeps them up to the limit; what is to be captured
 * beyond it is handed on in parts. */
void http_builder_add_body(struct http_builder *m, const uint8_t *at,
    size_t length, uint64_t now_us) NONNULL(1);

/* No more of the body will come: hands on its last part, if it has any. Fine to be
 * called again. */
void http_builder_end_body(struct http_builder *m) NONNULL(1);

/* When the message, of which more is to come, has to be told; BODY_NEVER: not yet. */
uint64_t http_builder_due_us(const struct http_builder *m) WUNRES NONNULL(1);

/* Whether it is time for that. */
bool http_builder_is_due(const struct http_builder *m, uint64_t now_us) WUNRES
    NONNULL(1);

/* Whether it holds so much of its body that telling it is worth a record, and the
 * budget is used up. */
bool http_builder_is_over_budget(const struct http_builder *m) WUNRES NONNULL(1);

/* The exchange is about to be told before its end: what there is of the body now
 * stands in that record, and what follows in parts. Nothing for a message without
 * its head. */
void http_builder_tell(struct http_builder *m, uint64_t now_us) NONNULL(1);
/* It was, as http_builder_describe had it. */
void http_builder_told(struct http_builder *m, uint64_t now_us) NONNULL(1);

/* Hands on what waits of a body that was told. */
void http_builder_flush(struct http_builder *m, uint64_t now_us) NONNULL(1);

/* The message's end was seen. */
void http_builder_complete(struct http_builder *m) NONNULL(1);

/* How much memory it keeps, but for what its body's buffer has to spare. */
size_t http_builder_bytes(const struct http_builder *m) WUNRES NONNULL(1);

/* Everything in *out is borrowed from m until m next changes. */
void http_builder_describe(const struct http_builder *m, struct http_message *out)
    NONNULL(1, 2);

#endif
