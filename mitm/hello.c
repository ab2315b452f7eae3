/* SPDX-License-Identifier: ISC */
/*
 * The TLS client hello parser. Two passes over the raw bytes, neither of which
 * copies: `measure` walks the records until they hold the whole handshake
 * message, then a cursor that steps over record headers reads it. Worker only.
 * It checks structure, not sense: what a client may offer is the TLS library's
 * business.
 */
#include "mitm/hello.h"

#include <string.h>

#include "base/err.h"

#define RECORD_HEADER_BYTES 5u
#define RECORD_BYTES_MAX 16384u /* RFC 8446 section 5.1 */
#define CONTENT_HANDSHAKE 22
#define HANDSHAKE_HEADER_BYTES 4u
#define HANDSHAKE_CLIENT_HELLO 1
#define RANDOM_BYTES 32u

#define TLS12 0x0303
#define TLS13 0x0304

/* Extension numbers, from IANA's registry. */
enum {
	EXT_SERVER_NAME = 0,
	EXT_SIGNATURE_ALGORITHMS = 13,
	EXT_ALPN = 16,
	EXT_EARLY_DATA = 42,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_POST_HANDSHAKE_AUTH = 49,
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

/* What the offers in several extensions add up to. */
struct offers {
	bool has_schemes, scheme_ecdsa, scheme_rsa;
	bool suite_ecdsa, suite_rsa;
	bool has_versions;
	bool seen_name;
	struct cursor schemes; /* the extension, read once versions are known */
};

static size_t
get16(const uint8_t *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

static int
sniff_record(const uint8_t *bytes, size_t length)
{
	if (length > 0 && bytes[0] != CONTENT_HANDSHAKE)
		return 0;
	if (length > 1 && bytes[1] != 3)
		return 0;
	if (length < RECORD_HEADER_BYTES)
		return E_MORE;
	return get16(bytes + 3) <= RECORD_BYTES_MAX;
}

int
hello_sniff(const uint8_t *bytes, size_t length)
{
	int verdict = sniff_record(bytes, length);

	if (verdict != 1)
		return verdict;
	if (get16(bytes + 3) == 0)
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
		size_t record = get16(bytes + at + 3);
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
		c->in_record = get16(c->at + 3);
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

/* Suites by the key of the server's certificate (RFC 5246, 5289, 7251, 7905);
 * TLS 1.3's say nothing about it. */
static void
note_suite(uint16_t suite, struct offers *o)
{
	static const uint16_t ecdsa[] = {0xc006, 0xc007, 0xc008, 0xc009, 0xc00a,
	    0xc023, 0xc024, 0xc02b, 0xc02c, 0xc048, 0xc049, 0xc05c, 0xc05d,
	    0xc072, 0xc073, 0xc086, 0xc087, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af,
	    0xcca9};
	static const uint16_t rsa[] = {0x0004, 0x0005, 0x000a, 0x0016, 0x002f,
	    0x0033, 0x0035, 0x0039, 0x003c, 0x003d, 0x0041, 0x0045, 0x0067,
	    0x006b, 0x0084, 0x0088, 0x009c, 0x009d, 0x009e, 0x009f, 0xc011,
	    0xc012, 0xc013, 0xc014, 0xc027, 0xc028, 0xc02f, 0xc030, 0xc09c,
	    0xc09d, 0xc09e, 0xc09f, 0xc0a0, 0xc0a1, 0xcca8, 0xccaa};

	for (size_t i = 0; i < ARRAY_LENGTH(ecdsa); i++)
		o->suite_ecdsa |= suite == ecdsa[i];
	for (size_t i = 0; i < ARRAY_LENGTH(rsa); i++)
		o->suite_rsa |= suite == rsa[i];
}

/* RFC 8446 section 4.2.3. In TLS 1.2 the pair (hash, ecdsa) names no curve, so
 * any hash will do there; 1.3 wants secp256r1 with SHA-256. */
static void
note_scheme(uint16_t scheme, struct offers *o, bool tls13_only)
{
	bool pkcs1 = (scheme & 0xff) == 1 && scheme >> 8 >= 1 && scheme >> 8 <= 6;
	bool pss = scheme >= 0x0804 && scheme <= 0x0806;
	bool ecdsa = (scheme & 0xff) == 3 && scheme >> 8 >= 2 && scheme >> 8 <= 6;

	o->scheme_ecdsa |= scheme == 0x0403 || (ecdsa && !tls13_only);
	o->scheme_rsa |= pss || (pkcs1 && !tls13_only);
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
	bool grease = length == 2 && is_grease((uint16_t)((uint8_t)kept[0] << 8 |
	    (uint8_t)kept[1]));
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
read_versions(struct cursor *ext, struct hello *out, struct offers *o)
{
	struct cursor list = take_vector(ext, take8(ext));

	o->has_versions = true;
	while (list.remaining > 0 && !list.broken) {
		uint16_t version = take16(&list);
		if (is_grease(version) || version >> 8 != 3)
			continue;
		if (version > out->highest_version)
			out->highest_version = version;
		out->offers_tls12 |= version == TLS12;
		out->offers_tls13 |= version == TLS13;
	}
	ext->broken |= list.broken;
}

static void
read_schemes(const struct hello *out, struct offers *o)
{
	struct cursor list = take_vector(&o->schemes, take16(&o->schemes));

	while (list.remaining > 0 && !list.broken)
		note_scheme(take16(&list), o, !out->offers_tls12);
	o->schemes.broken |= list.broken;
}

static void
read_extension(uint16_t type, struct cursor *ext, struct hello *out,
    struct offers *o)
{
	switch (type) {
	case EXT_SERVER_NAME:
		read_server_name(ext, out, o);
		break;
	case EXT_SIGNATURE_ALGORITHMS:
		if (!o->has_schemes)
			o->schemes = *ext;
		o->has_schemes = true;
		break;
	case EXT_ALPN:
		read_alpn(ext, out);
		break;
	case EXT_EARLY_DATA:
		out->early_data = true;
		break;
	case EXT_SUPPORTED_VERSIONS:
		if (!o->has_versions)
			read_versions(ext, out, o);
		break;
	case EXT_POST_HANDSHAKE_AUTH:
		out->post_handshake_auth = true;
		break;
	case EXT_ENCRYPTED_CLIENT_HELLO:
		out->encrypted_client_hello = true;
		break;
	default:
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
		if (!list.broken)
			read_extension(type, &ext, out, o);
		list.broken |= ext.broken;
	}
	c->broken |= list.broken;
}

static void
conclude(struct hello *out, struct offers *o)
{
	if (!o->has_versions) {
		/* RFC 8446 section 4.2.1: without the extension, 1.2 at most. */
		out->highest_version = out->legacy_version < TLS12 ?
		    out->legacy_version : TLS12;
		out->offers_tls12 = out->legacy_version >= TLS12;
	}
	if (o->has_schemes)
		read_schemes(out, o);
	/* RFC 5246 section 7.4.1.4.1: without schemes the suites decide. */
	out->offers_ecdsa = (!o->has_schemes || o->scheme_ecdsa) &&
	    (out->offers_tls13 || o->suite_ecdsa);
	out->offers_rsa = (!o->has_schemes || o->scheme_rsa) &&
	    (out->offers_tls13 || o->suite_rsa);
}

static bool
read_hello(struct cursor *c, struct hello *out)
{
	struct offers o = {0};

	out->legacy_version = take16(c);
	skip(c, RANDOM_BYTES);
	skip(c, take8(c)); /* session id */
	struct cursor suites = take_vector(c, take16(c));
	while (suites.remaining > 0 && !suites.broken)
		note_suite(take16(&suites), &o);
	skip(c, take8(c)); /* compression methods */
	if (c->remaining > 0)
		read_extensions(c, out, &o);
	conclude(out, &o);
	return !c->broken && !suites.broken && !o.schemes.broken &&
	    c->remaining == 0;
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
