/* SPDX-License-Identifier: ISC */
/*
 * The TLS client hello parser. Two passes over the raw bytes, neither of which
 * copies: `measure` walks the records until they hold the whole handshake
 * message, then a cursor that steps over record headers reads it. Worker only.
 * It checks structure, not sense: what a client may offer is the TLS library's
 * business.
 */
#include "mitm/hello.h"

#include <stddef.h>
#include <string.h>

#include "base/be.h"
#include "base/err.h"
#include "mitm/offer.h"
#include "mitm/tls.h"

#define RECORD_HEADER_BYTES 5u
#define RECORD_BYTES_MAX 16384u /* RFC 8446 section 5.1 */
#define CONTENT_HANDSHAKE 22
#define HANDSHAKE_HEADER_BYTES 4u
#define HANDSHAKE_CLIENT_HELLO 1
#define RANDOM_BYTES 32u

#define GROUP_P256 23

/* Extension numbers, from IANA's registry. */
enum {
	EXT_SERVER_NAME = 0,
	EXT_SUPPORTED_GROUPS = 10,
	EXT_EC_POINT_FORMATS = 11,
	EXT_SIGNATURE_ALGORITHMS = 13,
	EXT_ALPN = 16,
	EXT_EXTENDED_MASTER_SECRET = 23,
	EXT_SESSION_TICKET = 35,
	EXT_PRE_SHARED_KEY = 41,
	EXT_EARLY_DATA = 42,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_POST_HANDSHAKE_AUTH = 49,
	EXT_KEY_SHARE = 51,
	EXT_ENCRYPTED_CLIENT_HELLO = 0xfe0d,
};

/* A read position in a handshake message that is spread over records. Reads
 * past `remaining` set `broken` and give zeroes. */
struct cursor {
	const uint8_t *at;
	size_t in_record; /* bytes left in the record that `at` is in */
	size_t remaining; /* bytes left in the vector being read */
	bool broken;
};

/* The extensions that are one list of numbers. They are read once all extensions
 * are known, in this order: what a scheme means depends on the versions. */
enum list_extension {
	LIST_VERSIONS, /* RFC 8446 section 4.2.1 */
	LIST_GROUPS,   /* section 4.2.7 */
	LIST_FORMATS,  /* RFC 8422 section 5.1.2 */
	LIST_SCHEMES,  /* RFC 8446 section 4.2.3 */
	LIST_COUNT
};

static const struct list_form {
	uint16_t type;
	uint8_t length_bytes, value_bytes;
	size_t kept; /* the member of struct hello */
} forms[LIST_COUNT] = {
	{EXT_SUPPORTED_VERSIONS, 1, 2, offsetof(struct hello, versions)},
	{EXT_SUPPORTED_GROUPS, 2, 2, offsetof(struct hello, groups)},
	{EXT_EC_POINT_FORMATS, 1, 1, offsetof(struct hello, point_formats)},
	{EXT_SIGNATURE_ALGORITHMS, 2, 2, offsetof(struct hello, schemes)},
};

/* What the offers in several extensions add up to. */
struct offers {
	struct hello_keys schemes_tls12, schemes_tls13;
	bool suite_ecdsa, suite_rsa;
	bool group_p256;
	bool seen_name;
	bool has[LIST_COUNT];
	struct cursor lists[LIST_COUNT]; /* the extensions' content */
	uint16_t count;                  /* of values kept, in all lists */
};

static int
sniff_record(const uint8_t *bytes, size_t length)
{
	if (length > 0 && bytes[0] != CONTENT_HANDSHAKE)
		return 0;
	if (length > 1 && bytes[1] != 3)
		return 0;
	if (length < RECORD_HEADER_BYTES)
		return E_MORE;
	return be16_dec(bytes + 3) <= RECORD_BYTES_MAX;
}

