/* SPDX-License-Identifier: ISC */
/* A hash table by open addressing over an array of groups. Pure; CLI only. */
#include "cli/groups.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/err.h"

bool
groups_init(struct groups *g, size_t limit, enum group_order order)
{
	*g = (struct groups){.limit = limit, .order = order, .slot_count = 4};
	while (g->slot_count < 2 * limit)
		g->slot_count *= 2;
	g->items = calloc(limit, sizeof(*g->items));
	g->slots = calloc(g->slot_count, sizeof(*g->slots));
	return g->items != NULL && g->slots != NULL;
}

void
group_free(struct group *group)
{
	free(group->text);
	histogram_free(&group->latency);
	*group = (struct group){0};
}

void
groups_free(struct groups *g)
{
	for (size_t i = 0; i < g->count; i++)
		group_free(&g->items[i]);
	group_free(&g->rest);
	group_free(&g->total);
	free(g->items);
	free(g->slots);
	*g = (struct groups){0};
}

/* --- sums --- */

static int
add_sample(struct group *group, const struct sample *s)
{
	group->count += s->counted;
	group->errors += s->counted && s->failed;
	group->sent += s->sent;
	group->received += s->received;
	return s->counted && s->timed
	    ? histogram_add(&group->latency, s->duration_us) : 0;
}

static int
add_group(struct group *sum, const struct group *group)
{
	sum->count += group->count;
	sum->errors += group->errors;
	sum->sent += group->sent;
	sum->received += group->received;
	return histogram_merge(&sum->latency, &group->latency);
}

int
groups_others(const struct groups *g, size_t top, struct group *others)
{
	int error = add_group(others, &g->rest);

	for (size_t i = top; i < g->count && error == 0; i++)
		error = add_group(others, &g->items[i]);
	return error;
}

/* --- order --- */

static uint64_t
weight(const struct group *group, enum group_order order)
{
	switch (order) {
	case GROUP_BY_ERRORS:
		return group->errors;
	case GROUP_BY_SENT:
		return group->sent;
	case GROUP_BY_RECEIVED:
		return group->received;
	case GROUP_BY_BYTES:
		return group->sent + group->received;
	case GROUP_BY_P50:
		return histogram_at(&group->latency, 50);
	case GROUP_BY_P90:
		return histogram_at(&group->latency, 90);
	case GROUP_BY_P99:
		return histogram_at(&group->latency, 99);
	case GROUP_BY_MAX:
		return group->latency.most;
	case GROUP_BY_COUNT:
	case GROUP_BY_NAME:
		break;
	}
	return group->count;
}

/* None is before all texts. */
static int
compare_text(const struct group *a, const struct group *b)
{
	size_t length = a->length < b->length ? a->length : b->length;

	if (a->text == NULL || b->text == NULL)
		return (a->text != NULL) - (b->text != NULL);
	int order = memcmp(a->text, b->text, length);
	return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* qsort has no argument: a group and what it weighs, side by side. */
struct weighed {
	uint64_t weight;
	struct group group;
};

static int
heavier_first(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return compare_text(&x->group, &y->group);
}

static int
sort_by(struct groups *g, enum group_order order, bool by_name)
{
	struct weighed *all = calloc(g->count + 1, sizeof(*all));

	if (all == NULL)
		return E_NOMEM;
	for (size_t i = 0; i < g->count; i++)
		all[i] = (struct weighed){by_name ? 0 : weight(&g->items[i], order),
		    g->items[i]};
	qsort(all, g->count, sizeof(*all), heavier_first);
	for (size_t i = 0; i < g->count; i++)
		g->items[i] = all[i].group;
	free(all);
	return 0;
}

int
groups_sort(struct groups *g)
{
	return sort_by(g, g->order, g->order == GROUP_BY_NAME);
}

/* --- finding --- */

static size_t
slot_of(const struct groups *g, const char *text, size_t length)
{
	return (size_t)XXH3_64bits(text, length) & (g->slot_count - 1);
}

static bool
is_it(const struct group *group, const char *text, size_t length)
{
	if (text == NULL || group->text == NULL)
		return text == NULL && group->text == NULL;
	return group->length == length && memcmp(group->text, text, length) == 0;
}

/* Where the value stands, or the free slot where it is to. */
static uint32_t *
find_slot(struct groups *g, const char *text, size_t length)
{
	size_t slot = slot_of(g, text, length);

	while (g->slots[slot] != 0 &&
	    !is_it(&g->items[g->slots[slot] - 1], text, length))
		slot = (slot + 1) & (g->slot_count - 1);
	return &g->slots[slot];
}

static void
fill_slots(struct groups *g)
{
	memset(g->slots, 0, g->slot_count * sizeof(*g->slots));
	for (size_t i = 0; i < g->count; i++)
		*find_slot(g, g->items[i].text, g->items[i].length) =
		    (uint32_t)(i + 1);
}

/* Gives up the half that matters least: by what sums up, since a percentile says
 * nothing of how much there is of it. */
static int
make_room(struct groups *g)
{
	enum group_order order =
	    g->order <= GROUP_BY_BYTES ? g->order : GROUP_BY_COUNT;
	uint64_t most = 0;
	int error = sort_by(g, order, false);

	while (error == 0 && g->count > g->limit / 2) {
		struct group *last = &g->items[g->count - 1];
		error = add_group(&g->rest, last);
		if (last->count > most)
			most = last->count;
		group_free(last);
		g->given_up++;
		g->count--;
	}
	g->missing += most;
	fill_slots(g);
	return error;
}

static int
add_new(struct groups *g, const char *text, size_t length, uint32_t *slot)
{
	struct group *group = &g->items[g->count];

	*group = (struct group){.length = length};
	if (text != NULL) {
		group->text = malloc(length + 1);
		if (group->text == NULL)
			return E_NOMEM;
		memcpy(group->text, text, length);
		group->text[length] = '\0';
	}
	*slot = (uint32_t)++g->count;
	return 0;
}

/* The end of the last whole character of UTF-8 within the bound. */
static size_t
cut_at(const char *text)
{
	size_t length = GROUP_TEXT_MAX;

	while (length > 0 && (text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

int
groups_add(struct groups *g, const char *text, size_t length,
    const struct sample *s)
{
	int error = add_sample(&g->total, s);

	if (text == NULL)
		length = 0;
	if (length > GROUP_TEXT_MAX) {
		length = cut_at(text);
		g->cut++;
	}
	uint32_t *slot = find_slot(g, text, length);
	if (error == 0 && *slot == 0 && g->count == g->limit) {
		error = make_room(g);
		slot = find_slot(g, text, length);
	}
	if (error == 0 && *slot == 0)
		error = add_new(g, text, length, slot);
	return error != 0 ? error : add_sample(&g->items[*slot - 1], s);
}
