/* SPDX-License-Identifier: ISC */
/* The bump allocator: a list of chunks that only ever grows. Pure. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The first chunk is small, for there may be thousands of arenas with little in
 * them; each further one is twice as large as the last, up to the most. */
#define CHUNK_BYTES_FIRST 512u
#define CHUNK_BYTES_MOST 4096u

struct arena_chunk {
	struct arena_chunk *next;
	size_t used_bytes;
	size_t size_bytes;
	alignas(max_align_t) uint8_t bytes[];
};

void
arena_init(struct arena *a, size_t limit_bytes)
{
	*a = (struct arena){.limit_bytes = limit_bytes};
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	while (a->chunks != NULL) {
		struct arena_chunk *next = a->chunks->next;
		free(a->chunks);
		a->chunks = next;
	}
	a->used_bytes = 0;
	a->held_bytes = 0;
}

static size_t
next_chunk_bytes(const struct arena *a)
{
	if (a->held_bytes < CHUNK_BYTES_FIRST)
		return CHUNK_BYTES_FIRST;
	return a->held_bytes < CHUNK_BYTES_MOST ? a->held_bytes : CHUNK_BYTES_MOST;
}

static struct arena_chunk *
add_chunk(struct arena *a, size_t least_bytes)
{
	size_t room = next_chunk_bytes(a) - sizeof(struct arena_chunk);
	size_t size = least_bytes > room ? least_bytes : room;
	struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);

	if (chunk == NULL)
		return NULL;
	chunk->next = a->chunks;
	chunk->used_bytes = 0;
	chunk->size_bytes = size;
	a->chunks = chunk;
	a->held_bytes += sizeof(*chunk) + size;
	return chunk;
}

void *
arena_alloc(struct arena *a, size_t bytes)
{
	const size_t unit = alignof(max_align_t);
	struct arena_chunk *chunk = a->chunks;

	if (bytes > a->limit_bytes - a->used_bytes)
		return NULL;
	/* Rounding up may pass the limit by less than one unit: harmless. */
	bytes = (bytes + unit - 1) / unit * unit;
	if (chunk == NULL || chunk->size_bytes - chunk->used_bytes < bytes)
		chunk = add_chunk(a, bytes);
	if (chunk == NULL)
		return NULL;

	void *start = chunk->bytes + chunk->used_bytes;
	chunk->used_bytes += bytes;
	a->used_bytes += bytes;
	if (a->used_bytes > a->limit_bytes)
		a->used_bytes = a->limit_bytes;
	return start;
}

char *
arena_copy(struct arena *a, const void *bytes, size_t length)
{
	char *copy = length == SIZE_MAX ? NULL : arena_alloc(a, length + 1);

	if (copy == NULL)
		return NULL;
	if (length > 0)
		memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}
