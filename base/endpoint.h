/* SPDX-License-Identifier: ISC */
/*
 * An IP address with a port, small and of one form: IPv4 stands inside IPv6 (RFC 4291
 * section 2.5.5.2), so that two are the same when their bytes are. Pure; any process.
 */
#ifndef SIGHTGLASS_BASE_ENDPOINT_H
#define SIGHTGLASS_BASE_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attr.h"

/* The parts of a socket address, for those who have no use for another form. The port
 * is 0, and the text NULL, where it is not of IP; else the text is `text`. */
uint16_t endpoint_port_of(const struct sockaddr_storage *a) WUNRES NONNULL(1);
const char *endpoint_text_of(const struct sockaddr_storage *a,
    char text[INET6_ADDRSTRLEN]) WUNRES NONNULL(1, 2);

/* A link-local address of IPv6 (RFC 4291 section 2.5.6) means something on one interface
 * alone: the one with that index, from now on. Any other address is left as it is. */
void endpoint_set_scope(struct sockaddr_storage *a, uint32_t interface) NONNULL(1);
/* Of such an address that index; 0: it says none, or is another. */
uint32_t endpoint_scope_of(const struct sockaddr_storage *a) WUNRES NONNULL(1);

#define ENDPOINT_ADDRESS_BYTES 16u

struct endpoint {
	uint8_t address[ENDPOINT_ADDRESS_BYTES];
	uint16_t port;
	uint16_t zero; /* no padding: it is sent and compared as it lies in memory */
};

/* False: not an IP address; then *out is all zero. */
bool endpoint_read(struct endpoint *out, const struct sockaddr_storage *from)
    NONNULL(1, 2);

/* ... an IPv4 address, four bytes. */
void endpoint_set_ipv4(struct endpoint *out, const void *address, uint16_t port)
    NONNULL(1, 2);

/* AF_INET where it is IPv4. */
void endpoint_write(const struct endpoint *e, struct sockaddr_storage *out)
    NONNULL(1, 2);

bool endpoint_is(const struct endpoint *a, const struct endpoint *b) WUNRES
    NONNULL(1, 2);

/* "::" or "0.0.0.0" with port 0: nobody's. */
bool endpoint_is_nowhere(const struct endpoint *e) WUNRES NONNULL(1);

#endif
