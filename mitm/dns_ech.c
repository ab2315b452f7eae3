/* SPDX-License-Identifier: ISC */
/*
 * One walk over the records serves both: it looks, or it also changes. Pure; worker.
 */
#include "mitm/dns_ech.h"

#include <string.h>

#include "base/be.h"
#include "mitm/dns_text.h"
#include "mitm/dns_types.h"

#define HEADER_BYTES 12u
#define FRAME_BYTES 4u /* key and length in front of each value */
#define KEY_BYTES 2u

enum {
	KEY_MANDATORY = 0,
	KEY_ECH = 5,
	KEY_PRIVATE_FIRST = 65280,
	KEY_PRIVATE_LAST = 65534
};

/* --- one record's parameters --- */

/* How much the parameter that stands there takes. */
static size_t
parameter_bytes(const uint8_t *p)
{
	return FRAME_BYTES + be16_dec(p + KEY_BYTES);
}

/* RFC 9460 section 2.2: in order, once each, to the end. */
static bool
is_well_formed(struct bytes r)
{
	int32_t last = -1;

	for (size_t at = 0; at < r.length; at += parameter_bytes(r.data + at)) {
		if (r.length - at < FRAME_BYTES ||
		    parameter_bytes(r.data + at) > r.length - at ||
		    be16_dec(r.data + at) <= last)
			return false;
		last = be16_dec(r.data + at);
	}
	return true;
}

/* Where the first parameter stands whose key is not less; the end if there is none. */
static size_t
place_of(struct bytes r, uint16_t key)
{
	size_t at = 0;

	while (at < r.length && be16_dec(r.data + at) < key)
		at += parameter_bytes(r.data + at);
	return at;
}

static bool
has_key(struct bytes r, uint16_t key)
{
	size_t at = place_of(r, key);

	return at < r.length && be16_dec(r.data + at) == key;
}

/* 0: all of them are taken. */
static uint16_t
free_key(struct bytes r)
{
	for (unsigned key = KEY_PRIVATE_FIRST; key <= KEY_PRIVATE_LAST; key++) {
		if (!has_key(r, (uint16_t)key))
			return (uint16_t)key;
	}
	return 0;
}

/* The parameters of a record that is to be changed. */
struct run {
	uint8_t *bytes;
	size_t length;
};

static struct bytes
bytes_of(const struct run *r)
{
	return (struct bytes){r->bytes, r->length};
}

/* What is behind moves up; the room is at the end then, and no more in the run. */
static void
cut(struct run *r, size_t at, size_t length)
{
	memmove(r->bytes + at, r->bytes + at + length, r->length - at - length);
	r->length -= length;
}

/* A list that is left empty would be malformed (RFC 9460 section 8): it goes whole. */
static void
cut_from_mandatory(struct run *r)
{
	size_t at = place_of(bytes_of(r), KEY_MANDATORY);

	if (!has_key(bytes_of(r), KEY_MANDATORY))
		return;
	size_t bytes = parameter_bytes(r->bytes + at);
	for (size_t i = FRAME_BYTES; i + KEY_BYTES <= bytes; i += KEY_BYTES) {
		if (be16_dec(r->bytes + at + i) != KEY_ECH)
			continue;
		be16_enc(r->bytes + at + KEY_BYTES,
		    (uint16_t)(bytes - FRAME_BYTES - KEY_BYTES));
		if (bytes == FRAME_BYTES + KEY_BYTES)
			cut(r, at, bytes);
		else
			cut(r, at + i, KEY_BYTES);
		return;
	}
}

/* Fills `room` bytes more with one parameter. */
static void
insert(struct run *r, uint16_t key, size_t room)
{
	size_t at = place_of(bytes_of(r), key);

	memmove(r->bytes + at + room, r->bytes + at, r->length - at);
	be16_enc(r->bytes + at, key);
	be16_enc(r->bytes + at + KEY_BYTES, (uint16_t)(room - FRAME_BYTES));
	memset(r->bytes + at + FRAME_BYTES, 0, room - FRAME_BYTES);
	r->length += room;
}

static void
change(struct run r)
{
	size_t before = r.length;
	uint16_t key = free_key(bytes_of(&r));

	cut_from_mandatory(&r);
	size_t at = place_of(bytes_of(&r), KEY_ECH);
	cut(&r, at, parameter_bytes(r.bytes + at));
	insert(&r, key, before - r.length);
}

/* --- the message --- */

struct walk {
	struct dns_cursor cursor;
	uint8_t *message; /* to be changed; NULL: not */
	bool found, is_signed;
};

/* `c` goes to the first of the parameters; all that is left to it are they. */
static void
read_service(struct walk *w, struct dns_cursor *c)
{
	(void)dns_take_uint16(c); /* priority */
	dns_skip_name(c);
	if (c->error != 0)
		return;
	const struct bytes r = {c->message.data + c->at, dns_left(c)};
	if (!is_well_formed(r) || !has_key(r, KEY_ECH) || free_key(r) == 0)
		return;
	w->found = true;
	if (w->message != NULL)
		change((struct run){w->message + c->at, r.length});
}

/* Signatures of zones cover 0 of the types only as SIG(0). */
static bool
signs_message(uint16_t type, const struct dns_cursor *data)
{
	struct dns_cursor c = *data;

	return type == DNS_TYPE_TSIG ||
	    (type == DNS_TYPE_SIG && dns_take_uint16(&c) == 0 && c.error == 0);
}

static void
read_record(struct walk *w)
{
	struct dns_cursor *c = &w->cursor;

	dns_skip_name(c);
	uint16_t type = dns_take_uint16(c);
	(void)dns_take_uint16(c); /* class */
	(void)dns_take_uint32(c); /* TTL */
	uint16_t length = dns_take_uint16(c);
	if (c->error != 0 || dns_take(c, length) == NULL)
		return;
	struct dns_cursor data = *c;
	data.at = c->at - length;
	data.end = c->at;
	if (type == DNS_TYPE_SVCB || type == DNS_TYPE_HTTPS)
		read_service(w, &data);
	else if (signs_message(type, &data))
		w->is_signed = true;
}

static void
walk(struct walk *w)
{
	struct dns_cursor *c = &w->cursor;
	unsigned counts[4];

	if (c->end < HEADER_BYTES || (c->message.data[2] & 0x80) == 0)
		return;
	c->at = 4;
	for (size_t i = 0; i < 4; i++)
		counts[i] = dns_take_uint16(c);
	for (; counts[0] > 0 && c->error == 0; counts[0]--) {
		dns_skip_name(c);
		(void)dns_take_uint32(c); /* type and class */
	}
	for (unsigned left = counts[1] + counts[2] + counts[3];
	     left > 0 && c->error == 0; left--)
		read_record(w);
}

bool
dns_ech_has(const uint8_t *message, size_t length)
{
	struct walk w = {.cursor = {.message = {message, length}, .end = length}};

	walk(&w);
	return w.found && !w.is_signed;
}

void
dns_ech_remove(uint8_t *message, size_t length)
{
	struct walk w = {.cursor = {.message = {message, length}, .end = length},
	    .message = message};

	if (dns_ech_has(message, length))
		walk(&w);
}
