/* SPDX-License-Identifier: ISC */
/*
 * The server hello parser and the reader that finds it in a server's first bytes.
 * Records and messages are walked independently of each other, as they may be
 * cut independently (RFC 8446 section 5.1). Pure; worker only. It verifies
 * nothing: that is the TLS library's business, which gets the same bytes.
 */
#include "mitm/server_hello.h"

#include <string.h>

#include "base/be.h"
#include "base/err.h"
#include "mitm/tls.h"

#define RECORD_HEADER_BYTES 5u
#define RECORD_BYTES_MAX (16384u + 256u) /* RFC 8446 section 5.2 */
#define MESSAGE_HEADER_BYTES 4u
#define RANDOM_BYTES 32u
#define NAMED_CURVE 3 /* RFC 8422 section 5.4 */

enum {
	CONTENT_CHANGE_CIPHER_SPEC = 20,
	CONTENT_ALERT = 21,
	CONTENT_HANDSHAKE = 22
};

enum {
	MESSAGE_SERVER_HELLO = 2,
	MESSAGE_SERVER_KEY_EXCHANGE = 12,
	MESSAGE_SERVER_HELLO_DONE = 14
};

enum { EXT_SUPPORTED_VERSIONS = 43, EXT_KEY_SHARE = 51 };

/* SHA-256 of "HelloRetryRequest" (RFC 8446 section 4.1.3). */
static const uint8_t retry_random[RANDOM_BYTES] = {0xcf, 0x21, 0xad, 0x74, 0xe5,
	0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
	0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8,
	0xa8, 0x33, 0x9c};

/* --- the message --- */

/* A read position; reads past the end set `broken` and give zeroes. */
struct cursor {
	const uint8_t *at;
	size_t left;
	bool broken;
};

static const uint8_t *
take(struct cursor *c, size_t count)
{
	static const uint8_t zeroes[RANDOM_BYTES];
	const uint8_t *at = c->at;

	if (count > c->left) {
		c->broken = true;
		c->left = 0;
		return zeroes;
	}
	c->at += count;
	c->left -= count;
	return at;
}

static uint16_t
take16(struct cursor *c)
{
	return be16_dec(take(c, 2));
}

static struct cursor
take_vector(struct cursor *c, size_t count)
{
	struct cursor inner = {.left = count <= c->left ? count : 0};

	inner.at = take(c, count);
	return inner;
}

static void
read_extension(uint16_t type, struct cursor *ext, struct server_hello *out)
{
	if (type == EXT_SUPPORTED_VERSIONS)
		out->version = take16(ext);
	else if (type == EXT_KEY_SHARE)
		out->group = take16(ext);
}

static void
read_extensions(struct cursor *c, struct server_hello *out)
{
	struct cursor list = take_vector(c, take16(c));

	while (list.left > 0 && !list.broken) {
		uint16_t type = take16(&list);
		struct cursor ext = take_vector(&list, take16(&list));
		if (list.broken)
			break;
		if (out->extension_count < SERVER_HELLO_EXTENSIONS_MAX)
			out->extensions[out->extension_count++] = type;
		else
			out->extensions_cut = true;
		read_extension(type, &ext, out);
		list.broken |= ext.broken;
	}
	c->broken |= list.broken;
}

/* RFC 8446 section 4.1.3: "DOWNGRD" and 1 for TLS 1.2, 0 for what is older. */
static bool
has_sentinel(const uint8_t *random)
{
	static const char sentinel[] = {'D', 'O', 'W', 'N', 'G', 'R', 'D'};
	const uint8_t *end = random + RANDOM_BYTES - 1;

	return memcmp(end - sizeof(sentinel), sentinel, sizeof(sentinel)) == 0 &&
	    *end <= 1;
}

