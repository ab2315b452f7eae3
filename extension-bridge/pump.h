/* SPDX-License-Identifier: ISC */
/*
 * Passes bytes both ways between two stream sockets, unread: for connections
 * that a forwarder must join by itself because the daemon has no part in them.
 * Forwarders. One read buffer serves all pairs; a pair has memory of its own
 * only while one side does not take what the other sent.
 */
#ifndef SIGHTGLASS_BRIDGE_PUMP_H
#define SIGHTGLASS_BRIDGE_PUMP_H

#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "base/attr.h"

struct pump;

/* Whoever joins two sockets may keep an eye on them. */
struct pump_watch {
	void *context;
	/* How many of the bytes that came from `fd` may go to `other_fd`. The
	 * others are dropped, and that direction ends if `other_fd` has spoken:
	 * before it has, an end would be taken for the client's leaving. NULL:
	 * all may. */
	size_t (*allow)(void *context, const uint8_t *bytes, size_t length);
	void (*ended)(void *context); /* both are closed; NULL: nobody asks */
};

/* NULL: out of memory. `base` must outlive it. */
struct pump *pump_new(struct event_base *base) WUNRES NONNULL(1);

/* Ends every pair. NULL is fine. */
void pump_free(struct pump *p);

/* Joins two non-blocking sockets, of which either may still be connecting. They
 * are taken over, on failure too, and closed when both directions have ended in
 * order; with a reset when one of them failed. watch is copied; NULL: none.
 * E_NOMEM: nothing is joined, and watch->ended is not called. */
int pump_join(struct pump *p, int fd, int other_fd,
    const struct pump_watch *watch) WUNRES NONNULL(1);

/* Two connected TCP sockets of this machine, non-blocking and close-on-exec: a
 * reset of the one is seen at the other, as with no other kind. E_SYS. */
int pump_tcp_pair(int fds[2]) WUNRES NONNULL(1);

#endif
