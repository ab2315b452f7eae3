/* SPDX-License-Identifier: ISC */
/*
 * The names a certificate speaks for (RFC 5280 section 4.2.1.6): a bounded list
 * of DNS names and IP addresses, taken from a certificate's SAN or from what
 * the client asked for, and matched as RFC 6125 and RFC 9525 say. Pure; worker,
 * signer and CLI.
 */
#ifndef SIGHTGLASS_CA_NAMES_H
#define SIGHTGLASS_CA_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/sha256.h>
#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "base/buf.h"

#define NAMES_MAX 128u

enum name_kind { NAME_DNS = 1, NAME_IP4 = 4, NAME_IP6 = 6 };

struct name {
	enum name_kind kind;
	uint8_t length;    /* DNS: 1–253; IP: 4 or 16 */
	uint8_t bytes[253]; /* DNS names in lower case, no final dot, no NUL */
};

struct names {
	size_t count;
	struct name items[NAMES_MAX];
};

/* A DNS name, perhaps a wildcard, or the text of an IP address. E_SYNTAX. */
int name_read(struct name *out, const char *text) WUNRES NONNULL(1, 2);

#define NAME_TEXT_BYTES 254

/* Its text, as name_read takes it. */
void name_text(const struct name *name, char out[NAME_TEXT_BYTES]) NONNULL(1, 2);

/* Adds a DNS name or the text of an IP address ("192.0.2.1", "2001:db8::1");
 * one that is there already is not added again. E_SYNTAX: neither; E_FULL. */
int names_add(struct names *n, const char *text) WUNRES NONNULL(1, 2);

/* Adds the dNSName and iPAddress entries of the SAN until n is full; malformed
 * ones are passed over. Returns how many there were in all. */
size_t names_add_certificate(struct names *n, const mbedtls_x509_crt *crt)
    NONNULL(1, 2);

/* Whether the list speaks for `host` (a DNS name, or an IP address's text,
 * which only an IP entry matches). A wildcard is the whole leftmost label, has
 * two labels at least behind it, and stands for exactly one. */
bool names_match(const struct names *n, const char *host) WUNRES NONNULL(1, 2);

/* The same for the SAN of a certificate, however many entries it has; the CN is
 * never looked at (RFC 9525 section 2). */
bool names_match_certificate(const mbedtls_x509_crt *crt, const char *host)
    WUNRES NONNULL(1, 2);

/* Adds the list to a digest that has begun. */
void names_digest(const struct names *n, mbedtls_sha256_context *sha)
    NONNULL(1, 2);

/* To and from a message between our processes. names_read: bytes used,
 * E_CORRUPT. */
int names_write(const struct names *n, struct buf *out) WUNRES NONNULL(1, 2);
int names_read(struct names *n, const uint8_t *bytes, size_t length)
    WUNRES NONNULL(1, 2);

#endif
