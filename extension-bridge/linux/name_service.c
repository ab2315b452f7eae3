/* SPDX-License-Identifier: ISC */
/*
 * DNS over UDP inside the namespace: each pair of client socket and name server
 * is a flow of datagrams to the daemon, and the answers go back from a socket
 * that is bound to the name server's address. Forwarder process. Reads no
 * message; drops a datagram when there is no room, as a network does.
 */
#include "extension-bridge/linux/forwarder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/nosignal.h"
#include "extension-bridge/handoff.h"

#define QUERIES_MAX 512u
#define IDLE_S 90
#define DATAGRAM_BYTES 65535u
#define QUERIES_PER_TURN 32

struct query {
	TAILQ_ENTRY(query) all;
	struct name_service *service;
	struct sockaddr_storage client, server;
	int bridge_fd, reply_fd;
	struct event *answered;
	struct buf input; /* of the bridge: frames, the last perhaps not whole */
};

struct name_service {
	struct event_base *base;
	struct clients *clients;
	const char *flow_socket, *name;
	struct event *asked4, *asked6;
	TAILQ_HEAD(query_list, query) queries; /* the latest used last */
	size_t count;
	struct flow_header header;
	uint8_t payload[DATAGRAM_BYTES];
};

static socklen_t
address_length(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET ? sizeof(struct sockaddr_in)
	                               : sizeof(struct sockaddr_in6);
}

static bool
equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	return a->ss_family == b->ss_family &&
	    memcmp(a, b, address_length(a)) == 0;
}

/* --- life of a query's flow --- */

static void
end(struct query *q)
{
	struct name_service *n = q->service;

	TAILQ_REMOVE(&n->queries, q, all);
	n->count--;
	if (q->answered != NULL)
		event_free(q->answered);
	if (q->bridge_fd >= 0)
		(void)close(q->bridge_fd);
	if (q->reply_fd >= 0)
		(void)close(q->reply_fd);
	buf_free(&q->input);
	free(q);
}

/* A socket that speaks as the name server. It is not connected to the client: the
 * client's next query to that server would then be given to it, instead of to
 * our listener. -1 with errno. */
