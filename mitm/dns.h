/* SPDX-License-Identifier: ISC */
/*
 * Questions and their answers, of one flow: fed copies of the messages that pass, it
 * pairs them by id, question and server and hands each transaction to its sink. It
 * sends nothing, changes nothing, and cannot fail the flow. Pure: no descriptor, no
 * clock (the time is handed in), no global. Worker.
 */
#ifndef SIGHTGLASS_MITM_DNS_H
#define SIGHTGLASS_MITM_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "mitm/event.h"

#define DNS_PORT 53u
#define DNS_TLS_PORT 853u   /* RFC 7858 */
#define DNS_MDNS_PORT 5353u /* RFC 6762 */
#define DNS_LLMNR_PORT 5355u /* RFC 4795 */

struct dns;
struct dns_waiting;

/* What the questions hold that wait in all flows together. When that is too much, the
 * one that was asked the longest ago goes, whichever flow it is of. */
struct dns_memory {
	TAILQ_HEAD(dns_waiting_list, dns_waiting) by_time;
	size_t bytes, limit_bytes;
};

/* An empty one; it must outlive all that is made with it. */
void dns_memory_init(struct dns_memory *m, size_t limit_bytes) NONNULL(1);

struct dns_limits {
	size_t questions;    /* that wait for an answer at one time */
	uint64_t timeout_us; /* after the last asking, one is unanswered */
	struct dns_memory *memory; /* of all flows; borrowed */
};

/* Transactions go to sink->dns, with all but transport and serial filled in.
 * `incomplete` is NULL or one of
 *   "timeout"        nobody answered in time
 *   "flow_end"       ... before the flow ended
 *   "limit"          too many were waiting, in this flow or in all: this was the
 *                    oldest
 *   "no_query"       an answer to what was not asked (or asked too long ago)
 *   "second_answer"  another answer, not the same, to what was answered already
 *   "cut_transfer"   a zone transfer that did not come to its end
 * limits and sink are copied. NULL: out of memory. */
struct dns *dns_new(const struct dns_limits *limits, const struct tap_sink *sink)
    WUNRES NONNULL(1, 2);

/* Frees it, silently dropping what is unfinished. NULL is fine. */
void dns_free(struct dns *d);

/* A datagram of `length` bytes that passed in `direction` at now_us, to or from
 * `server`. False: it is no message of DNS. */
bool dns_datagram(struct dns *d, enum direction direction, const uint8_t *bytes,
    size_t length, const struct sockaddr_storage *server, uint64_t now_us)
    WUNRES NONNULL(1, 5);

/* Bytes of a stream, in which each message stands behind its length (RFC 1035 section
 * 4.2.2). False: this is no DNS, and the reading has ended. */
bool dns_feed(struct dns *d, enum direction direction, const uint8_t *bytes,
    size_t length, uint64_t now_us) WUNRES NONNULL(1);

/* When dns_expire has something to do; 0: never, as it stands. */
uint64_t dns_due_us(const struct dns *d) WUNRES NONNULL(1);

/* Hands on what nobody answered in time. */
void dns_expire(struct dns *d, uint64_t now_us) NONNULL(1);

/* The flow is over: hands on what is unfinished, marked so. */
void dns_finish(struct dns *d, uint64_t now_us) NONNULL(1);

/* Whether a stream that begins so may be one of DNS: 1, 0 or E_MORE. */
int dns_sniff(const uint8_t *bytes, size_t length) WUNRES;

#endif
