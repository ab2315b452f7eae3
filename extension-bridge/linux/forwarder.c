/* SPDX-License-Identifier: ISC */
/*
 * The forwarder inside the namespace: takes each connection that the command
 * makes, says in a header where it was going and whose it is, and hands the
 * descriptor itself to the daemon, so that no byte passes through here. A child
 * of the CLI. Without a daemon it resets the connection: a tap that is gone must
 * not look like a network that is slow.
 */
#include "extension-bridge/linux/forwarder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "extension-bridge/handoff.h"
#include "extension-bridge/linux/sockets.h"
#include "extension-bridge/pump.h"

#define RETRY_MS 20
#define ACCEPTS_PER_TURN 32
#define OWN_DESCRIPTORS 128 /* listeners, connections that are being handed over */

struct forwarder {
	struct event_base *base;
	const struct forwarder_options *options;
	int ask_fd; /* of the namespace */
	struct listeners listeners;
	struct clients *clients;
	struct pump *pump;
	struct datagrams *datagrams;
	struct event *accepting4, *accepting6, *terminated, *retry;
	struct flow_header header; /* of the flow in hand: too large for a stack */
	int held_fd;               /* waits for room in the daemon's queue, or -1 */
	bool complained;
};

/* --- addresses --- */

/* An address as the kernel gives it, IPv4-mapped ones made IPv4. */
static void
unmap(struct sockaddr_storage *address)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in = {.sin_family = AF_INET};

	if (address->ss_family != AF_INET6)
		return;
	memcpy(&in6, address, sizeof(in6));
	if (!IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
		return;
	in.sin_port = in6.sin6_port;
	memcpy(&in.sin_addr, &in6.sin6_addr.s6_addr[12], sizeof(in.sin_addr));
	memset(address, 0, sizeof(*address));
	memcpy(address, &in, sizeof(in));
}

/* --- handing over --- */

static void
reset(int fd)
{
	const struct linger at_once = {.l_onoff = 1};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)close(fd);
}

/* Each connection has two addresses, and getsockname tells the one that it was
 * meant for. */
static bool
describe(struct forwarder *f, int fd)
{
	struct flow_header *h = &f->header;
	socklen_t source = sizeof(h->source), destination = sizeof(h->destination);

	memset(h, 0, sizeof(*h));
	h->transport = FLOW_STREAM;
	if (getpeername(fd, (struct sockaddr *)&h->source, &source) != 0 ||
	    getsockname(fd, (struct sockaddr *)&h->destination, &destination) != 0)
		return false;
	unmap(&h->source);
	unmap(&h->destination);
	clients_identify(f->clients, &h->source, &h->destination, h);
	(void)snprintf(h->forwarder, sizeof(h->forwarder), "%s", f->options->name);
	return true;
}

void
forwarder_hide_source(struct flow_header *h)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&h->source;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&h->source;

	if (h->source.ss_family == AF_INET)
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		in6->sin6_addr = in6addr_loopback;
}

static void
complain(struct forwarder *f, int error)
{
	if (!f->complained)
		diag_error("the daemon does not take connections (%s): they are "
		    "reset", err_text(error));
	f->complained = true;
}

static void
stop_accepting(struct forwarder *f)
{
	const struct timeval soon = {.tv_usec = RETRY_MS * 1000};

	(void)event_del(f->accepting4);
	if (f->accepting6 != NULL)
		(void)event_del(f->accepting6);
	(void)event_add(f->retry, &soon);
}

static void
start_accepting(struct forwarder *f)
{
	(void)event_add(f->accepting4, NULL);
	if (f->accepting6 != NULL)
		(void)event_add(f->accepting6, NULL);
}

/* Takes over fd. False: it is held, and nothing else is accepted. */
static bool
hand_over(struct forwarder *f, int fd)
{
	int error = handoff_flow(f->options->flow_socket, fd, &f->header, NULL, 0);

	if (error == E_AGAIN) {
		f->held_fd = fd;
		stop_accepting(f);
		return false;
	}
	if (error == 0) {
		(void)close(fd);
	} else {
		complain(f, error);
		reset(fd);
	}
	return true;
}

static void
on_retry(evutil_socket_t none UNUSED, short what UNUSED, void *context)
{
	struct forwarder *f = context;
	int fd = f->held_fd;

	f->held_fd = -1;
	if (fd < 0 || hand_over(f, fd))
		start_accepting(f);
}

/* --- loopback --- */

