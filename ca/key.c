/* SPDX-License-Identifier: ISC */
/*
 * Making a CA, and loading one. Signer; CLI for `ca init`; worker for the
 * throwaway CA, which never meets a file. The files are key_files.c's matter, and
 * whether what is in them may serve is authority.c's.
 */
#include "ca/key.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/rsa.h>

#include "base/err.h"
#include "ca/authority.h"
#include "ca/der.h"
#include "ca/issue.h"
#include "ca/key_files.h"

#define ORGANIZATION "sightglass"
#define COMMON_NAME_BYTES_MAX 64 /* RFC 5280 appendix A.1: ub-common-name */
#define SUBJECT_BYTES 256
#define EXTENSION_BYTES (256 + SCOPE_EXTENSION_BYTES_MAX)
#define CERTIFICATE_BYTES_MAX (4096 + SCOPE_EXTENSION_BYTES_MAX)
#define RSA_BITS 3072
#define RSA_EXPONENT 65537
/* keyCertSign (5) and cRLSign (6) of one byte: one bit is unused. */
static const uint8_t signs_certificates[] = {1, 0x06};

static void
init(struct ca *ca)
{
	mbedtls_pk_init(&ca->key);
	mbedtls_x509_crt_init(&ca->certificate);
	ca->scope = (struct scope){0};
	ca->end_s = 0;
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
make_p256(mbedtls_pk_context *key)
{
	int error = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

	return error != 0 ? error
	                  : mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1,
	                        mbedtls_pk_ec(*key), mbedtls_psa_get_random,
	                        MBEDTLS_PSA_RANDOM_STATE);
}

static int
make_rsa(mbedtls_pk_context *key)
{
	int error = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));

	return error != 0 ? error
	                  : mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key),
	                        mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE,
	                        RSA_BITS, RSA_EXPONENT);
}

int
ca_make_key(mbedtls_pk_context *key, enum ca_key_kind kind)
{
	int error = kind == CA_KEY_RSA3072 ? make_rsa(key) : make_p256(key);

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
write_extensions(struct der *d, const struct scope *scope,
    const uint8_t key_id[ISSUE_KEY_ID_BYTES])
{
	static const uint8_t path_length = 0, yes = 0xff;

	if (scope != NULL)
		scope_write(scope, d);
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
	write_extensions(&extension, options->scope, key_id);
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
	int error = ca_make_key(&out->key, options->key);
	if (error == 0)
		error = self_sign(&out->key, options, &der);
	if (error == 0)
		error = scope_parse_certificate(&out->scope, &out->certificate,
		    buf_data(&der), buf_length(&der));
	if (error == 0)
		out->end_s = issue_seconds(&out->certificate.valid_to);
	buf_free(&der);
	if (error == 0)
		return 0;
	ca_free(out);
	return E_CRYPTO;
}

/* What a pass phrase protects is told from what is broken. */
static int
parse_key(struct ca *ca, const struct buf *key, const char *path, char error[256])
{
	const char *text = (const char *)buf_data(key);

	/* mbedTLS wants the NUL that ends a PEM text to be counted. */
	if (mbedtls_pk_parse_key(&ca->key, buf_data(key), buf_length(key), NULL, 0,
	        mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE) == 0)
		return 0;
	if (strstr(text, "ENCRYPTED") != NULL)
		(void)snprintf(error, 256, "%.120s: the key is encrypted, and a daemon "
		    "has nobody to ask: write it without (openssl pkey), mode 600",
		    path);
	else
		(void)snprintf(error, 256, "%.200s: not a PEM private key", path);
	return E_SYNTAX;
}

static int
parse_certificates(mbedtls_x509_crt *pool, const struct key_files *files,
    char error[256])
{
	int result =
	    ca_parse_certificates(pool, (const char *)buf_data(&files->certificate));

	if (result != 0)
		(void)snprintf(error, 256, "%.150s: not PEM certificates that can be "
		    "understood", files->certificate_path);
	return result == 0 ? 0 : E_SYNTAX;
}

static int
take(struct ca *ca, const struct key_files *files, char error[256])
{
	mbedtls_x509_crt pool;
	char why[256];

	int result = parse_certificates(&pool, files, error);
	if (result == 0)
		result = parse_key(ca, &files->key, files->key_path, error);
	if (result == 0) {
		result = authority_take(ca, &pool, why);
		if (result != 0)
			(void)snprintf(error, 256, "%.80s: %.170s",
			    files->certificate_path, why);
	}
	mbedtls_x509_crt_free(&pool);
	return result;
}

/* Of files that were read, or not: `result`. */
static int
load(struct ca *ca, struct key_files *files, int result, char error[256])
{
	init(ca);
	if (result == 0)
		result = take(ca, files, error);
	key_files_free(files);
	if (result != 0)
		ca_free(ca);
	return result;
}

int
ca_load(struct ca *ca, const char *directory, char error[256])
{
	struct key_files files;

	return load(ca, &files, key_files_read(&files, directory, error), error);
}

int
ca_load_next(struct ca *ca, const char *directory, char error[256])
{
	struct key_files files;

	return load(ca, &files, key_files_read_next(&files, directory, error), error);
}

int
ca_load_provided(struct ca *ca, const struct ca_files *provided, char error[256])
{
	struct key_files files;

	return load(ca, &files, key_files_read_provided(&files, provided, error),
	    error);
}