static int
open_reply(const struct query *q)
{
	int family = q->server.ss_family;
	const int on = 1;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
	        family == AF_INET ? IP_TRANSPARENT : IPV6_TRANSPARENT, &on,
	        sizeof(on)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (const struct sockaddr *)&q->server,
	        address_length(&q->server)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static void
send_answers(struct query *q)
{
	struct flow_datagram d;
	int used;

	while ((used = flow_datagram_parse(buf_data(&q->input),
	            buf_length(&q->input), &d)) > 0) {
		if (sendto(q->reply_fd, d.payload, d.length, SEND_NO_SIGNAL,
		        (const struct sockaddr *)&q->client,
		        address_length(&q->client)) < 0) {
			/* The client is gone; so may its answer be. */
		}
		buf_consume(&q->input, (size_t)used);
	}
}

static void
on_answer(evutil_socket_t fd, short what, void *context)
{
	const struct timeval idle = {.tv_sec = IDLE_S};
	struct query *q = context;
	uint8_t *room;

	if ((what & EV_TIMEOUT) != 0 ||
	    buf_reserve(&q->input, DATAGRAM_BYTES, &room) != 0) {
		end(q);
		return;
	}
	ssize_t n = recv(fd, room, DATAGRAM_BYTES, 0);
	if (n <= 0) {
		end(q);
		return;
	}
	buf_commit(&q->input, (size_t)n);
	send_answers(q);
	(void)event_add(q->answered, &idle);
}

static void
describe(struct name_service *n, const struct query *q)
{
	struct flow_header *h = &n->header;

	memset(h, 0, sizeof(*h));
	h->transport = FLOW_DATAGRAM;
	h->source = q->client;
	h->destination = q->server;
	clients_identify(n->clients, &q->client, &q->server, h);
	forwarder_hide_source(h);
	(void)snprintf(h->forwarder, sizeof(h->forwarder), "%s", n->name);
}

static bool
begin(struct query *q)
{
	const struct timeval idle = {.tv_sec = IDLE_S};
	struct name_service *n = q->service;

	q->reply_fd = open_reply(q);
	describe(n, q);
	if (q->reply_fd < 0 ||
	    handoff_datagrams(n->flow_socket, &n->header, &q->bridge_fd) != 0)
		return false;
	q->answered = event_new(n->base, q->bridge_fd, EV_READ | EV_PERSIST,
	    on_answer, q);
	return q->answered != NULL && event_add(q->answered, &idle) == 0;
}

static struct query *
find(struct name_service *n, const struct sockaddr_storage *client,
    const struct sockaddr_storage *server)
{
	struct query *q;

	TAILQ_FOREACH_REVERSE(q, &n->queries, query_list, all) {
		if (equal(&q->client, client) && equal(&q->server, server))
			return q;
	}
	return NULL;
}

/* NULL: the datagram is dropped, and its client asks again. */
static struct query *
find_or_begin(struct name_service *n, const struct sockaddr_storage *client,
    const struct sockaddr_storage *server)
{
	struct query *q = find(n, client, server);

	if (q != NULL)
		return q;
	if (n->count >= QUERIES_MAX)
		end(TAILQ_FIRST(&n->queries));
	q = calloc(1, sizeof(*q));
	if (q == NULL)
		return NULL;
	q->service = n;
	q->client = *client;
	q->server = *server;
	q->bridge_fd = q->reply_fd = -1;
	buf_init(&q->input, 4 * DATAGRAM_BYTES);
	TAILQ_INSERT_TAIL(&n->queries, q, all);
	n->count++;
	if (begin(q))
		return q;
	end(q);
	return NULL;
}

/* --- queries --- */

static void
forward(struct name_service *n, const struct sockaddr_storage *client,
    const struct sockaddr_storage *server, size_t length)
{
	uint8_t head[FLOW_DATAGRAM_HEADER_MAX];
	struct flow_datagram d = {.address = *server, .payload = n->payload,
	    .length = length};
	struct query *q = find_or_begin(n, client, server);

	if (q == NULL)
		return;
	TAILQ_REMOVE(&n->queries, q, all);
	TAILQ_INSERT_TAIL(&n->queries, q, all);
	int head_length = flow_datagram_write(&d, head);
	if (head_length < 0)
		return;
	struct iovec parts[2] = {{head, (size_t)head_length},
	    {n->payload, length}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t sent = sendmsg(q->bridge_fd, &message, SEND_NO_SIGNAL);
	/* A part of a frame would spoil all that follow. */
	if (sent != (ssize_t)((size_t)head_length + length))
		end(q);
}

/* Where the datagram was sent to, from its control messages. */
static bool
original_destination(struct msghdr *message, struct sockaddr_storage *out)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL;
	     c = CMSG_NXTHDR(message, c)) {
		if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_ORIGDSTADDR) ||
		    (c->cmsg_level == SOL_IPV6 &&
		        c->cmsg_type == IPV6_ORIGDSTADDR)) {
			size_t length = c->cmsg_len - CMSG_LEN(0);
			memset(out, 0, sizeof(*out));
			memcpy(out, CMSG_DATA(c),
			    length < sizeof(*out) ? length : sizeof(*out));
			return true;
		}
	}
	return false;
}

static void
on_query(evutil_socket_t fd, short what UNUSED, void *context)
{
	struct name_service *n = context;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct sockaddr_in6))];
	} control;

	for (int i = 0; i < QUERIES_PER_TURN; i++) {
		struct sockaddr_storage client = {0}, server;
		struct iovec part = {n->payload, sizeof(n->payload)};
		struct msghdr message = {.msg_name = &client,
		    .msg_namelen = sizeof(client), .msg_iov = &part,
		    .msg_iovlen = 1, .msg_control = &control,
		    .msg_controllen = sizeof(control)};
		ssize_t length = recvmsg(fd, &message, 0);
		if (length < 0)
			return;
		if (original_destination(&message, &server))
			forward(n, &client, &server, (size_t)length);
	}
}

struct name_service *
name_service_new(struct event_base *base, const struct listeners *listeners,
    struct clients *clients, const char *flow_socket, const char *name)
{
	struct name_service *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	TAILQ_INIT(&n->queries);
	n->base = base;
	n->clients = clients;
	n->flow_socket = flow_socket;
	n->name = name;
	n->asked4 = event_new(base, listeners->dns4, EV_READ | EV_PERSIST, on_query,
	    n);
	if (listeners->dns6 >= 0)
		n->asked6 = event_new(base, listeners->dns6, EV_READ | EV_PERSIST,
		    on_query, n);
	if (n->asked4 == NULL || event_add(n->asked4, NULL) != 0 ||
	    (n->asked6 != NULL && event_add(n->asked6, NULL) != 0)) {
		name_service_free(n);
		return NULL;
	}
	return n;
}

void
name_service_free(struct name_service *n)
{
	if (n == NULL)
		return;
	while (!TAILQ_EMPTY(&n->queries))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): TAILQ_REMOVE misread */
		end(TAILQ_FIRST(&n->queries));
	if (n->asked4 != NULL)
		event_free(n->asked4);
	if (n->asked6 != NULL)
		event_free(n->asked6);
	free(n);
}
