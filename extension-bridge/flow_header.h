/* SPDX-License-Identifier: ISC */
/*
 * The header with which a forwarder hands a flow to the daemon: PROXY protocol
 * version 2 (HAProxy, "The PROXY protocol", section 2.2) with our TLVs, and the
 * frames that carry datagrams after it. PROTOCOL.md beside this file is the
 * standard. Pure; forwarders write it, workers read it.
 */
#ifndef SIGHTGLASS_BRIDGE_FLOW_HEADER_H
#define SIGHTGLASS_BRIDGE_FLOW_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attr.h"

#define FLOW_HEADER_BYTES_MAX 4096u
#define FLOW_PROTOCOL_VERSION 1u
#define FLOW_ALTERNATES_MAX 8u
#define FLOW_PREFIX_BYTES_MAX (64u * 1024)
#define FLOW_AUDIT_TOKEN_BYTES 32u

enum flow_transport { FLOW_STREAM, FLOW_DATAGRAM };

struct flow_header {
	enum flow_transport transport;
	/* AF_INET or AF_INET6; an IPv4-mapped address is read as AF_INET. */
	struct sockaddr_storage source;
	struct sockaddr_storage destination; /* the original destination */
	/* More addresses of the same name, tried in order after destination. */
	struct sockaddr_storage alternates[FLOW_ALTERNATES_MAX];
	size_t alternate_count;

	char authority[256]; /* PP2_TYPE_AUTHORITY: the name asked for; "" none */
	uint8_t unique_id[128];
	size_t unique_id_length;

	uint16_t version; /* 0xE0; 0 when absent */
	bool has_pid;
	uint32_t pid; /* 0xE1 */
	bool has_uid;
	uint32_t uid;            /* 0xE2 */
	char executable[1024];   /* 0xE3 */
	char signing_id[256];    /* 0xE4 */
	char team_id[64];        /* 0xE5 */
	char forwarder[64];      /* 0xE6: "exec", "proxy", "macos", "macos-dns" */
	/* 0xE7 carries an alternate address; 0xE8 the number of bytes that
	 * follow the header on the bridge connection and precede those of the
	 * descriptor that was sent along: a forwarder has read them already. */
	uint32_t prefix_bytes;
	/* 0xE9: of the process, as macOS's kernel made it (audit_token_t); nothing but
	 * that kernel knows what is in it. */
	bool has_audit_token;
	uint8_t audit_token[FLOW_AUDIT_TOKEN_BYTES];
	/* 0xEA: the index of the interface that the flow has to use; 0: any. What is
	 * read has it as the scope of its link-local addresses, too. */
	uint32_t interface;
};

/* Reads a header. Returns the bytes used; E_MORE; E_SYNTAX (not PROXY v2, an
 * inner length that does not fit, text with a NUL, one of our TLVs twice);
 * E_VERSION (protocol version above ours, command other than PROXY, family that
 * is not IP); E_LIMIT (longer than FLOW_HEADER_BYTES_MAX, or a field longer than
 * its place); E_CORRUPT (a CRC32C TLV that does not match). What is wrong in the
 * bytes at hand is said before E_MORE. Unknown TLVs are skipped. *out is written
 * only on success. */
int flow_header_parse(const uint8_t *bytes, size_t length,
    struct flow_header *out) WUNRES NONNULL(1, 3);

/* Writes h to out and returns its length; absent fields are left out, version
 * is always FLOW_PROTOCOL_VERSION. E_FULL: capacity is too small (at most
 * FLOW_HEADER_BYTES_MAX is needed); E_RANGE: an address is not IP, or a count or
 * length in h is beyond its place. Source and destination may be of two
 * families: the IPv4 one is then written IPv4-mapped. */
int flow_header_write(const struct flow_header *h, uint8_t *out,
    size_t capacity) WUNRES NONNULL(1, 2);

/* One datagram of a FLOW_DATAGRAM flow. From the forwarder `address` is where
 * the client sent it; towards the forwarder, who answered. */
struct flow_datagram {
	struct sockaddr_storage address;
	const uint8_t *payload; /* borrowed from the parsed bytes */
	size_t length;          /* at most 65535 */
};

#define FLOW_DATAGRAM_HEADER_MAX 21u

/* Returns the bytes used, E_MORE, or E_SYNTAX (family neither 4 nor 6). */
int flow_datagram_parse(const uint8_t *bytes, size_t length,
    struct flow_datagram *out) WUNRES NONNULL(1, 3);

/* Writes the frame's header, which the payload follows; returns its length.
 * E_RANGE: not an IP address, or more than 65535 bytes. */
int flow_datagram_write(const struct flow_datagram *d,
    uint8_t out[FLOW_DATAGRAM_HEADER_MAX]) WUNRES NONNULL(1, 2);

#endif
