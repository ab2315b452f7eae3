/* SPDX-License-Identifier: ISC */
/*
 * The TLS client hello parser (RFC 8446 section 4.1.2, RFC 5246 section
 * 7.4.1.2, RFC 6066 section 3, RFC 7301): from the raw bytes of a connection's
 * start to what the client offers, however the hello is cut into TLS records.
 * Pure; runs in the worker; refuses nothing that a TLS library would accept
 * (an SSLv2 hello is not TLS). Of an extension sent twice the first counts.
 *
 * GREASE values (RFC 8701) are noise that clients add on purpose: they are in
 * none of the lists, only `grease` says that there were some.
 */
#ifndef SIGHTGLASS_MITM_HELLO_H
#define SIGHTGLASS_MITM_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define HELLO_BYTES_MAX (64u * 1024) /* the raw bytes we hold at most */
#define HELLO_ALPN_MAX 16u
#define HELLO_NAME_BYTES 256u
#define HELLO_SHARES_MAX 16u
#define HELLO_OFFERS_MAX 512u /* values in all lists of one hello together */

/* Which keys the client would take in a certificate of ours. */
struct hello_keys {
	bool ecdsa; /* on P-256 */
	bool rsa;
};

/* A run of hello.offers: see hello_values. */
struct hello_list {
	uint16_t at, count;
};

struct hello {
	uint16_t legacy_version;  /* as in the hello, 0x0303 */
	uint16_t highest_version; /* of supported_versions, GREASE left out */
	bool offers_tls13;
	bool offers_tls12;
	char server_name[HELLO_NAME_BYTES]; /* lower case, no final dot; "" none */
	bool server_name_unusable; /* one was sent: too long, or with NUL, control
				    * or space in it; server_name is "" */
	char alpn[HELLO_ALPN_MAX][HELLO_NAME_BYTES]; /* GREASE left out */
	size_t alpn_count;
	bool has_alpn;
	bool alpn_named;      /* a name was sent, kept in `alpn` or not... */
	uint8_t alpn_ends[2]; /* ...and the first had these first and last bytes */
	struct hello_keys keys_tls12; /* by signature scheme, suite and group */
	struct hello_keys keys_tls13; /* by signature scheme */
	bool encrypted_client_hello; /* extension 0xfe0d is there (or its grease) */
	bool early_data;             /* extension 42 is there */
	bool extended_master_secret; /* extension 23 is there (RFC 7627) */
	bool session_tickets;        /* extension 35 is there (RFC 5077) */
	bool has_session; /* it would go on with a session: by pre_shared_key, by a
			   * ticket or, when it offers no TLS 1.3, where the field
			   * is for show, by a session id */
	bool post_handshake_auth;
	uint16_t shares[HELLO_SHARES_MAX]; /* groups of key_share, no GREASE */
	size_t share_count;                /* of all of them; the last are not kept */

	/* What was offered, in the client's order. */
	struct hello_list suites;
	struct hello_list extensions; /* their types */
	struct hello_list versions;   /* supported_versions */
	struct hello_list groups;     /* supported_groups */
	struct hello_list point_formats;
	struct hello_list schemes; /* signature_algorithms */
	uint16_t offers[HELLO_OFFERS_MAX];
	bool offers_cut; /* there were more: the lists lack the last ones */
	bool grease;
};

/* Could the bytes be the start of a TLS record with a handshake in it? 1 yes,
 * 0 no, E_MORE undecided (fewer than 6 bytes and nothing against it). */
int hello_sniff(const uint8_t *bytes, size_t length) WUNRES NONNULL(1);

/* Brings the records of a hello, of which hello_parse says that they are `length`
 * bytes, into as few as can be: how a message is cut into records is its sender's
 * choice (RFC 8446 section 5.1), and the TLS library takes none whose first
 * record has less than a handshake header. They then stand at the end of these
 * bytes; how many in front of them are free. */
size_t hello_join(uint8_t *bytes, size_t length) WUNRES NONNULL(1);

/* Reads the client hello at the start of `bytes` (records and all). Returns the
 * number of bytes up to the end of the record that completes it; E_MORE;
 * E_SYNTAX; E_LIMIT when it is longer than HELLO_BYTES_MAX. *out is written
 * only on success. */
int hello_parse(const uint8_t *bytes, size_t length, struct hello *out)
    WUNRES NONNULL(1, 3);

/* The list->count values of one of h's lists. */
static inline const uint16_t *
hello_values(const struct hello *h, const struct hello_list *list)
{
	return h->offers + list->at;
}

#endif
