/* SPDX-License-Identifier: ISC */
/*
 * The leaf certificates that the signer has minted, as many as fit: one that asks
 * again for what it was given already is given the same. The least recently asked
 * for goes first. Signer only.
 */
#ifndef SIGHTGLASS_CA_MINTS_H
#define SIGHTGLASS_CA_MINTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/recent.h"
#include "ca/names.h"

#define MINT_ID_BYTES RECENT_ID_BYTES

/* What a leaf says (its key and names; issuer and life are the signer's own), as
 * a SHA-256. */
struct mint_id {
	uint8_t bytes[MINT_ID_BYTES];
};

struct mints;

/* NULL: out of memory. limit: certificates; 0: none is kept. */
struct mints *mints_new(size_t limit) WUNRES;
void mints_free(struct mints *m);

void mints_id(const uint8_t *public_key, size_t length,
    const struct names *names, struct mint_id *out) NONNULL(1, 3, 4);

/* The certificate's DER, or NULL when there is none that is good to be handed out
 * at now_s. Borrowed until the next call. */
const uint8_t *mints_find(struct mints *m, const struct mint_id *id,
    int64_t now_s, size_t *length) NONNULL(1, 2, 4);

/* Keeps a copy, not to be handed out from stale_s on, unless memory is short. */
void mints_add(struct mints *m, const struct mint_id *id, const uint8_t *der,
    size_t length, int64_t stale_s) NONNULL(1, 2, 3);

#endif
