/* SPDX-License-Identifier: ISC */
/*
 * The TBSCertificate, its signature, and the certificate around both. Signs
 * with ECDSA or RSA by the kind of the CA's key, SHA-256 always. Pure but for
 * random numbers; signer, worker (throwaway CA) and CLI. It judges nothing of
 * what it is asked to say: key.c and leaf.c do.
 */
#include "ca/issue.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/sha256.h>
#include <psa/crypto.h>

#include "base/clock.h"
#include "base/err.h"

#define SERIAL_BYTES 16
#define SHA256_BYTES 32
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096
#define RSA_EXPONENT 65537
/* Room for what surrounds the parts of a certificate, without the signature. */
#define FRAME_BYTES 256

static bool
is_good_rsa(const mbedtls_rsa_context *rsa)
{
	size_t bits = mbedtls_rsa_get_bitlen(rsa);
	mbedtls_mpi exponent;

	mbedtls_mpi_init(&exponent);
	bool good = bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX &&
	    mbedtls_rsa_export(rsa, NULL, NULL, NULL, NULL, &exponent) == 0 &&
	    mbedtls_mpi_cmp_int(&exponent, RSA_EXPONENT) == 0;
	mbedtls_mpi_free(&exponent);
	return good;
}

/* Parsing has checked that a point lies on its curve. */
static enum issue_key
key_kind(const mbedtls_pk_context *pk)
{
	if (mbedtls_pk_get_type(pk) == MBEDTLS_PK_ECKEY)
		return mbedtls_pk_get_bitlen(pk) == 256 &&
		        mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*pk)) ==
		            MBEDTLS_ECP_DP_SECP256R1
		    ? ISSUE_KEY_P256 : ISSUE_KEY_NONE;
	if (mbedtls_pk_get_type(pk) == MBEDTLS_PK_RSA)
		return is_good_rsa(mbedtls_pk_rsa(*pk)) ? ISSUE_KEY_RSA
		                                        : ISSUE_KEY_NONE;
	return ISSUE_KEY_NONE;
}

static bool
is_written_so(const mbedtls_pk_context *pk, const uint8_t *public_key,
    size_t length)
{
	uint8_t der[ISSUE_SPKI_BYTES_MAX];
	int written = mbedtls_pk_write_pubkey_der(pk, der, sizeof(der));

	return written > 0 && (size_t)written == length &&
	    memcmp(der + sizeof(der) - length, public_key, length) == 0;
}

enum issue_key
issue_key_kind(const uint8_t *public_key, size_t length)
{
	unsigned char *p = (unsigned char *)(uintptr_t)public_key;
	enum issue_key kind = ISSUE_KEY_NONE;
	mbedtls_pk_context pk;

	mbedtls_pk_init(&pk);
	if (length <= ISSUE_SPKI_BYTES_MAX &&
	    mbedtls_pk_parse_subpubkey(&p, public_key + length, &pk) == 0 &&
	    is_written_so(&pk, public_key, length))
		kind = key_kind(&pk);
	mbedtls_pk_free(&pk);
	return kind;
}

int
issue_key_id(const uint8_t *public_key, size_t length,
    uint8_t id[ISSUE_KEY_ID_BYTES])
{
	unsigned char *p = (unsigned char *)(uintptr_t)public_key;
	const unsigned char *end = p + length;
	uint8_t digest[SHA256_BYTES];
	size_t size;

	if (mbedtls_asn1_get_tag(&p, end, &size, DER_SEQUENCE) != 0)
		return E_SYNTAX;
	if (mbedtls_asn1_get_tag(&p, end, &size, DER_SEQUENCE) != 0)
		return E_SYNTAX;
	p += size; /* the algorithm */
	if (mbedtls_asn1_get_bitstring_null(&p, end, &size) != 0)
		return E_SYNTAX;
	if (mbedtls_sha256(p, size, digest, 0) != 0)
		return E_CRYPTO;
	memcpy(id, digest, ISSUE_KEY_ID_BYTES);
	return 0;
}

int64_t
issue_seconds(const mbedtls_x509_time *t)
{
	return clock_utc_s(t->year, t->mon, t->day, t->hour, t->min, t->sec);
}

void
issue_extension(struct der *d, const char *oid, bool critical, const uint8_t *end)
{
	static const uint8_t yes = 0xff;

	der_wrap(d, DER_OCTET_STRING, end);
	if (critical)
		der_value(d, DER_BOOLEAN, &yes, 1);
	der_value(d, DER_OID, oid, strlen(oid));
	der_wrap(d, DER_SEQUENCE, end);
}

void
issue_rdn(struct der *d, const char *oid, const void *text, size_t length)
{
	const uint8_t *end = d->at;

	der_value(d, DER_UTF8_STRING, text, length);
	der_value(d, DER_OID, oid, strlen(oid));
	der_wrap(d, DER_SEQUENCE, end);
	der_wrap(d, DER_SET, end);
}

