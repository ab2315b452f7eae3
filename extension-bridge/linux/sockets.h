/* SPDX-License-Identifier: ISC */
/*
 * What sock_diag(7) knows of sockets, in the network namespace in which its own
 * socket was made. Forwarders; Linux only.
 */
#ifndef SIGHTGLASS_EXTENSION_BRIDGE_LINUX_SOCKETS_H
#define SIGHTGLASS_EXTENSION_BRIDGE_LINUX_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linux/inet_diag.h>

#include "base/attr.h"

/* A descriptor for the calls below, close-on-exec; -1 with errno. */
int sockets_open(void) WUNRES;

/* The socket that is bound to `own` and connected to `peer`, else the one that
 * would be given such a connection; protocol is IPPROTO_TCP or IPPROTO_UDP.
 * False: there is none, or the kernel does not say. */
bool sockets_find(int ask_fd, uint8_t protocol,
    const struct sockaddr_storage *own, const struct sockaddr_storage *peer,
    struct inet_diag_msg *out) WUNRES NONNULL(3, 4, 5);

/* Whether something listens for TCP connections at this address. */
bool sockets_listens(int ask_fd, const struct sockaddr_storage *address)
    WUNRES NONNULL(2);

#endif
