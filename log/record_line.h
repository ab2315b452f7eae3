/* SPDX-License-Identifier: ISC */
/*
 * What the files of records share: the beginning and the end of a line, and its
 * content.
 * Pure; worker and logger.
 */
#ifndef SIGHTGLASS_LOG_RECORD_LINE_H
#define SIGHTGLASS_LOG_RECORD_LINE_H

#include "base/json.h"
#include "log/fields.h"
#include "log/record.h"

struct record_line {
	struct json json;
	size_t before; /* what `out` held in front of this line */
};

/* Opens the object: @timestamp, event, and the facts when there are some.
 * duration_us of UINT64_MAX: none. */
void record_begin(struct record_line *line, const struct record_writer *w,
    uint64_t sequence, enum dataset dataset, uint64_t time_us,
    uint64_t duration_us, const struct record_facts *facts, struct buf *out)
    NONNULL(1, 2, 8);

/* Opens "sightglass" and names the flow, with "dns" where names lead to it. */
void record_begin_own(struct record_line *line, const struct record_facts *facts)
    NONNULL(1);

/* The same without "dns", for who has more to say there, and begins with this: its
 * member "names". */
void record_begin_flow(struct record_line *line, const struct record_facts *facts)
    NONNULL(1);
void record_names(struct json *j, const struct record_facts *facts) NONNULL(1, 2);

/* Member "id" of "http.request": what joins all records of one request. */
void record_request_id(struct json *j, const struct record_facts *facts,
    uint64_t serial) NONNULL(1, 2);

/* Closes both and ends the line; on an error takes it back whole. */
int record_end(struct record_line *line) WUNRES NONNULL(1);

/* Members "content" and "encoding", utf-8 or base64; none when there is nothing. */
void record_content(struct json *j, struct bytes content, bool truncated)
    NONNULL(1);

/* Member "capture", where a rule of capture.rules asked for less than all. */
void record_capture(struct json *j, enum capture_level level) NONNULL(1);

/* Whether the values of fields of that name are kept out (capture.redact_headers). */
bool record_is_redacted(const struct record_writer *w, const struct bytes *name)
    WUNRES NONNULL(1, 2);

/* Member "grpc", where e is a call. */
void record_grpc(struct json *j, const struct record_writer *w,
    const struct http_exchange *e) NONNULL(1, 2, 3);

/* Whether the rule was met. */
static inline bool
record_met(const struct redacted *r, size_t rule)
{
	return r->names != NULL && (r->bits[rule / 64] >> rule % 64 & 1) != 0;
}

/* Items of the array "redacted", the names with their place in front; begins it where
 * there is one and *any is false. */
void record_redacted(struct json *j, bool *any, const char *place,
    const struct redacted *redacted) NONNULL(1, 2, 3, 4);

#endif