int
hello_sniff(const uint8_t *bytes, size_t length)
{
	int verdict = sniff_record(bytes, length);

	if (verdict != 1)
		return verdict;
	if (be16_dec(bytes + 3) == 0)
		return 0;
	if (length < RECORD_HEADER_BYTES + 1)
		return E_MORE;
	return bytes[RECORD_HEADER_BYTES] == HANDSHAKE_CLIENT_HELLO;
}

/* Finds the end of the record that completes the first handshake message, and
 * that message's length without its header. A record of no bytes is let pass:
 * RFC 8446 section 5.1 forbids it, older stacks sent it. */
static int
measure(const uint8_t *bytes, size_t length, size_t *end, size_t *body)
{
	size_t at = 0, held = 0, need = HANDSHAKE_HEADER_BYTES;
	size_t header = 0;

	while (held < need) {
		int verdict = sniff_record(bytes + at, length - at);
		if (verdict != 1)
			return verdict == 0 ? E_SYNTAX : E_MORE;
		size_t record = be16_dec(bytes + at + 3);
		at += RECORD_HEADER_BYTES;
		for (size_t i = 0; i < record && held + i < 4; i++) {
			if (at + i >= length)
				return E_MORE;
			header = header << 8 | bytes[at + i];
			if (held + i == 0 && header != HANDSHAKE_CLIENT_HELLO)
				return E_SYNTAX;
		}
		held += record;
		if (held >= HANDSHAKE_HEADER_BYTES) {
			*body = header & 0xffffff;
			need = HANDSHAKE_HEADER_BYTES + *body;
		}
		at += record;
		/* What the rest needs at least is known: say so early. */
		if (at > HELLO_BYTES_MAX ||
		    (need > held && need - held > HELLO_BYTES_MAX - at))
			return E_LIMIT;
		if (at > length)
			return E_MORE;
	}
	*end = at;
	return 0;
}

static void
next_record(struct cursor *c)
{
	while (c->in_record == 0) {
		c->in_record = be16_dec(c->at + 3);
		c->at += RECORD_HEADER_BYTES;
	}
}

static uint8_t
take8(struct cursor *c)
{
	if (c->remaining == 0) {
		c->broken = true;
		return 0;
	}
	next_record(c);
	c->remaining--;
	c->in_record--;
	return *c->at++;
}

static uint16_t
take16(struct cursor *c)
{
	unsigned high = take8(c);
	return (uint16_t)(high << 8 | take8(c));
}

static uint16_t
take_number(struct cursor *c, unsigned bytes)
{
	return bytes == 1 ? take8(c) : take16(c);
}

static void
skip(struct cursor *c, size_t count)
{
	if (count > c->remaining) {
		c->broken = true;
		count = c->remaining;
	}
	while (count > 0) {
		next_record(c);
		size_t step = count < c->in_record ? count : c->in_record;
		c->at += step;
		c->in_record -= step;
		c->remaining -= step;
		count -= step;
	}
}

/* The next `count` bytes as a vector of their own; c moves behind them. */
static struct cursor
take_vector(struct cursor *c, size_t count)
{
	struct cursor inner = *c;

	inner.remaining = count <= c->remaining ? count : c->remaining;
	skip(c, count);
	inner.broken = c->broken;
	return inner;
}

/* RFC 8701: 0x0A0A, 0x1A1A, …, 0xFAFA. */
static bool
is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

/* Puts one value at the end of the list that was begun last. */
static void
keep(struct hello_list *list, uint16_t value, struct hello *out,
    struct offers *o)
{
	if (is_grease(value)) {
		out->grease = true;
		return;
	}
	if (o->count == HELLO_OFFERS_MAX) {
		out->offers_cut = true;
		return;
	}
	list->at = (uint16_t)(o->count - list->count);
	list->count++;
	out->offers[o->count++] = value;
}

/* Suites that we do not stand for do not count: a certificate is no use to a
 * client that would take it with RC4 only. */
