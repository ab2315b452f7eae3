/* SPDX-License-Identifier: ISC */
/*
 * Datagrams inside the namespace: each pair of a client's socket and the address that
 * it sends to is a flow of datagrams to the daemon. What comes back goes to the client
 * from the address of who answered, as it would on the network: whether the client
 * takes it is its own affair. Forwarder process. Reads no message; drops a datagram
 * when there is no room, as a network does.
 */
#include "extension-bridge/linux/forwarder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/nosignal.h"
#include "extension-bridge/handoff.h"
#include "extension-bridge/linux/answers.h"

#define CONVERSATIONS_MAX 4096u
#define BUCKETS 1024u
#define PAYLOAD_BYTES 65535u
#define FRAME_BYTES (FLOW_DATAGRAM_HEADER_MAX + PAYLOAD_BYTES)
/* Frames that the daemon has not yet taken; what comes then is dropped. */
#define UNSENT_BYTES (4u * FRAME_BYTES)
#define BATCH 32u /* datagrams that one call takes */
#define INPUT_BYTES (4u * FRAME_BYTES)

struct conversation {
	TAILQ_ENTRY(conversation) all;
	LIST_ENTRY(conversation) bucket;
	TAILQ_ENTRY(conversation) touched;
	struct datagrams *service;
	struct sockaddr_storage client, server;
	int bridge_fd;
	struct event *answered, *writable;
	struct buf partial; /* of the bridge: a frame that is not whole yet */
	struct buf unsent;  /* to the bridge */
	bool is_touched;
};

TAILQ_HEAD(conversation_list, conversation);
LIST_HEAD(conversation_bucket, conversation);

/* Where a batch of datagrams is received. */
struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct sockaddr_storage addresses[BATCH];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct sockaddr_in6))];
	} control[BATCH];
};

struct datagrams {
	struct event_base *base;
	struct clients *clients;
	const char *flow_socket, *name;
	struct event *asked4, *asked6;
	struct answers *answers;
	struct conversation_list all;     /* the latest used last */
	struct conversation_list touched; /* have frames to be sent */
	struct conversation_bucket buckets[BUCKETS];
	size_t count, most;
	struct flow_header header;
	struct batch batch;
	uint8_t (*payloads)[PAYLOAD_BYTES]; /* BATCH of them: memory only where used */
	uint8_t *input;                     /* INPUT_BYTES */
};

/* --- addresses --- */

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

/* FNV-1a. The command that makes two alike slows nobody but itself. */
static uint32_t
hash(uint32_t state, const struct sockaddr_storage *a)
{
	const uint8_t *bytes = (const uint8_t *)a;

	for (socklen_t i = 0; i < address_length(a); i++)
		state = (state ^ bytes[i]) * 16777619u;
	return state;
}

static size_t
bucket_of(const struct sockaddr_storage *client,
    const struct sockaddr_storage *server)
{
	return hash(hash(2166136261u, client), server) % BUCKETS;
}

/* --- life of a conversation --- */

static void
end(struct conversation *c)
{
	struct datagrams *n = c->service;

	TAILQ_REMOVE(&n->all, c, all);
	LIST_REMOVE(c, bucket);
	if (c->is_touched)
		TAILQ_REMOVE(&n->touched, c, touched);
	n->count--;
	if (c->answered != NULL)
		event_free(c->answered);
	if (c->writable != NULL)
		event_free(c->writable);
	if (c->bridge_fd >= 0)
		(void)close(c->bridge_fd);
	buf_free(&c->partial);
	buf_free(&c->unsent);
	free(c);
}

/* --- answers --- */

/* Every whole frame goes to the client. The bytes used, or E_SYNTAX. */
static ssize_t
send_answers(struct conversation *c, const uint8_t *bytes, size_t length)
{
	struct flow_datagram d;
	size_t done = 0;
	int used;

	while ((used = flow_datagram_parse(bytes + done, length - done, &d)) > 0) {
		answers_put(c->service->answers, &d.address, &c->client, d.payload,
		    d.length);
		done += (size_t)used;
	}
	answers_flush(c->service->answers);
	return used == E_MORE ? (ssize_t)done : used;
}

