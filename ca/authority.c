/* SPDX-License-Identifier: ISC */
/*
 * What RFC 5280 asks of those who sign, applied before the first leaf is minted,
 * so that what clients would turn down is said at the start, in words. Signer and
 * CLI. It takes no certificate into the chain that it cannot account for.
 */
#include "ca/authority.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/sha256.h>

#include "base/err.h"
#include "ca/issue.h"

#define RSA_BITS_MIN 2048
#define CHAIN_MAX 8u

/* --- reading --- */

int
ca_parse_certificates(mbedtls_x509_crt *chain, const char *pem)
{
	const unsigned char *at = (const unsigned char *)pem;
	mbedtls_pem_context block;
	int error = 0, found = 0;

	mbedtls_x509_crt_init(chain);
	while (error == 0) {
		size_t used = 0, length;

		mbedtls_pem_init(&block);
		int result = mbedtls_pem_read_buffer(&block,
		    "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", at,
		    NULL, 0, &used);
		const unsigned char *der = mbedtls_pem_get_buffer(&block, &length);
		if (result == MBEDTLS_ERR_PEM_NO_HEADER_FOOTER_PRESENT) {
			mbedtls_pem_free(&block);
			break;
		}
		error = result != 0 ? E_SYNTAX
		    : scope_parse_certificate(NULL, chain, der, length);
		mbedtls_pem_free(&block);
		at += used;
		found++;
	}
	return error == 0 && found == 0 ? E_NOTFOUND : error;
}

/* --- one certificate --- */

static bool
is_named_curve(const mbedtls_pk_context *key)
{
	switch (mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key))) {
	case MBEDTLS_ECP_DP_SECP256R1:
	case MBEDTLS_ECP_DP_SECP384R1:
	case MBEDTLS_ECP_DP_SECP521R1:
		return true;
	default:
		return false;
	}
}

static const char *
objection_to_key(const mbedtls_pk_context *key)
{
	bool rsa = mbedtls_pk_can_do(key, MBEDTLS_PK_RSA);

	if (!rsa && !mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA))
		return "the key is neither RSA nor ECDSA";
	if (rsa && mbedtls_pk_get_bitlen(key) < RSA_BITS_MIN)
		return "the key is too short: RSA 2048 or P-256 at least";
	if (!rsa && !is_named_curve(key))
		return "the key is on a curve that clients do not take: P-256, P-384 "
		       "or P-521";
	return NULL;
}

/* MBEDTLS_X509_MAX_PATHLEN is kept as one more than it is; 0 is none. */
static bool
allows_below(const mbedtls_x509_crt *crt, unsigned cas)
{
	int most = crt->MBEDTLS_PRIVATE(max_pathlen);

	return most == 0 || (unsigned)(most - 1) >= cas;
}

/* `below`: how many CAs stand between this one and the leaf. */
static const char *
objection(const mbedtls_x509_crt *crt, unsigned below)
{
	const char *to_key = objection_to_key(&crt->pk);

	if (crt->version != 3 || mbedtls_x509_crt_get_ca_istrue(crt) != 1)
		return "it is not a CA's: it lacks basicConstraints with CA:TRUE";
	if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN) != 0)
		return "it is not a CA's: its keyUsage lacks keyCertSign";
	if (mbedtls_x509_crt_check_extended_key_usage(crt, MBEDTLS_OID_SERVER_AUTH,
	        MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0)
		return "its extendedKeyUsage leaves out serverAuth, which bars leaves "
		       "for servers";
	if (!allows_below(crt, below))
		return "its pathLen allows no CA below it: have one issued with a "
		       "larger pathLen";
	if (mbedtls_x509_time_is_future(&crt->valid_from))
		return "it is not valid yet: is the clock right?";
	if (mbedtls_x509_time_is_past(&crt->valid_to))
		return "it has expired: make a new CA, or have it issued anew";
	return to_key;
}

static int
object(const mbedtls_x509_crt *crt, const char *why, char error[256])
{
	char subject[100];

	if (mbedtls_x509_dn_gets(subject, sizeof(subject), &crt->subject) < 0)
		(void)snprintf(subject, sizeof(subject), "a long name");
	(void)snprintf(error, 256, "certificate of '%s': %s", subject, why);
	return E_SYNTAX;
}

/* --- the chain --- */

int
ca_digest(const mbedtls_x509_crt *crt, uint8_t digest[CA_DIGEST_BYTES])
{
	return mbedtls_sha256(crt->raw.p, crt->raw.len, digest, 0) == 0 ? 0 : E_CRYPTO;
}

