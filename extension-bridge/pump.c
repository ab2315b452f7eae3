/* SPDX-License-Identifier: ISC */
/*
 * Two sockets joined. Each direction is a source, a sink, and what the sink has
 * not taken; while something waits nothing is read, and an end is passed on
 * behind the last byte. Forwarders. It looks at no byte and keeps no count.
 */
#include "extension-bridge/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/nosignal.h"

#define READ_BYTES ((size_t)64 * 1024)
#define READS_PER_TURN 8

struct end {
	struct pair *pair;
	int fd;
	struct event *readable, *writable;
	struct buf unsent; /* for this end */
	bool spoke;        /* a byte came from it */
	bool input_ended;  /* its FIN was seen, or nothing more is allowed */
	bool output_ended; /* ours was sent */
};

struct pair {
	TAILQ_ENTRY(pair) all;
	struct pump *pump;
	struct pump_watch watch;
	struct end ends[2];
};

struct pump {
	struct event_base *base;
	TAILQ_HEAD(pairs, pair) pairs;
	uint8_t bytes[READ_BYTES];
};

static struct end *
opposite(struct end *e)
{
	return &e->pair->ends[e == &e->pair->ends[0]];
}

static void
release(struct end *e, bool reset)
{
	const struct linger at_once = {.l_onoff = 1};

	if (e->readable != NULL)
		event_free(e->readable);
	if (e->writable != NULL)
		event_free(e->writable);
	buf_free(&e->unsent);
	if (reset)
		(void)setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &at_once,
		    sizeof(at_once));
	(void)close(e->fd);
}

static void
part(struct pair *pair, bool reset)
{
	TAILQ_REMOVE(&pair->pump->pairs, pair, all);
	release(&pair->ends[0], reset);
	release(&pair->ends[1], reset);
	if (pair->watch.ended != NULL)
		pair->watch.ended(pair->watch.context);
	free(pair);
}

static bool
would_block(int error)
{
	/* ENOTCONN: it is still connecting. */
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ||
	    error == ENOTCONN;
}

/* Sends what waits for the end, then the other's FIN. False: it failed. */
static bool
push(struct end *e)
{
	while (buf_length(&e->unsent) > 0) {
		ssize_t n = send(e->fd, buf_data(&e->unsent),
		    buf_length(&e->unsent), SEND_NO_SIGNAL);
		if (n < 0 && would_block(errno))
			return event_add(e->writable, NULL) == 0;
		if (n < 0)
			return false;
		buf_consume(&e->unsent, (size_t)n);
	}
	buf_free(&e->unsent);
	if (opposite(e)->input_ended && !e->output_ended) {
		e->output_ended = true;
		return shutdown(e->fd, SHUT_WR) == 0 || errno == ENOTCONN;
	}
	return true;
}

/* How many of the bytes may go on. */
static size_t
allowed(const struct end *from, const uint8_t *bytes, size_t length)
{
	const struct pump_watch *watch = &from->pair->watch;

	if (watch->allow == NULL || from != &from->pair->ends[0])
		return length;
	return watch->allow(watch->context, bytes, length);
}

/* One read and one write. 1: there may be more; 0: wait; -1: it failed. */
static int
pass(struct end *from, struct end *to)
{
	uint8_t *bytes = from->pair->pump->bytes;
	ssize_t n = recv(from->fd, bytes, READ_BYTES, 0);

	if (n < 0)
		return would_block(errno) ? 0 : -1;
	size_t length = allowed(from, bytes, (size_t)n);
	from->spoke = from->spoke || n > 0;
	if (n == 0 || (length < (size_t)n && to->spoke))
		from->input_ended = true;
	if (buf_append(&to->unsent, bytes, length) != 0 || !push(to))
		return -1;
	return !from->input_ended;
}

