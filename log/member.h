/* SPDX-License-Identifier: ISC */
/*
 * Members of records: their keys are rows of log/fields.h, so that no record has a
 * field that the table lacks. Which object is open is the writer's to know; the tests
 * read every record back and hold it against the table. Pure; worker, signer and
 * logger.
 */
#ifndef SIGHTGLASS_LOG_MEMBER_H
#define SIGHTGLASS_LOG_MEMBER_H

#include "base/json.h"
#include "log/fields.h"
#include "mitm/event.h"

/* The key; the value follows without one. */
static inline void
member_begin(struct json *j, enum field field)
{
	json_member(j, field_rows[field].start, field_rows[field].start_length);
}

static inline void
member_object(struct json *j, enum field field)
{
	member_begin(j, field);
	json_object_begin(j, NULL);
}

static inline void
member_array(struct json *j, enum field field)
{
	member_begin(j, field);
	json_array_begin(j, NULL);
}

static inline void
member_text(struct json *j, enum field field, const char *text)
{
	member_begin(j, field);
	json_text(j, NULL, text);
}

/* Only where there is something to say: not for NULL, nor for "". */
static inline void
member_text_if(struct json *j, enum field field, const char *text)
{
	if (text != NULL && text[0] != '\0')
		member_text(j, field, text);
}

static inline void
member_bytes(struct json *j, enum field field, struct bytes text)
{
	member_begin(j, field);
	json_string(j, NULL, text.data, text.length);
}

/* Only where there are some. */
static inline void
member_bytes_if(struct json *j, enum field field, struct bytes text)
{
	if (text.length > 0)
		member_bytes(j, field, text);
}

static inline void
member_base64(struct json *j, enum field field, struct bytes bytes)
{
	member_begin(j, field);
	json_base64(j, NULL, bytes.data, bytes.length);
}

static inline void
member_int(struct json *j, enum field field, int64_t value)
{
	member_begin(j, field);
	json_int(j, NULL, value);
}

static inline void
member_uint(struct json *j, enum field field, uint64_t value)
{
	member_begin(j, field);
	json_uint(j, NULL, value);
}

/* Only where it is not 0. */
static inline void
member_uint_if(struct json *j, enum field field, uint64_t value)
{
	if (value > 0)
		member_uint(j, field, value);
}

static inline void
member_bool(struct json *j, enum field field, bool value)
{
	member_begin(j, field);
	json_bool(j, NULL, value);
}

/* Only where it is true. */
static inline void
member_true_if(struct json *j, enum field field, bool value)
{
	if (value)
		member_bool(j, field, true);
}

static inline void
member_ms(struct json *j, enum field field, uint64_t microseconds)
{
	member_begin(j, field);
	json_ms(j, NULL, microseconds);
}

static inline void
member_time(struct json *j, enum field field, uint64_t microseconds)
{
	member_begin(j, field);
	json_time(j, NULL, microseconds);
}

#endif
