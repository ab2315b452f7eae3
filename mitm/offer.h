/* SPDX-License-Identifier: ISC */
/*
 * What we offer in a TLS handshake of our own. Towards a server it is what the
 * client offered, in the client's order, so that the server chooses as it would
 * have and one that fingerprints sees a sane client; but nothing that mbedTLS
 * cannot do and nothing that we would not stand for: no null, RC4, 3DES, export
 * or anonymous suite, no static RSA or ECDH, no MD5, SHA-1 or SHA-224. Pure;
 * runs in the worker.
 */
#ifndef SIGHTGLASS_MITM_OFFER_H
#define SIGHTGLASS_MITM_OFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/hello.h"
#include "mitm/server_hello.h"

#define OFFER_SUITES_MAX 64u
#define OFFER_GROUPS_MAX 16u
#define OFFER_SCHEMES_MAX 16u

/* A prime of 1024 bits that a server chose for DHE protects nobody. */
#define OFFER_DHE_BITS_MIN 2048

/* Lists as mbedTLS takes them: most wanted first, then 0. */
struct offer {
	int suites[OFFER_SUITES_MAX + 1];
	uint16_t groups[OFFER_GROUPS_MAX + 1];   /* RFC 8446 section 4.2.7 */
	uint16_t schemes[OFFER_SCHEMES_MAX + 1]; /* section 4.2.3 */
};

/* All that we stand for, in an order of our own; CBC suites only if `cbc`, and
 * last. */
void offer_own(bool cbc, struct offer *out) NONNULL(2);

/* What a client offered, as far as we stand for it. RSA-PSS comes after the other
 * schemes when both TLS 1.2 and 1.3 are offered. Of a list of which nothing
 * is left, or nothing for the TLS 1.3 that the client offers, our own takes the
 * place, without CBC. */
void offer_mirror(const struct hello *h, bool cbc, struct offer *out)
    NONNULL(1, 3);

/* All that we stand for, but only those groups of a client of TLS 1.3 for which
 * it sent no key share, so that the answer is a hello retry request (RFC 8446
 * section 4.1.4). False: it has no such group. */
bool offer_to_retry(const struct hello *h, struct offer *out) WUNRES
    NONNULL(1, 2);

/* The key of the server's certificate that a suite asks for (RFC 5246, 5289, 6209,
 * 6367, 6655, 7251, 7905). */
enum offer_key {
	OFFER_KEY_NONE, /* it is none that we stand for, CBC or not */
	OFFER_KEY_ANY,  /* a suite of TLS 1.3 does not say */
	OFFER_KEY_ECDSA,
	OFFER_KEY_RSA
};
enum offer_key offer_suite_key(uint16_t suite) WUNRES;

/* What of a server's choice we would not stand for, whoever offered it:
 * "old_version", "weak_suite", "cbc_suite" (unless `cbc`), "weak_group", or NULL;
 * static. */
const char *offer_weakness(const struct server_hello *chosen, bool cbc)
    WUNRES NONNULL(1);

/* Whether a client of TLS 1.3 has a group of ours, without which no handshake
 * with it comes to pass (one that has post-quantum groups alone, say). */
bool offer_shares_group(const struct hello *h) WUNRES NONNULL(1);

#endif
