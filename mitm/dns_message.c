/* SPDX-License-Identifier: ISC */
/*
 * From a message's bytes to what it says. Pure; worker. It trusts no count: what is
 * kept is bounded by the message's own length and by the arena.
 */
#include "mitm/dns_message.h"

#include <string.h>

#include "base/err.h"
#include "mitm/dns_data.h"
#include "mitm/dns_edns.h"
#include "mitm/dns_text.h"
#include "mitm/dns_types.h"

#define RECORD_BYTES_LEAST 11u /* a name of one byte, and no data */
#define OPTION_BYTES_LEAST 4u
#define MDNS_CLASS_BITS 0x7fffu
/* The longest text: 65535 bytes of one record, each as \DDD. */
#define TEXT_BYTES_MAX (4u * 65536 + 1024)

struct reading {
	struct dns_cursor cursor;
	struct arena *arena;
	struct dns_message *out;
	struct dns_record *records; /* those of `out` */
	size_t record_room;
	unsigned high_rcode; /* of EDNS: the upper eight bits */
	unsigned low_rcode;
	uint16_t class_bits; /* of a class, that are its number */
};

static void
complain(struct reading *r, const char *what)
{
	if (r->out->malformed == NULL)
		r->out->malformed = what;
}

/* Moves the text to the arena. False: no room. */
static bool
keep_text(struct reading *r, struct bytes *out)
{
	struct buf *text = r->cursor.out;

	out->length = buf_length(text);
	out->data = (const uint8_t *)arena_copy(r->arena,
	    out->length == 0 ? "" : (const char *)buf_data(text), out->length);
	buf_clear(text);
	return out->data != NULL;
}

static const char *
what_failed(const struct reading *r, const char *place)
{
	int error = r->cursor.error;

	return error == E_LIMIT || error == E_NOMEM ? "limit" : place;
}

/* --- header --- */

static bool
bit(uint16_t flags, unsigned number)
{
	return (flags >> number & 1) != 0;
}

static void
read_header(struct reading *r)
{
	struct dns_message *m = r->out;
	struct dns_cursor *c = &r->cursor;

	m->id = dns_take_uint16(c);
	uint16_t flags = dns_take_uint16(c);
	m->is_response = bit(flags, 15);
	m->authoritative = bit(flags, 10);
	m->truncated = bit(flags, 9);
	m->recursion_desired = bit(flags, 8);
	m->recursion_available = bit(flags, 7);
	m->authentic = bit(flags, 5);
	m->checking_disabled = bit(flags, 4);
	dns_opcode_name(flags >> 11 & 0x0f, m->opcode);
	r->low_rcode = flags & 0x0f;
	for (size_t i = 0; i < ARRAY_LENGTH(m->counts); i++)
		m->counts[i] = dns_take_uint16(c);
}

/* --- questions --- */

/* False: the reading ends. */
static bool
read_question(struct reading *r, bool first)
{
	struct dns_cursor *c = &r->cursor;
	struct dns_question *q = arena_alloc(r->arena, sizeof(*q));

	dns_put_name(c);
	uint16_t type = dns_take_uint16(c), class_number = dns_take_uint16(c);
	if (c->error != 0) {
		complain(r, what_failed(r, "question"));
		return false;
	}
	if (!first) {
		buf_clear(c->out);
		return true;
	}
	if (q == NULL || !keep_text(r, &q->name)) {
		complain(r, "limit");
		return false;
	}
	q->type_number = type;
	dns_type_name(type, q->type);
	dns_class_name(class_number & r->class_bits, q->class_name);
	r->out->question = q;
	return true;
}

static bool
read_questions(struct reading *r)
{
	for (unsigned i = 0; i < r->out->counts[0]; i++) {
		if (!read_question(r, i == 0))
			return false;
	}
	return true;
}

/* --- EDNS --- */

static bool
read_option(struct reading *r, struct dns_option *out)
{
	struct dns_cursor *c = &r->cursor;
	size_t end = c->end;

	out->code = dns_take_uint16(c);
	uint16_t length = dns_take_uint16(c);
	if (c->error != 0 || length > dns_left(c)) {
		complain(r, "data");
		return false;
	}
	dns_option_name(out->code, out->name);
	c->end = c->at + length;
	dns_put_option(c, out->code);
	c->end = end;
	if (c->error == 0 && keep_text(r, &out->data))
		return true;
	complain(r, "limit");
	return false;
}

/* RFC 6891 section 6.1.2: the data are options; what is cut is left out. */
static void
read_options(struct reading *r, struct dns_edns *edns)
{
	struct dns_cursor *c = &r->cursor;
	size_t room = dns_left(c) / OPTION_BYTES_LEAST;
	struct dns_option *options =
	    room == 0 ? NULL : arena_alloc(r->arena, room * sizeof(*options));

	if (room > 0 && options == NULL)
		complain(r, "limit");
	edns->options = options;
	while (options != NULL && dns_left(c) > 0 && edns->option_count < room &&
	    read_option(r, &options[edns->option_count]))
		edns->option_count++;
	if (dns_left(c) > 0)
		complain(r, "data");
	buf_clear(c->out);
}

