/* SPDX-License-Identifier: ISC */
/*
 * One client of the proxy, from the first byte to the handoff or the refusal.
 * Proxy forwarder only; everything runs in the event loop's thread.
 */
#ifndef SIGHTGLASS_PROXY_CLIENT_H
#define SIGHTGLASS_PROXY_CLIENT_H

#include <sys/queue.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "extension-bridge/proxy/proxy.h"

struct event_base;
struct pump;
struct resolver;
struct client;

/* What a client needs of its proxy, which outlives it. */
struct client_services {
	struct event_base *base;
	struct resolver *resolver;
	struct pump *pump;
	const char *flow_socket_path;
	const char *forwarder;
	unsigned head_timeout_ms;
	proxy_client_facts *facts;
	void *facts_context;
	/* c is done with: whoever owns it calls client_free, now or later. */
	void (*gone)(void *context, struct client *c);
	void *gone_context;
};

/* For the owner's list of clients. */
TAILQ_HEAD(client_list, client);
void client_list_add(struct client_list *list, struct client *c) NONNULL(1, 2);
void client_list_remove(struct client_list *list, struct client *c)
    NONNULL(1, 2);

/* Takes over fd, also on failure; copies peer; borrows services. NULL with
 * errno. */
struct client *client_new(const struct client_services *services, int fd,
    const struct sockaddr_storage *peer) WUNRES NONNULL(1, 3);

/* Closes our copy of the client's descriptor. NULL is fine. Not for one whose
 * bytes pass through the pump: the pump is freed first and ends it. */
void client_free(struct client *c);

#endif
