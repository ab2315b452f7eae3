/* SPDX-License-Identifier: ISC */
/*
 * The extensions of a certificate (RFC 5280 section 4.2), read once more from
 * their bytes: the TLS library takes an INTEGER for cA, lets an extension stand
 * twice that it does not know, and passes over name constraints. Pure; worker
 * and CLI.
 */
#ifndef SIGHTGLASS_MITM_EXTENSIONS_H
#define SIGHTGLASS_MITM_EXTENSIONS_H

#include <stdbool.h>

#include "base/attr.h"
#include "mitm/der_read.h"

#define EXTENSIONS_MAX 64u

struct extensions {
	bool malformed;        /* one that we know, or the list; or one twice */
	bool unknown_critical; /* one is critical that we do not process */
	bool is_ca;
	int path_length;       /* -1: none */
	struct der_span name_constraints; /* the value; at == NULL: none */
};

/* Reads the SEQUENCE OF Extension that stands in `bytes`; no bytes: there are
 * none. Policies are not processed: constraints on them are refused when
 * critical. What it points to is borrowed from `bytes`. */
void extensions_read(struct der_span bytes, struct extensions *out) NONNULL(2);

/* Whether a list of extensions has a critical one, or is malformed: what makes
 * an entry of a CRL unusable (RFC 5280 section 5.3). */
bool extensions_any_critical(struct der_span bytes) WUNRES;

#endif
