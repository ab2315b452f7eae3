/* SPDX-License-Identifier: ISC */
/*
 * What a TLS server answers in the clear: its hello (RFC 8446 section 4.1.3, RFC
 * 5246 section 7.4.1.3) and, below TLS 1.3, the group of its key exchange (RFC
 * 8422 section 5.4) or the size of its prime. A reader is fed the server's bytes
 * as they pass, cut in any way; it keeps one message at a time and nothing of a
 * certificate. Pure; runs in the worker; refuses what is not a handshake, and then
 * says nothing more.
 */
#ifndef SIGHTGLASS_MITM_SERVER_HELLO_H
#define SIGHTGLASS_MITM_SERVER_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define SERVER_HELLO_BYTES_MAX 2048u /* a hello is some hundred bytes; one with
                                      * a post-quantum key share 1.2 KB */
#define SERVER_HELLO_EXTENSIONS_MAX 32u

struct server_hello {
	uint16_t legacy_version; /* as in the hello */
	uint16_t version;        /* what was chosen, wherever it stands */
	uint16_t suite;
	uint16_t group; /* 0: none was named */
	uint16_t dh_bits; /* of the prime of a finite-field exchange below TLS 1.3
	                   * (RFC 5246 section 7.4.3); 0: there is none */
	bool downgraded; /* it could have spoken TLS 1.3 (RFC 8446 4.1.3), but does not */
	bool retried;   /* a hello retry request came first */
	bool extensions_cut; /* there were more */
	uint16_t extension_count;
	uint16_t extensions[SERVER_HELLO_EXTENSIONS_MAX]; /* types, as they came */
};

/* Reads the body of a server hello message, without its handshake header. A
 * hello retry request (its random says so) sets `retried` and is otherwise a
 * hello too. E_SYNTAX; *out is written only on success. */
int server_hello_parse(const uint8_t *body, size_t length,
    struct server_hello *out) WUNRES NONNULL(1, 3);

/* A reader; zeroed, it stands at the start of a connection. */
struct server_flight {
	struct server_hello hello;
	bool seen; /* hello is the server's: a retry request is not, yet */
	uint8_t record[5]; /* header of the record that is coming */
	uint8_t record_have;
	uint16_t record_left;   /* bytes of its content */
	uint8_t message[SERVER_HELLO_BYTES_MAX]; /* header and body */
	uint32_t message_have;  /* bytes of the message so far, kept or not */
};

/* Takes the server's next bytes. E_MORE: it has more to learn; 0: there is
 * nothing more in the clear that it looks for; E_SYNTAX, E_LIMIT: it
 * understands no more. `seen` holds in every case; after another result than
 * E_MORE feed it no more. */
int server_flight_read(struct server_flight *f, const uint8_t *bytes,
    size_t length) WUNRES NONNULL(1);

/* IANA's name of a group ("x25519", "secp256r1"), or NULL. */
const char *server_hello_group_name(uint16_t group);

#endif
