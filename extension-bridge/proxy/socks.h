/* SPDX-License-Identifier: ISC */
/*
 * SOCKS version 5 (RFC 1928), the server's half, as far as a CONNECT without
 * authentication needs it. Pure; the proxy forwarder.
 */
#ifndef SIGHTGLASS_PROXY_SOCKS_H
#define SIGHTGLASS_PROXY_SOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "extension-bridge/proxy/target.h"

#define SOCKS_VERSION 5u
#define SOCKS_CONNECT 1u
#define SOCKS_REPLY_BYTES 10u

/* RFC 1928 section 6. */
enum socks_reply {
	SOCKS_SUCCEEDED = 0,
	SOCKS_FAILURE = 1,
	SOCKS_HOST_UNREACHABLE = 4,
	SOCKS_NO_SUCH_COMMAND = 7,
	SOCKS_NO_SUCH_ADDRESS_TYPE = 8
};

struct socks_request {
	uint8_t command; /* SOCKS_CONNECT, or one that we do not do */
	struct target target;
};

/* Reads the client's list of methods (section 3). Returns the bytes used;
 * E_MORE; E_SYNTAX (not version 5). *none: "no authentication" is among them. */
int socks_greeting_parse(const uint8_t *bytes, size_t length, bool *none)
    WUNRES NONNULL(1, 3);

/* Reads the request (section 4). Returns the bytes used; E_MORE; E_RANGE (an
 * address type that is none); E_SYNTAX (not version 5, not a name, port 0).
 * *out is written only on success. */
int socks_request_parse(const uint8_t *bytes, size_t length,
    struct socks_request *out) WUNRES NONNULL(1, 3);

/* Writes the answer to a request. The bound address is 0.0.0.0:0: the daemon
 * binds it, later. */
void socks_reply_write(enum socks_reply code, uint8_t out[SOCKS_REPLY_BYTES])
    NONNULL(2);

#endif
