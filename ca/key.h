/* SPDX-License-Identifier: ISC */
/*
 * The CA: a P-256 key and its self-signed certificate (RFC 5280), in two files
 * of one directory. Made once; read by the signer (key and certificate) and the
 * CLI (certificate). The key never leaves the process that loaded it.
 */
#ifndef SIGHTGLASS_CA_KEY_H
#define SIGHTGLASS_CA_KEY_H

#include <stdint.h>

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "base/buf.h"

#define CA_CERTIFICATE_FILE "sightglass-ca.pem"
#define CA_KEY_FILE "sightglass-ca.key"
#define CA_NAME_BYTES 65 /* RFC 5280 appendix A.1: ub-common-name */

struct ca {
	mbedtls_pk_context key;
	mbedtls_x509_crt certificate;
};

struct ca_options {
	const char *common_name;
	int64_t now_s;      /* seconds since the epoch; the CA starts a day back */
	int64_t validity_s;
};

/* The common name of a new CA: `configured`, or one that says whose it is. */
void ca_name(const char *configured, const char *hostname,
    char out[CA_NAME_BYTES]) NONNULL(1, 2, 3);

/* Makes a CA in memory only (also the throwaway one that mirrors an invalid
 * upstream). psa_crypto_init must have run. E_CRYPTO. */
int ca_generate(const struct ca_options *options, struct ca *out)
    WUNRES NONNULL(1, 2);

/* Writes both files into `directory` (made 0700 when missing): the key 0600,
 * whole or not at all, never over an existing one. E_DENIED: a CA is there
 * already; E_SYS. */
int ca_store(const struct ca *ca, const char *directory) WUNRES NONNULL(1, 2);

/* Reads both files. E_NOTFOUND: there is no key; E_DENIED: it is readable by
 * others, or owned by neither root nor us, or has no certificate beside it (error
 * says which and what mends it); E_SYNTAX; E_SYS. `error` holds 256 bytes of words on failure. */
int ca_load(struct ca *ca, const char *directory, char error[256])
    WUNRES NONNULL(1, 2, 3);

/* Only the certificate, as PEM. */
int ca_load_certificate(const char *directory, struct buf *pem)
    WUNRES NONNULL(1, 2);

void ca_free(struct ca *ca);

#endif
