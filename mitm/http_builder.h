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
#include "mitm/event.h"
#include "mitm/grpc.h"

struct http_fields {
	struct http_field *items; /* in the message's arena */
	size_t count, capacity;
};

struct http_builder {
	struct arena arena;
	struct http_fields fields, trailers;
	struct buf body;
	uint64_t wire_bytes;
	uint64_t first_us, last_us;
	size_t head_limit; /* bytes of the head that are kept at most */
	size_t head_left;  /* of which these are still free */
	bool began, complete, head_too_long;
	bool no_fields; /* none are kept any more */
	struct grpc_body *grpc; /* owned; NULL: the body is none */
};

void http_builder_init(struct http_builder *m, size_t head_bytes,
    size_t body_bytes) NONNULL(1);
void http_builder_free(struct http_builder *m) NONNULL(1);

/* Forgets what it collected: another message of the same limits begins. */
void http_builder_restart(struct http_builder *m) NONNULL(1);

/* At most head_bytes more of the head are kept. */
void http_builder_limit_head(struct http_builder *m, size_t head_bytes) NONNULL(1);

/* At most body_bytes more of the body are kept. */
void http_builder_limit_body(struct http_builder *m, size_t body_bytes) NONNULL(1);

/* Nothing of the body is kept, nor what was so far. */
void http_builder_drop_body(struct http_builder *m) NONNULL(1);

/* Adds a field to `list`, one of m's. One that does not fit is left out, as are
 * all behind it, and head_too_long is set. */
void http_builder_add_field(struct http_builder *m, struct http_fields *list,
    struct bytes name, struct bytes value) NONNULL(1, 2);

/* Copies the text of the start line, cut if it does not fit (head_too_long). */
struct bytes http_builder_keep(struct http_builder *m, struct bytes text)
    NONNULL(1);

/* The fields are all there: what the body is can be told from them. */
void http_builder_end_head(struct http_builder *m) NONNULL(1);

/* Counts payload bytes and keeps them up to the limit. */
void http_builder_add_body(struct http_builder *m, const uint8_t *at,
    size_t length) NONNULL(1);

/* The message's end was seen. */
void http_builder_complete(struct http_builder *m) NONNULL(1);

/* How much memory it keeps, but for what its body's buffer has to spare. */
size_t http_builder_bytes(const struct http_builder *m) WUNRES NONNULL(1);

/* Everything in *out is borrowed from m until m next changes. */
void http_builder_describe(const struct http_builder *m, struct http_message *out)
    NONNULL(1, 2);

#endif
