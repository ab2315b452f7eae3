/* SPDX-License-Identifier: ISC */
/*
 * The leaf certificates of one worker: its own keys (never the CA's), changed
 * when they are old, and a bounded cache of certificates for them, keyed by what
 * the leaf says (its names, key and issuer: the CA, or the throwaway CA that
 * mirrors an invalid upstream). The least recently used goes first. Worker
 * only.
 */
#ifndef SIGHTGLASS_MITM_LEAFS_H
#define SIGHTGLASS_MITM_LEAFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "base/recent.h"
#include "ca/names.h"
#include "ca/scope.h"
#include "mitm/leaf_key.h"

#define LEAF_ID_BYTES RECENT_ID_BYTES

/* What the leaf says, as a SHA-256. */
struct leaf_id {
	uint8_t bytes[LEAF_ID_BYTES];
};

/* A certificate with its chain; counted references. */
struct leaf {
	struct recent_entry entry; /* its id: the bytes of struct leaf_id */
	unsigned references;
	mbedtls_x509_crt chain;
	struct leaf_key *key; /* counted reference */
	uint64_t stale_s; /* not to be handed out from this second on */
};

struct leafs;

struct leafs_options {
	size_t limit; /* certificates */
	/* Makes an RSA key, which leafs_put_rsa brings, now or later. Called again
	 * only after that, or after leafs_rsa_failed. */
	void (*make_rsa)(void *context);
	void *context;
};

/* Makes the P-256 key and the throwaway CA. NULL: out of memory or random
 * numbers. */
struct leafs *leafs_new(const struct leafs_options *options, uint64_t now_ms)
    WUNRES NONNULL(1);
void leafs_free(struct leafs *l);

/* Keys are changed when they are this old. */
void leafs_set_key_life(struct leafs *l, uint64_t life_ms) NONNULL(1);

/* The key for new leaves, changed first when it is old: the certificates of the
 * old one are forgotten, but for those that flows hold. Borrowed until the next
 * call. NULL: an RSA key is being made; an old one serves until then. */
struct leaf_key *leafs_key(struct leafs *l, enum leaf_key_kind kind,
    uint64_t now_ms) NONNULL(1);

/* Takes over an RSA key. E_CRYPTO, E_NOMEM: as leafs_rsa_failed, and the key
 * stays the caller's. */
int leafs_put_rsa(struct leafs *l, mbedtls_pk_context *rsa, uint64_t now_ms)
    WUNRES NONNULL(1, 2);
void leafs_rsa_failed(struct leafs *l) NONNULL(1);

/* Certificates are asked of this CA from now on: its DER, and that of those above
 * it, which are sent behind the leaf, but for one that signed itself. E_SYNTAX,
 * E_NOMEM: all stays as it was. */
int leafs_set_issuer(struct leafs *l, const uint8_t *der, size_t length)
    WUNRES NONNULL(1, 2);

/* What the CA and those above it may certify. Borrowed until leafs_set_issuer. */
const struct scope *leafs_scope(const struct leafs *l) NONNULL(1);

void leafs_id(const struct leafs *l, const struct leaf_key *key,
    const struct names *names, bool mirror_invalid, struct leaf_id *out)
    NONNULL(1, 2, 3, 5);

/* A reference to the cached leaf, or NULL. */
struct leaf *leafs_find(struct leafs *l, const struct leaf_id *id,
    uint64_t now_s) NONNULL(1, 2);

/* Adds the certificate in `der` for `key`, with the CA behind it, and returns a
 * reference. One for a key that has changed meanwhile is not kept: that would keep
 * the key. NULL: it does not parse, or out of memory. */
struct leaf *leafs_add(struct leafs *l, const struct leaf_id *id,
    struct leaf_key *key, const uint8_t *der, size_t length, uint64_t now_s)
    WUNRES NONNULL(1, 2, 3, 4);

/* Mints one from the throwaway CA, adds it, and returns a reference. */
struct leaf *leafs_mirror_invalid(struct leafs *l, const struct leaf_id *id,
    struct leaf_key *key, const struct names *names, uint64_t now_s)
    WUNRES NONNULL(1, 2, 3, 4);

void leaf_release(struct leaf *leaf);

#endif
