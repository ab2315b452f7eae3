/* SPDX-License-Identifier: ISC */
/*
 * Records summed up by a value of theirs, in bounded memory: a table holds so many
 * values and no more. When it is full, the half of them that matters least goes into
 * one sum, `rest`, and whatever matters from then on finds its place. So `rest` and
 * the total are right always, and the count of a value is at most `missing` too low.
 * Pure; CLI only.
 */
#ifndef SIGHTGLASS_CLI_GROUPS_H
#define SIGHTGLASS_CLI_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "cli/histogram.h"

#define GROUP_TEXT_MAX 512u /* longer values are told by that many bytes */

/* What a record adds to its group. */
struct sample {
	bool counted; /* false: its bytes alone */
	bool failed;
	bool timed;
	uint64_t duration_us;
	uint64_t sent, received; /* bytes */
};

struct group {
	char *text;    /* owned; NULL: those without a value */
	size_t length;
	uint64_t count, errors, sent, received;
	struct histogram latency; /* microseconds */
};

enum group_order {
	GROUP_BY_COUNT,
	GROUP_BY_ERRORS,
	GROUP_BY_SENT,
	GROUP_BY_RECEIVED,
	GROUP_BY_BYTES,
	GROUP_BY_P50,
	GROUP_BY_P90,
	GROUP_BY_P99,
	GROUP_BY_MAX,
	GROUP_BY_NAME
};

struct groups {
	struct group *items; /* owned */
	size_t count, limit;
	uint32_t *slots;     /* owned: 1 + where in items, by hash; 0: free */
	size_t slot_count;   /* a power of two */
	enum group_order order; /* what matters */
	struct group rest;   /* of values that were given up */
	struct group total;  /* of all */
	uint64_t given_up;   /* how often one was */
	uint64_t missing;    /* counts of a value that may be in `rest` */
	uint64_t cut;        /* records with a value that was too long */
};

/* A table of at most `limit` values, 2 to 65536. False: out of memory. */
bool groups_init(struct groups *g, size_t limit, enum group_order order)
    WUNRES NONNULL(1);
void groups_free(struct groups *g) NONNULL(1);

/* Adds the sample to the group of that value, which is copied; NULL: to that of the
 * records without one. E_NOMEM. */
int groups_add(struct groups *g, const char *text, size_t length,
    const struct sample *s) WUNRES NONNULL(1, 4);

/* Sorts the items by `order`, the largest first, names from a on; equal ones by
 * name. Nothing is added afterwards. E_NOMEM. */
int groups_sort(struct groups *g) WUNRES NONNULL(1);

/* Into *others, empty at first, all behind the first `top` items, and `rest`. E_NOMEM.
 * Give it to group_free. */
int groups_others(const struct groups *g, size_t top, struct group *others)
    WUNRES NONNULL(1, 3);
void group_free(struct group *group) NONNULL(1);

#endif
