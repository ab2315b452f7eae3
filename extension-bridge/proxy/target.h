/* SPDX-License-Identifier: ISC */
/*
 * Where a client of the proxy wants to go: a host and a port, as both of its
 * languages (request.h, socks.h) say it. Pure; the proxy forwarder.
 */
#ifndef SIGHTGLASS_PROXY_TARGET_H
#define SIGHTGLASS_PROXY_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct target {
	char host[256]; /* a name, as asked, or an address without brackets */
	bool is_address;
	uint16_t port; /* never 0 */
};

/* Sets t's host from `length` bytes of text: letters, digits, '-', '.', '_'
 * (RFC 1123 section 2.1 and what is in use), or the text of an IP address.
 * E_SYNTAX: anything else, or none, or more than 253 bytes. */
int target_set_host(struct target *t, const char *text, size_t length)
    WUNRES NONNULL(1, 2);

/* Reads "host:port" or "[v6]:port" (RFC 3986 section 3.2 without userinfo).
 * default_port stands in for a port that is missing or empty; 0: there must be
 * one. E_SYNTAX. */
int target_set_authority(struct target *t, const char *text, size_t length,
    uint16_t default_port) WUNRES NONNULL(1, 2);

#endif
