/* SPDX-License-Identifier: ISC */
/*
 * Minting a leaf certificate (RFC 5280; the CA/Browser Forum's profile where
 * clients enforce it): a key on P-256 or of RSA, SHA-256, a random 127-bit
 * serial, SAN (critical when the subject is empty), serverAuth, digitalSignature,
 * AKI and SKI, not a CA; starts a day back. Nothing else is copied from the
 * upstream's. Pure but for the random numbers; signer (and worker, for the
 * throwaway CA).
 */
#ifndef SIGHTGLASS_CA_LEAF_H
#define SIGHTGLASS_CA_LEAF_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "ca/key.h"
#include "ca/names.h"

struct leaf_request {
	const struct names *names; /* at least one; the first is the common name
	                            * when it is a DNS name of at most 64 bytes */
	const uint8_t *public_key; /* SubjectPublicKeyInfo, DER */
	size_t public_key_length;
	int64_t now_s;
	int64_t validity_s; /* from now; cut to where the CA, or one above it,
	                     * ends */
};

#define LEAF_STALE_BEFORE_END_S (2 * 86400)

/* From when on a leaf that ends at end_s is not to be handed out any more, but one
 * minted in its place: two days before its end, or when three quarters of what is
 * left of its life at now_s are over, should that be later. */
static inline int64_t
leaf_stale_s(int64_t now_s, int64_t end_s)
{
	int64_t late_s = end_s - LEAF_STALE_BEFORE_END_S;
	int64_t part_s = now_s + (end_s - now_s) / 4 * 3;

	return late_s > part_s ? late_s : part_s;
}

/* Appends the certificate's DER to out. E_RANGE: no name, the public key is none
 * of issue.h's or is the CA's own; E_DENIED: the CA may not certify a name;
 * E_CRYPTO. */
int leaf_mint(const struct ca *ca, const struct leaf_request *request,
    struct buf *out) WUNRES NONNULL(1, 2, 3);

#endif
