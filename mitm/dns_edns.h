/* SPDX-License-Identifier: ISC */
/* The options of EDNS(0). Pure. Worker. */
#ifndef SIGHTGLASS_MITM_DNS_EDNS_H
#define SIGHTGLASS_MITM_DNS_EDNS_H

#include "mitm/dns_text.h"

/* Takes all that is left to c->end as the data of such an option, and puts them: those
 * that are not known, or not laid out as their definition asks, in base 16. c has an
 * error only when the text found no room. */
void dns_put_option(struct dns_cursor *c, uint16_t code) NONNULL(1);

#endif
