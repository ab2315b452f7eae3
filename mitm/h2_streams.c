/* SPDX-License-Identifier: ISC */
/*
 * A hash table with chains that doubles as the streams become more, and a queue
 * through all of them. Worker only.
 */
#include "mitm/h2_streams.h"

#include <stdlib.h>

#include "mitm/ws.h"

#define FIRST_BUCKETS 16u

/* The client chooses the numbers: those that share their low bits are spread. */
static size_t
bucket_of(uint32_t id, size_t bucket_count)
{
	uint32_t mixed = (id >> 1) * 0x9e3779b1u; /* 2^32 over the golden ratio */

	return (mixed ^ mixed >> 16) & (bucket_count - 1);
}

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
	free(all->buckets);
	h2_streams_init(all);
}

static void
put(struct h2_streams *all, struct h2_stream *s)
{
	struct h2_bucket *bucket =
	    &all->buckets[bucket_of(s->id, all->bucket_count)];

	s->chain = bucket->first;
	bucket->first = s;
}

/* False: there is not even a first table. A larger one is a wish only. */
static bool
make_room(struct h2_streams *all)
{
	size_t count = all->bucket_count == 0 ? FIRST_BUCKETS
	                                      : all->bucket_count * 2;
	struct h2_bucket *buckets;
	struct h2_stream *s;

	if (all->count < all->bucket_count)
		return true;
	buckets = calloc(count, sizeof(*buckets));
	if (buckets == NULL)
		return all->buckets != NULL;
	free(all->buckets);
	all->buckets = buckets;
	all->bucket_count = count;
	TAILQ_FOREACH(s, &all->all, order)
		put(all, s);
	return true;
}

struct h2_stream *
h2_streams_add(struct h2_streams *all, uint32_t id)
{
	struct h2_stream *s;

	if (!make_room(all) || (s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->id = id;
	put(all, s);
	TAILQ_INSERT_TAIL(&all->all, s, order);
	all->count++;
	return s;
}

struct h2_stream *
h2_streams_find(const struct h2_streams *all, uint32_t id)
{
	struct h2_stream *s;

	if (all->buckets == NULL)
		return NULL;
	s = all->buckets[bucket_of(id, all->bucket_count)].first;
	while (s != NULL && s->id != id)
		s = s->chain;
	return s;
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
	struct h2_stream **at =
	    &all->buckets[bucket_of(s->id, all->bucket_count)].first;

	while (*at != s)
		at = &(*at)->chain;
	*at = s->chain;
	TAILQ_REMOVE(&all->all, s, order);
	all->count--;
	free_stream(s);
}
