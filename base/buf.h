/* SPDX-License-Identifier: ISC */
/*
 * A growing byte buffer with a maximum from birth, filled at its end and
 * consumed at its front. Pure: no descriptor, no clock. Used by every process,
 * by one thread at a time.
 */
#ifndef SIGHTGLASS_BASE_BUF_H
#define SIGHTGLASS_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct buf {
	uint8_t *data;      /* owned; NULL until the first byte */
	size_t offset;      /* bytes consumed at the front of data */
	size_t length;      /* bytes held, from data + offset */
	size_t capacity;    /* bytes allocated */
	size_t limit_bytes; /* length never exceeds this */
};

/* An empty buffer that will hold at most limit_bytes. Allocates nothing. */
void buf_init(struct buf *b, size_t limit_bytes) NONNULL(1);

/* Releases what b owns and leaves it empty with the same limit. NULL is fine. */
void buf_free(struct buf *b);

/* Forgets the content, keeps the memory. */
void buf_clear(struct buf *b) NONNULL(1);

/* The first held byte, buf_length() bytes long; valid until b next changes.
 * NULL when nothing was ever held. */
static inline uint8_t *
buf_data(const struct buf *b)
{
	return b->data == NULL ? NULL : b->data + b->offset;
}

static inline size_t
buf_length(const struct buf *b)
{
	return b->length;
}

/* Room for `need` more bytes behind the held ones, stored in *room; the caller
 * fills some of it and calls buf_commit. E_LIMIT, E_NOMEM: b is unchanged. */
int buf_reserve(struct buf *b, size_t need, uint8_t **room) WUNRES NONNULL(1, 3);

/* Takes over `used` bytes of the room that the last buf_reserve gave. */
void buf_commit(struct buf *b, size_t used) NONNULL(1);

/* Copies `length` bytes to the end: all, or none with E_LIMIT or E_NOMEM. */
int buf_append(struct buf *b, const void *bytes, size_t length)
    WUNRES NONNULL(1);

/* Copies as many of them as the limit has room for. False: not all. Without memory
 * the limit becomes what is held, so that it stays a beginning. */
bool buf_append_some(struct buf *b, const void *bytes, size_t length)
    NONNULL(1);

/* As buf_append, for text without its final NUL. */
int buf_puts(struct buf *b, const char *text) WUNRES NONNULL(1, 2);

/* As buf_append, formatted as by printf. */
int buf_printf(struct buf *b, const char *format, ...)
    WUNRES NONNULL(1, 2) PRINTF_LIKE(2, 3);

/* Drops `length` bytes (at most buf_length) from the front. */
void buf_consume(struct buf *b, size_t length) NONNULL(1);

#endif