/* The program's own server, which it would have found at the other address. */
static void
join_inside(struct forwarder *f, int fd, const struct sockaddr_storage *server)
{
	socklen_t length = server->ss_family == AF_INET
	    ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	int other = socket(server->ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (other >= 0 &&
	    (connect(other, (const struct sockaddr *)server, length) == 0 ||
	        errno == EINPROGRESS)) {
		if (pump_join(f->pump, fd, other, NULL) != 0)
			diag_warning("a connection inside was not joined: %s",
			    err_text(E_NOMEM));
		return;
	}
	if (other >= 0)
		(void)close(other);
	reset(fd);
}

/* True: it goes to the daemon. */
static bool
settle_loopback(struct forwarder *f, int fd)
{
	struct flow_header *h = &f->header;
	struct sockaddr_storage other;

	switch (outside_loopback(f->options->outside, f->ask_fd, &h->destination,
	    &other)) {
	case LOOPBACK_OTHER_INSIDE:
		join_inside(f, fd, &other);
		return false;
	case LOOPBACK_OTHER:
		h->alternates[h->alternate_count++] = other;
		return true;
	default:
		return true;
	}
}

/* --- accepting --- */

static void
on_accept(evutil_socket_t listener, short what UNUSED, void *context)
{
	struct forwarder *f = context;

	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(listener, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				stop_accepting(f);
			return;
		}
		if (!describe(f, fd)) {
			reset(fd); /* gone again already */
			continue;
		}
		forwarder_hide_source(&f->header);
		if (settle_loopback(f, fd) && !hand_over(f, fd))
			return;
	}
}

/* --- life --- */

static void
on_terminated(evutil_socket_t number UNUSED, short what UNUSED, void *context)
{
	struct forwarder *f = context;

	event_base_loopbreak(f->base);
}

static int
prepare(struct forwarder *f, char words[FORWARDER_WORDS])
{
	const struct udp_ports *ports = f->options->udp_ports;
	int error = network_up(f->options->outside, words);

	if (error == 0)
		error = network_listen(&f->listeners, ports, words);
	if (error == 0)
		error = network_divert(&f->listeners, ports, words);
	return error;
}

/* As many as the hard limit allows, and what of them flows of datagrams may have. */
static size_t
descriptors_left(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 &&
	    getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1;
	return limit.rlim_cur <= 2 * (rlim_t)OWN_DESCRIPTORS
	    ? 1 : (size_t)limit.rlim_cur - OWN_DESCRIPTORS;
}

static bool
make_events(struct forwarder *f)
{
	f->base = event_base_new();
	f->clients = clients_new();
	f->ask_fd = sockets_open();
	if (f->base == NULL || f->clients == NULL || f->ask_fd < 0)
		return false;
	f->pump = pump_new(f->base);
	f->datagrams = datagrams_new(f->base, &f->listeners, descriptors_left(),
	    f->clients, f->options->flow_socket, f->options->name);
	f->accepting4 = event_new(f->base, f->listeners.tcp4, EV_READ | EV_PERSIST,
	    on_accept, f);
	if (f->listeners.tcp6 >= 0)
		f->accepting6 = event_new(f->base, f->listeners.tcp6,
		    EV_READ | EV_PERSIST, on_accept, f);
	f->terminated = evsignal_new(f->base, SIGTERM, on_terminated, f);
	f->retry = evtimer_new(f->base, on_retry, f);
	return f->pump != NULL && f->datagrams != NULL && f->accepting4 != NULL &&
	    f->terminated != NULL && f->retry != NULL &&
	    event_add(f->terminated, NULL) == 0;
}

static void
free_events(struct forwarder *f)
{
	struct event *const events[] = {f->accepting4, f->accepting6,
	    f->terminated, f->retry};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (events[i] != NULL)
			event_free(events[i]);
	}
	pump_free(f->pump);
	datagrams_free(f->datagrams);
	clients_free(f->clients);
	if (f->base != NULL)
		event_base_free(f->base);
}

int
forwarder_main(const struct forwarder_options *options, int ready_fd)
{
	static struct forwarder f;
	char words[FORWARDER_WORDS] = "out of memory";

	f.options = options;
	f.held_fd = -1;
	(void)signal(SIGPIPE, SIG_IGN);
	bool ready = prepare(&f, words) == 0 && make_events(&f);
	ssize_t n = ready ? write(ready_fd, "", 1)
	                  : write(ready_fd, words, strlen(words));
	(void)close(ready_fd);
	if (ready && n == 1) {
		start_accepting(&f);
		(void)event_base_dispatch(f.base);
	}
	free_events(&f);
	return ready ? 0 : 1;
}
