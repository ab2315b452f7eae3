/* SPDX-License-Identifier: ISC */
/*
 * A bump allocator for what lives and dies together: one arena a transaction.
 * Pointers stay valid until arena_free. Bounded from birth. Pure; any process.
 */
#ifndef SIGHTGLASS_BASE_ARENA_H
#define SIGHTGLASS_BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* owned, the newest first */
	size_t used_bytes;          /* handed out so far */
	size_t held_bytes;          /* of memory, for that */
	size_t limit_bytes;
};

/* An empty arena that will hand out at most limit_bytes. Allocates nothing. */
void arena_init(struct arena *a, size_t limit_bytes) NONNULL(1);

/* Frees everything at once and leaves a as new. NULL is fine. */
void arena_free(struct arena *a);

/* `bytes` bytes, uninitialised, aligned for any object. NULL when the limit is
 * reached or memory is out. */
void *arena_alloc(struct arena *a, size_t bytes) WUNRES NONNULL(1);

/* A copy of `length` bytes with a NUL behind it. NULL as arena_alloc. */
char *arena_copy(struct arena *a, const void *bytes, size_t length)
    WUNRES NONNULL(1);

#endif
