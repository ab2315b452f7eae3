/* SPDX-License-Identifier: ISC */
/*
 * What the daemon's answer to "status" says of the forwarders, one each
 * (sightglass(1), "status"). Pure; CLI.
 */
#ifndef SIGHTGLASS_CLI_BRIDGE_H
#define SIGHTGLASS_CLI_BRIDGE_H

#include <stdint.h>

#include <yyjson.h>

#include "base/attr.h"

struct bridge_flows {
	uint64_t count;
	int64_t last_us; /* since the epoch; 0: there was none */
};

struct bridge_forwarder {
	const char *name;  /* NULL: those who give none. Borrowed, as build is */
	const char *build; /* "" when it did not say */
	uint64_t protocol;
	int64_t hello_us, heard_us; /* since the epoch; 0: never */
	uint64_t connections;       /* to control.sock, of those who said hello */
	struct bridge_flows streams, datagrams;
	uint64_t bad_headers;
};

/* An item of "forwarders"; what is missing or of another kind is 0. The item may be
 * NULL. */
void bridge_read(yyjson_val *item, struct bridge_forwarder *out) NONNULL(2);

#define BRIDGE_AGE_BYTES 32

/* "3 s ago", "12 min ago", "5 h ago", "9 days ago"; "never" for 0. */
void bridge_age(int64_t now_us, int64_t then_us, char out[BRIDGE_AGE_BYTES])
    NONNULL(3);

#endif
