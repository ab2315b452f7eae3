/* SPDX-License-Identifier: ISC */
/*
 * SignedData with its content inside and one signer (RFC 5652 section 5), who is
 * named by issuer and serial number. What is signed are the attributes, which
 * hold the content's digest. Pure but for random numbers; CLI. It verifies
 * nothing.
 */
#include "ca/cms.h"

#include <stdbool.h>
#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/sha256.h>

#include "base/err.h"
#include "ca/der.h"

#define SHA256_BYTES 32
/* Room for what surrounds content, certificates and issuer, with the signature. */
#define FRAME_BYTES 2048
#define ATTRIBUTES_BYTES 256
#define OID(text) text, sizeof(text) - 1

/* The content, the parts that are signed, and the signature over them. */
struct signing {
	const struct buf *content;
	const mbedtls_x509_crt *chain; /* the signer's first */
	uint8_t attribute_bytes[ATTRIBUTES_BYTES];
	const uint8_t *attributes; /* DER, one by one, within those */
	size_t attributes_length;
	uint8_t signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	size_t signature_length;
	bool rsa;
};

/* --- the attributes (section 5.3, 11.1 to 11.3) --- */

/* Makes what was written since `end` the one value of an attribute. */
static void
attribute(struct der *d, const char *oid, size_t oid_length, const uint8_t *end)
{
	der_wrap(d, DER_SET, end);
	der_value(d, DER_OID, oid, oid_length);
	der_wrap(d, DER_SEQUENCE, end);
}

/* Backwards, and in the order of a set in DER: by their lengths. */
static int
write_attributes(struct signing *s, int64_t time_s)
{
	uint8_t digest[SHA256_BYTES];
	struct der d;

	if (mbedtls_sha256(buf_data(s->content), buf_length(s->content), digest,
	        0) != 0)
		return E_CRYPTO;
	der_init(&d, s->attribute_bytes, sizeof(s->attribute_bytes));
	const uint8_t *all = d.at, *end = all;
	der_value(&d, DER_OCTET_STRING, digest, sizeof(digest));
	attribute(&d, OID(MBEDTLS_OID_PKCS9 "\x04"), end); /* messageDigest */
	end = d.at;
	der_time(&d, time_s);
	attribute(&d, OID(MBEDTLS_OID_PKCS9 "\x05"), end); /* signingTime */
	end = d.at;
	der_value(&d, DER_OID, OID(MBEDTLS_OID_PKCS7_DATA));
	attribute(&d, OID(MBEDTLS_OID_PKCS9 "\x03"), end); /* contentType */
	s->attributes = d.at;
	s->attributes_length = (size_t)(all - d.at);
	return der_result(&d);
}

/* They are signed as a SET, and stand in the message with a tag of its own
 * (section 5.4). */
static int
sign(struct signing *s, mbedtls_pk_context *key)
{
	uint8_t bytes[ATTRIBUTES_BYTES + 4], digest[SHA256_BYTES];
	struct der d;

	der_init(&d, bytes, sizeof(bytes));
	const uint8_t *end = d.at;
	der_bytes(&d, s->attributes, s->attributes_length);
	der_wrap(&d, DER_SET, end);
	if (der_result(&d) != 0)
		return E_LIMIT;
	if (mbedtls_sha256(d.at, (size_t)(end - d.at), digest, 0) != 0 ||
	    mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, digest, sizeof(digest),
	        s->signature, sizeof(s->signature), &s->signature_length,
	        mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE) != 0)
		return E_CRYPTO;
	return 0;
}

/* --- the message --- */

static void
small_number(struct der *d, uint8_t number)
{
	der_value(d, DER_INTEGER, &number, 1);
}

/* RSA's identifier has NULL beside it (RFC 3370 section 3.2), the others have
 * nothing (RFC 5754 sections 2 and 3.3). */
static void
algorithm(struct der *d, const char *oid, size_t oid_length, bool null)
{
	const uint8_t *end = d->at;

	if (null)
		der_value(d, MBEDTLS_ASN1_NULL, NULL, 0);
	der_value(d, DER_OID, oid, oid_length);
	der_wrap(d, DER_SEQUENCE, end);
}

