/* SPDX-License-Identifier: ISC */
/*
 * Keys that no chain may go through, whoever trusts them: a list of those whose
 * private half is public or was misused, and the administrator's own
 * (upstream.distrust). Pure; worker and CLI.
 */
#ifndef SIGHTGLASS_MITM_KNOWN_BAD_H
#define SIGHTGLASS_MITM_KNOWN_BAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/x509_crt.h>

#include "base/attr.h"

#define DIGEST_BYTES 32u

/* SHA-256 digests of SubjectPublicKeyInfos or of whole certificates. */
struct distrust {
	uint8_t (*digests)[DIGEST_BYTES]; /* owned */
	size_t count;
};

/* 64 hexadecimal digits, colons between them passed over. E_SYNTAX. */
int distrust_parse(const char *text, uint8_t digest[DIGEST_BYTES])
    WUNRES NONNULL(1, 2);

/* Takes `count` texts in the place of what d holds. E_SYNTAX, E_NOMEM: d is as
 * it was. */
int distrust_set(struct distrust *d, char *const *texts, size_t count)
    WUNRES NONNULL(1);

void distrust_free(struct distrust *d) NONNULL(1);

/* Whether the certificate or its key is on our list or in d (NULL: none). One
 * that cannot be hashed is. */
bool known_bad(const mbedtls_x509_crt *crt, const struct distrust *d)
    WUNRES NONNULL(1);

/* The name of what our list has under this digest of a SubjectPublicKeyInfo, or
 * NULL. */
const char *known_bad_name(const uint8_t digest[DIGEST_BYTES])
    WUNRES NONNULL(1);

#endif