static void
note_suite(uint16_t suite, struct offers *o)
{
	enum offer_key key = offer_suite_key(suite);

	o->suite_ecdsa |= key == OFFER_KEY_ECDSA;
	o->suite_rsa |= key == OFFER_KEY_RSA;
}

/* RFC 8446 section 4.2.3. In TLS 1.2 the pair (hash, ecdsa) names no curve, so
 * any hash will do there; 1.3 wants secp256r1 with SHA-256. */
static void
note_scheme(uint16_t scheme, struct offers *o)
{
	bool pkcs1 = (scheme & 0xff) == 1 && scheme >> 8 >= 1 && scheme >> 8 <= 6;
	bool pss = scheme >= 0x0804 && scheme <= 0x0806;
	bool ecdsa = (scheme & 0xff) == 3 && scheme >> 8 >= 2 && scheme >> 8 <= 6;

	o->schemes_tls12.ecdsa |= ecdsa;
	o->schemes_tls12.rsa |= pkcs1 || pss;
	o->schemes_tls13.ecdsa |= scheme == 0x0403;
	o->schemes_tls13.rsa |= pss;
}

/* One name of RFC 6066 section 3, made comparable. Bytes above 0x7f stay: a name
 * that is not of letters, digits and hyphens is still the name asked for. */
static void
read_host_name(struct cursor *name, struct hello *out)
{
	size_t length = name->remaining;
	size_t kept = 0;

	out->server_name_unusable = length == 0 || length >= HELLO_NAME_BYTES;
	while (name->remaining > 0 && !out->server_name_unusable) {
		uint8_t byte = take8(name);
		if (byte <= ' ' || byte == 0x7f)
			out->server_name_unusable = true;
		if (byte >= 'A' && byte <= 'Z')
			byte = (uint8_t)(byte - 'A' + 'a');
		out->server_name[kept++] = (char)byte;
	}
	if (kept > 0 && out->server_name[kept - 1] == '.')
		kept--;
	if (kept == 0)
		out->server_name_unusable = true;
	out->server_name[out->server_name_unusable ? 0 : kept] = '\0';
}

static void
read_server_name(struct cursor *ext, struct hello *out, struct offers *o)
{
	/* An empty one is a server's form; some clients send it. */
	if (ext->remaining == 0 || o->seen_name)
		return;
	struct cursor list = take_vector(ext, take16(ext));
	while (list.remaining > 0 && !list.broken) {
		uint8_t type = take8(&list);
		struct cursor name = take_vector(&list, take16(&list));
		if (type != 0 || o->seen_name || name.broken)
			continue;
		o->seen_name = true;
		read_host_name(&name, out);
	}
	ext->broken |= list.broken;
}

static void
keep_alpn(struct cursor *name, struct hello *out)
{
	char *kept = out->alpn[out->alpn_count];
	size_t length = name->remaining;

	for (size_t i = 0; i < length; i++)
		kept[i] = (char)take8(name);
	kept[length] = '\0';
	bool grease = length == 2 && is_grease(be16_dec((const uint8_t *)kept));
	out->grease |= grease;
	if (!grease && !out->alpn_named) {
		out->alpn_named = true;
		out->alpn_ends[0] = (uint8_t)kept[0];
		out->alpn_ends[1] = (uint8_t)kept[length - 1];
	}
	/* A name with a NUL in it can not be offered on as a C string. */
	if (grease || strlen(kept) != length)
		memset(kept, 0, HELLO_NAME_BYTES);
	else
		out->alpn_count++;
}

static void
read_alpn(struct cursor *ext, struct hello *out)
{
	if (out->has_alpn)
		return;
	struct cursor list = take_vector(ext, take16(ext));
	out->has_alpn = true;
	while (list.remaining > 0 && !list.broken) {
		struct cursor name = take_vector(&list, take8(&list));
		if (name.remaining == 0)
			list.broken = true;
		else if (!name.broken && out->alpn_count < HELLO_ALPN_MAX)
			keep_alpn(&name, out);
	}
	ext->broken |= list.broken;
}

