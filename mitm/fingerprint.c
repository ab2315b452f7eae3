/* SPDX-License-Identifier: ISC */
/*
 * JA3, JA3S and JA4 from hellos that were read already. Pure, allocates nothing;
 * worker only. A hello that did not fit gets no fingerprint rather than a wrong
 * one.
 */
#include "mitm/fingerprint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/md.h>

#include "base/err.h"

#define EXT_SERVER_NAME 0
#define EXT_ALPN 16
#define JA4_HASH_DIGITS 12

/* struct fingerprint_text is large enough for all that a hello can hold; the
 * check stays all the same. */
static void PRINTF_LIKE(2, 3)
add(struct fingerprint_text *t, const char *format, ...)
{
	size_t room = sizeof(t->bytes) - t->length;
	va_list arguments;

	va_start(arguments, format);
	int n = vsnprintf(t->bytes + t->length, room, format, arguments);
	va_end(arguments);
	if (n > 0 && (size_t)n < room)
		t->length += (size_t)n;
	t->bytes[t->length] = '\0';
}

static int
digest(mbedtls_md_type_t type, const struct fingerprint_text *t, size_t digits,
    char *out)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t hash[MBEDTLS_MD_MAX_SIZE];

	out[0] = '\0';
	if (mbedtls_md(mbedtls_md_info_from_type(type),
	        (const unsigned char *)t->bytes, t->length, hash) != 0)
		return E_CRYPTO;
	for (size_t i = 0; i < digits; i++)
		out[i] = hex[hash[i / 2] >> (i % 2 == 0 ? 4 : 0) & 0xf];
	out[digits] = '\0';
	return 0;
}

/* --- JA3, JA3S --- */

static void
add_decimal(struct fingerprint_text *t, const uint16_t *values, size_t count)
{
	add(t, ",");
	for (size_t i = 0; i < count; i++)
		add(t, "%s%u", i == 0 ? "" : "-", (unsigned)values[i]);
}

void
fingerprint_ja3_text(const struct hello *h, struct fingerprint_text *out)
{
	const struct hello_list *const lists[] = {&h->suites, &h->extensions,
	    &h->groups, &h->point_formats};

	out->length = 0;
	add(out, "%u", (unsigned)h->legacy_version);
	for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
		add_decimal(out, hello_values(h, lists[i]), lists[i]->count);
}

int
fingerprint_ja3(const struct hello *h, char out[33])
{
	struct fingerprint_text text;

	out[0] = '\0';
	if (h->offers_cut)
		return E_LIMIT;
	fingerprint_ja3_text(h, &text);
	return digest(MBEDTLS_MD_MD5, &text, 32, out);
}

void
fingerprint_ja3s_text(const struct server_hello *h, struct fingerprint_text *out)
{
	out->length = 0;
	add(out, "%u,%u", (unsigned)h->legacy_version, (unsigned)h->suite);
	add_decimal(out, h->extensions, h->extension_count);
}

int
fingerprint_ja3s(const struct server_hello *h, char out[33])
{
	struct fingerprint_text text;

	out[0] = '\0';
	if (h->extensions_cut)
		return E_LIMIT;
	fingerprint_ja3s_text(h, &text);
	return digest(MBEDTLS_MD_MD5, &text, 32, out);
}

/* --- JA4 --- */

/* The highest of supported_versions, else the hello's own. */
static const char *
ja4_version(const struct hello *h)
{
	static const struct {
		uint16_t number;
		char name[3];
	} versions[] = {{0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"},
	    {0x0301, "10"}, {0x0300, "s3"}, {0x0002, "s2"}, {0xfeff, "d1"},
	    {0xfefd, "d2"}, {0xfefc, "d3"}};
	uint16_t highest = h->versions.count == 0 ? h->legacy_version : 0;

	for (size_t i = 0; i < h->versions.count; i++)
		if (hello_values(h, &h->versions)[i] > highest)
			highest = hello_values(h, &h->versions)[i];
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++)
		if (versions[i].number == highest)
			return versions[i].name;
	return "00";
}

