/* SPDX-License-Identifier: ISC */
/*
 * Makes an RSA key beside the event loop, in a thread: it takes from a tenth of
 * a second to several, and a worker that did it by itself would serve no flow
 * meanwhile. Worker only.
 */
#ifndef SIGHTGLASS_MITM_RSA_MAKER_H
#define SIGHTGLASS_MITM_RSA_MAKER_H

#include <mbedtls/pk.h>

#include "base/attr.h"

#define RSA_MAKER_BITS 2048

struct rsa_maker;

/* Begins to make one key. *fd becomes readable when it is done; it stays the
 * maker's. NULL: no thread or descriptor is to be had. */
struct rsa_maker *rsa_maker_start(int *fd) WUNRES NONNULL(1);

/* Waits for the end, which a readable *fd says has come, frees the maker, and
 * gives the key: the caller's. E_CRYPTO: it could not be made. */
int rsa_maker_finish(struct rsa_maker *m, mbedtls_pk_context *key)
    WUNRES NONNULL(1, 2);

#endif
