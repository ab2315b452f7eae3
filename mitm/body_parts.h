/* SPDX-License-Identifier: ISC */
/*
 * A body that is told in parts, since it is longer than its http record may hold or
 * takes longer than that record is held back: what of it stands in that record, and
 * the parts that are handed on behind, as they fill or as time goes. What it says
 * flows through mitm/content on its way, so no part is anything else than the record
 * of a short body would have been. Bounded in memory, whatever comes. Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_BODY_PARTS_H
#define SIGHTGLASS_MITM_BODY_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/event.h"

struct http_content_options;
struct redact_rules;

#define BODY_ALL UINT64_MAX
#define BODY_NEVER UINT64_MAX
#define BODY_PART_BYTES ((size_t)64 * 1024) /* of content in one part, at most */

/* What is held of bodies until it is told, by all connections of a worker. */
struct body_budget {
	size_t held_bytes;
	size_t limit_bytes; /* beyond it whoever holds much is told early */
};

/* The same for all bodies of a connection. */
struct body_rules {
	size_t inline_bytes;  /* on the wire, whose content the http record has */
	uint64_t body_bytes;  /* captured in all, at least that; or BODY_ALL */
	size_t content_bytes; /* of what it says, unless all of it is captured */
	size_t as_sent_bytes; /* of a body that is told as it was sent, too */
	uint64_t interval_us; /* an exchange is not held back for longer; 0: it is */
	struct body_budget *budget; /* borrowed; NULL: none */
	struct redact_rules *const *redact; /* where those are that hold now; borrowed
	                                     * likewise; NULL: all is shown */
};

/* How what is not told in parts is read, in *options. */
void body_content_options(const struct body_rules *rules,
    struct http_content_options *options) NONNULL(1, 2);

/* Whose body it is. */
struct body_place {
	const struct tap_sink *sink; /* borrowed for as long as the body */
	uint64_t stream;
	enum direction from;
};

struct body_parts;

/* Of a message with these fields. `rules` is borrowed; `place` is copied. NULL: out
 * of memory. */
struct body_parts *body_parts_new(const struct body_rules *rules,
    const struct body_place *place, const struct http_field *fields,
    size_t field_count) WUNRES NONNULL(1, 2);

/* NULL is fine. */
void body_parts_free(struct body_parts *p);

/* Whether a message with these fields is read as it comes (server-sent events and
 * their like): then the limit is for what comes in one interval. */
bool body_is_feed(const struct http_field *fields, size_t field_count) WUNRES;

/* What there is behind the bytes that were captured. */
enum body_rest {
	BODY_GOES_ON,
	BODY_IS_OVER,
	BODY_IS_CUT /* more, which is lost */
};

/* What was captured so far stands in the http record. Call it once, and first. */
void body_parts_begin(struct body_parts *p, struct bytes captured,
    enum body_rest rest, uint64_t now_us) NONNULL(1);

/* What follows is told in parts, handed on when they are full. */
void body_parts_add(struct body_parts *p, struct bytes more, uint64_t now_us)
    NONNULL(1);

/* Says what the body's content is for the http record. Borrowed until the next
 * call for p. */
void body_parts_describe(const struct body_parts *p, struct http_body *body)
    NONNULL(1, 2);

/* An http record has said that: no other will. */
void body_parts_told(struct body_parts *p, uint64_t now_us) NONNULL(1);

/* Hands on what waits. */
void body_parts_flush(struct body_parts *p, uint64_t now_us) NONNULL(1);

/* The body is over: hands on the last part, unless there are none. */
void body_parts_end(struct body_parts *p) NONNULL(1);

/* The same, but there is more, which is lost. */
void body_parts_cut(struct body_parts *p) NONNULL(1);

/* When body_parts_flush has something to do; BODY_NEVER: not yet. */
uint64_t body_parts_due_us(const struct body_parts *p) WUNRES NONNULL(1);

/* How much of it is kept until it is told. */
size_t body_parts_held(const struct body_parts *p) WUNRES NONNULL(1);

/* The same, and what is needed to read it. */
size_t body_parts_bytes(const struct body_parts *p) WUNRES NONNULL(1);

#endif
