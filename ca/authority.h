/* SPDX-License-Identifier: ISC */
/*
 * Whether a key and certificates can serve as a CA, and in which order its chain
 * is sent. Pure but for the clock of mbedTLS; signer and CLI.
 */
#ifndef SIGHTGLASS_CA_AUTHORITY_H
#define SIGHTGLASS_CA_AUTHORITY_H

#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "ca/key.h"

/* Fills ca->certificate, ca->scope and ca->end_s from `pool`: its first is the
 * CA's, the others are those above it in any order. ca->key is loaded. E_SYNTAX
 * with words that say what is wrong and what mends it; E_NOMEM. */
int authority_take(struct ca *ca, const mbedtls_x509_crt *pool, char error[256])
    WUNRES NONNULL(1, 2, 3);

#endif
