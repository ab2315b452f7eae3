/* SPDX-License-Identifier: ISC */
/*
 * Two sockets joined. Each direction is a source, a sink, and what the sink has
 * not taken; while something waits nothing is read, and an end is passed on
 * behind the last byte. Forwarders. It looks at no byte and keeps no count.
 */
#include "extension-bridge/pump.h"

#include <errno.h>
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
	bool input_ended;  /* its FIN was seen */
	bool output_ended; /* ours was sent */
};

struct pair {
	TAILQ_ENTRY(pair) all;
	struct pump *pump;
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

/* One read and one write. 1: there may be more; 0: wait; -1: it failed. */
static int
pass(struct end *from, struct end *to)
{
	uint8_t *bytes = from->pair->pump->bytes;
	ssize_t n = recv(from->fd, bytes, READ_BYTES, 0);

	if (n < 0)
		return would_block(errno) ? 0 : -1;
	if (n == 0)
		from->input_ended = true;
	else if (buf_append(&to->unsent, bytes, (size_t)n) != 0)
		return -1;
	if (!push(to))
		return -1;
	return n > 0;
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
pump_join(struct pump *p, int fd, int other_fd)
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
	if (opened)
		return 0;
	part(pair, true);
	return E_NOMEM;
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
