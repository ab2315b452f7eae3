/* SPDX-License-Identifier: ISC */
/*
 * Certificate revocation lists (RFC 5280 section 5), those that the settings
 * name. Whole lists only, signed by the issuer of what they revoke: one with a
 * critical extension (a delta, an indirect one, a part of one) or with a
 * critical extension in an entry is not taken.
 *
 * A list whose time is over, or has not come, still revokes what it names: a
 * revocation is not undone by the list's age. What it does not name, and what no
 * list speaks of, is taken for good. Pure; worker and CLI.
 */
#ifndef SIGHTGLASS_MITM_REVOCATION_H
#define SIGHTGLASS_MITM_REVOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/x509_crt.h>

#include "base/attr.h"

struct revocation;

/* No lists. NULL: out of memory. */
struct revocation *revocation_new(void) WUNRES;
void revocation_free(struct revocation *r);

/* Takes the lists of a file, PEM (several) or DER (one): all of them, or none.
 * How many, or E_SYNTAX (it holds none, or one that is malformed or in a
 * signature scheme that is not known), E_VERSION (a critical extension), E_NOMEM.
 * `bytes` has a NUL behind its length. */
int revocation_add(struct revocation *r, const uint8_t *bytes, size_t length)
    WUNRES NONNULL(1, 2);

/* Whether a list that `issuer` signed names `crt`, which `issuer` signed too. The
 * signature of a list is verified once for a key; *signatures is counted up. */
bool revocation_names(struct revocation *r, const mbedtls_x509_crt *crt,
    const mbedtls_x509_crt *issuer, unsigned *signatures)
    WUNRES NONNULL(1, 2, 3, 4);

/* How many of the lists are over at this time (seconds since the epoch). */
size_t revocation_expired(const struct revocation *r, int64_t now_s)
    WUNRES NONNULL(1);

#endif
