/* SPDX-License-Identifier: ISC */
/*
 * Passes bytes both ways between two stream sockets, unread: for connections
 * that a forwarder must join by itself because the daemon has no part in them.
 * Forwarders. One read buffer serves all pairs; a pair has memory of its own
 * only while one side does not take what the other sent.
 */
#ifndef SIGHTGLASS_BRIDGE_PUMP_H
#define SIGHTGLASS_BRIDGE_PUMP_H

#include <event2/event.h>

#include "base/attr.h"

struct pump;

/* NULL: out of memory. `base` must outlive it. */
struct pump *pump_new(struct event_base *base) WUNRES NONNULL(1);

/* Ends every pair. NULL is fine. */
void pump_free(struct pump *p);

/* Joins two non-blocking sockets, of which either may still be connecting. They
 * are taken over, on failure too, and closed when both directions have ended in
 * order; with a reset when one of them failed. E_NOMEM. */
int pump_join(struct pump *p, int fd, int other_fd) WUNRES NONNULL(1);

#endif
