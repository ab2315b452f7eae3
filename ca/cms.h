/* SPDX-License-Identifier: ISC */
/*
 * Signed messages (CMS, RFC 5652): what a configuration profile is put into when
 * it is signed. CLI.
 */
#ifndef SIGHTGLASS_CA_CMS_H
#define SIGHTGLASS_CA_CMS_H

#include <stdint.h>

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "base/buf.h"

/* Appends a SignedData in DER that holds `content` as it is, every certificate of
 * `chain`, and one signature (SHA-256, with RSA or ECDSA) by `key`, whose
 * certificate is the first of them. time_s: seconds since the epoch.
 * E_DENIED: the key is not that certificate's; E_CRYPTO, E_NOMEM, E_LIMIT. */
int cms_sign(mbedtls_pk_context *key, const mbedtls_x509_crt *chain,
    const struct buf *content, int64_t time_s, struct buf *out)
    WUNRES NONNULL(1, 2, 3, 5);

#endif
