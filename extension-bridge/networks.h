/* SPDX-License-Identifier: ISC */
/*
 * Networks whose flows the extension leaves alone: the text of one, and the lists
 * that it begins with. Pure; extension (macOS), and CLI, which writes its profile.
 */
#ifndef SIGHTGLASS_BRIDGE_NETWORKS_H
#define SIGHTGLASS_BRIDGE_NETWORKS_H

#include <stddef.h>

#include <arpa/inet.h>

#include "base/attr.h"

struct network {
	char address[INET6_ADDRSTRLEN]; /* with no bit set behind the prefix */
	unsigned prefix;
};

/* Reads "10.0.0.0/8", "fc00::/7" or a lone address. E_SYNTAX. */
int network_parse(const char *text, struct network *out) WUNRES NONNULL(1, 2);

/* Those that are never offered: this machine, its link, and groups. NULL ends. */
extern const char *const networks_always[];

/* Those that are not unless somebody says so: private networks, and Apple's own,
 * whose services fail under any inspection. The default of macos.exclude. */
extern const char *const networks_default[];

#endif
