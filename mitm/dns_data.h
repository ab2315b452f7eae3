/* SPDX-License-Identifier: ISC */
/*
 * The data of a DNS record, as a zone file would say them. Pure. Worker.
 */
#ifndef SIGHTGLASS_MITM_DNS_DATA_H
#define SIGHTGLASS_MITM_DNS_DATA_H

#include "mitm/dns_text.h"

/* Takes all that is left to c->end as the data of such a record, and puts them. Data
 * of types that are not known, and those that are not laid out as their type asks,
 * are put in the general form of RFC 3597 section 5; the latter return false. c has
 * an error only when the text found no room. */
bool dns_put_data(struct dns_cursor *c, uint16_t type) NONNULL(1);

/* Takes the parameters of a service (RFC 9460 section 2.1); each is put behind a
 * blank. */
void dns_put_service(struct dns_cursor *c) NONNULL(1); /* dns_service.c */

#endif
