/* SPDX-License-Identifier: ISC */
/*
 * A bounded table of things found by a digest, of which the least recently used
 * goes first. The links stand in the things themselves. Pure; worker and signer.
 */
#ifndef SIGHTGLASS_BASE_RECENT_H
#define SIGHTGLASS_BASE_RECENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define RECENT_ID_BYTES 32u
#define RECENT_BUCKETS 4096u

/* The first member of what is kept. */
struct recent_entry {
	uint8_t id[RECENT_ID_BYTES]; /* a digest, so that it spreads evenly */
	struct recent_entry *older, *newer; /* in order of use */
	struct recent_entry *next;          /* in its bucket */
};

struct recent {
	struct recent_entry *buckets[RECENT_BUCKETS];
	struct recent_entry *oldest, *newest;
	size_t count, limit;
	void (*drop)(struct recent_entry *entry);
};

/* Keeps `limit` entries at most (0: none). drop is called for each that has to
 * go, out of the table already. */
void recent_init(struct recent *r, size_t limit,
    void (*drop)(struct recent_entry *entry)) NONNULL(1, 3);

/* Drops all. */
void recent_clear(struct recent *r) NONNULL(1);

/* The entry with this id that was added last, now the most recently used one, or
 * NULL. It stays the table's. */
struct recent_entry *recent_find(struct recent *r,
    const uint8_t id[RECENT_ID_BYTES]) WUNRES NONNULL(1, 2);

/* Drops those with this id that were added first, but for `most`. */
void recent_trim(struct recent *r, const uint8_t id[RECENT_ID_BYTES],
    size_t most) NONNULL(1, 2);

/* Takes over the entry, id filled in, beside those that have the same id. With a
 * limit of 0 it is dropped. */
void recent_add(struct recent *r, struct recent_entry *entry) NONNULL(1, 2);

/* The entry is the caller's again. */
void recent_take(struct recent *r, struct recent_entry *entry) NONNULL(1, 2);

#endif
