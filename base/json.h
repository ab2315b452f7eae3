/* SPDX-License-Identifier: ISC */
/*
 * A JSON emitter (RFC 8259): compact, no blanks between tokens, straight into a
 * buffer. Errors are sticky: the calls return nothing and json_error tells at
 * the end whether all of it fitted, so that building a record reads like the
 * record. Pure; any process.
 *
 * `key` is a plain ASCII literal of ours (never escaped), or NULL inside an
 * array and for the outermost value.
 */
#ifndef SIGHTGLASS_BASE_JSON_H
#define SIGHTGLASS_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

struct json {
	struct buf *out; /* borrowed; what was there before stays in front */
	bool comma;      /* a value was written at this level */
	int error;       /* 0, or the first E_LIMIT or E_NOMEM */
};

void json_init(struct json *j, struct buf *out) NONNULL(1, 2);

/* 0 when everything was written; else the first error, and the text in the
 * buffer is cut short and must be thrown away. */
int json_error(const struct json *j) WUNRES NONNULL(1);

/* What the caller had to say could not be said: `error`, unless there is one. */
void json_fail(struct json *j, int error) NONNULL(1);

void json_object_begin(struct json *j, const char *key) NONNULL(1);
void json_object_end(struct json *j) NONNULL(1);
void json_array_begin(struct json *j, const char *key) NONNULL(1);
void json_array_end(struct json *j) NONNULL(1);

/* A string of `length` bytes. Well-formed UTF-8 (RFC 3629) stands as it is; a
 * byte that is not part of it is written as the code point of its own number
 * (ISO 8859-1), so that a hostile byte can not break the line; controls, the
 * quote and the backslash are escaped. */
void json_string(struct json *j, const char *key, const void *bytes,
    size_t length) NONNULL(1);

/* A string in parts, each of whole characters, escaped as by json_string. */
void json_string_begin(struct json *j, const char *key) NONNULL(1);
void json_string_part(struct json *j, const void *bytes, size_t length)
    NONNULL(1);
void json_string_end(struct json *j) NONNULL(1);

/* As json_string up to the NUL; NULL is written as null. */
void json_text(struct json *j, const char *key, const char *text) NONNULL(1);

/* bytes as base64 (RFC 4648 section 4, padded). */
void json_base64(struct json *j, const char *key, const void *bytes,
    size_t length) NONNULL(1);

/* The same between json_string_begin and json_string_end, in parts: all but the last
 * are a multiple of three bytes. */
void json_base64_part(struct json *j, const void *bytes, size_t length)
    NONNULL(1);

void json_int(struct json *j, const char *key, int64_t value) NONNULL(1);
void json_uint(struct json *j, const char *key, uint64_t value) NONNULL(1);
void json_bool(struct json *j, const char *key, bool value) NONNULL(1);

/* microseconds as milliseconds with up to three decimals ("12.345"). */
void json_ms(struct json *j, const char *key, uint64_t microseconds) NONNULL(1);

/* microseconds since the epoch as RFC 3339 in UTC with six decimals. */
void json_time(struct json *j, const char *key, uint64_t microseconds)
    NONNULL(1);

/* A member whose key is known: `start` is `,"key":`, of which the comma is left out
 * at the beginning of an object. Follow it with one value call whose key is NULL. */
void json_member(struct json *j, const char *start, size_t length) NONNULL(1, 2);

/* A member whose key comes from outside (a header's name): escaped. Follow it
 * with one value call whose key is NULL. */
void json_key(struct json *j, const void *key, size_t length) NONNULL(1);

/* Members or elements that were emitted before into another buffer, verbatim
 * and without the braces: the constant part of a flow's records. */
void json_raw(struct json *j, const void *fragment, size_t length) NONNULL(1);

/* Whether the bytes are well-formed UTF-8 (RFC 3629) as a whole. */
bool json_is_utf8(const void *bytes, size_t length);

#endif
