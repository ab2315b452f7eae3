/* SPDX-License-Identifier: ISC */
/*
 * Reading the CA's certificates, and what is said when that fails. CLI. Never opens
 * a key.
 */
#include "cli/ca_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <psa/crypto.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/path.h"
#include "ca/key.h"
#include "cli/command.h"

static int
end_text(struct buf *pem)
{
	return buf_append(pem, "", 1);
}

int
ca_text_load(const struct conf *conf, struct buf *pem)
{
	char path[PATH_BYTES];

	buf_init(pem, CA_TEXT_BYTES_MAX);
	int error = ca_load_certificates(conf, pem);
	if (error == 0)
		error = end_text(pem);
	if (error == 0)
		return CLI_OK;
	ca_certificate_path(conf, path);
	if (error == E_NOTFOUND && conf->ca_certificate[0] == '\0')
		diag_error("there is no CA in %s: sightglass ca init makes one",
		    conf->ca_dir);
	else
		diag_error("%s: %s", path, err_text(error));
	return CLI_CANNOT_READ;
}

int
ca_text_load_next(const struct conf *conf, struct buf *pem)
{
	buf_init(pem, CA_TEXT_BYTES_MAX);
	int error = ca_load_next_certificate(conf, pem);
	if (error == 0)
		error = end_text(pem);
	if (error == 0)
		return CLI_OK;
	diag_error("no CA is to follow the one in %s", conf->ca_dir);
	return error == E_NOTFOUND ? CLI_NO_MATCH : CLI_CANNOT_READ;
}

int
ca_text_load_all(const struct conf *conf, struct buf *pem)
{
	int status = ca_text_load(conf, pem);

	if (status != CLI_OK)
		return status;
	pem->length--; /* the NUL, which comes again */
	int error = ca_load_next_certificate(conf, pem);
	if (error == 0 || error == E_NOTFOUND)
		error = end_text(pem);
	if (error == 0)
		return CLI_OK;
	diag_error("the CA that is to follow: %s", err_text(error));
	return CLI_CANNOT_READ;
}

int
ca_text_parse(const struct buf *pem, mbedtls_x509_crt *certificates)
{
	mbedtls_x509_crt_init(certificates);
	if (psa_crypto_init() == PSA_SUCCESS &&
	    ca_parse_certificates(certificates, (const char *)buf_data(pem)) == 0)
		return CLI_OK;
	diag_error("not certificates in PEM");
	mbedtls_x509_crt_free(certificates);
	return CLI_CORRUPT;
}

int
ca_text_certificates(const struct conf *conf, mbedtls_x509_crt *certificates)
{
	struct buf pem;

	int status = ca_text_load_all(conf, &pem);
	if (status == CLI_OK)
		status = ca_text_parse(&pem, certificates);
	buf_free(&pem);
	return status;
}

int
cli_write_new(const char *path, const void *bytes, size_t length)
{
	FILE *out = path == NULL ? stdout : fopen(path, "wxe");
	bool failed = out == NULL || fwrite(bytes, 1, length, out) != length;

	if (out != NULL && out != stdout && fclose(out) != 0)
		failed = true;
	if (!failed)
		return CLI_OK;
	diag_error("%s: %s%s", path == NULL ? "standard output" : path,
	    strerror(errno), errno == EEXIST ? ": it is not overwritten" : "");
	return CLI_CANNOT_READ;
}
