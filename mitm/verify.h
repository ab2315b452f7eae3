/* SPDX-License-Identifier: ISC */
/*
 * Whether a server's chain is to be believed: path building and validation as
 * RFC 5280 section 6 and RFC 9525 ask, and the limits that browsers add. Ours,
 * because the TLS library stops short of them (it takes the CN for a name,
 * reads its own clock, and applies no name constraints). Pure but for the clock it
 * is handed; worker and CLI.
 */
#ifndef SIGHTGLASS_MITM_VERIFY_H
#define SIGHTGLASS_MITM_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "mitm/known_bad.h"
#include "mitm/revocation.h"

#define VERIFY_PATH_MAX 10u  /* certificates, the root among them */
#define VERIFY_AT_HAND_MAX 2u

/* What can be wrong, the gravest first: X(symbol, identifier, words) */
#define VERIFY_TABLE(X)                                                       \
	X(VERIFY_OWN_CA, "own_ca",                                            \
	    "the chain ends in sightglass's own CA")                          \
	X(VERIFY_KNOWN_BAD, "known_bad",                                      \
	    "a key or a certificate is on a list of what nobody may trust")   \
	X(VERIFY_REVOKED, "revoked",                                          \
	    "a certificate was revoked by its issuer")                        \
	X(VERIFY_SELF_SIGNED, "self_signed",                                  \
	    "the certificate is signed by itself and is not trusted")         \
	X(VERIFY_UNKNOWN_ROOT, "unknown_root",                                \
	    "no trusted root signed the chain")                               \
	X(VERIFY_BAD_SIGNATURE, "bad_signature",                              \
	    "a signature is not its issuer's")                                \
	X(VERIFY_TOO_LONG, "chain_too_long",                                  \
	    "the chain is longer, or has more branches, than is tried")       \
	X(VERIFY_MALFORMED, "malformed",                                      \
	    "an extension is malformed, or stands twice")                     \
	X(VERIFY_UNKNOWN_CRITICAL, "unknown_critical",                        \
	    "an extension is critical that is not understood")                \
	X(VERIFY_NOT_A_CA, "not_a_ca",                                        \
	    "an issuer may not sign certificates")                            \
	X(VERIFY_PATH_LENGTH, "path_length",                                  \
	    "more CAs follow than an issuer allows")                          \
	X(VERIFY_NAME_CONSTRAINTS, "name_constraints",                        \
	    "a CA above may not issue for this name")                         \
	X(VERIFY_WRONG_USAGE, "wrong_usage",                                  \
	    "a certificate is not meant for servers")                         \
	X(VERIFY_WEAK_SIGNATURE, "weak_signature",                            \
	    "a certificate is signed with MD5 or SHA-1")                      \
	X(VERIFY_WEAK_KEY, "weak_key",                                        \
	    "a key is too short: RSA under 2048 bits, or a curve under 256")  \
	X(VERIFY_EXPIRED, "expired", "a certificate's time is over")          \
	X(VERIFY_NOT_YET_VALID, "not_yet_valid",                              \
	    "a certificate's time has not come")                              \
	X(VERIFY_NAME_MISMATCH, "name_mismatch",                              \
	    "the certificate does not speak for the host")

enum verify_failure {
#define VERIFY_ENUM(symbol, identifier, words) symbol,
	VERIFY_TABLE(VERIFY_ENUM)
#undef VERIFY_ENUM
	VERIFY_COUNT
};

struct verify_options {
	const mbedtls_x509_crt *roots;  /* what is trusted; NULL: nothing */
	const mbedtls_x509_crt *own_ca; /* a list, never believed upstream; or NULL */
	/* Lists of issuers that need not be sent and are not trusted; or NULL. */
	const mbedtls_x509_crt *at_hand[VERIFY_AT_HAND_MAX];
	struct revocation *crls;         /* or NULL */
	const struct distrust *distrust; /* besides our own list; or NULL */
	int64_t now_s;                  /* seconds since the epoch */
	const char *host;               /* a DNS name, or the text of an address */
};

struct verify_result {
	bool trusted;
	const char *identifier; /* "ok", or the gravest failure's; static */
	const char *words;      /* for a person; static */
	uint32_t failures;      /* bit n: enum verify_failure n */
	/* The way that was judged, the server's first; its root last, if it reached
	 * one. Borrowed from the lists. */
	const mbedtls_x509_crt *path[VERIFY_PATH_MAX];
	unsigned path_length;
};

/* Judges the chain as the server sent it: its first certificate is the server's
 * own, the order of the rest is free. The best path to a root counts. */
void verify_chain(const mbedtls_x509_crt *chain,
    const struct verify_options *options, struct verify_result *result)
    NONNULL(1, 2, 3);

/* The identifier and words of one failure; static. */
const char *verify_identifier(enum verify_failure failure) WUNRES;
const char *verify_words(enum verify_failure failure) WUNRES;

#endif
