/* SPDX-License-Identifier: ISC */
/*
 * What a CA may certify: the name constraints (RFC 5280 section 4.2.1.10) of a
 * chain of CAs, as far as they are about DNS names and IP addresses, which are
 * all that a leaf of ours says. The signer mints nothing outside of them; the
 * worker opens no such flow, since its client would turn the leaf down. Pure;
 * signer, worker and CLI.
 */
#ifndef SIGHTGLASS_CA_SCOPE_H
#define SIGHTGLASS_CA_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "ca/der.h"
#include "ca/names.h"

#define SCOPE_TREES_MAX 128u
#define SCOPE_EXTENSION_BYTES_MAX (40u * 1024)

struct scope_tree {
	unsigned level; /* of which certificate; each one's are to be met */
	bool excluded;  /* else permitted */
	enum name_kind kind;
	uint8_t length;     /* DNS: 0–253, 0 every name; IP: 8 or 32 */
	uint8_t bytes[253]; /* DNS: in lower case, perhaps with a dot in front;
	                     * IP: address and mask */
};

/* All zero: every name is permitted. */
struct scope {
	unsigned levels;
	size_t count;
	struct scope_tree trees[SCOPE_TREES_MAX];
};

/* Permits a domain and what is below it ("example.com") or a block of addresses
 * ("192.0.2.0/24", "2001:db8::/32"). E_SYNTAX: it is neither; E_FULL. */
int scope_permit(struct scope *s, const char *text) WUNRES NONNULL(1, 2);

/* After the last scope_permit: excludes every name of the kinds of which none was
 * permitted, which without a tree would all be. E_FULL. */
int scope_close(struct scope *s) WUNRES NONNULL(1);

/* Writes the extension, critical; nothing for a scope without trees. */
void scope_write(const struct scope *s, struct der *d) NONNULL(1, 2);

/* Parses the certificate at the start of `der`, appends it to `chain`, and adds
 * its constraints to the scope as one more level (NULL: they are let pass).
 * mbedTLS by itself refuses a critical extension that it does not know. E_SYNTAX,
 * E_NOMEM; E_FULL: it has more constraints than are tried. After a failure the
 * chain may have it all the same, and is only to be freed. */
int scope_parse_certificate(struct scope *s, mbedtls_x509_crt *chain,
    const uint8_t *der, size_t length) WUNRES NONNULL(2, 3);

/* Whether a leaf may say the name. A wildcard may be said where no name that it
 * stands for is excluded. */
bool scope_permits(const struct scope *s, const struct name *name)
    WUNRES NONNULL(1, 2);

/* Removes the names that may not be said. */
void scope_filter(const struct scope *s, struct names *names) NONNULL(1, 2);

#endif
