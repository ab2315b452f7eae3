/* SPDX-License-Identifier: ISC */
/*
 * The leaf certificates of one worker: its own P-256 key (never the CA's), and
 * a bounded cache of certificates for it, keyed by what the leaf says (its
 * names, and whether it comes from the throwaway CA that mirrors an invalid
 * upstream). The least recently used goes first. Worker only.
 */
#ifndef SIGHTGLASS_MITM_LEAFS_H
#define SIGHTGLASS_MITM_LEAFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "ca/names.h"

#define LEAF_ID_BYTES 32

/* What the leaf says, as a SHA-256. */
struct leaf_id {
	uint8_t bytes[LEAF_ID_BYTES];
};

/* A certificate with its chain; counted references. */
struct leaf {
	unsigned references;
	struct leaf_id id;
	mbedtls_x509_crt chain;
	uint64_t stale_s; /* not to be handed out from this second on */
	struct leaf *older, *newer; /* in order of use */
	struct leaf *next;          /* in its hash bucket */
};

struct leafs;

/* Makes the worker's key and the throwaway CA. NULL: out of memory or random
 * numbers. */
struct leafs *leafs_new(size_t limit) WUNRES;
void leafs_free(struct leafs *l);

mbedtls_pk_context *leafs_key(struct leafs *l) NONNULL(1);

/* The key's SubjectPublicKeyInfo in DER, for the signer. Borrowed. */
const uint8_t *leafs_public_key(const struct leafs *l, size_t *length)
    NONNULL(1, 2);

void leafs_id(const struct names *names, bool mirror_invalid,
    struct leaf_id *out) NONNULL(1, 3);

/* A reference to the cached leaf, or NULL. */
struct leaf *leafs_find(struct leafs *l, const struct leaf_id *id,
    uint64_t now_s) NONNULL(1, 2);

/* Adds the certificate in `der`, with `issuer` (DER, or length 0) behind it, and
 * returns a reference. NULL: it does not parse, or out of memory. */
struct leaf *leafs_add(struct leafs *l, const struct leaf_id *id,
    const uint8_t *der, size_t length, const uint8_t *issuer,
    size_t issuer_length) WUNRES NONNULL(1, 2, 3);

/* Mints one from the throwaway CA, adds it, and returns a reference. */
struct leaf *leafs_mirror_invalid(struct leafs *l, const struct leaf_id *id,
    const struct names *names, uint64_t now_s) WUNRES NONNULL(1, 2, 3);

void leaf_release(struct leaf *leaf);

#endif
