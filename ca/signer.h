/* SPDX-License-Identifier: ISC */
/*
 * What the signer role decides: it alone holds the CA key, signs nothing but
 * leaf certificates of its own profile, and no more of them than the rate limit
 * allows, so that a worker in hostile hands gains leaf certificates at most.
 * daemon/signer_role.c feeds it messages.
 */
#ifndef SIGHTGLASS_CA_SIGNER_H
#define SIGHTGLASS_CA_SIGNER_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "ca/key.h"
#include "ca/leaf.h"

#define SIGNER_RATE_PER_SECOND 200u
#define SIGNER_BURST 2000u

struct signer;

/* Takes over *ca (also on failure). validity_s: of the leaves. NULL: out of
 * memory. */
struct signer *signer_new(struct ca *ca, int64_t validity_s)
    WUNRES NONNULL(1);
void signer_free(struct signer *s);

/* Mints a leaf for `names` and `public_key`, appending the DER to out. E_LIMIT:
 * over the rate; E_RANGE, E_CRYPTO as leaf_mint. now_us is the wall clock. */
int signer_answer(struct signer *s, const struct names *names,
    const uint8_t *public_key, size_t public_key_length, uint64_t now_us,
    struct buf *out) WUNRES NONNULL(1, 2, 3, 6);

/* Appends the DER of the CA's certificate and of those above it, but for a root:
 * what a chain is. E_LIMIT, E_NOMEM. */
int signer_chain(const struct signer *s, struct buf *out) WUNRES NONNULL(1, 2);

#endif