static void
signer_info(struct der *d, const struct signing *s)
{
	const mbedtls_x509_crt *signer = s->chain;
	const uint8_t *end = d->at;

	der_value(d, DER_OCTET_STRING, s->signature, s->signature_length);
	if (s->rsa)
		algorithm(d, OID(MBEDTLS_OID_PKCS1_RSA), true);
	else
		algorithm(d, OID(MBEDTLS_OID_ECDSA_SHA256), false);
	const uint8_t *part = d->at;
	der_bytes(d, s->attributes, s->attributes_length);
	der_wrap(d, DER_CONTEXT_CONSTRUCTED + 0, part);
	algorithm(d, OID(MBEDTLS_OID_DIGEST_ALG_SHA256), false);
	part = d->at;
	der_value(d, DER_INTEGER, signer->serial.p, signer->serial.len);
	der_bytes(d, signer->issuer_raw.p, signer->issuer_raw.len);
	der_wrap(d, DER_SEQUENCE, part);
	small_number(d, 1); /* named by issuer and serial number */
	der_wrap(d, DER_SEQUENCE, end);
}

/* The certificates one by one, the last in front of what is written. */
static void
certificates(struct der *d, const mbedtls_x509_crt *chain)
{
	const uint8_t *end = d->at;

	for (const mbedtls_x509_crt *crt = chain; crt != NULL; crt = crt->next)
		der_bytes(d, crt->raw.p, crt->raw.len);
	der_wrap(d, DER_CONTEXT_CONSTRUCTED + 0, end);
}

static void
content_info(struct der *d, const struct signing *s)
{
	const uint8_t *end = d->at, *part;

	signer_info(d, s);
	der_wrap(d, DER_SET, end);
	certificates(d, s->chain);
	part = d->at;
	der_value(d, DER_OCTET_STRING, buf_data(s->content), buf_length(s->content));
	der_wrap(d, DER_CONTEXT_CONSTRUCTED + 0, part);
	der_value(d, DER_OID, OID(MBEDTLS_OID_PKCS7_DATA));
	der_wrap(d, DER_SEQUENCE, part);
	part = d->at;
	algorithm(d, OID(MBEDTLS_OID_DIGEST_ALG_SHA256), false);
	der_wrap(d, DER_SET, part);
	small_number(d, 1);
	der_wrap(d, DER_SEQUENCE, end);
	der_wrap(d, DER_CONTEXT_CONSTRUCTED + 0, end);
	der_value(d, DER_OID, OID(MBEDTLS_OID_PKCS7_SIGNED_DATA));
	der_wrap(d, DER_SEQUENCE, end);
}

static size_t
bytes_at_most(const struct signing *s)
{
	size_t bytes = FRAME_BYTES + buf_length(s->content) +
	    s->chain->issuer_raw.len + s->chain->serial.len;

	for (const mbedtls_x509_crt *crt = s->chain; crt != NULL; crt = crt->next)
		bytes += crt->raw.len;
	return bytes;
}

static int
write_message(const struct signing *s, struct buf *out)
{
	size_t room_length = bytes_at_most(s);
	uint8_t *room;
	struct der d;

	int error = buf_reserve(out, room_length, &room);
	if (error != 0)
		return error;
	der_init(&d, room, room_length);
	content_info(&d, s);
	error = der_result(&d);
	if (error != 0)
		return error;
	size_t length = (size_t)(room + room_length - d.at);
	memmove(room, d.at, length);
	buf_commit(out, length);
	return 0;
}

int
cms_sign(mbedtls_pk_context *key, const mbedtls_x509_crt *chain,
    const struct buf *content, int64_t time_s, struct buf *out)
{
	struct signing s = {.content = content, .chain = chain,
	    .rsa = mbedtls_pk_can_do(key, MBEDTLS_PK_RSA) == 1};

	if (mbedtls_pk_check_pair(&chain->pk, key, mbedtls_psa_get_random,
	        MBEDTLS_PSA_RANDOM_STATE) != 0)
		return E_DENIED;
	int error = write_attributes(&s, time_s);
	if (error == 0)
		error = sign(&s, key);
	if (error == 0)
		error = write_message(&s, out);
	return error;
}
