/* SPDX-License-Identifier: ISC */
/*
 * What the signer role decides: it alone holds the CA key, signs nothing but
 * leaf certificates of its own profile that the CA may certify, and for each
 * worker no more of them than the rate allows, so that a worker in hostile hands
 * gains leaf certificates at most, for keys of its own, and each is on record.
 * daemon/signer_role.c feeds it messages.
 */
#ifndef SIGHTGLASS_CA_SIGNER_H
#define SIGHTGLASS_CA_SIGNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "ca/key.h"
#include "ca/leaf.h"

#define SIGNER_BURST_S 10u /* the rate of so many seconds may be asked at once */

struct signer;

struct signer_options {
	int64_t validity_s; /* of the leaves */
	unsigned rate;      /* leaves a second for each worker, at least 1 */
	unsigned workers;
	size_t cache;       /* leaves that are kept to be given again */
};

/* Takes over *ca (also on failure). NULL: out of memory. */
struct signer *signer_new(struct ca *ca, const struct signer_options *options)
    WUNRES NONNULL(1, 2);
void signer_free(struct signer *s);

void signer_set_rate(struct signer *s, unsigned rate) NONNULL(1);

struct signer_request {
	unsigned worker; /* from 0 */
	const struct names *names;
	const uint8_t *public_key; /* SubjectPublicKeyInfo, DER */
	size_t public_key_length;
	uint64_t now_us; /* the wall clock */
};

/* Appends the DER of a leaf to out: one that this very request was answered with
 * before (*minted is false then), or a new one. E_LIMIT: over the rate, which a
 * refused request counts in too; E_RANGE, E_DENIED, E_CRYPTO as leaf_mint. */
int signer_answer(struct signer *s, const struct signer_request *request,
    bool *minted, struct buf *out) WUNRES NONNULL(1, 2, 3, 4);

/* Appends the DER of the CA's certificate and of those above it, but for a root:
 * what a chain is. E_LIMIT, E_NOMEM. */
int signer_chain(const struct signer *s, struct buf *out) WUNRES NONNULL(1, 2);

#endif