/* RFC 5758 section 3.2: no parameters for ECDSA; RFC 4055 section 5: NULL for
 * RSA. */
static void
algorithm(struct der *d, bool rsa)
{
	static const uint8_t null[] = {0x05, 0x00};
	const char *oid = rsa ? MBEDTLS_OID_PKCS1_SHA256 : MBEDTLS_OID_ECDSA_SHA256;
	const uint8_t *end = d->at;

	if (rsa)
		der_bytes(d, null, sizeof(null));
	der_value(d, DER_OID, oid, strlen(oid));
	der_wrap(d, DER_SEQUENCE, end);
}

/* 127 random bits, so that it stays positive in 16 bytes; never 0. */
static int
serial(struct der *d)
{
	uint8_t number[SERIAL_BYTES];

	do {
		if (psa_generate_random(number, sizeof(number)) != PSA_SUCCESS)
			return E_CRYPTO;
		number[0] &= 0x7f;
	} while (memcmp(number, (const uint8_t[SERIAL_BYTES]){0}, SERIAL_BYTES) == 0);
	der_unsigned(d, number, sizeof(number));
	return 0;
}

static int
body(struct der *d, const struct issue_parts *parts, bool rsa)
{
	static const uint8_t version_3 = 2;
	const uint8_t *end = d->at;

	der_bytes(d, parts->extensions.bytes, parts->extensions.length);
	der_wrap(d, DER_SEQUENCE, end);
	der_wrap(d, DER_CONTEXT_CONSTRUCTED + 3, end);
	der_bytes(d, parts->public_key.bytes, parts->public_key.length);
	der_bytes(d, parts->subject.bytes, parts->subject.length);
	const uint8_t *validity_end = d->at;
	der_time(d, parts->not_after_s);
	der_time(d, parts->not_before_s);
	der_wrap(d, DER_SEQUENCE, validity_end);
	der_bytes(d, parts->issuer.bytes, parts->issuer.length);
	algorithm(d, rsa);
	int error = serial(d);
	const uint8_t *version_end = d->at;
	der_value(d, DER_INTEGER, &version_3, 1);
	der_wrap(d, DER_CONTEXT_CONSTRUCTED + 0, version_end);
	der_wrap(d, DER_SEQUENCE, end);
	return error != 0 ? error : der_result(d);
}

static int
sign(mbedtls_pk_context *key, const uint8_t *bytes, size_t length,
    uint8_t signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE], size_t *signature_length)
{
	uint8_t digest[SHA256_BYTES];

	if (mbedtls_sha256(bytes, length, digest, 0) != 0 ||
	    mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, digest, sizeof(digest),
	        signature, MBEDTLS_PK_SIGNATURE_MAX_SIZE, signature_length,
	        mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE) != 0)
		return E_CRYPTO;
	return 0;
}

/* Signs the body in [tbs, tbs_end) and appends the whole certificate. */
static int
append_signed(mbedtls_pk_context *key, const uint8_t *tbs, size_t tbs_length,
    struct buf *out)
{
	uint8_t signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	size_t signature_length = 0;
	size_t need = tbs_length + sizeof(signature) + FRAME_BYTES;
	uint8_t *room;
	struct der d;

	int error = sign(key, tbs, tbs_length, signature, &signature_length);
	if (error == 0)
		error = buf_reserve(out, need, &room);
	if (error != 0)
		return error;
	der_init(&d, room, need);
	const uint8_t *end = d.at;
	der_bits(&d, signature, signature_length);
	algorithm(&d, mbedtls_pk_can_do(key, MBEDTLS_PK_RSA));
	der_bytes(&d, tbs, tbs_length);
	der_wrap(&d, DER_SEQUENCE, end);
	size_t length = (size_t)(end - d.at);
	error = der_result(&d);
	if (error != 0)
		return error;
	memmove(room, d.at, length);
	buf_commit(out, length);
	return 0;
}

int
issue_certificate(mbedtls_pk_context *key, const struct issue_parts *parts,
    struct buf *out)
{
	size_t size = parts->issuer.length + parts->subject.length +
	    parts->public_key.length + parts->extensions.length + FRAME_BYTES;
	struct der d;

	if (parts->not_after_s <= parts->not_before_s)
		return E_RANGE;
	uint8_t *scratch = malloc(size);
	if (scratch == NULL)
		return E_NOMEM;
	der_init(&d, scratch, size);
	int error = body(&d, parts, mbedtls_pk_can_do(key, MBEDTLS_PK_RSA));
	if (error == 0)
		error = append_signed(key, d.at, (size_t)(scratch + size - d.at), out);
	free(scratch);
	return error;
}
