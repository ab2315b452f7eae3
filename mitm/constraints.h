/* SPDX-License-Identifier: ISC */
/*
 * Name constraints (RFC 5280 section 4.2.1.10), which the TLS library does not
 * apply: whether the names of a certificate lie within the trees that a CA above
 * it permits, and outside those that it excludes. Pure; worker and CLI.
 *
 * Applied to dNSName, iPAddress, directoryName (the subject too), rfc822Name
 * (the subject's emailAddress too) and uniformResourceIdentifier. A name of
 * another kind of which a tree speaks is refused, critical or not.
 */
#ifndef SIGHTGLASS_MITM_CONSTRAINTS_H
#define SIGHTGLASS_MITM_CONSTRAINTS_H

#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "mitm/der_read.h"

enum constraints_outcome {
	CONSTRAINTS_MET,
	CONSTRAINTS_VIOLATED,
	CONSTRAINTS_MALFORMED, /* or with a minimum or maximum, which RFC 5280 bars */
	CONSTRAINTS_TOO_MANY   /* names times trees: the budget is spent */
};

/* `value` is the extension's. *budget is how many comparisons of a name with a
 * tree may still be made; it is counted down. */
enum constraints_outcome constraints_check(struct der_span value,
    const mbedtls_x509_crt *crt, unsigned *budget) WUNRES NONNULL(2, 3);

#endif
