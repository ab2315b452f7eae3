/* SPDX-License-Identifier: ISC */
/*
 * Which UDP ports a forwarder takes datagrams to: the setting forward.udp_ports.
 * Pure; parent, worker, CLI and forwarder.
 */
#ifndef SIGHTGLASS_EXTENSION_BRIDGE_UDP_PORTS_H
#define SIGHTGLASS_EXTENSION_BRIDGE_UDP_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define UDP_PORTS_MAX 64u

struct udp_ports {
	uint16_t ports[UDP_PORTS_MAX]; /* in host order */
	size_t count;
};

/* Adds one, unless it is there. E_RANGE: no port (1 to 65535); E_LIMIT: too many. */
int udp_ports_add(struct udp_ports *p, uint64_t port) WUNRES NONNULL(1);

/* Reads ports as they stand in the settings. E_RANGE and E_LIMIT as above, with the
 * item that it is about in *wrong. */
int udp_ports_read(char *const *items, size_t count, struct udp_ports *out,
    size_t *wrong) WUNRES NONNULL(3, 4);

bool udp_ports_have(const struct udp_ports *p, uint16_t port) WUNRES NONNULL(1);

#endif
