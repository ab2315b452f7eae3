/* SPDX-License-Identifier: ISC */
/*
 * The tap of one connection: the reader of the protocol that it speaks, and of the
 * one that it changes to. Fed copies of the bytes of both directions, it hands what
 * it read to its sink; it sends nothing, changes nothing, and cannot fail the
 * connection. Pure: no descriptor, no clock, no global. Worker.
 */
#ifndef SIGHTGLASS_MITM_TAP_H
#define SIGHTGLASS_MITM_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/body_parts.h"
#include "mitm/event.h"

struct tap;

enum tap_protocol {
	TAP_NOTHING,
	TAP_HTTP1,
	TAP_HTTP2,
	TAP_WEBSOCKET,
	TAP_DNS
};

struct tap_limits {
	size_t head_bytes;    /* a head longer than this is cut, and says so */
	struct body_rules bodies; /* of each body, in each direction */
	size_t message_bytes; /* captured of each message of a WebSocket */
	unsigned pipelined;   /* requests of HTTP/1 that wait for an answer */
	unsigned streams;     /* of HTTP/2 that are open at one time */
	size_t pending_bytes; /* kept of them in all; then less of each is */
	size_t dns_questions; /* that wait for an answer */
	uint64_t dns_timeout_us; /* for so long */
	struct dns_memory *dns_memory; /* in all flows; borrowed */
};

/* What the connection to `port` speaks that can be read, by the ALPN that was agreed
 * on (NULL: none) and the client's first bytes: an enum tap_protocol, or E_MORE. */
int tap_choose(const char *alpn, uint16_t port, const uint8_t *bytes,
    size_t length) WUNRES;

/* Whether datagrams to `port` are of DNS, mDNS or LLMNR. */
bool tap_is_dns_port(uint16_t port) WUNRES;

/* As in flow records: "http", "http2", "websocket", "dns"; NULL for TAP_NOTHING. */
const char *tap_protocol_name(enum tap_protocol protocol);

/* Of TAP_HTTP1, TAP_HTTP2 or TAP_DNS. limits and sink are copied. NULL: out of memory. */
struct tap *tap_new(enum tap_protocol protocol, const struct tap_limits *limits,
    const struct tap_sink *sink) WUNRES NONNULL(2, 3);

/* Frees it, silently dropping what is unfinished. NULL is fine. */
void tap_free(struct tap *t);

/* Reads `length` bytes that passed in `direction` at now_us. False: the reading
 * has ended, and what was unfinished has been handed on; it can be freed. */
bool tap_feed(struct tap *t, enum direction direction, const uint8_t *bytes,
    size_t length, uint64_t now_us) WUNRES NONNULL(1);

/* Of TAP_DNS: a datagram instead, to or from `server`. False: it is no message. */
bool tap_datagram(struct tap *t, enum direction direction, const uint8_t *bytes,
    size_t length, const struct sockaddr_storage *server, uint64_t now_us)
    WUNRES NONNULL(1, 5);

/* Why tap_feed said so: as in parse_error of an exchange, "dns_message", or "upgraded"
 * where what follows is of no protocol that is read. Static. */
const char *tap_ended(const struct tap *t) NONNULL(1);

/* When tap_tick has something to do though no byte comes, of the clock that tap_feed
 * is told; BODY_NEVER: not yet. */
uint64_t tap_due_us(const struct tap *t) WUNRES NONNULL(1);

/* Tells of exchanges that are under way, and of questions that have waited too long,
 * as far as that is due at now_us. */
void tap_tick(struct tap *t, uint64_t now_us) NONNULL(1);

/* That direction has ended in order (a body may end with it). */
void tap_eof(struct tap *t, enum direction direction, uint64_t now_us)
    NONNULL(1);

/* The connection is over: hands on what is unfinished, marked so. */
void tap_finish(struct tap *t, uint64_t now_us) NONNULL(1);

/* What it reads now. */
enum tap_protocol tap_reads(const struct tap *t) NONNULL(1);

#endif
