/* SPDX-License-Identifier: ISC */
/*
 * Names: read from text, from a SAN and from a message, all through the same
 * two checks, so that a list never holds a name that is not well formed. Pure;
 * worker, signer and CLI. It refuses wildcards over a top-level label, names
 * that end in a number (they would be taken for addresses) and every byte that
 * a host name has no use for, NUL first.
 */
#include "ca/names.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/err.h"

#define LABEL_BYTES_MAX 63
#define DNS_BYTES_MAX 253
#define IP4_BYTES 4
#define IP6_BYTES 16

/* RFC 5280 section 4.2.1.6: the GeneralName's tags, context-specific. */
#define SAN_DNS 0x82
#define SAN_IP 0x87

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Letters, digits and hyphen (RFC 1123 section 2.1), and the underscore that
 * people use all the same. */
static bool
is_label_byte(uint8_t c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '-' ||
	    c == '_';
}

/* The length of the label in front, 0 when it is not one. */
static size_t
label(const uint8_t *bytes, size_t length, bool *number)
{
	size_t n = 0;

	*number = true;
	while (n < length && bytes[n] != '.') {
		if (!is_label_byte(bytes[n]))
			return 0;
		*number = *number && is_digit(bytes[n]);
		n++;
	}
	return n > LABEL_BYTES_MAX ? 0 : n;
}

/* Whether the bytes are labels with dots between them, *count of them, the last
 * not a number. */
static bool
labels(const uint8_t *bytes, size_t length, size_t *count)
{
	bool number = false;

	*count = 0;
	for (size_t at = 0;;) {
		size_t n = label(bytes + at, length - at, &number);

		if (n == 0)
			return false;
		(*count)++;
		at += n;
		if (at == length)
			return !number;
		at++; /* the dot; nothing behind it is an empty label */
	}
}

/* A DNS name, perhaps with a wildcard (RFC 9525 section 6.3) and a final dot. */
static bool
read_dns(struct name *out, const uint8_t *bytes, size_t length)
{
	bool wildcard = length > 2 && bytes[0] == '*' && bytes[1] == '.';
	size_t skip = wildcard ? 2 : 0, count;

	if (length > 1 && bytes[length - 1] == '.')
		length--;
	if (length == 0 || length <= skip || length > DNS_BYTES_MAX ||
	    !labels(bytes + skip, length - skip, &count) || (wildcard && count < 2))
		return false;
	memset(out, 0, sizeof(*out));
	out->kind = NAME_DNS;
	out->length = (uint8_t)length;
	for (size_t i = 0; i < length; i++)
		out->bytes[i] = lower(bytes[i]);
	return true;
}

static bool
read_ip(struct name *out, const uint8_t *bytes, size_t length)
{
	if (length != IP4_BYTES && length != IP6_BYTES)
		return false;
	memset(out, 0, sizeof(*out));
	out->kind = length == IP4_BYTES ? NAME_IP4 : NAME_IP6;
	out->length = (uint8_t)length;
	memcpy(out->bytes, bytes, length);
	return true;
}

static bool
read_text(struct name *out, const char *text)
{
	uint8_t address[IP6_BYTES];

	if (inet_pton(AF_INET, text, address) == 1)
		return read_ip(out, address, IP4_BYTES);
	if (inet_pton(AF_INET6, text, address) == 1)
		return read_ip(out, address, IP6_BYTES);
	return read_dns(out, (const uint8_t *)text, strlen(text));
}

/* An entry of a SAN: *ours says whether it is of a kind that we look at. */
static bool
read_san(struct name *out, const mbedtls_x509_buf *entry, bool *ours)
{
	*ours = entry->tag == SAN_DNS || entry->tag == SAN_IP;
	if (entry->tag == SAN_DNS)
		return read_dns(out, entry->p, entry->len);
	return *ours && read_ip(out, entry->p, entry->len);
}

static bool
equal(const struct name *a, const struct name *b)
{
	return a->kind == b->kind && a->length == b->length &&
	    memcmp(a->bytes, b->bytes, a->length) == 0;
}

static int
add(struct names *n, const struct name *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (equal(&n->items[i], name))
			return 0;
	if (n->count >= NAMES_MAX)
		return E_FULL;
	n->items[n->count++] = *name;
	return 0;
}

int
name_read(struct name *out, const char *text)
{
	return read_text(out, text) ? 0 : E_SYNTAX;
}