static void
note_version(uint16_t version, struct hello *out)
{
	if (is_grease(version) || version >> 8 != 3)
		return;
	if (version > out->highest_version)
		out->highest_version = version;
	out->offers_tls12 |= version == TLS_1_2;
	out->offers_tls13 |= version == TLS_1_3;
}

static void
read_list(enum list_extension which, struct hello *out, struct offers *o)
{
	const struct list_form *form = &forms[which];
	struct hello_list *kept =
	    (struct hello_list *)(void *)((char *)out + form->kept);
	struct cursor *ext = &o->lists[which];
	struct cursor list = take_vector(ext, take_number(ext, form->length_bytes));

	while (list.remaining > 0 && !list.broken) {
		uint16_t value = take_number(&list, form->value_bytes);
		if (which == LIST_VERSIONS)
			note_version(value, out);
		if (which == LIST_SCHEMES)
			note_scheme(value, o);
		o->group_p256 |= which == LIST_GROUPS && value == GROUP_P256;
		if (!list.broken)
			keep(kept, value, out, o);
	}
	ext->broken |= list.broken;
}

/* RFC 8446 section 4.2.8. A broken one is the TLS library's to complain of. */
static void
read_shares(struct cursor *ext, struct hello *out)
{
	struct cursor list = take_vector(ext, take16(ext));

	while (list.remaining > 0 && !list.broken) {
		uint16_t group = take16(&list);
		skip(&list, take16(&list));
		if (list.broken || is_grease(group))
			continue;
		if (out->share_count < HELLO_SHARES_MAX)
			out->shares[out->share_count] = group;
		out->share_count++;
	}
}

static void
note_list(uint16_t type, const struct cursor *ext, struct offers *o)
{
	for (size_t i = 0; i < LIST_COUNT; i++) {
		if (forms[i].type != type || o->has[i])
			continue;
		o->has[i] = true;
		o->lists[i] = *ext;
	}
}

static void
read_extension(uint16_t type, struct cursor *ext, struct hello *out,
    struct offers *o)
{
	switch (type) {
	case EXT_SERVER_NAME:
		read_server_name(ext, out, o);
		break;
	case EXT_ALPN:
		read_alpn(ext, out);
		break;
	case EXT_EXTENDED_MASTER_SECRET:
		out->extended_master_secret = true;
		break;
	case EXT_SESSION_TICKET:
		out->session_tickets = true;
		out->has_session |= ext->remaining > 0;
		break;
	case EXT_PRE_SHARED_KEY:
		out->has_session = true;
		break;
	case EXT_EARLY_DATA:
		out->early_data = true;
		break;
	case EXT_KEY_SHARE:
		read_shares(ext, out);
		break;
	case EXT_POST_HANDSHAKE_AUTH:
		out->post_handshake_auth = true;
		break;
	case EXT_ENCRYPTED_CLIENT_HELLO:
		out->encrypted_client_hello = true;
		break;
	default:
		note_list(type, ext, o);
		break;
	}
}

static void
read_extensions(struct cursor *c, struct hello *out, struct offers *o)
{
	struct cursor list = take_vector(c, take16(c));

	while (list.remaining > 0 && !list.broken) {
		uint16_t type = take16(&list);
		struct cursor ext = take_vector(&list, take16(&list));
		if (!list.broken) {
			keep(&out->extensions, type, out, o);
			read_extension(type, &ext, out, o);
		}
		list.broken |= ext.broken;
	}
	c->broken |= list.broken;
}

/* RFC 8446 section 4.2.1: without supported_versions, 1.2 at most. */
static void
assume_versions(struct hello *out)
{
	out->highest_version = out->legacy_version < TLS_1_2
	    ? out->legacy_version : TLS_1_2;
	out->offers_tls12 = out->legacy_version >= TLS_1_2;
}

