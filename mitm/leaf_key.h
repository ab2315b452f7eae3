/* SPDX-License-Identifier: ISC */
/*
 * A key that leaves of this worker speak for: made here, never written anywhere
 * and never the CA's. Counted references, since a flow goes on with the key that
 * its handshake began with when the worker has turned to another. Worker only.
 */
#ifndef SIGHTGLASS_MITM_LEAF_KEY_H
#define SIGHTGLASS_MITM_LEAF_KEY_H

#include <stddef.h>
#include <stdint.h>

#include <mbedtls/pk.h>

#include "base/attr.h"

#define LEAF_PUBLIC_KEY_BYTES 512 /* RSA 2048: 294 */

enum leaf_key_kind {
	LEAF_KEY_P256,
	LEAF_KEY_RSA, /* for clients that take no ECDSA */
	LEAF_KEY_KINDS
};

struct leaf_key {
	unsigned references;
	enum leaf_key_kind kind;
	mbedtls_pk_context pk;
	uint64_t made_ms; /* on the worker's monotonic clock */
	uint8_t public_key[LEAF_PUBLIC_KEY_BYTES];
	size_t public_key_offset; /* mbedTLS writes DER from the end */
};

/* Makes a P-256 key, which takes about a millisecond. The caller has the one
 * reference. NULL: out of memory or random numbers. */
struct leaf_key *leaf_key_new(uint64_t now_ms) WUNRES;

/* The same around an RSA key, which is taken over on success: *pk is then as
 * mbedtls_pk_init leaves it. NULL: out of memory, or it is none. */
struct leaf_key *leaf_key_adopt(mbedtls_pk_context *pk, uint64_t now_ms)
    WUNRES NONNULL(1);

struct leaf_key *leaf_key_hold(struct leaf_key *key) NONNULL(1);
void leaf_key_release(struct leaf_key *key);

/* Its SubjectPublicKeyInfo in DER, for the signer. Borrowed. */
const uint8_t *leaf_key_public(const struct leaf_key *key, size_t *length)
    NONNULL(1, 2);

#endif