/* The class is how long a datagram may be, the TTL the rest of the response code, the
 * version, and flags (RFC 6891 section 6.1.3). */
static void
read_edns(struct reading *r, uint16_t class_number, uint32_t ttl)
{
	struct dns_edns *edns = arena_alloc(r->arena, sizeof(*edns));

	if (edns == NULL) {
		complain(r, "limit");
		return;
	}
	*edns = (struct dns_edns){.version = ttl >> 16 & 0xff,
	    .udp_bytes = class_number};
	r->high_rcode = ttl >> 24;
	r->out->dnssec_ok = (ttl & 0x8000) != 0;
	r->out->edns = edns;
	read_options(r, edns);
}

/* --- records --- */

static bool
keep_record(struct reading *r, const struct dns_record *record)
{
	if (r->records == NULL)
		r->records = arena_alloc(r->arena,
		    r->record_room * sizeof(*r->records));
	if (r->records == NULL || r->out->record_count == r->record_room)
		return false;
	r->records[r->out->record_count++] = *record;
	r->out->records = r->records;
	return true;
}

/* What stands behind the name. */
struct fixed {
	uint16_t type, class_number, length;
	uint32_t ttl;
};

/* RFC 2136 section 2.4: what is only to be there, or to go, has no data. */
static bool
is_empty_update(const struct fixed *f)
{
	return f->length == 0 && (f->class_number == DNS_CLASS_NONE ||
	    f->class_number == DNS_CLASS_ANY);
}

/* The data, all that is left to the cursor. */
static bool
read_data(struct reading *r, const struct fixed *f, struct dns_record *record)
{
	struct dns_cursor *c = &r->cursor;

	record->type_number = f->type;
	record->ttl_s = f->ttl;
	dns_type_name(f->type, record->type);
	dns_class_name(f->class_number & r->class_bits, record->class_name);
	if (!is_empty_update(f) && !dns_put_data(c, f->type))
		complain(r, "data");
	return c->error == 0 && keep_text(r, &record->data) &&
	    keep_record(r, record);
}

/* False: the reading ends. */
static bool
read_record(struct reading *r, enum dns_section section)
{
	struct dns_cursor *c = &r->cursor;
	struct dns_record record = {.section = section};
	struct fixed f;
	size_t end = c->end;

	dns_put_name(c);
	f.type = dns_take_uint16(c);
	f.class_number = dns_take_uint16(c);
	f.ttl = dns_take_uint32(c);
	f.length = dns_take_uint16(c);
	if (c->error != 0 || f.length > dns_left(c)) {
		complain(r, what_failed(r, "record"));
		return false;
	}
	if (!keep_text(r, &record.name)) {
		complain(r, "limit");
		return false;
	}
	c->end = c->at + f.length;
	bool good = true;
	if (f.type == DNS_TYPE_OPT && section == DNS_ADDITIONAL &&
	    r->out->edns == NULL)
		read_edns(r, f.class_number, f.ttl);
	else
		good = read_data(r, &f, &record);
	c->at = c->end;
	c->end = end;
	if (!good)
		complain(r, "limit");
	return good;
}

static bool
read_records(struct reading *r)
{
	for (unsigned section = 0; section < 3; section++) {
		for (unsigned i = 0; i < r->out->counts[section + 1]; i++) {
			if (!read_record(r, (enum dns_section)section))
				return false;
		}
	}
	return true;
}

/* As many as the counts say, but no more than the message can have. */
static size_t
most_records(const struct reading *r)
{
	const unsigned *counts = r->out->counts;
	size_t said = (size_t)counts[1] + counts[2] + counts[3];
	size_t possible = dns_left(&r->cursor) / RECORD_BYTES_LEAST;

	return said < possible ? said : possible;
}

static int
read_message(const uint8_t *bytes, size_t length, uint16_t class_bits,
    struct arena *arena, struct dns_message *out)
{
	struct buf text;
	struct reading r = {
	    .cursor = {.message = {bytes, length}, .end = length, .out = &text},
	    .arena = arena, .out = out, .class_bits = class_bits};

	*out = (struct dns_message){.bytes = length};
	if (length < DNS_HEADER_BYTES)
		return E_MORE;
	buf_init(&text, TEXT_BYTES_MAX);
	read_header(&r);
	bool whole = read_questions(&r);
	r.record_room = most_records(&r);
	whole = whole && read_records(&r);
	if (whole && dns_left(&r.cursor) > 0)
		complain(&r, "trailing");
	dns_rcode_name(r.high_rcode << 4 | r.low_rcode, out->rcode);
	buf_free(&text);
	return 0;
}

int
dns_message_read(const uint8_t *bytes, size_t length, struct arena *arena,
    struct dns_message *out)
{
	return read_message(bytes, length, UINT16_MAX, arena, out);
}

int
dns_message_read_mdns(const uint8_t *bytes, size_t length, struct arena *arena,
    struct dns_message *out)
{
	return read_message(bytes, length, MDNS_CLASS_BITS, arena, out);
}
