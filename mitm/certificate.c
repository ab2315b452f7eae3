/* SPDX-License-Identifier: ISC */
/* Subject, issuer, serial, digest and life of a certificate. Pure; worker. */
#include "mitm/certificate.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/sha256.h>

#include "base/clock.h"

static void
hex(const uint8_t *bytes, size_t length, char *out, size_t capacity)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < length && n + 2 < capacity; i++) {
		out[n++] = digits[bytes[i] >> 4];
		out[n++] = digits[bytes[i] & 15];
	}
	out[n] = '\0';
}

/* As people and other programs write it: without the zero that keeps the first bit
 * of an INTEGER free (X.690 section 8.3). */
static void
hex_number(const mbedtls_x509_buf *number, char *text, size_t size)
{
	size_t zeros = number->len > 1 && number->p[0] == 0 ? 1 : 0;

	hex(number->p + zeros, number->len - zeros, text, size);
}

uint64_t
certificate_seconds(const mbedtls_x509_time *t)
{
	int64_t seconds = clock_utc_s(t->year, t->mon, t->day, t->hour, t->min,
	    t->sec);

	return seconds < 0 ? 0 : (uint64_t)seconds;
}

static void
name(const mbedtls_x509_name *from, char *out, size_t capacity)
{
	if (mbedtls_x509_dn_gets(out, capacity, from) < 0)
		(void)snprintf(out, capacity, "(longer than %zu bytes)", capacity);
}

void
certificate_describe(const mbedtls_x509_crt *crt, struct certificate_facts *out)
{
	uint8_t digest[32];

	memset(out, 0, sizeof(*out));
	out->present = true;
	name(&crt->subject, out->subject, sizeof(out->subject));
	name(&crt->issuer, out->issuer, sizeof(out->issuer));
	hex_number(&crt->serial, out->serial, sizeof(out->serial));
	if (mbedtls_sha256(crt->raw.p, crt->raw.len, digest, 0) == 0)
		hex(digest, sizeof(digest), out->sha256, sizeof(out->sha256));
	out->not_before_s = certificate_seconds(&crt->valid_from);
	out->not_after_s = certificate_seconds(&crt->valid_to);
}
