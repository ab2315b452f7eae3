/* SPDX-License-Identifier: ISC */
/*
 * All that a verdict on a server's chain rests on besides the chain: roots,
 * intermediates at hand, revocation lists, what is distrusted. Fed with bytes;
 * opens no file. Worker and CLI.
 */
#ifndef SIGHTGLASS_MITM_TRUST_H
#define SIGHTGLASS_MITM_TRUST_H

#include <stddef.h>
#include <stdint.h>

#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "mitm/known_bad.h"
#include "mitm/revocation.h"
#include "mitm/verify.h"

#define TRUST_SEEN_MAX 128u         /* intermediates that are remembered */
#define TRUST_SEEN_BYTES_MAX 8192u  /* each */

struct trust {
	mbedtls_x509_crt roots;
	mbedtls_x509_crt intermediates; /* of the same file */
	mbedtls_x509_crt seen;          /* of chains that were good */
	size_t seen_count;
	struct revocation *crls;        /* NULL: none */
	struct revocation *new_crls;    /* until trust_use_crls */
	struct distrust distrust;
	uint64_t generation; /* another after each change that a verdict may
	                      * turn on */
};

void trust_init(struct trust *t) NONNULL(1);
void trust_free(struct trust *t) NONNULL(1);

/* Appends the certificates of a file to a list: PEM, or DER one behind the
 * other; `bytes` has a NUL behind its length. A critical extension that is not
 * known does not stop one from being read: verify_chain judges it. How many there
 * were, of which *bad were not understood and left out. */
size_t trust_read(mbedtls_x509_crt *list, const uint8_t *bytes, size_t length,
    size_t *bad) NONNULL(1, 2, 4);

/* Takes the certificates of a file in the place of the roots: as trust_read. One
 * that is signed by itself is a root, and so is one whose issuer is not in the
 * file; another is an intermediate at hand. What was seen is forgotten. */
size_t trust_set_roots(struct trust *t, const uint8_t *bytes, size_t length,
    size_t *bad) NONNULL(1, 2, 4);

/* Adds a file to a new set of revocation lists: as revocation_add. */
int trust_add_crls(struct trust *t, const uint8_t *bytes, size_t length)
    WUNRES NONNULL(1, 2);

/* The new set, perhaps of none, takes the place of the old one. */
void trust_use_crls(struct trust *t) NONNULL(1);

/* What verdicts turn on was changed by the caller: `distrust`, or our own CA. */
void trust_changed(struct trust *t) NONNULL(1);

/* Fills in all that stands here; the rest is the caller's. */
void trust_options(const struct trust *t, struct verify_options *options)
    NONNULL(1, 2);

/* Keeps the intermediates of a good verdict, so that a server that leaves them
 * out is understood. When there is no room for them everything is forgotten. */
void trust_remember(struct trust *t, const struct verify_result *result)
    NONNULL(1, 2);

#endif
