/* SPDX-License-Identifier: ISC */
/*
 * Whose a connection of this machine is: asked of sock_diag(7) and /proc, within
 * the network namespace of the process that asks. Forwarders; Linux only.
 */
#ifndef SIGHTGLASS_EXTENSION_BRIDGE_LINUX_CLIENT_H
#define SIGHTGLASS_EXTENSION_BRIDGE_LINUX_CLIENT_H

#include "base/attr.h"
#include "extension-bridge/flow_header.h"

struct clients;

/* NULL with errno. */
struct clients *clients_new(void) WUNRES;
void clients_free(struct clients *c);

/* Fills pid, uid and executable of `h`, as far as they can be found, for the
 * socket that is bound to `own` and connected to `peer`. */
void clients_identify(struct clients *c, const struct sockaddr_storage *own,
    const struct sockaddr_storage *peer, struct flow_header *h)
    NONNULL(1, 2, 3, 4);

#endif
