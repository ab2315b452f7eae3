/* SPDX-License-Identifier: ISC */
/*
 * Places are counted from the stream's beginning, so that they stay true when the
 * bytes move from those that are fed to those that are held. Pure; worker.
 */
#include "mitm/ech_hold.h"

#include <stdlib.h>
#include <string.h>

#include "mitm/dns_ech.h"

#define ANSWERS_MAX 16u
#define PIECES_MAX 32u

struct piece {
	uint64_t at;
	size_t length;
};

struct answer {
	uint64_t serial; /* 0: none */
	bool whole;      /* and to be changed */
	struct piece pieces[PIECES_MAX];
	size_t count, length;
};

struct ech_hold {
	uint64_t held_at;    /* the place of the first byte that is held */
	size_t held_length, given; /* of these so many have passed */
	uint8_t *fed;        /* behind them; borrowed */
	size_t fed_length;
	struct answer answers[ANSWERS_MAX];
	uint8_t message[ECH_HOLD_BYTES_MAX]; /* put together */
	uint8_t held[2 * ECH_HOLD_BYTES_MAX];
};

struct ech_hold *
ech_hold_new(void)
{
	return calloc(1, sizeof(struct ech_hold));
}

void
ech_hold_free(struct ech_hold *h)
{
	free(h);
}

/* --- places --- */

static uint64_t
fed_at(const struct ech_hold *h)
{
	return h->held_at + h->held_length;
}

static uint8_t *
bytes_at(struct ech_hold *h, uint64_t at)
{
	return at < fed_at(h) ? h->held + (at - h->held_at)
	                      : h->fed + (at - fed_at(h));
}

/* --- answers --- */

static struct answer *
find(struct ech_hold *h, uint64_t serial)
{
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		if (h->answers[i].serial == serial && !h->answers[i].whole)
			return &h->answers[i];
	}
	return NULL;
}

static void
put_together(struct ech_hold *h, const struct answer *a)
{
	size_t length = 0;

	for (size_t i = 0; i < a->count; i++) {
		memcpy(h->message + length, bytes_at(h, a->pieces[i].at),
		    a->pieces[i].length);
		length += a->pieces[i].length;
	}
}

static void
take_apart(struct ech_hold *h, const struct answer *a)
{
	size_t length = 0;

	for (size_t i = 0; i < a->count; i++) {
		memcpy(bytes_at(h, a->pieces[i].at), h->message + length,
		    a->pieces[i].length);
		length += a->pieces[i].length;
	}
}

static void
change(struct ech_hold *h, struct answer *a)
{
	put_together(h, a);
	dns_ech_remove(h->message, a->length);
	take_apart(h, a);
	a->serial = 0;
	a->whole = false;
}

/* --- the stream --- */

void
ech_hold_feed(struct ech_hold *h, uint8_t *bytes, size_t length)
{
	h->held_length -= h->given;
	memmove(h->held, h->held + h->given, h->held_length);
	h->held_at += h->given;
	h->given = 0;
	h->fed = bytes;
	h->fed_length = length;
}

static bool
is_fed(const struct ech_hold *h, struct bytes in)
{
	return in.data >= h->fed && in.data <= h->fed + h->fed_length &&
	    in.length <= (size_t)(h->fed + h->fed_length - in.data);
}

/* An answer without its beginning, and one of which there is more than can be kept,
 * passes: what follows of it finds nothing to go on from. */
void
ech_hold_piece(struct ech_hold *h, uint64_t serial, uint64_t offset, struct bytes in)
{
	struct answer *a = find(h, serial);

	if (a == NULL && offset == 0) {
		a = find(h, 0);
		if (a != NULL)
			*a = (struct answer){.serial = serial};
	}
	if (a == NULL)
		return;
	if (offset != a->length || a->count == PIECES_MAX || !is_fed(h, in) ||
	    in.length > sizeof(h->message) - a->length) {
		a->serial = 0;
		return;
	}
	a->pieces[a->count++] =
	    (struct piece){fed_at(h) + (size_t)(in.data - h->fed), in.length};
	a->length += in.length;
}

void
ech_hold_forget(struct ech_hold *h, uint64_t serial)
{
	struct answer *a = serial == 0 ? NULL : find(h, serial);

	if (a != NULL)
		a->serial = 0;
}

bool
ech_hold_end(struct ech_hold *h, uint64_t serial)
{
	struct answer *a = serial == 0 ? NULL : find(h, serial);

	if (a == NULL)
		return false;
	put_together(h, a);
	if (dns_ech_has(h->message, a->length))
		a->whole = true;
	else
		a->serial = 0;
	return a->whole;
}

/* The first place that has to wait. */
static uint64_t
first_open(const struct ech_hold *h)
{
	uint64_t first = fed_at(h) + h->fed_length;

	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		const struct answer *a = &h->answers[i];
		if (a->serial != 0 && a->count > 0 && a->pieces[0].at < first)
			first = a->pieces[0].at;
	}
	return first;
}

void
ech_hold_forget_all(struct ech_hold *h)
{
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		if (!h->answers[i].whole)
			h->answers[i].serial = 0;
	}
}

static struct bytes
give(struct ech_hold *h, size_t length)
{
	h->given = length;
	return (struct bytes){h->held, length};
}

/* What was fed passes from where it lies, unless some of it has to wait. */
struct bytes
ech_hold_settle(struct ech_hold *h)
{
	struct bytes all = {h->fed, h->fed_length};

	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		if (h->answers[i].whole)
			change(h, &h->answers[i]);
	}
	uint64_t end = fed_at(h) + h->fed_length, first = first_open(h);
	if (end - first > ECH_HOLD_BYTES_MAX) {
		ech_hold_forget_all(h);
		first = end;
	}
	if (h->held_length == 0 && first == end) {
		h->held_at = end;
		h->fed_length = 0;
		return all;
	}
	if (h->fed_length > 0)
		memcpy(h->held + h->held_length, h->fed, h->fed_length);
	h->held_length += h->fed_length;
	h->fed_length = 0;
	return give(h, (size_t)(first - h->held_at));
}

bool
ech_hold_waits(const struct ech_hold *h)
{
	return h->held_length > h->given;
}