static bool
keep_rest(struct conversation *c, const uint8_t *bytes, size_t length)
{
	buf_free(&c->partial);
	return buf_append(&c->partial, bytes, length) == 0;
}

static void
on_answer(evutil_socket_t fd, short what UNUSED, void *context)
{
	struct conversation *c = context;
	uint8_t *input = c->service->input;
	size_t have = buf_length(&c->partial);

	if (have > 0)
		memcpy(input, buf_data(&c->partial), have);
	ssize_t n = recv(fd, input + have, INPUT_BYTES - have, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	ssize_t used = n <= 0 ? E_CLOSED : send_answers(c, input, have + (size_t)n);
	if (used < 0 || !keep_rest(c, input + used, have + (size_t)(n - used)))
		end(c);
}

/* --- queries --- */

/* False: the conversation has ended. */
static bool
flush(struct conversation *c)
{
	while (buf_length(&c->unsent) > 0) {
		ssize_t n = send(c->bridge_fd, buf_data(&c->unsent),
		    buf_length(&c->unsent), SEND_NO_SIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return event_add(c->writable, NULL) == 0;
		if (n < 0) {
			end(c);
			return false;
		}
		buf_consume(&c->unsent, (size_t)n);
	}
	buf_free(&c->unsent); /* most conversations are idle at any time */
	return true;
}

static void
on_writable(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	(void)flush(context);
}

static void
describe(struct datagrams *n, const struct conversation *c)
{
	struct flow_header *h = &n->header;

	memset(h, 0, sizeof(*h));
	h->transport = FLOW_DATAGRAM;
	h->source = c->client;
	h->destination = c->server;
	clients_identify(n->clients, &c->client, &c->server, h);
	forwarder_hide_source(h);
	(void)snprintf(h->forwarder, sizeof(h->forwarder), "%s", n->name);
}

static bool
begin(struct conversation *c)
{
	struct datagrams *n = c->service;

	describe(n, c);
	if (handoff_datagrams(n->flow_socket, &n->header, &c->bridge_fd) != 0)
		return false;
	c->answered = event_new(n->base, c->bridge_fd, EV_READ | EV_PERSIST,
	    on_answer, c);
	c->writable = event_new(n->base, c->bridge_fd, EV_WRITE, on_writable, c);
	return c->answered != NULL && c->writable != NULL &&
	    event_add(c->answered, NULL) == 0;
}

static struct conversation *
find(struct datagrams *n, const struct sockaddr_storage *client,
    const struct sockaddr_storage *server)
{
	struct conversation *c;

	LIST_FOREACH(c, &n->buckets[bucket_of(client, server)], bucket) {
		if (equal(&c->client, client) && equal(&c->server, server))
			return c;
	}
	return NULL;
}

/* NULL: the datagram is dropped, and its client asks again. */
static struct conversation *
find_or_begin(struct datagrams *n, const struct sockaddr_storage *client,
    const struct sockaddr_storage *server)
{
	struct conversation *c = find(n, client, server);

	if (c != NULL)
		return c;
	if (n->count >= n->most)
		end(TAILQ_FIRST(&n->all));
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->service = n;
	c->client = *client;
	c->server = *server;
	c->bridge_fd = -1;
	buf_init(&c->partial, FRAME_BYTES);
	buf_init(&c->unsent, UNSENT_BYTES);
	TAILQ_INSERT_TAIL(&n->all, c, all);
	LIST_INSERT_HEAD(&n->buckets[bucket_of(client, server)], c, bucket);
	n->count++;
	if (begin(c))
		return c;
	end(c);
	return NULL;
}

/* A frame, whole or not at all: a part of one would spoil all that follow. */
static void
put_frame(struct conversation *c, const struct flow_datagram *d)
{
	uint8_t *room;

	if (buf_reserve(&c->unsent, FLOW_DATAGRAM_HEADER_MAX + d->length, &room) != 0)
		return;
	int head = flow_datagram_write(d, room);
	if (head < 0)
		return;
	if (d->length > 0)
		memcpy(room + head, d->payload, d->length);
	buf_commit(&c->unsent, (size_t)head + d->length);
}

static void
forward(struct datagrams *n, const struct sockaddr_storage *client,
    const struct flow_datagram *d)
{
	struct conversation *c = find_or_begin(n, client, &d->address);

	if (c == NULL)
		return;
	TAILQ_REMOVE(&n->all, c, all);
	TAILQ_INSERT_TAIL(&n->all, c, all);
	put_frame(c, d);
	if (!c->is_touched)
		TAILQ_INSERT_TAIL(&n->touched, c, touched);
	c->is_touched = true;
}

static void
flush_touched(struct datagrams *n)
{
	struct conversation *c;

	while ((c = TAILQ_FIRST(&n->touched)) != NULL) {
		TAILQ_REMOVE(&n->touched, c, touched);
		c->is_touched = false;
		(void)flush(c);
	}
}

/* As a frame has it (PROTOCOL.md): there is one interface, so the address of a link
 * needs no more. */
static void
drop_scope(struct sockaddr_storage *address)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

	if (address->ss_family == AF_INET6)
		in6->sin6_scope_id = in6->sin6_flowinfo = 0;
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
			drop_scope(out);
			return true;
		}
	}
	return false;
}

