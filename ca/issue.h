/* SPDX-License-Identifier: ISC */
/*
 * Putting a certificate together and signing it (RFC 5280 section 4.1). The
 * names are taken as DER, so that a leaf's issuer is the CA's subject byte for
 * byte, whoever encoded it. Used by key.c and leaf.c, which decide what the
 * certificate says. Pure but for the random serial; signer, worker and CLI.
 */
#ifndef SIGHTGLASS_CA_ISSUE_H
#define SIGHTGLASS_CA_ISSUE_H

#include <stddef.h>
#include <stdint.h>

#include <mbedtls/pk.h>
#include <mbedtls/x509.h>

#include "base/attr.h"
#include "base/buf.h"
#include "ca/der.h"

#define ISSUE_KEY_ID_BYTES 20
#define ISSUE_BACKDATE_S (24 * 3600) /* for clients whose clock is behind */

/* The public keys that a certificate of ours may speak for. */
enum issue_key {
	ISSUE_KEY_NONE,
	ISSUE_KEY_P256,
	ISSUE_KEY_RSA /* of 2048 to 4096 bits, exponent 65537 */
};
#define ISSUE_SPKI_BYTES_MAX 600 /* RSA 4096: 550 */

struct issue_parts {
	struct der_part {
		const uint8_t *bytes; /* DER, borrowed */
		size_t length;
	} issuer, subject, public_key, extensions; /* extensions: one by one */
	int64_t not_before_s;
	int64_t not_after_s;
};

/* Appends the signed certificate's DER to out, with a random serial. E_RANGE:
 * no time between the two; E_CRYPTO, E_NOMEM, E_LIMIT. */
int issue_certificate(mbedtls_pk_context *key, const struct issue_parts *parts,
    struct buf *out) WUNRES NONNULL(1, 2, 3);

/* Makes everything written since d->at was `end` one extension. `oid` is a
 * literal of mbedtls/oid.h, DER without tag and length. */
void issue_extension(struct der *d, const char *oid, bool critical,
    const uint8_t *end) NONNULL(1, 2, 4);

/* Puts one relative distinguished name in front: a text as UTF8String. */
void issue_rdn(struct der *d, const char *oid, const void *text, size_t length)
    NONNULL(1, 2, 3);

/* Which of them the DER of a SubjectPublicKeyInfo is: in the one form that we
 * write ourselves (a point is uncompressed, and on the curve), nothing behind. */
enum issue_key issue_key_kind(const uint8_t *public_key, size_t length)
    WUNRES NONNULL(1);

/* Its key identifier (RFC 7093 section 2, method 1). E_SYNTAX: it is no
 * SubjectPublicKeyInfo; E_CRYPTO. */
int issue_key_id(const uint8_t *public_key, size_t length,
    uint8_t id[ISSUE_KEY_ID_BYTES]) WUNRES NONNULL(1, 3);

/* A certificate's time, which is UTC, as seconds since the epoch. */
int64_t issue_seconds(const mbedtls_x509_time *t) NONNULL(1);

#endif
