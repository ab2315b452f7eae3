/* SPDX-License-Identifier: ISC */
/*
 * The CA: a key and its certificate (RFC 5280). It is made once, self-signed, in
 * two files of one directory, or provided by an enterprise with the CAs above it.
 * Read by the signer (key and certificates) and the CLI (certificates). The key
 * never leaves the process that loaded it.
 */
#ifndef SIGHTGLASS_CA_KEY_H
#define SIGHTGLASS_CA_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/path.h"
#include "ca/scope.h"
#include "conf/conf.h"

#define CA_CERTIFICATE_FILE "sightglass-ca.pem"
#define CA_KEY_FILE "sightglass-ca.key"
/* The CA that is to follow (renewal.h), beside it. */
#define CA_NEXT_CERTIFICATE_FILE "sightglass-ca-next.pem"
#define CA_NEXT_KEY_FILE "sightglass-ca-next.key"
#define CA_NAME_BYTES 65 /* RFC 5280 appendix A.1: ub-common-name */

struct ca {
	mbedtls_pk_context key;
	mbedtls_x509_crt certificate; /* the CA's own; then each one's issuer, but
	                               * for a self-signed one above it */
	struct scope scope; /* what it and those above it may certify */
	int64_t end_s;      /* the first of them ends, in seconds since the epoch */
};

enum ca_key_kind { CA_KEY_P256, CA_KEY_RSA3072 };

struct ca_options {
	const char *common_name;
	int64_t now_s;      /* seconds since the epoch; the CA starts a day back */
	int64_t validity_s;
	enum ca_key_kind key;
	const struct scope *scope; /* to be written into it; NULL: none */
};

/* PEM files of a CA that was not made here. */
struct ca_files {
	const char *certificate; /* the CA's; what follows it belongs to the chain */
	const char *key;         /* not encrypted */
	const char *chain;       /* the CAs above it in any order, or "" */
};

/* The common name of a new CA: `configured`, or one that says whose it is. */
void ca_name(const char *configured, const char *hostname,
    char out[CA_NAME_BYTES]) NONNULL(1, 2, 3);

/* Makes one in memory as the settings say (ca.name, ca.validity, ca.key,
 * ca.permitted); `name` gets its common name. E_SYNTAX, E_FULL: of ca.permitted;
 * E_CRYPTO, E_NOMEM. */
int ca_generate_configured(const struct conf *conf, const char *hostname,
    int64_t now_s, char name[CA_NAME_BYTES], struct ca *out)
    WUNRES NONNULL(1, 2, 4, 5);

/* The CA of the settings: the provided one, or that of paths.ca. Errors as those
 * two. */
int ca_load_configured(const struct conf *conf, struct ca *out, char error[256])
    WUNRES NONNULL(1, 2, 3);

/* Makes a private key; not only a CA's. E_CRYPTO. */
int ca_make_key(mbedtls_pk_context *key, enum ca_key_kind kind)
    WUNRES NONNULL(1);

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
 * says which and what mends it); E_SYNTAX; E_SYS. `error` holds 256 bytes of words
 * on failure. */
int ca_load(struct ca *ca, const char *directory, char error[256])
    WUNRES NONNULL(1, 2, 3);

/* The same of the CA that is to follow, which lies beside it. A key of one whose
 * certificate was never written is replaced. */
int ca_store_next(const struct ca *ca, const char *directory)
    WUNRES NONNULL(1, 2);
int ca_load_next(struct ca *ca, const char *directory, char error[256])
    WUNRES NONNULL(1, 2, 3);

/* The same of a CA that was provided. Also E_SYNTAX when one of the chain does not
 * belong to it, or may not stand where it does. */
int ca_load_provided(struct ca *ca, const struct ca_files *provided,
    char error[256]) WUNRES NONNULL(1, 2, 3);

/* Reads every certificate of a PEM text into *chain, those of our own with name
 * constraints too; *chain is to be freed. E_NOTFOUND: there is none; E_SYNTAX,
 * E_NOMEM. */
int ca_parse_certificates(mbedtls_x509_crt *chain, const char *pem)
    WUNRES NONNULL(1, 2);

#define CA_DIGEST_BYTES 32

/* The SHA-256 of its DER, by which people compare it. E_CRYPTO. */
int ca_digest(const mbedtls_x509_crt *crt, uint8_t digest[CA_DIGEST_BYTES])
    WUNRES NONNULL(1, 2);

/* Whether it signed itself, and need not be sent: who trusts it has it. */
bool ca_is_self_issued(const mbedtls_x509_crt *crt) WUNRES NONNULL(1);

/* The certificates alone of the CA of the settings, as PEM: its own first, then
 * those of ca.chain. E_NOTFOUND: there is none; E_SYNTAX, E_SYS. */
int ca_load_certificates(const struct conf *conf, struct buf *pem)
    WUNRES NONNULL(1, 2);

/* The same of the CA that is to follow it, if there is one. */
int ca_load_next_certificate(const struct conf *conf, struct buf *pem)
    WUNRES NONNULL(1, 2);

/* The certificates that our leaves may be signed with, now and next, as a list to
 * be freed: no server may have them. E_NOTFOUND and others: there is none. */
int ca_load_own(const struct conf *conf, mbedtls_x509_crt *own)
    WUNRES NONNULL(1, 2);

/* The path of the file that the first of them stands in. */
void ca_certificate_path(const struct conf *conf, char path[PATH_BYTES])
    NONNULL(1, 2);

void ca_free(struct ca *ca);

#endif
