/* SPDX-License-Identifier: ISC */
/*
 * A hash table with a list in order of use. Pure; worker and signer. It allocates
 * nothing and knows nothing of what it holds.
 */
#include "base/recent.h"

#include <string.h>

void
recent_init(struct recent *r, size_t limit,
    void (*drop)(struct recent_entry *entry))
{
	*r = (struct recent){.limit = limit, .drop = drop};
}

static size_t
bucket(const uint8_t *id)
{
	return (id[0] | (size_t)id[1] << 8) % RECENT_BUCKETS;
}

static void
unlink_use(struct recent *r, struct recent_entry *e)
{
	*(e->older != NULL ? &e->older->newer : &r->oldest) = e->newer;
	*(e->newer != NULL ? &e->newer->older : &r->newest) = e->older;
	e->older = e->newer = NULL;
}

static void
link_newest(struct recent *r, struct recent_entry *e)
{
	e->older = r->newest;
	e->newer = NULL;
	*(r->newest != NULL ? &r->newest->newer : &r->oldest) = e;
	r->newest = e;
}

void
recent_take(struct recent *r, struct recent_entry *entry)
{
	struct recent_entry **at = &r->buckets[bucket(entry->id)];

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	entry->next = NULL;
	unlink_use(r, entry);
	r->count--;
}

static void
drop(struct recent *r, struct recent_entry *entry)
{
	recent_take(r, entry);
	r->drop(entry);
}

void
recent_clear(struct recent *r)
{
	while (r->oldest != NULL)
		drop(r, r->oldest);
}

struct recent_entry *
recent_find(struct recent *r, const uint8_t id[RECENT_ID_BYTES])
{
	struct recent_entry *e = r->buckets[bucket(id)];

	while (e != NULL && memcmp(e->id, id, RECENT_ID_BYTES) != 0)
		e = e->next;
	if (e != NULL) {
		unlink_use(r, e);
		link_newest(r, e);
	}
	return e;
}

void
recent_trim(struct recent *r, const uint8_t id[RECENT_ID_BYTES], size_t most)
{
	struct recent_entry *next;

	/* A bucket has what was added last at its head. */
	for (struct recent_entry *e = r->buckets[bucket(id)]; e != NULL; e = next) {
		next = e->next;
		if (memcmp(e->id, id, RECENT_ID_BYTES) != 0)
			continue;
		if (most == 0)
			drop(r, e);
		else
			most--;
	}
}

void
recent_add(struct recent *r, struct recent_entry *entry)
{
	if (r->limit == 0) {
		r->drop(entry);
		return;
	}
	if (r->count >= r->limit)
		drop(r, r->oldest);
	entry->next = r->buckets[bucket(entry->id)];
	r->buckets[bucket(entry->id)] = entry;
	link_newest(r, entry);
	r->count++;
}
