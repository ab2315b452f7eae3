/* SPDX-License-Identifier: ISC */
/*
 * Making a CA, and what a CA has to be to be taken into service. Signer; CLI
 * for `ca init`; worker for the throwaway CA, which never meets a file. The
 * files are key_files.c's matter. It refuses a key that does not belong to its
 * certificate, a certificate that may not sign others, and one that is over.
 */
#include "ca/key.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/psa_util.h>

#include "base/err.h"
#include "ca/der.h"
#include "ca/issue.h"
#include "ca/key_files.h"

#define ORGANIZATION "sightglass"
#define COMMON_NAME_BYTES_MAX 64 /* RFC 5280 appendix A.1: ub-common-name */
#define SUBJECT_BYTES 256
#define EXTENSION_BYTES 256
#define CERTIFICATE_BYTES_MAX 4096
#define RSA_BITS_MIN 2048
#define EC_BITS_MIN 256
/* keyCertSign (5) and cRLSign (6) of one byte: one bit is unused. */
static const uint8_t signs_certificates[] = {1, 0x06};

static void
init(struct ca *ca)
{
	mbedtls_pk_init(&ca->key);
	mbedtls_x509_crt_init(&ca->certificate);
}

void
ca_free(struct ca *ca)
{
	if (ca == NULL)
		return;
	mbedtls_pk_free(&ca->key); /* wipes the private number */
	mbedtls_x509_crt_free(&ca->certificate);
	init(ca);
}

static int
make_key(mbedtls_pk_context *key)
{
	int error = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

	if (error == 0)
		error = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1,
		    mbedtls_pk_ec(*key), mbedtls_psa_get_random,
		    MBEDTLS_PSA_RANDOM_STATE);
	return error == 0 ? 0 : E_CRYPTO;
}

static void
write_subject(struct der *d, const char *common_name)
{
	const uint8_t *end = d->at;
	size_t length = strlen(common_name);

	if (length > COMMON_NAME_BYTES_MAX)
		length = COMMON_NAME_BYTES_MAX;
	issue_rdn(d, MBEDTLS_OID_AT_CN, common_name, length);
	issue_rdn(d, MBEDTLS_OID_AT_ORGANIZATION, ORGANIZATION,
	    strlen(ORGANIZATION));
	der_wrap(d, DER_SEQUENCE, end);
}

/* RFC 5280 section 4.2.1: a CA under which there is no other. */
static void
write_extensions(struct der *d, const uint8_t key_id[ISSUE_KEY_ID_BYTES])
{
	static const uint8_t path_length = 0, yes = 0xff;
	const uint8_t *end = d->at;

	der_value(d, DER_OCTET_STRING, key_id, ISSUE_KEY_ID_BYTES);
	issue_extension(d, MBEDTLS_OID_SUBJECT_KEY_IDENTIFIER, false, end);
	end = d->at;
	der_value(d, DER_BIT_STRING, signs_certificates, sizeof(signs_certificates));
	issue_extension(d, MBEDTLS_OID_KEY_USAGE, true, end);
	end = d->at;
	der_value(d, DER_INTEGER, &path_length, 1);
	der_value(d, DER_BOOLEAN, &yes, 1);
	der_wrap(d, DER_SEQUENCE, end);
	issue_extension(d, MBEDTLS_OID_BASIC_CONSTRAINTS, true, end);
}

static struct der_part
written(const struct der *d, const uint8_t *end)
{
	return (struct der_part){d->at, (size_t)(end - d->at)};
}

static int
self_sign(mbedtls_pk_context *key, const struct ca_options *options,
    struct buf *out)
{
	uint8_t public_key[ISSUE_SPKI_BYTES_MAX], key_id[ISSUE_KEY_ID_BYTES];
	uint8_t subject[SUBJECT_BYTES], extensions[EXTENSION_BYTES];
	struct der name, extension;

	int length =
	    mbedtls_pk_write_pubkey_der(key, public_key, sizeof(public_key));
	if (length <= 0)
		return E_CRYPTO;
	const uint8_t *spki = public_key + sizeof(public_key) - length;
	int error = issue_key_id(spki, (size_t)length, key_id);
	der_init(&name, subject, sizeof(subject));
	write_subject(&name, options->common_name);
	der_init(&extension, extensions, sizeof(extensions));
	write_extensions(&extension, key_id);
	if (error != 0 || der_result(&name) != 0 || der_result(&extension) != 0)
		return E_CRYPTO;
	const struct issue_parts parts = {
	    .issuer = written(&name, subject + sizeof(subject)),
	    .subject = written(&name, subject + sizeof(subject)),
	    .public_key = {spki, (size_t)length},
	    .extensions = written(&extension, extensions + sizeof(extensions)),
	    .not_before_s = options->now_s - ISSUE_BACKDATE_S,
	    .not_after_s = options->now_s + options->validity_s,
	};
	return issue_certificate(key, &parts, out);
}

