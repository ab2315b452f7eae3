/* SPDX-License-Identifier: ISC */
/*
 * The byte buffer: doubling growth up to the limit, consumption by moving an
 * offset, compaction only when room is asked for. Pure; every process.
 */
#include "base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define BUF_FIRST_BYTES 256

void
buf_init(struct buf *b, size_t limit_bytes)
{
	*b = (struct buf){.limit_bytes = limit_bytes};
}

void
buf_free(struct buf *b)
{
	if (b == NULL)
		return;
	free(b->data);
	buf_init(b, b->limit_bytes);
}

void
buf_clear(struct buf *b)
{
	b->offset = 0;
	b->length = 0;
}

static int
grow(struct buf *b, size_t wanted)
{
	size_t capacity = b->capacity == 0 ? BUF_FIRST_BYTES : b->capacity;

	while (capacity < wanted)
		capacity = capacity > SIZE_MAX / 2 ? wanted : capacity * 2;
	if (capacity > b->limit_bytes)
		capacity = b->limit_bytes;

	uint8_t *data = realloc(b->data, capacity);
	if (data == NULL)
		return E_NOMEM;
	b->data = data;
	b->capacity = capacity;
	return 0;
}

int
buf_reserve(struct buf *b, size_t need, uint8_t **room)
{
	if (need > b->limit_bytes - b->length)
		return E_LIMIT;
	if (b->capacity - b->offset - b->length < need && b->offset > 0) {
		memmove(b->data, b->data + b->offset, b->length);
		b->offset = 0;
	}
	if (b->capacity - b->length < need || b->data == NULL) {
		int error = grow(b, b->length + need);
		if (error != 0)
			return error;
	}
	*room = b->data + b->offset + b->length;
	return 0;
}

void
buf_commit(struct buf *b, size_t used)
{
	assert(used <= b->capacity - b->offset - b->length);
	b->length += used;
}

/* Records are made of many short pieces, nearly all of which find room. */
static bool
has_room(const struct buf *b, size_t length)
{
	return length <= b->capacity - b->offset - b->length &&
	    length <= b->limit_bytes - b->length;
}

int
buf_append(struct buf *b, const void *bytes, size_t length)
{
	uint8_t *room;

	if (length == 0)
		return 0;
	int error = has_room(b, length) ? 0 : buf_reserve(b, length, &room);
	if (error != 0)
		return error;
	memcpy(b->data + b->offset + b->length, bytes, length);
	b->length += length;
	return 0;
}

bool
buf_append_some(struct buf *b, const void *bytes, size_t length)
{
	size_t room = b->limit_bytes - b->length;
	size_t kept = length < room ? length : room;

	if (buf_append(b, bytes, kept) != 0) {
		b->limit_bytes = b->length;
		return false;
	}
	return kept == length;
}

int
buf_puts(struct buf *b, const char *text)
{
	return buf_append(b, text, strlen(text));
}

int
buf_printf(struct buf *b, const char *format, ...)
{
	va_list arguments;
	char *room;

	va_start(arguments, format);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		return E_SYNTAX;
	int error = buf_reserve(b, (size_t)length + 1, (uint8_t **)&room);
	if (error != 0)
		return error;
	va_start(arguments, format);
	(void)vsnprintf(room, (size_t)length + 1, format, arguments);
	va_end(arguments);
	buf_commit(b, (size_t)length);
	return 0;
}

void
buf_consume(struct buf *b, size_t length)
{
	assert(length <= b->length);
	b->offset += length;
	b->length -= length;
	if (b->length == 0)
		b->offset = 0;
}
