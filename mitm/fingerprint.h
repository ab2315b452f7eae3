/* SPDX-License-Identifier: ISC */
/*
 * Fingerprints of TLS hellos, as other tools compute them: JA3 and JA3S
 * (Salesforce's, MD5 of a line of decimal numbers), JA4 (FoxIO's description of
 * the TLS client fingerprint, over TCP). Pure; runs in the worker. MD5 is here a
 * name that others look for, it protects nothing. The rest of FoxIO's family
 * (JA4S and others) is under another licence, and not here.
 */
#ifndef SIGHTGLASS_MITM_FINGERPRINT_H
#define SIGHTGLASS_MITM_FINGERPRINT_H

#include <stddef.h>

#include "base/attr.h"
#include "mitm/hello.h"
#include "mitm/server_hello.h"

/* What is hashed: every value that a hello can hold, and what stands between. */
#define FINGERPRINT_TEXT_BYTES (HELLO_OFFERS_MAX * 6 + 64)

struct fingerprint_text {
	size_t length;
	char bytes[FINGERPRINT_TEXT_BYTES]; /* NUL-terminated */
};

/* Before the hash: "version,suites,extensions,groups,point formats", in decimal,
 * each list joined by '-'. */
void fingerprint_ja3_text(const struct hello *h, struct fingerprint_text *out)
    NONNULL(1, 2);

/* The same of a server: "version,suite,extensions". */
void fingerprint_ja3s_text(const struct server_hello *h,
    struct fingerprint_text *out) NONNULL(1, 2);

/* JA4 unhashed ("JA4_r"), its lists sorted. */
void fingerprint_ja4_text(const struct hello *h, struct fingerprint_text *out)
    NONNULL(1, 2);

/* The fingerprints, NUL-terminated. E_LIMIT: the hello had more than was kept,
 * and a fingerprint of the rest would be another's; E_CRYPTO. `out` is then "". */
int fingerprint_ja3(const struct hello *h, char out[33]) WUNRES NONNULL(1, 2);
int fingerprint_ja3s(const struct server_hello *h, char out[33])
    WUNRES NONNULL(1, 2);
int fingerprint_ja4(const struct hello *h, char out[37]) WUNRES NONNULL(1, 2);

#endif