void
ca_name(const char *configured, const char *hostname, char out[CA_NAME_BYTES])
{
	if (configured[0] != '\0')
		(void)snprintf(out, CA_NAME_BYTES, "%s", configured);
	else
		(void)snprintf(out, CA_NAME_BYTES, "sightglass CA (%.40s)",
		    hostname);
}

int
ca_generate(const struct ca_options *options, struct ca *out)
{
	struct buf der;

	init(out);
	buf_init(&der, CERTIFICATE_BYTES_MAX);
	int error = make_key(&out->key);
	if (error == 0)
		error = self_sign(&out->key, options, &der);
	if (error == 0)
		error = mbedtls_x509_crt_parse_der(&out->certificate, buf_data(&der),
		    buf_length(&der));
	buf_free(&der);
	if (error == 0)
		return 0;
	ca_free(out);
	return E_CRYPTO;
}

/* Why this key and certificate can not serve as a CA, or NULL. */
static const char *
objection(struct ca *ca)
{
	const mbedtls_x509_crt *crt = &ca->certificate;
	bool rsa = mbedtls_pk_can_do(&ca->key, MBEDTLS_PK_RSA);

	if (!rsa && !mbedtls_pk_can_do(&ca->key, MBEDTLS_PK_ECDSA))
		return "the key is neither RSA nor ECDSA";
	if (mbedtls_pk_get_bitlen(&ca->key) < (rsa ? RSA_BITS_MIN : EC_BITS_MIN))
		return "the key is too short (RSA 2048 or P-256 at least)";
	if (mbedtls_pk_check_pair(&crt->pk, &ca->key, mbedtls_psa_get_random,
	        MBEDTLS_PSA_RANDOM_STATE) != 0)
		return "the key does not belong to the certificate";
	if (crt->version != 3 || mbedtls_x509_crt_get_ca_istrue(crt) != 1 ||
	    mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN) != 0)
		return "the certificate is not a CA's";
	if (mbedtls_x509_time_is_future(&crt->valid_from))
		return "the certificate is not valid yet";
	if (mbedtls_x509_time_is_past(&crt->valid_to))
		return "the certificate has expired: make a new CA";
	return NULL;
}

static int
parse(struct ca *ca, const struct key_files *files, const char *directory,
    char error[256])
{
	/* mbedTLS wants the NUL that ends a PEM text to be counted. */
	if (mbedtls_x509_crt_parse(&ca->certificate, buf_data(&files->certificate),
	        buf_length(&files->certificate)) != 0) {
		(void)snprintf(error, 256, "%s/%s: not PEM certificates", directory,
		    CA_CERTIFICATE_FILE);
		return E_SYNTAX;
	}
	if (mbedtls_pk_parse_key(&ca->key, buf_data(&files->key),
	        buf_length(&files->key), NULL, 0, mbedtls_psa_get_random,
	        MBEDTLS_PSA_RANDOM_STATE) != 0) {
		(void)snprintf(error, 256, "%s/%s: not a PEM private key without a "
		    "passphrase", directory, CA_KEY_FILE);
		return E_SYNTAX;
	}
	const char *why = objection(ca);
	if (why != NULL)
		(void)snprintf(error, 256, "%s: %s", directory, why);
	return why == NULL ? 0 : E_SYNTAX;
}

int
ca_load(struct ca *ca, const char *directory, char error[256])
{
	struct key_files files;

	init(ca);
	int result = key_files_read(&files, directory, error);
	if (result == 0)
		result = parse(ca, &files, directory, error);
	key_files_free(&files);
	if (result != 0)
		ca_free(ca);
	return result;
}

int
ca_load_certificate(const char *directory, struct buf *pem)
{
	mbedtls_x509_crt crt;
	struct buf text;

	int error = key_files_read_certificate(&text, directory);
	if (error == 0) {
		mbedtls_x509_crt_init(&crt);
		if (mbedtls_x509_crt_parse(&crt, buf_data(&text),
		        buf_length(&text)) != 0)
			error = E_SYNTAX;
		mbedtls_x509_crt_free(&crt);
	}
	if (error == 0)
		error = buf_append(pem, buf_data(&text), buf_length(&text) - 1);
	buf_free(&text);
	return error;
}
