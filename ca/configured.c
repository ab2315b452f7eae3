/* SPDX-License-Identifier: ISC */
/*
 * The CA that the settings speak of: made as they say, or provided by them.
 * Signer; CLI, which reads the certificates alone.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "ca/key.h"
#include "ca/key_files.h"

#define TEXT_BYTES_MAX (256u * 1024)

static int
permit(const struct conf_list *permitted, struct scope *out)
{
	int error = 0;

	for (size_t i = 0; i < permitted->count && error == 0; i++)
		error = scope_permit(out, permitted->items[i]);
	return error == 0 && permitted->count > 0 ? scope_close(out) : error;
}

int
ca_generate_configured(const struct conf *conf, const char *hostname,
    int64_t now_s, char name[CA_NAME_BYTES], struct ca *out)
{
	struct scope *scope = calloc(1, sizeof(*scope));
	int error = scope == NULL ? E_NOMEM : permit(&conf->ca_permitted, scope);

	ca_name(conf->ca_name, hostname, name);
	const struct ca_options options = {
	    .common_name = name,
	    .now_s = now_s,
	    .validity_s = (int64_t)(conf->ca_validity_ms / 1000),
	    .key = conf->ca_key == CONF_CA_RSA3072 ? CA_KEY_RSA3072 : CA_KEY_P256,
	    .scope = scope,
	};
	if (error == 0)
		error = ca_generate(&options, out);
	free(scope);
	return error;
}

static bool
is_provided(const struct conf *conf)
{
	return conf->ca_certificate[0] != '\0';
}

int
ca_load_configured(const struct conf *conf, struct ca *out, char error[256])
{
	const struct ca_files files = {.certificate = conf->ca_certificate,
	    .key = conf->ca_private_key, .chain = conf->ca_chain};

	return is_provided(conf) ? ca_load_provided(out, &files, error)
	                         : ca_load(out, conf->ca_dir, error);
}

void
ca_certificate_path(const struct conf *conf, char path[PATH_BYTES])
{
	if (is_provided(conf))
		(void)snprintf(path, PATH_BYTES, "%s", conf->ca_certificate);
	else
		(void)snprintf(path, PATH_BYTES, "%s/" CA_CERTIFICATE_FILE,
		    conf->ca_dir);
}

int
ca_load_certificates(const struct conf *conf, struct buf *pem)
{
	mbedtls_x509_crt crt;
	struct buf text;

	int error = is_provided(conf)
	    ? key_files_read_public(&text, conf->ca_certificate, conf->ca_chain)
	    : key_files_read_certificate(&text, conf->ca_dir);
	if (error == 0) {
		error = ca_parse_certificates(&crt, (const char *)buf_data(&text));
		mbedtls_x509_crt_free(&crt);
		error = error == E_NOTFOUND ? E_SYNTAX : error;
	}
	if (error == 0)
		error = buf_append(pem, buf_data(&text), buf_length(&text) - 1);
	buf_free(&text);
	return error;
}

int
ca_load_next_certificate(const struct conf *conf, struct buf *pem)
{
	struct buf text;

	if (is_provided(conf))
		return E_NOTFOUND;
	int error = key_files_read_next_certificate(&text, conf->ca_dir);
	if (error == 0)
		error = buf_append(pem, buf_data(&text), buf_length(&text) - 1);
	buf_free(&text);
	return error;
}

/* The first certificate of a text, behind those that are there. */
static int
add_first(mbedtls_x509_crt *own, struct buf *pem)
{
	mbedtls_x509_crt crt;

	int error = buf_append(pem, "", 1);
	mbedtls_x509_crt_init(&crt);
	if (error == 0)
		error = ca_parse_certificates(&crt, (const char *)buf_data(pem));
	if (error == 0)
		error = scope_parse_certificate(NULL, own, crt.raw.p, crt.raw.len);
	mbedtls_x509_crt_free(&crt);
	return error;
}

int
ca_load_own(const struct conf *conf, mbedtls_x509_crt *own)
{
	struct buf pem;

	mbedtls_x509_crt_init(own);
	buf_init(&pem, TEXT_BYTES_MAX);
	int error = ca_load_certificates(conf, &pem);
	if (error == 0)
		error = add_first(own, &pem);
	buf_clear(&pem);
	if (error == 0 && ca_load_next_certificate(conf, &pem) == 0)
		error = add_first(own, &pem);
	buf_free(&pem);
	return error;
}