/* Reads on from an end as long as the opposite takes it. */
static void
turn(struct end *from)
{
	struct end *to = opposite(from);
	int more = 1;

	for (int i = 0; more > 0 && i < READS_PER_TURN; i++) {
		if (buf_length(&to->unsent) > 0) {
			(void)event_del(from->readable);
			return; /* until it is writable */
		}
		more = pass(from, to);
	}
	if (more < 0) {
		part(from->pair, true);
		return;
	}
	if (from->input_ended)
		(void)event_del(from->readable);
	if (from->output_ended && to->output_ended)
		part(from->pair, false);
}

static void
on_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	turn(context);
}

static void
on_writable(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct end *to = context, *from = opposite(to);

	if (!push(to)) {
		part(to->pair, true);
		return;
	}
	if (buf_length(&to->unsent) > 0)
		return;
	if (!from->input_ended)
		(void)event_add(from->readable, NULL);
	if (from->output_ended && to->output_ended)
		part(to->pair, false);
}

static bool
open_end(struct pair *pair, struct end *e, int fd)
{
	struct event_base *base = pair->pump->base;

	*e = (struct end){.pair = pair, .fd = fd};
	buf_init(&e->unsent, READ_BYTES);
	e->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, e);
	e->writable = event_new(base, fd, EV_WRITE, on_writable, e);
	return e->readable != NULL && e->writable != NULL &&
	    socket_no_signal(fd) == 0 && event_add(e->readable, NULL) == 0;
}

int
pump_join(struct pump *p, int fd, int other_fd, const struct pump_watch *watch)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	if (pair == NULL) {
		(void)close(fd);
		(void)close(other_fd);
		return E_NOMEM;
	}
	pair->pump = p;
	TAILQ_INSERT_TAIL(&p->pairs, pair, all);
	bool opened = open_end(pair, &pair->ends[0], fd);
	opened = open_end(pair, &pair->ends[1], other_fd) && opened;
	if (!opened) {
		part(pair, true);
		return E_NOMEM;
	}
	if (watch != NULL)
		pair->watch = *watch;
	return 0;
}

/* --- a pair --- */

static int
prepare(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	        fcntl(fd, F_SETFL, O_NONBLOCK) == 0
	    ? 0 : E_SYS;
}

/* Takes our own connection from the listener, and no other. */
static int
accept_own(int listener, int own, int *fd)
{
	struct sockaddr_in mine = {0}, peer = {0};
	socklen_t mine_length = sizeof(mine), peer_length = sizeof(peer);

	if (getsockname(own, (struct sockaddr *)&mine, &mine_length) != 0)
		return E_SYS;
	*fd = accept(listener, (struct sockaddr *)&peer, &peer_length);
	if (*fd < 0)
		return E_SYS;
	if (peer.sin_port == mine.sin_port &&
	    peer.sin_addr.s_addr == mine.sin_addr.s_addr)
		return 0;
	(void)close(*fd);
	errno = EADDRINUSE;
	return E_SYS;
}

static int
connect_pair(int listener, int fds[2])
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(at);

	if (bind(listener, (struct sockaddr *)&at, length) != 0 ||
	    listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &length) != 0)
		return E_SYS;
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (fds[0] < 0)
		return E_SYS;
	if (connect(fds[0], (struct sockaddr *)&at, length) == 0 &&
	    accept_own(listener, fds[0], &fds[1]) == 0) {
		if (prepare(fds[0]) == 0 && prepare(fds[1]) == 0)
			return 0;
		(void)close(fds[1]);
	}
	(void)close(fds[0]);
	return E_SYS;
}

int
pump_tcp_pair(int fds[2])
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (listener < 0)
		return E_SYS;
	int error = connect_pair(listener, fds);
	int saved = errno;
	(void)close(listener);
	errno = saved;
	return error;
}

struct pump *
pump_new(struct event_base *base)
{
	struct pump *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->base = base;
	TAILQ_INIT(&p->pairs);
	return p;
}

void
pump_free(struct pump *p)
{
	struct pair *pair, *next;

	if (p == NULL)
		return;
	for (pair = TAILQ_FIRST(&p->pairs); pair != NULL; pair = next) {
		next = TAILQ_NEXT(pair, all);
		part(pair, true);
	}
	free(p);
}
