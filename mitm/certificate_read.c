/* SPDX-License-Identifier: ISC */
/*
 * The reading of certificates and of the message that carries them. Pure; worker
 * and CLI. It judges nothing.
 *
 * mbedTLS reads the certificates of a handshake by mbedtls_x509_crt_parse_der,
 * which has no way to be told of extensions (mbedtls_x509_crt_parse_der_with_ext_cb
 * has, and no handshake calls it). A server below a CA with critical name
 * constraints, as RFC 5280 wants them, could so not be opened. Therefore this
 * file defines that function itself, for the whole program: where the library is
 * a shared one of ELF, its own calls come here, since the program's symbols stand
 * before a library's. Where they do not (macOS, whose libraries are bound to each
 * other by name; a static library, which configure sees), such a handshake fails,
 * and upstream.c reads the message that it failed at by certificate_message_read.
 */
#include "mitm/certificate_read.h"

#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>

#include "base/be.h"
#include "base/err.h"

static int
let_through(void *context UNUSED, const mbedtls_x509_crt *crt UNUSED,
    const mbedtls_x509_buf *oid UNUSED, int critical UNUSED,
    const unsigned char *value UNUSED, const unsigned char *end UNUSED)
{
	return 0;
}

#ifndef SIGHTGLASS_LIBRARY_READS
int
mbedtls_x509_crt_parse_der(mbedtls_x509_crt *chain, const unsigned char *buf,
    size_t buflen)
{
	return mbedtls_x509_crt_parse_der_with_ext_cb(chain, buf, buflen, 1,
	    let_through, NULL);
}
#endif

int
certificate_read(mbedtls_x509_crt *list, const uint8_t *der, size_t length)
{
	switch (mbedtls_x509_crt_parse_der_with_ext_cb(list, der, length, 1,
	    let_through, NULL)) {
	case 0:
		return 0;
	case MBEDTLS_ERR_X509_ALLOC_FAILED:
		return E_NOMEM;
	case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG + MBEDTLS_ERR_OID_NOT_FOUND:
	case MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE:
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
	case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE:
		return E_VERSION;
	default:
		return E_SYNTAX;
	}
}

/* --- the message --- */

struct cursor {
	const uint8_t *at;
	size_t left;
};

/* A vector of bytes behind its length, which has `width` bytes. */
static bool
take_vector(struct cursor *c, unsigned width, struct cursor *out)
{
	if (c->left < width)
		return false;
	size_t length = (size_t)be_dec(c->at, width);
	if (length > c->left - width)
		return false;
	*out = (struct cursor){.at = c->at + width, .left = length};
	c->at += width + length;
	c->left -= width + length;
	return true;
}

/* What is told of two errors: no memory, then the server's fault, then ours. */
static int
graver(int a, int b)
{
	static const int order[] = {E_NOMEM, E_SYNTAX, E_VERSION};

	for (size_t i = 0; i < ARRAY_LENGTH(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return 0;
}

int
certificate_message_read(mbedtls_x509_crt *list, const uint8_t *body,
    size_t length, bool tls13)
{
	struct cursor message = {.at = body, .left = length};
	struct cursor entries, one, ignored;
	int error = 0;

	if (tls13 && (!take_vector(&message, 1, &ignored) || ignored.left > 0))
		return E_SYNTAX;
	if (!take_vector(&message, 3, &entries) || message.left > 0)
		return E_SYNTAX;
	while (entries.left > 0) {
		if (!take_vector(&entries, 3, &one) ||
		    (tls13 && !take_vector(&entries, 2, &ignored)))
			return E_SYNTAX;
		error = graver(error, certificate_read(list, one.at, one.left));
	}
	return error;
}
