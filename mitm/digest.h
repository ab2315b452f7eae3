/* SPDX-License-Identifier: ISC */
/*
 * A SHA-256 over values of several kinds, each behind its length, so that no two
 * lists of values have the same digest. Pure; worker only.
 */
#ifndef SIGHTGLASS_MITM_DIGEST_H
#define SIGHTGLASS_MITM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include <mbedtls/sha256.h>

#include "base/attr.h"

#define DIGEST_SHA256_BYTES 32u

struct digest {
	mbedtls_sha256_context sha;
	int error; /* of the first call that failed */
};

void digest_begin(struct digest *d) NONNULL(1);
void digest_bytes(struct digest *d, const void *bytes, size_t length)
    NONNULL(1);
void digest_number(struct digest *d, uint64_t number) NONNULL(1);
/* NULL is another value than "". */
void digest_text(struct digest *d, const char *text) NONNULL(1);

/* 0, or E_CRYPTO when anything of it failed. Ends the digest in either case. */
int digest_end(struct digest *d, uint8_t out[DIGEST_SHA256_BYTES])
    WUNRES NONNULL(1, 2);

#endif
