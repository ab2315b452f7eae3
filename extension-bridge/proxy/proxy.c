/* SPDX-License-Identifier: ISC */
/*
 * The proxy forwarder's loop: accepts clients, holds a bounded number of them,
 * and stops on SIGTERM and SIGINT. Runs in `sightglass proxy` and in a child of
 * `sightglass exec --proxy`. When descriptors or places run out it stops
 * accepting until a client has ended; it never dies of it.
 */
#include "extension-bridge/proxy/proxy.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/nosignal.h"
#include "extension-bridge/proxy/client.h"
#include "extension-bridge/proxy/resolve.h"
#include "extension-bridge/pump.h"

#define CLIENTS_MAX_DEFAULT 1024u
#define HEAD_TIMEOUT_MS_DEFAULT 30000u
#define RESOLVE_THREADS 8u
/* Descriptors that are not clients: our own, and those that eight look-ups and
 * one handoff open for a moment. */
#define DESCRIPTORS_KEPT 64u
#define CLIENT_DESCRIPTORS 2u /* one whose request passes through us */
#define ACCEPT_AT_ONCE 32
#define ACCEPT_RETRY_MS 100

struct proxy {
	struct event_base *base;
	struct event *acceptable;
	struct event *accept_retry;
	struct event *stop_signals[2];
	int listen_fd;
	char *flow_socket_path;
	char *forwarder;
	struct client_services services;
	struct client_list clients;
	unsigned client_count;
	unsigned clients_max;
	bool shortage_told; /* once is enough */
};

static void
start_accepting(struct proxy *p)
{
	(void)event_add(p->acceptable, NULL);
}

static void
client_gone(void *context, struct client *c)
{
	struct proxy *p = context;

	client_list_remove(&p->clients, c);
	client_free(c);
	p->client_count--;
	start_accepting(p);
}

/* Not inherited, never blocks, no SIGPIPE. */
static bool
prepare_client(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && socket_no_signal(fd) == 0;
}

static void
take_client(struct proxy *p, int fd, const struct sockaddr_storage *peer)
{
	if (!prepare_client(fd)) {
		(void)close(fd);
		return;
	}
	struct client *c = client_new(&p->services, fd, peer);
	if (c == NULL)
		return;
	client_list_add(&p->clients, c);
	p->client_count++;
}

/* accept failed. What concerns one connection only is passed over; when the
 * system has nothing left to give, we wait for a client to end, or a little. */
static bool
accept_goes_on(struct proxy *p)
{
	struct timeval wait = {.tv_usec = ACCEPT_RETRY_MS * 1000};

	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		if (!p->shortage_told)
			diag_warning("clients have to wait: %s: raise the limit "
			    "of open files", strerror(errno));
		p->shortage_told = true;
		(void)event_del(p->acceptable);
		(void)event_add(p->accept_retry, &wait);
		return false;
	case EINTR:
	case ECONNABORTED:
		return true;
	default:
		return false;
	}
}

static void
on_acceptable(evutil_socket_t listen_fd, short what, void *context)
{
	struct proxy *p = context;

	(void)what;
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct sockaddr_storage peer;
		socklen_t length = sizeof(peer);

		if (p->client_count >= p->clients_max) {
			(void)event_del(p->acceptable);
			return;
		}
		memset(&peer, 0, sizeof(peer));
		int fd = accept(listen_fd, (struct sockaddr *)&peer, &length);
		if (fd >= 0)
			take_client(p, fd, &peer);
		else if (!accept_goes_on(p))
			return;
	}
}

static void
on_accept_retry(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	start_accepting(context);
}

static void
on_stop_signal(evutil_socket_t signal_number, short what, void *context)
{
	struct proxy *p = context;

	(void)signal_number;
	(void)what;
	(void)event_base_loopbreak(p->base);
}

static unsigned
places(unsigned wished)
{
	struct rlimit limit;

	if (wished == 0)
		wished = CLIENTS_MAX_DEFAULT;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur == RLIM_INFINITY ||
	    limit.rlim_cur >= (rlim_t)wished * CLIENT_DESCRIPTORS +
	        DESCRIPTORS_KEPT)
		return wished;
	return limit.rlim_cur < DESCRIPTORS_KEPT + CLIENT_DESCRIPTORS ? 1 :
	    ((unsigned)limit.rlim_cur - DESCRIPTORS_KEPT) / CLIENT_DESCRIPTORS;
}

static bool
make_events(struct proxy *p)
{
	p->base = event_base_new();
	if (p->base == NULL)
		return false;
	p->acceptable = event_new(p->base, p->listen_fd, EV_READ | EV_PERSIST,
	    on_acceptable, p);
	p->accept_retry = evtimer_new(p->base, on_accept_retry, p);
	p->stop_signals[0] = evsignal_new(p->base, SIGTERM, on_stop_signal, p);
	p->stop_signals[1] = evsignal_new(p->base, SIGINT, on_stop_signal, p);
	return p->acceptable != NULL && p->accept_retry != NULL &&
	    p->stop_signals[0] != NULL && p->stop_signals[1] != NULL &&
	    event_add(p->acceptable, NULL) == 0 &&
	    event_add(p->stop_signals[0], NULL) == 0 &&
	    event_add(p->stop_signals[1], NULL) == 0;
}

static bool
make_services(struct proxy *p, const struct proxy_options *options)
{
	p->flow_socket_path = strdup(options->flow_socket_path);
	p->forwarder = strdup(options->forwarder);
	p->services = (struct client_services){
	    .base = p->base,
	    .resolver = resolver_new(p->base, RESOLVE_THREADS),
	    .pump = pump_new(p->base),
	    .flow_socket_path = p->flow_socket_path,
	    .forwarder = p->forwarder,
	    .head_timeout_ms = options->head_timeout_ms != 0 ?
	        options->head_timeout_ms : HEAD_TIMEOUT_MS_DEFAULT,
	    .facts = options->client_facts,
	    .facts_context = options->client_facts_context,
	    .gone = client_gone,
	    .gone_context = p,
	};
	return p->flow_socket_path != NULL && p->forwarder != NULL &&
	    p->services.resolver != NULL && p->services.pump != NULL;
}

struct proxy *
proxy_new(const struct proxy_options *options)
{
	struct proxy *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		(void)close(options->listen_fd);
		return NULL;
	}
	TAILQ_INIT(&p->clients);
	p->listen_fd = options->listen_fd;
	p->clients_max = places(options->clients_max);
	if (fcntl(p->listen_fd, F_SETFL, O_NONBLOCK) != 0 || !make_events(p) ||
	    !make_services(p, options)) {
		int saved = errno;
		proxy_free(p);
		errno = saved;
		return NULL;
	}
	return p;
}

int
proxy_run(struct proxy *p)
{
	if (event_base_dispatch(p->base) < 0)
		return E_SYS;
	return event_base_got_break(p->base) ? 0 : E_SYS;
}

static void
free_clients(struct client_list *list)
{
	struct client *c;

	while ((c = TAILQ_FIRST(list)) != NULL) {
		client_list_remove(list, c);
		client_free(c);
	}
}

static void
free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

void
proxy_free(struct proxy *p)
{
	if (p == NULL)
		return;
	pump_free(p->services.pump); /* takes the clients that it serves along */
	free_clients(&p->clients);
	resolver_free(p->services.resolver);
	free_event(p->acceptable);
	free_event(p->accept_retry);
	free_event(p->stop_signals[0]);
	free_event(p->stop_signals[1]);
	if (p->base != NULL)
		event_base_free(p->base);
	(void)close(p->listen_fd);
	free(p->flow_socket_path);
	free(p->forwarder);
	free(p);
}
