/* SPDX-License-Identifier: ISC */
/*
 * What an answer of DNS says of the name that was asked for: its addresses (those at
 * the end of a chain of aliases and those that a service's record hints at (RFC 9460
 * section 7.3) and its protocols. Pure: no descriptor, no clock, no global. Worker.
 */
#ifndef SIGHTGLASS_MITM_DNS_RESOLVED_H
#define SIGHTGLASS_MITM_DNS_RESOLVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/event.h"

#define DNS_RESOLVED_MAX 64u

struct dns_resolved_address {
	uint8_t bytes[DNS_ADDRESS_BYTES];
	uint32_t ttl_s; /* the least on the way to it */
};

struct dns_resolved {
	char name[DNS_NAME_TEXT_MAX]; /* lower case; of a service's name, what it is
	                               * a service of (RFC 9460 section 2.3) */
	size_t name_length;
	struct dns_resolved_address addresses[DNS_RESOLVED_MAX];
	size_t count;
	bool has_h3; /* a service's record says that it speaks HTTP/3 */
	uint32_t h3_ttl_s;
};

/* False: it is no answer, or says nothing of the kind. Records for other names than
 * the one that was asked for, and those that its aliases lead to, do not count. */
bool dns_resolved_read(const struct dns_transaction *t, struct dns_resolved *out)
    WUNRES NONNULL(1, 2);

#endif
