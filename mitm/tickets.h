/* SPDX-License-Identifier: ISC */
/*
 * Session tickets for clients (RFC 5077; RFC 8446 section 4.6.1): sealed with keys
 * that are this worker's alone, never written anywhere and changed as often as a
 * ticket's life is long. A ticket is bound to what the connection was when it
 * was given: under anything else it does not open, and the client's handshake is
 * a full one. Worker only; reads no clock.
 */
#ifndef SIGHTGLASS_MITM_TICKETS_H
#define SIGHTGLASS_MITM_TICKETS_H

#include <stddef.h>
#include <stdint.h>

#include <mbedtls/ssl.h>

#include "base/attr.h"

#define TICKET_BINDING_BYTES 32u
#define TICKET_CLEAR_BYTES_MAX 1024u /* a session of ours has some 200 */
#define TICKET_OVERHEAD_BYTES 44u    /* key's name, nonce, time, tag */

struct tickets;

/* NULL: out of memory. Keys are made when they are first needed. */
struct tickets *tickets_new(void) WUNRES;
/* Wipes the keys. */
void tickets_free(struct tickets *t);

/* What a ticket is given or taken under. */
struct ticket_terms {
	struct tickets *tickets; /* borrowed */
	uint8_t binding[TICKET_BINDING_BYTES]; /* a digest of all that must be the
	                                        * same again */
	uint64_t now_ms;  /* of a clock that does not jump */
	uint64_t life_ms; /* seven days at most (RFC 8446 section 4.6.1) */
};

/* Seals `length` bytes, up to TICKET_CLEAR_BYTES_MAX, into `out`, which has room
 * for TICKET_OVERHEAD_BYTES more. The ticket's length; E_LIMIT, E_CRYPTO. */
int tickets_seal(const struct ticket_terms *terms, const uint8_t *clear,
    size_t length, uint8_t *out, size_t room) WUNRES NONNULL(1, 2, 4);

/* Opens a ticket into `clear`. The length; E_TIMEOUT: its time or its key's is
 * over; E_CORRUPT: it is none of ours, or was given under other terms. */
int tickets_open(const struct ticket_terms *terms, const uint8_t *ticket,
    size_t length, uint8_t clear[TICKET_CLEAR_BYTES_MAX])
    WUNRES NONNULL(1, 2, 4);

#endif
