/* SPDX-License-Identifier: ISC */
/*
 * The two ends number their streams upwards, one with odd numbers, one with even:
 * two arrays that are in order by themselves, and are searched by halves. There is no
 * hash that a hostile end could make collide. Worker only.
 */
#include "mitm/h2_streams.h"

#include <assert.h>
#include <stdlib.h>

#include "mitm/ws.h"

#define FIRST_SLOTS 16u

void
h2_streams_init(struct h2_streams *all)
{
	*all = (struct h2_streams){0};
	TAILQ_INIT(&all->all);
}

static void
free_stream(struct h2_stream *s)
{
	http_builder_free(&s->request);
	http_builder_free(&s->response);
	ws_free(s->ws);
	free(s);
}

void
h2_streams_free(struct h2_streams *all)
{
	struct h2_stream *s = h2_streams_first(all), *next;

	for (; s != NULL; s = next) {
		next = h2_streams_next(s);
		free_stream(s);
	}
	free(all->rows[0].slots);
	free(all->rows[1].slots);
	h2_streams_init(all);
}

/* --- rows --- */

/* The slot of that number, or NULL. */
static struct h2_slot *
find_slot(const struct h2_row *row, uint32_t id)
{
	size_t low = 0, high = row->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (row->slots[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < row->count && row->slots[low].id == id ? &row->slots[low] : NULL;
}

/* Closes the gaps. */
static void
compact(struct h2_row *row)
{
	size_t kept = 0;

	for (size_t i = 0; i < row->count; i++) {
		if (row->slots[i].stream != NULL)
			row->slots[kept++] = row->slots[i];
	}
	row->count = kept;
	row->removed = 0;
}

static bool
enlarge(struct h2_row *row)
{
	size_t capacity = row->capacity == 0 ? FIRST_SLOTS : row->capacity * 2;
	struct h2_slot *slots = realloc(row->slots, capacity * sizeof(*slots));

	if (slots == NULL)
		return false;
	row->slots = slots;
	row->capacity = capacity;
	return true;
}

/* Room for one more. Gaps are closed when they are half of it, so that each slot is
 * moved but a few times. */
static bool
make_room(struct h2_row *row)
{
	if (row->count < row->capacity)
		return true;
	if (row->removed > 0 && row->removed >= row->count / 2) {
		compact(row);
		return true;
	}
	return enlarge(row);
}

/* --- streams --- */

struct h2_stream *
h2_streams_add(struct h2_streams *all, uint32_t id)
{
	struct h2_row *row = &all->rows[id % 2];
	struct h2_stream *s;

	assert(row->count == 0 || row->slots[row->count - 1].id < id);
	if (!make_room(row) || (s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->id = id;
	row->slots[row->count++] = (struct h2_slot){.id = id, .stream = s};
	TAILQ_INSERT_TAIL(&all->all, s, order);
	all->count++;
	return s;
}

struct h2_stream *
h2_streams_find(const struct h2_streams *all, uint32_t id)
{
	const struct h2_slot *slot = find_slot(&all->rows[id % 2], id);

	return slot == NULL ? NULL : slot->stream;
}

struct h2_stream *
h2_streams_first(const struct h2_streams *all)
{
	return TAILQ_FIRST(&all->all);
}

struct h2_stream *
h2_streams_next(const struct h2_stream *s)
{
	return TAILQ_NEXT(s, order);
}

void
h2_streams_remove(struct h2_streams *all, struct h2_stream *s)
{
	struct h2_row *row = &all->rows[s->id % 2];

	find_slot(row, s->id)->stream = NULL;
	row->removed++;
	TAILQ_REMOVE(&all->all, s, order);
	all->count--;
	free_stream(s);
}