/* False: one of them is broken. */
static bool
read_lists(struct hello *out, struct offers *o)
{
	bool whole = true;

	if (!o->has[LIST_VERSIONS])
		assume_versions(out);
	for (size_t i = 0; i < LIST_COUNT; i++) {
		if (o->has[i])
			read_list((enum list_extension)i, out, o);
		whole &= !o->lists[i].broken;
	}
	return whole;
}

/* RFC 5246 section 7.4.1.4.1: without schemes the suites decide. Below TLS 1.3
 * the groups are those of certificates too (RFC 8422 section 5.1.1). */
static void
conclude(struct hello *out, const struct offers *o)
{
	bool any = !o->has[LIST_SCHEMES];

	out->keys_tls12.ecdsa = (any || o->schemes_tls12.ecdsa) &&
	    out->offers_tls12 && o->suite_ecdsa &&
	    (!o->has[LIST_GROUPS] || o->group_p256);
	out->keys_tls12.rsa = (any || o->schemes_tls12.rsa) &&
	    out->offers_tls12 && o->suite_rsa;
	out->keys_tls13.ecdsa = (any || o->schemes_tls13.ecdsa) &&
	    out->offers_tls13;
	out->keys_tls13.rsa = (any || o->schemes_tls13.rsa) && out->offers_tls13;
}

static bool
read_suites(struct cursor *c, struct hello *out, struct offers *o)
{
	struct cursor suites = take_vector(c, take16(c));

	while (suites.remaining > 0 && !suites.broken) {
		uint16_t suite = take16(&suites);
		note_suite(suite, o);
		if (!suites.broken)
			keep(&out->suites, suite, out, o);
	}
	return !suites.broken;
}

static bool
read_hello(struct cursor *c, struct hello *out)
{
	struct offers o = {0};

	out->legacy_version = take16(c);
	skip(c, RANDOM_BYTES);
	uint8_t id_length = take8(c);
	skip(c, id_length);
	bool whole = read_suites(c, out, &o);
	skip(c, take8(c)); /* compression methods */
	if (c->remaining > 0)
		read_extensions(c, out, &o);
	whole &= read_lists(out, &o);
	conclude(out, &o);
	out->has_session |= id_length > 0 && !out->offers_tls13;
	return whole && !c->broken && c->remaining == 0;
}

int
hello_parse(const uint8_t *bytes, size_t length, struct hello *out)
{
	struct hello hello = {0};
	size_t end = 0, body = 0;

	int error = measure(bytes, length, &end, &body);
	if (error != 0)
		return error;
	struct cursor c = {.at = bytes, .remaining = HANDSHAKE_HEADER_BYTES + body};
	skip(&c, HANDSHAKE_HEADER_BYTES);
	if (!read_hello(&c, &hello))
		return E_SYNTAX;
	*out = hello;
	return (int)end;
}

/* Moves the content of the records together, at the front; its length. */
static size_t
strip_records(uint8_t *bytes, size_t length)
{
	size_t held = 0;

	for (size_t at = 0; at < length;) {
		size_t record = be16_dec(bytes + at + 3);
		memmove(bytes + held, bytes + at + RECORD_HEADER_BYTES, record);
		held += record;
		at += RECORD_HEADER_BYTES + record;
	}
	return held;
}

size_t
hello_join(uint8_t *bytes, size_t length)
{
	uint8_t header[RECORD_HEADER_BYTES];
	size_t end = length;

	memcpy(header, bytes, sizeof(header));
	size_t left = strip_records(bytes, length);
	/* From the last on, which is the short one: there were no fewer headers. */
	while (left > 0) {
		size_t part = left % RECORD_BYTES_MAX;
		if (part == 0)
			part = RECORD_BYTES_MAX;
		left -= part;
		end -= part;
		memmove(bytes + end, bytes + left, part);
		be16_enc(header + 3, (uint16_t)part);
		end -= sizeof(header);
		memcpy(bytes + end, header, sizeof(header));
	}
	return end;
}
