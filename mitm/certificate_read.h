/* SPDX-License-Identifier: ISC */
/*
 * Certificates from bytes into the TLS library's lists, however critical what
 * stands in them may be: verify.c judges that. The library by itself refuses to
 * read a certificate with a critical extension that it does not know, and name
 * constraints are among those; certificate_read.c says how its handshake comes to
 * read them all the same. Pure; worker and CLI.
 */
#ifndef SIGHTGLASS_MITM_CERTIFICATE_READ_H
#define SIGHTGLASS_MITM_CERTIFICATE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/x509_crt.h>

#include "base/attr.h"

/* Appends a copy of one certificate, DER (RFC 5280 section 4.1), to the list.
 * E_SYNTAX: it is malformed; E_VERSION: it has a key or a signature of a kind
 * that the library does not know; E_NOMEM. The list is then as it was. */
int certificate_read(mbedtls_x509_crt *list, const uint8_t *der, size_t length)
    WUNRES NONNULL(1, 2);

/* Appends the certificates of the body of a Certificate message: of TLS 1.3 (RFC
 * 8446 section 4.4.2; from a server, so without a request's context) or of 1.2
 * (RFC 5246 section 7.4.2). All are looked at: E_SYNTAX when the message or one
 * of them is malformed, else E_VERSION when the library does not know the like of
 * one, E_NOMEM. Those that could be read are in the list in every case. */
int certificate_message_read(mbedtls_x509_crt *list, const uint8_t *body,
    size_t length, bool tls13) WUNRES NONNULL(1, 2);

#endif