int
server_hello_parse(const uint8_t *body, size_t length, struct server_hello *out)
{
	struct cursor c = {.at = body, .left = length};
	struct server_hello hello = {0};

	hello.version = hello.legacy_version = take16(&c);
	const uint8_t *random = take(&c, RANDOM_BYTES);
	hello.retried = memcmp(random, retry_random, RANDOM_BYTES) == 0;
	(void)take(&c, *take(&c, 1)); /* session id */
	hello.suite = take16(&c);
	(void)take(&c, 1); /* compression */
	if (c.left > 0) /* a server of TLS 1.2 may have nothing to add */
		read_extensions(&c, &hello);
	if (c.broken || c.left > 0)
		return E_SYNTAX;
	hello.downgraded = hello.version < TLS_1_3 && has_sentinel(random);
	*out = hello;
	return 0;
}

/* Suites whose ServerKeyExchange begins with a curve: ECDHE_ECDSA and ECDHE_RSA
 * (RFC 8422, 5289, 6209, 6367, 7251, 7905). */
static bool
names_curve(uint16_t suite)
{
	static const struct {
		uint16_t first, last;
	} ranges[] = {{0xc006, 0xc00a}, {0xc010, 0xc014}, {0xc023, 0xc024},
	    {0xc027, 0xc028}, {0xc02b, 0xc02c}, {0xc02f, 0xc030},
	    {0xc048, 0xc049}, {0xc04c, 0xc04d}, {0xc05c, 0xc05d},
	    {0xc060, 0xc061}, {0xc072, 0xc073}, {0xc076, 0xc077},
	    {0xc086, 0xc087}, {0xc08a, 0xc08b}, {0xc0ac, 0xc0af},
	    {0xcca8, 0xcca9}};

	for (size_t i = 0; i < ARRAY_LENGTH(ranges); i++)
		if (suite >= ranges[i].first && suite <= ranges[i].last)
			return true;
	return false;
}

/* --- the reader --- */

/* How much of a message is worth keeping, by its type. */
static size_t
kept_bytes(const struct server_flight *f)
{
	if (f->message_have < MESSAGE_HEADER_BYTES)
		return MESSAGE_HEADER_BYTES;
	switch (f->message[0]) {
	case MESSAGE_SERVER_HELLO:
		return sizeof(f->message);
	case MESSAGE_SERVER_KEY_EXCHANGE:
		return MESSAGE_HEADER_BYTES + 3;
	default:
		return MESSAGE_HEADER_BYTES;
	}
}

/* Header and body, once the header has come. */
static size_t
message_bytes(const struct server_flight *f)
{
	return MESSAGE_HEADER_BYTES + be24_dec(f->message + 1);
}

static int
end_hello(struct server_flight *f)
{
	size_t length = message_bytes(f);
	bool retried = f->hello.retried;

	if (f->seen)
		return E_SYNTAX; /* one is all */
	if (length > sizeof(f->message))
		return E_LIMIT;
	int error = server_hello_parse(f->message + MESSAGE_HEADER_BYTES,
	    length - MESSAGE_HEADER_BYTES, &f->hello);
	if (error != 0)
		return error;
	if (f->hello.retried)
		return retried ? E_SYNTAX : E_MORE; /* the hello follows, once */
	f->hello.retried = retried;
	f->seen = true;
	/* What follows in TLS 1.3 is encrypted. */
	return f->hello.version >= TLS_1_3 ? 0 : E_MORE;
}

/* A message is whole. E_MORE: another is worth waiting for. */
static int
end_message(struct server_flight *f)
{
	const uint8_t *body = f->message + MESSAGE_HEADER_BYTES;

	if (f->message[0] == MESSAGE_SERVER_HELLO)
		return end_hello(f);
	if (!f->seen)
		return E_SYNTAX; /* nothing comes before a hello */
	if (f->message[0] == MESSAGE_SERVER_HELLO_DONE)
		return 0;
	if (f->message[0] != MESSAGE_SERVER_KEY_EXCHANGE)
		return E_MORE;
	if (message_bytes(f) < MESSAGE_HEADER_BYTES + 3)
		return 0;
	uint16_t first = be16_dec(body);
	if (!names_curve(f->hello.suite)) /* a vector: the prime */
		f->hello.dh_bits = first < UINT16_MAX / 8 ? first * 8 : UINT16_MAX;
	else if (body[0] == NAMED_CURVE)
		f->hello.group = be16_dec(body + 1);
	return 0;
}

