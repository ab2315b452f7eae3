/* SPDX-License-Identifier: ISC */
/*
 * Whose the clients of the proxy are, where the system says it: proxy_clients_linux.c
 * and proxy_clients_darwin.c. CLI.
 */
#ifndef SIGHTGLASS_CLI_PROXY_CLIENTS_H
#define SIGHTGLASS_CLI_PROXY_CLIENTS_H

#include "base/attr.h"
#include "extension-bridge/proxy/proxy.h"

/* Has the proxy tell of each client that is a program of this machine which process,
 * user and file it is, as far as whoever runs it may know that. What it needs for it
 * goes with the process. */
void proxy_clients_tell(struct proxy_options *options) NONNULL(1);

#endif
