/* SPDX-License-Identifier: ISC */
/*
 * Octave 0 has the values below 32, each a bucket; octave n, from 1 on, those from
 * 32 << (n - 1) up to its double, in buckets of 1 << (n - 1). Octaves that nothing
 * falls in are not there. Pure; CLI only.
 */
#include "cli/histogram.h"

#include <stdlib.h>

#include "base/err.h"

void
histogram_free(struct histogram *h)
{
	for (unsigned i = 0; i < HISTOGRAM_OCTAVES; i++)
		free(h->octaves[i]);
	*h = (struct histogram){0};
}

static unsigned
octave_of(uint64_t value)
{
	unsigned octave = 0;

	for (value /= HISTOGRAM_BUCKETS; value > 0; value /= 2)
		octave++;
	return octave;
}

static uint64_t
width_of(unsigned octave)
{
	return octave == 0 ? 1 : (uint64_t)1 << (octave - 1);
}

static uint64_t
begin_of(unsigned octave)
{
	return octave == 0 ? 0 : HISTOGRAM_BUCKETS * width_of(octave);
}

static uint64_t *
octave_at(struct histogram *h, unsigned octave)
{
	if (h->octaves[octave] == NULL)
		h->octaves[octave] = calloc(HISTOGRAM_BUCKETS, sizeof(uint64_t));
	return h->octaves[octave];
}

static void
note_ends(struct histogram *h, uint64_t least, uint64_t most)
{
	if (h->count == 0 || least < h->least)
		h->least = least;
	if (h->count == 0 || most > h->most)
		h->most = most;
}

int
histogram_add(struct histogram *h, uint64_t value)
{
	uint64_t capped = value > HISTOGRAM_MAX ? HISTOGRAM_MAX : value;
	unsigned octave = octave_of(capped);
	uint64_t *buckets = octave_at(h, octave);

	if (buckets == NULL)
		return E_NOMEM;
	buckets[(capped - begin_of(octave)) / width_of(octave)]++;
	note_ends(h, value, value);
	h->count++;
	return 0;
}

int
histogram_merge(struct histogram *h, const struct histogram *from)
{
	if (from->count == 0)
		return 0;
	for (unsigned octave = 0; octave < HISTOGRAM_OCTAVES; octave++) {
		if (from->octaves[octave] == NULL)
			continue;
		uint64_t *buckets = octave_at(h, octave);
		if (buckets == NULL)
			return E_NOMEM;
		for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
			buckets[i] += from->octaves[octave][i];
	}
	note_ends(h, from->least, from->most);
	h->count += from->count;
	return 0;
}

/* The middle of the bucket, within what there really was. */
static uint64_t
middle(const struct histogram *h, unsigned octave, unsigned bucket)
{
	uint64_t width = width_of(octave);
	uint64_t value = begin_of(octave) + bucket * width + width / 2;

	return value < h->least ? h->least : value > h->most ? h->most : value;
}

/* ceil(percent * count / 100) without overflow. */
static uint64_t
rank_of(const struct histogram *h, unsigned percent)
{
	uint64_t rank = h->count / 100 * percent +
	    (h->count % 100 * percent + 99) / 100;

	return rank == 0 ? 1 : rank;
}

uint64_t
histogram_at(const struct histogram *h, unsigned percent)
{
	uint64_t rank = rank_of(h, percent), seen = 0;

	if (h->count == 0 || rank >= h->count)
		return h->most;
	for (unsigned octave = 0; octave < HISTOGRAM_OCTAVES; octave++) {
		for (unsigned i = 0; h->octaves[octave] != NULL &&
		    i < HISTOGRAM_BUCKETS; i++) {
			seen += h->octaves[octave][i];
			if (seen >= rank)
				return middle(h, octave, i);
		}
	}
	return h->most;
}