static bool
is_alphanumeric(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	    (byte >= 'a' && byte <= 'z');
}

/* The first and last character of the first protocol, else of its hex. */
static void
add_alpn(struct fingerprint_text *t, const struct hello *h)
{
	uint8_t first = h->alpn_ends[0], last = h->alpn_ends[1];

	if (!h->alpn_named)
		add(t, "00");
	else if (is_alphanumeric(first) && is_alphanumeric(last))
		add(t, "%c%c", first, last);
	else
		add(t, "%x%x", (unsigned)first >> 4, last & 0xfu);
}

static unsigned
at_most_99(size_t count)
{
	return count > 99 ? 99 : (unsigned)count;
}

static bool
has_server_name(const struct hello *h)
{
	for (size_t i = 0; i < h->extensions.count; i++)
		if (hello_values(h, &h->extensions)[i] == EXT_SERVER_NAME)
			return true;
	return false;
}

/* Part a: "t13d1516h2". */
static void
ja4_offers(const struct hello *h, struct fingerprint_text *t)
{
	t->length = 0;
	add(t, "t%s%c%02u%02u", ja4_version(h), has_server_name(h) ? 'd' : 'i',
	    at_most_99(h->suites.count), at_most_99(h->extensions.count));
	add_alpn(t, h);
}

static int
compare16(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void
add_hex(struct fingerprint_text *t, const uint16_t *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(t, "%s%04x", i == 0 ? "" : ",", (unsigned)values[i]);
}

static void
add_sorted(struct fingerprint_text *t, uint16_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare16);
	add_hex(t, values, count);
}

/* Part b: the suites. */
static void
ja4_suites(const struct hello *h, struct fingerprint_text *t)
{
	uint16_t sorted[HELLO_OFFERS_MAX];

	t->length = 0;
	memcpy(sorted, hello_values(h, &h->suites),
	    h->suites.count * sizeof(*sorted));
	add_sorted(t, sorted, h->suites.count);
}

/* Part c: the extensions but the two that part a speaks of, and the schemes as
 * they came. */
static void
ja4_extensions(const struct hello *h, struct fingerprint_text *t)
{
	const uint16_t *sent = hello_values(h, &h->extensions);
	uint16_t sorted[HELLO_OFFERS_MAX];
	size_t count = 0;

	t->length = 0;
	for (size_t i = 0; i < h->extensions.count; i++)
		if (sent[i] != EXT_SERVER_NAME && sent[i] != EXT_ALPN)
			sorted[count++] = sent[i];
	add_sorted(t, sorted, count);
	if (h->schemes.count > 0) {
		add(t, "_");
		add_hex(t, hello_values(h, &h->schemes), h->schemes.count);
	}
}

void
fingerprint_ja4_text(const struct hello *h, struct fingerprint_text *out)
{
	struct fingerprint_text part;

	ja4_offers(h, out);
	ja4_suites(h, &part);
	add(out, "_%s", part.length > 0 ? part.bytes : "");
	ja4_extensions(h, &part);
	add(out, "_%s", part.length > 0 ? part.bytes : "");
}

static int
hash_part(const struct fingerprint_text *part, char out[JA4_HASH_DIGITS + 1])
{
	if (part->length > 0)
		return digest(MBEDTLS_MD_SHA256, part, JA4_HASH_DIGITS, out);
	memset(out, '0', JA4_HASH_DIGITS);
	out[JA4_HASH_DIGITS] = '\0';
	return 0;
}

int
fingerprint_ja4(const struct hello *h, char out[37])
{
	struct fingerprint_text a, part;
	char suites[JA4_HASH_DIGITS + 1], extensions[JA4_HASH_DIGITS + 1];

	out[0] = '\0';
	if (h->offers_cut)
		return E_LIMIT;
	ja4_suites(h, &part);
	int error = hash_part(&part, suites);
	ja4_extensions(h, &part);
	if (error == 0)
		error = hash_part(&part, extensions);
	if (error != 0)
		return error;
	ja4_offers(h, &a);
	(void)snprintf(out, 37, "%.10s_%s_%s", a.bytes, suites, extensions);
	return 0;
}
