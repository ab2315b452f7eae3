/* SPDX-License-Identifier: ISC */
/*
 * The open streams of one HTTP/2 connection, found by their number and gone
 * through in the order in which they were opened. Pure; worker, used by mitm/h2.c
 * only.
 */
#ifndef SIGHTGLASS_MITM_H2_STREAMS_H
#define SIGHTGLASS_MITM_H2_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/attr.h"
#include "mitm/event.h"
#include "mitm/http_builder.h"

struct h2_stream {
	TAILQ_ENTRY(h2_stream) order;
	uint32_t id;
	struct http_builder request, response; /* the tap's to init, freed here */
	struct bytes method, scheme, authority, path, protocol; /* in `request` */
	unsigned status, informational_count, last_informational;
	bool has_head[2], ended[2]; /* by enum direction */
	bool pushed;
	bool tunnel; /* told already: its bytes are another protocol's */
	struct ws *ws; /* of a tunnel that is a WebSocket, or NULL; freed here */
	struct capture_verdict capture;
	const char *reset_error; /* NULL: it was not reset */
	enum direction reset_by;
	unsigned partials; /* how often it was told already */
	size_t kept; /* bytes that it counts for */
};

struct h2_slot {
	uint32_t id;
	struct h2_stream *stream; /* NULL: it was removed */
};

/* Streams by their number, the lowest first. */
struct h2_row {
	struct h2_slot *slots; /* owned, or NULL */
	size_t count, capacity, removed;
};

struct h2_streams {
	TAILQ_HEAD(h2_stream_list, h2_stream) all;
	struct h2_row rows[2]; /* of even numbers, of odd ones */
	unsigned count;
};

/* Allocates nothing. */
void h2_streams_init(struct h2_streams *all) NONNULL(1);

/* Frees all of them. */
void h2_streams_free(struct h2_streams *all) NONNULL(1);

/* A new one, all zero. Its number is higher than that of any that was added before
 * and is odd, or even, like it (RFC 9113 section 5.1.1). NULL: out of memory. */
struct h2_stream *h2_streams_add(struct h2_streams *all, uint32_t id)
    WUNRES NONNULL(1);

/* NULL: there is none. */
struct h2_stream *h2_streams_find(const struct h2_streams *all, uint32_t id)
    WUNRES NONNULL(1);

/* The one that was opened first, and the one after that; NULL: none. */
struct h2_stream *h2_streams_first(const struct h2_streams *all) WUNRES
    NONNULL(1);
struct h2_stream *h2_streams_next(const struct h2_stream *s) WUNRES NONNULL(1);

/* Frees it with what it collected. */
void h2_streams_remove(struct h2_streams *all, struct h2_stream *s)
    NONNULL(1, 2);

#endif
