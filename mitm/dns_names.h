/* SPDX-License-Identifier: ISC */
/*
 * Which names addresses were resolved from lately: by an application, or by anybody on
 * this machine. One table for all workers, in memory that they share: each writes a
 * part of its own and reads all parts, so that the flow in which a name was resolved
 * and the one that goes to its address may be in two workers. No lock: a reader that
 * meets an entry which is being written passes it over.
 *
 * The table has its size from birth. Names of one address stand in one set of 16; a
 * new one takes the place of one whose time is over, else of the oldest. Which set is
 * an address's depends on a secret, so nobody can fill a chosen one from outside. What
 * another worker wrote is believed no more than an answer of DNS is: it is text.
 *
 * Pure: no descriptor, no clock (the time is handed in), no global. Worker.
 */
#ifndef SIGHTGLASS_MITM_DNS_NAMES_H
#define SIGHTGLASS_MITM_DNS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "mitm/event.h"

#define DNS_NAMES_SET 16u
#define DNS_NAMES_LIFE_S_MAX (24u * 60 * 60) /* a TTL of more counts as that */

struct dns_names {
	struct dns_names_slot *slots; /* of all writers; NULL: no name is kept */
	uint64_t seed;                /* the secret */
	uint32_t writers, sets;       /* sets of each */
	uint32_t writer;              /* which part is ours, from 0 */
};

/* The sets that each writer has when `names` are to be kept in all; 0 for none. */
uint32_t dns_names_sets(uint64_t names, uint32_t writers) WUNRES;

/* How many bytes of zeroed memory, aligned for any object, that takes. */
size_t dns_names_bytes(uint32_t writers, uint32_t sets) WUNRES;

/* IPv6, or an IPv4 address inside it. False: of no such family. */
bool dns_names_address(const struct sockaddr_storage *address,
    uint8_t out[DNS_ADDRESS_BYTES]) WUNRES NONNULL(1, 2);

/* What an application is known by here. 0: NULL, or an empty text. */
uint64_t dns_names_application(const struct dns_names *n, const char *identity)
    WUNRES NONNULL(1);

/* Keeps (anew) that the application, or 0, resolved the name (at most
 * DNS_NAME_TEXT_MAX bytes) to the address, for life_us from now_us. */
void dns_names_put(struct dns_names *n, const uint8_t address[DNS_ADDRESS_BYTES],
    uint64_t application, struct bytes name, uint64_t now_us, uint64_t life_us)
    NONNULL(1, 2);

/* How a server told that it speaks HTTP/3. */
enum dns_names_h3 {
	DNS_NAMES_H3_NO,
	DNS_NAMES_H3_RECORD, /* in an HTTPS record (RFC 9460) */
	DNS_NAMES_H3_ALT_SVC /* in an answer of HTTP (RFC 7838) */
};

/* Keeps that the server of that name did, for life_us from now_us, in the same room. */
void dns_names_announce(struct dns_names *n, struct bytes name,
    enum dns_names_h3 how, uint64_t now_us, uint64_t life_us) NONNULL(1);

/* Whether it did. */
enum dns_names_h3 dns_names_announced(const struct dns_names *n, struct bytes name,
    uint64_t now_us) WUNRES NONNULL(1);

/* The names of an address at now_us, at most `most`, each once: those that the
 * application resolved, then the machine's, of either the latest first. How many. */
size_t dns_names_find(const struct dns_names *n,
    const uint8_t address[DNS_ADDRESS_BYTES], uint64_t application,
    uint64_t now_us, struct dns_name *out, size_t most) WUNRES NONNULL(1, 2, 5);

#endif
