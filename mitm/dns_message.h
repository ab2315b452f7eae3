/* SPDX-License-Identifier: ISC */
/*
 * Reads a DNS message (RFC 1035 section 4) whole: header, questions, records of all
 * sections, EDNS(0) (RFC 6891). Pure: no descriptor, no clock, no global. Worker.
 */
#ifndef SIGHTGLASS_MITM_DNS_MESSAGE_H
#define SIGHTGLASS_MITM_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "mitm/event.h"

#define DNS_HEADER_BYTES 12u
#define DNS_MESSAGE_BYTES_MAX 65535u

/* Fills *out, which points into `arena`. E_MORE: shorter than a header. All else is a
 * message, with what could be read of it; where the reading ended early `malformed`
 * says why: "question", "record" (they are cut or no names), "data" (not as the type
 * has them: put in general form, and the reading went on), "trailing" (bytes behind
 * the end), "limit" (no room in the arena). */
int dns_message_read(const uint8_t *bytes, size_t length, struct arena *arena,
    struct dns_message *out) WUNRES NONNULL(3, 4);

/* The same of mDNS, in which the first bit of a class is none of its own: it asks for
 * an answer to the asker alone, or says that a record is all there is (RFC 6762
 * sections 5.4 and 10.2). */
int dns_message_read_mdns(const uint8_t *bytes, size_t length, struct arena *arena,
    struct dns_message *out) WUNRES NONNULL(3, 4);

#endif
