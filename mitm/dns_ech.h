/* SPDX-License-Identifier: ISC */
/*
 * Takes the parameter "ech" (RFC 9848) out of the HTTPS and SVCB records (RFC 9460) of
 * an answer, so that a client has nothing to encrypt its hello with.
 *
 * Not one byte of the message moves but in those records' parameters, and none is
 * added or missing: in the place of the parameter stands another, equally long and
 * empty of meaning, with a key for private use (RFC 9460 section 14.3.2), which
 * clients ignore. It stands where the order of keys has it. A list of mandatory keys
 * that names "ech" no longer does; what it is shorter by makes the other longer. So
 * lengths in front of the message, and pointers inside of it, stay true.
 *
 * Pure: no descriptor, no clock, no global. Worker.
 */
#ifndef SIGHTGLASS_MITM_DNS_ECH_H
#define SIGHTGLASS_MITM_DNS_ECH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Whether dns_ech_remove would change this message. Not what is no answer, nor what is
 * signed as it passes (TSIG, SIG(0): RFC 8945, RFC 2931), which would no longer be
 * true, nor a record whose parameters are not as RFC 9460 has them, which no client
 * takes. */
bool dns_ech_has(const uint8_t *message, size_t length) WUNRES;

void dns_ech_remove(uint8_t *message, size_t length);

#endif