/* Takes bytes of the message that is coming, at most up to its end. */
static size_t
take_message(struct server_flight *f, const uint8_t *bytes, size_t length)
{
	size_t wanted = MESSAGE_HEADER_BYTES, kept = kept_bytes(f);

	if (f->message_have >= MESSAGE_HEADER_BYTES)
		wanted = message_bytes(f);
	if (length > wanted - f->message_have)
		length = wanted - f->message_have;
	if (f->message_have < kept) {
		size_t room = kept - f->message_have;
		memcpy(f->message + f->message_have, bytes,
		    length < room ? length : room);
	}
	f->message_have += (uint32_t)length;
	return length;
}

static int
read_messages(struct server_flight *f, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		size_t n = take_message(f, bytes, length);
		bytes += n;
		length -= n;
		if (f->message_have < MESSAGE_HEADER_BYTES ||
		    f->message_have < message_bytes(f))
			continue;
		int verdict = end_message(f);
		if (verdict != E_MORE)
			return verdict;
		f->message_have = 0;
	}
	return E_MORE;
}

/* A record's header is whole. */
static int
begin_record(struct server_flight *f)
{
	f->record_left = be16_dec(f->record + 3);
	if (f->record[1] != 3 || f->record_left > RECORD_BYTES_MAX)
		return E_SYNTAX;
	switch (f->record[0]) {
	case CONTENT_HANDSHAKE:
		return E_MORE;
	case CONTENT_CHANGE_CIPHER_SPEC:
		/* Before the hello: after a retry request, to please middleboxes
		 * (RFC 8446 appendix D.4). After it the clear text ends. */
	case CONTENT_ALERT:
		/* Before the hello it may be a warning, as of a name that the server
		 * does not know (RFC 6066 section 3); a fatal one ends the bytes. */
		return f->seen ? 0 : E_MORE;
	default:
		return f->seen ? 0 : E_SYNTAX;
	}
}

int
server_flight_read(struct server_flight *f, const uint8_t *bytes, size_t length)
{
	int verdict = E_MORE;

	while (length > 0 && verdict == E_MORE) {
		if (f->record_have < RECORD_HEADER_BYTES) {
			f->record[f->record_have++] = *bytes++;
			length--;
			if (f->record_have == RECORD_HEADER_BYTES)
				verdict = begin_record(f);
		} else {
			size_t n = length < f->record_left ? length : f->record_left;
			if (f->record[0] == CONTENT_HANDSHAKE)
				verdict = read_messages(f, bytes, n);
			bytes += n;
			length -= n;
			f->record_left = (uint16_t)(f->record_left - n);
		}
		if (f->record_have == RECORD_HEADER_BYTES && f->record_left == 0)
			f->record_have = 0;
	}
	return verdict;
}

const char *
server_hello_group_name(uint16_t group)
{
	/* IANA's registry "TLS Supported Groups". */
	static const struct {
		uint16_t number;
		const char *name;
	} groups[] = {{0x0016, "secp256k1"}, {0x0017, "secp256r1"},
	    {0x0018, "secp384r1"}, {0x0019, "secp521r1"},
	    {0x001a, "brainpoolP256r1"}, {0x001b, "brainpoolP384r1"},
	    {0x001c, "brainpoolP512r1"}, {0x001d, "x25519"}, {0x001e, "x448"},
	    {0x0100, "ffdhe2048"}, {0x0101, "ffdhe3072"}, {0x0102, "ffdhe4096"},
	    {0x0103, "ffdhe6144"}, {0x0104, "ffdhe8192"},
	    {0x11eb, "SecP256r1MLKEM768"}, {0x11ec, "X25519MLKEM768"},
	    {0x11ed, "SecP384r1MLKEM1024"}};

	for (size_t i = 0; i < ARRAY_LENGTH(groups); i++)
		if (groups[i].number == group)
			return groups[i].name;
	return NULL;
}