bool
ca_is_self_issued(const mbedtls_x509_crt *crt)
{
	return crt->issuer_raw.len == crt->subject_raw.len &&
	    memcmp(crt->issuer_raw.p, crt->subject_raw.p, crt->issuer_raw.len) == 0;
}

static bool
same(const mbedtls_x509_crt *a, const mbedtls_x509_crt *b)
{
	return a->raw.len == b->raw.len && memcmp(a->raw.p, b->raw.p, a->raw.len) == 0;
}

static bool
signed_by(const mbedtls_x509_crt *crt, mbedtls_x509_crt *issuer)
{
	const mbedtls_md_info_t *md =
	    mbedtls_md_info_from_type(crt->MBEDTLS_PRIVATE(sig_md));
	uint8_t digest[MBEDTLS_MD_MAX_SIZE];

	return crt->issuer_raw.len == issuer->subject_raw.len &&
	    memcmp(crt->issuer_raw.p, issuer->subject_raw.p,
	        crt->issuer_raw.len) == 0 &&
	    md != NULL &&
	    mbedtls_md(md, crt->tbs.p, crt->tbs.len, digest) == 0 &&
	    mbedtls_pk_verify_ext(crt->MBEDTLS_PRIVATE(sig_pk),
	        crt->MBEDTLS_PRIVATE(sig_opts), &issuer->pk,
	        crt->MBEDTLS_PRIVATE(sig_md), digest, mbedtls_md_get_size(md),
	        crt->MBEDTLS_PRIVATE(sig).p, crt->MBEDTLS_PRIVATE(sig).len) == 0;
}

/* The path from the CA upwards, borrowed from the pool. */
struct path {
	const mbedtls_x509_crt *items[CHAIN_MAX];
	unsigned count;
};

static const mbedtls_x509_crt *
find_issuer(const mbedtls_x509_crt *crt, const mbedtls_x509_crt *pool)
{
	for (; pool != NULL; pool = pool->next) {
		/* Verifying does not change the key, but mbedTLS has no const. */
		mbedtls_x509_crt *issuer = (mbedtls_x509_crt *)(uintptr_t)pool;

		if (!same(crt, pool) && signed_by(crt, issuer))
			return pool;
	}
	return NULL;
}

static int
climb(struct path *path, const mbedtls_x509_crt *pool, char error[256])
{
	const mbedtls_x509_crt *crt = pool;

	for (path->count = 0; crt != NULL; path->count++) {
		if (path->count == CHAIN_MAX)
			return object(pool, "its chain is longer than 8", error);
		const char *why = objection(crt, path->count);
		if (why != NULL)
			return object(crt, why, error);
		path->items[path->count] = crt;
		crt = ca_is_self_issued(crt) ? NULL : find_issuer(crt, pool->next);
	}
	return 0;
}

static bool
is_in(const struct path *path, const mbedtls_x509_crt *crt)
{
	for (unsigned i = 0; i < path->count; i++)
		if (same(path->items[i], crt))
			return true;
	return false;
}

/* Keeps what is sent, and reads what all of them say. */
static int
keep(struct ca *ca, const mbedtls_x509_crt *crt, bool sent)
{
	mbedtls_x509_crt root, *into = sent ? &ca->certificate : &root;
	int64_t end_s = issue_seconds(&crt->valid_to);

	mbedtls_x509_crt_init(&root);
	int error =
	    scope_parse_certificate(&ca->scope, into, crt->raw.p, crt->raw.len);
	mbedtls_x509_crt_free(&root);
	if (ca->end_s == 0 || end_s < ca->end_s)
		ca->end_s = end_s;
	return error;
}

static int
keep_path(struct ca *ca, const struct path *path, char error[256])
{
	int result = 0;

	ca->scope = (struct scope){0};
	ca->end_s = 0;
	for (unsigned i = 0; i < path->count && result == 0; i++)
		result = keep(ca, path->items[i],
		    i == 0 || !ca_is_self_issued(path->items[i]));
	if (result != 0)
		(void)snprintf(error, 256, "the chain's name constraints: %s",
		    err_text(result));
	return result;
}

int
authority_take(struct ca *ca, const mbedtls_x509_crt *pool, char error[256])
{
	const char *why = objection_to_key(&ca->key);
	struct path path;

	if (why == NULL && mbedtls_pk_check_pair(&pool->pk, &ca->key,
	        mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE) != 0)
		why = "the key does not belong to it";
	if (why != NULL)
		return object(pool, why, error);
	int result = climb(&path, pool, error);
	if (result != 0)
		return result;
	for (const mbedtls_x509_crt *crt = pool; crt != NULL; crt = crt->next)
		if (!is_in(&path, crt))
			return object(crt,
			    "it is no part of the CA's chain: leave it out", error);
	return keep_path(ca, &path, error);
}
