/* SPDX-License-Identifier: ISC */
/*
 * What we show to servers that ask who the client is: certificates with their
 * keys, each for the hosts that a pattern covers. The parent reads the files,
 * judges them by the same functions and writes a message; the worker reads that.
 * Pure but for random numbers: psa_crypto_init must have run.
 *
 * Whoever holds a certificate sees an mbedTLS chain and an mbedTLS key, and does
 * not ask how the key signs: one in a token (PKCS #11) would come in by another
 * function beside client_certificates_add.
 */
#ifndef SIGHTGLASS_MITM_CLIENT_CERTIFICATES_H
#define SIGHTGLASS_MITM_CLIENT_CERTIFICATES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

/* Counted references: a flow may outlive the setting. */
struct client_certificate {
	unsigned references;
	mbedtls_x509_crt chain; /* its own first */
	mbedtls_pk_context key;
	struct certificate_facts facts; /* of its own */
};

/* What stands in two PEM files, each with a NUL behind it that its length counts. */
struct client_certificate_pem {
	const uint8_t *chain, *key;
	size_t chain_length, key_length;
};

struct client_certificates;

/* NULL: out of memory. */
struct client_certificates *client_certificates_new(void) WUNRES;
void client_certificates_free(struct client_certificates *c);

/* Adds one for the hosts of `pattern` (host_rules.h), behind the others. With *why
 * (static) E_RANGE: it is no pattern; E_SYNTAX: of the certificate's file;
 * E_NOTFOUND, E_DENIED (encrypted, too weak, another's): of the key's; E_LIMIT;
 * E_NOMEM. */
int client_certificates_add(struct client_certificates *c, const char *pattern,
    const struct client_certificate_pem *pem, const char **why)
    WUNRES NONNULL(1, 2, 3, 4);

/* What the one that was added last says of itself; there is one. Borrowed. */
const struct certificate_facts *client_certificates_last(
    const struct client_certificates *c) NONNULL(1);

/* A reference to the first that covers the host, or NULL. Name and address may
 * each be NULL, and so may c. */
struct client_certificate *client_certificates_find(
    const struct client_certificates *c, const char *name,
    const struct sockaddr_storage *address) WUNRES;
/* One more reference; NULL is fine. */
struct client_certificate *client_certificate_hold(struct client_certificate *c);
void client_certificate_release(struct client_certificate *c);

/* For the message: appends one, which client_certificates_add has taken. */
int client_certificates_write(const char *pattern,
    const struct client_certificate_pem *pem, struct buf *out)
    WUNRES NONNULL(1, 2, 3);
/* ... and adds all that were written. E_CORRUPT, E_NOMEM. */
int client_certificates_read(struct client_certificates *c,
    const uint8_t *bytes, size_t length) WUNRES NONNULL(1);

#endif