void
name_text(const struct name *name, char out[NAME_TEXT_BYTES])
{
	out[0] = '\0';
	if (name->kind != NAME_DNS) {
		(void)inet_ntop(name->kind == NAME_IP4 ? AF_INET : AF_INET6,
		    name->bytes, out, NAME_TEXT_BYTES);
		return;
	}
	memcpy(out, name->bytes, name->length);
	out[name->length] = '\0';
}

int
names_add(struct names *n, const char *text)
{
	struct name name;

	return read_text(&name, text) ? add(n, &name) : E_SYNTAX;
}

size_t
names_add_certificate(struct names *n, const mbedtls_x509_crt *crt)
{
	size_t count = 0;

	for (const mbedtls_x509_sequence *entry = &crt->subject_alt_names;
	    entry != NULL; entry = entry->next) {
		struct name name;
		bool ours;

		if (read_san(&name, &entry->buf, &ours))
			(void)add(n, &name); /* full: the rest is counted only */
		count += ours;
	}
	return count;
}

static bool
is_wildcard(const struct name *name)
{
	return name->kind == NAME_DNS && name->bytes[0] == '*';
}

/* Both well formed; host without a wildcard. */
static bool
speaks_for(const struct name *name, const struct name *host)
{
	if (!is_wildcard(name) || host->kind != NAME_DNS)
		return equal(name, host);

	const uint8_t *dot = memchr(host->bytes, '.', host->length);
	if (dot == NULL)
		return false;
	size_t rest = host->length - (size_t)(dot - host->bytes);
	return rest == (size_t)name->length - 1 &&
	    memcmp(dot, name->bytes + 1, rest) == 0;
}

static bool
read_host(struct name *out, const char *host)
{
	return read_text(out, host) && !is_wildcard(out);
}

bool
names_match(const struct names *n, const char *host)
{
	struct name wanted;

	if (!read_host(&wanted, host))
		return false;
	for (size_t i = 0; i < n->count; i++)
		if (speaks_for(&n->items[i], &wanted))
			return true;
	return false;
}

bool
names_match_certificate(const mbedtls_x509_crt *crt, const char *host)
{
	struct name name, wanted;
	bool ours;

	if (!read_host(&wanted, host))
		return false;
	for (const mbedtls_x509_sequence *entry = &crt->subject_alt_names;
	    entry != NULL; entry = entry->next)
		if (read_san(&name, &entry->buf, &ours) && speaks_for(&name, &wanted))
			return true;
	return false;
}

void
names_digest(const struct names *n, mbedtls_sha256_context *sha)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct name *name = &n->items[i];
		const uint8_t head[2] = {(uint8_t)name->kind, name->length};

		(void)mbedtls_sha256_update(sha, head, sizeof(head));
		(void)mbedtls_sha256_update(sha, name->bytes, name->length);
	}
}

/* The message: u8 count, then for each u8 kind, u8 length and the bytes. */

int
names_write(const struct names *n, struct buf *out)
{
	const uint8_t count = (uint8_t)n->count;
	int error = buf_append(out, &count, 1);

	for (size_t i = 0; i < n->count && error == 0; i++) {
		const struct name *name = &n->items[i];
		const uint8_t head[2] = {(uint8_t)name->kind, name->length};

		error = buf_append(out, head, sizeof(head));
		if (error == 0)
			error = buf_append(out, name->bytes, name->length);
	}
	return error;
}

/* Only what names_write writes: the sender may be in hostile hands. */
static bool
read_item(struct name *out, unsigned kind, const uint8_t *bytes, size_t length)
{
	bool well_formed = kind == NAME_DNS ? read_dns(out, bytes, length)
	                                    : read_ip(out, bytes, length);

	return well_formed && out->kind == (enum name_kind)kind &&
	    out->length == length && memcmp(out->bytes, bytes, length) == 0;
}

int
names_read(struct names *n, const uint8_t *bytes, size_t length)
{
	size_t at = 1;

	n->count = 0;
	if (length < 1 || bytes[0] > NAMES_MAX)
		return E_CORRUPT;
	for (unsigned i = 0; i < bytes[0]; i++) {
		struct name name;

		if (length - at < 2 || length - at - 2 < bytes[at + 1] ||
		    !read_item(&name, bytes[at], bytes + at + 2, bytes[at + 1]))
			return E_CORRUPT;
		at += 2u + bytes[at + 1];
		if (add(n, &name) != 0 || n->count != i + 1u)
			return E_CORRUPT; /* a name twice */
	}
	return (int)at;
}