static void
prepare_batch(struct datagrams *n)
{
	struct batch *b = &n->batch;

	for (size_t i = 0; i < BATCH; i++) {
		b->parts[i] = (struct iovec){n->payloads[i], PAYLOAD_BYTES};
		b->addresses[i] = (struct sockaddr_storage){0};
		b->messages[i].msg_hdr = (struct msghdr){.msg_name = &b->addresses[i],
		    .msg_namelen = sizeof(b->addresses[i]), .msg_iov = &b->parts[i],
		    .msg_iovlen = 1, .msg_control = &b->control[i],
		    .msg_controllen = sizeof(b->control[i])};
	}
}

/* One batch a turn: the answers want their turn, too. */
static void
on_query(evutil_socket_t fd, short what UNUSED, void *context)
{
	struct datagrams *n = context;
	struct batch *b = &n->batch;

	prepare_batch(n);
	int count = recvmmsg(fd, b->messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++) {
		struct flow_datagram d = {.payload = n->payloads[i],
		    .length = b->messages[i].msg_len};
		if (original_destination(&b->messages[i].msg_hdr, &d.address))
			forward(n, &b->addresses[i], &d);
	}
	flush_touched(n);
}

/* --- life --- */

static bool
listen_to(struct datagrams *n, const struct listeners *listeners)
{
	n->asked4 = event_new(n->base, listeners->udp4, EV_READ | EV_PERSIST,
	    on_query, n);
	if (listeners->udp6 >= 0)
		n->asked6 = event_new(n->base, listeners->udp6, EV_READ | EV_PERSIST,
		    on_query, n);
	return n->asked4 != NULL && event_add(n->asked4, NULL) == 0 &&
	    (n->asked6 == NULL || event_add(n->asked6, NULL) == 0);
}

struct datagrams *
datagrams_new(struct event_base *base, const struct listeners *listeners,
    size_t most, struct clients *clients, const char *flow_socket,
    const char *name)
{
	struct datagrams *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	TAILQ_INIT(&n->all);
	TAILQ_INIT(&n->touched);
	n->base = base;
	n->clients = clients;
	n->flow_socket = flow_socket;
	n->name = name;
	n->most = most < CONVERSATIONS_MAX ? most : CONVERSATIONS_MAX;
	n->answers = answers_new();
	n->payloads = calloc(BATCH, sizeof(n->payloads[0]));
	n->input = malloc(INPUT_BYTES);
	if (n->answers == NULL || n->payloads == NULL || n->input == NULL ||
	    !listen_to(n, listeners)) {
		datagrams_free(n);
		return NULL;
	}
	return n;
}

void
datagrams_free(struct datagrams *n)
{
	if (n == NULL)
		return;
	while (!TAILQ_EMPTY(&n->all))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): TAILQ_REMOVE misread */
		end(TAILQ_FIRST(&n->all));
	if (n->asked4 != NULL)
		event_free(n->asked4);
	if (n->asked6 != NULL)
		event_free(n->asked6);
	answers_free(n->answers);
	free(n->payloads);
	free(n->input);
	free(n);
}
