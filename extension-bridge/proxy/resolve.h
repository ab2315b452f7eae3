/* SPDX-License-Identifier: ISC */
/*
 * Name resolution by the system's own getaddrinfo(3), which blocks, on a small
 * pool of threads; the answers come back in the event loop's thread. Proxy
 * forwarder only. Everything here is called from the loop's thread.
 */
#ifndef SIGHTGLASS_PROXY_RESOLVE_H
#define SIGHTGLASS_PROXY_RESOLVE_H

#include <stddef.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "extension-bridge/flow_header.h"
#include "extension-bridge/proxy/target.h"

struct event_base;
struct resolver;
struct resolution;

/* What a flow header has room for: a destination and its alternates. */
#define RESOLVE_ADDRESSES_MAX (1 + FLOW_ALTERNATES_MAX)

struct resolve_answer {
	struct sockaddr_storage addresses[RESOLVE_ADDRESSES_MAX];
	size_t count;      /* 0: there is none, and error says why */
	const char *error; /* the system's words; static */
};

typedef void resolve_done(void *context, const struct resolve_answer *answer);

/* The answer for a target whose host is an address. Never blocks. */
void resolve_address(const struct target *target, struct resolve_answer *answer)
    NONNULL(1, 2);

/* Starts `threads` threads, which block every signal, so that the loop's thread
 * gets them. base is borrowed until resolver_free. NULL with errno. */
struct resolver *resolver_new(struct event_base *base, unsigned threads)
    WUNRES NONNULL(1);

/* Forgets every question without an answer. Does not wait for a getaddrinfo
 * that is under way: its thread ends by itself. NULL is fine. */
void resolver_free(struct resolver *r);

/* Asks for the TCP addresses of a target, in the system's order (RFC 6724).
 * done is called once, later, unless the question is cancelled; afterwards the
 * resolution is gone. NULL: out of memory. */
struct resolution *resolver_ask(struct resolver *r, const struct target *target,
    resolve_done *done, void *context) WUNRES NONNULL(1, 2, 3);

/* done will not be called; frees q. NULL is fine. */
void resolution_cancel(struct resolution *q);

#endif
