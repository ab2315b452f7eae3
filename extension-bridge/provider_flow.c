/* SPDX-License-Identifier: ISC */
/*
 * A claimed flow: it is opened, its bytes are passed both ways, and each end is
 * passed on behind the last byte. Extension (macOS). While the daemon does not
 * take what the application sent, no more is read from the application; while
 * the application has not got what was written, no more is read from the daemon.
 *
 * Completions may come from within the call that asks for them, so nothing here
 * goes on from a completion: it is noted, and flow_run does what is possible.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/nosignal.h"
#include "extension-bridge/provider_parts.h"

#define OPEN_MS 5000u
/* How often a half-closed connection is asked whether its peer lives. */
#define CHECK_MS 5000u
/* No system hands out more in one read. */
#define UNSENT_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define FRAMES_BYTES_MAX (FLOW_DATAGRAM_HEADER_MAX + 65535u + 8192u)
#define ROUNDS_MAX 16

static void
become(struct provider_flow *f, enum provider_flow_event event)
{
	f->state = provider_next(MACHINE_FLOW, f->state, event);
}

void
flow_give(struct provider_flow *f, uint64_t ms)
{
	f->deadline_ms = provider_now(f->provider) + ms;
	provider_wake_by(f->provider, f->deadline_ms);
}

/* ENOTCONN: a socket that leads to the network is still connecting. */
static bool
would_block(const struct provider_flow *f)
{
	return provider_would_block(errno) || (f->direct && errno == ENOTCONN);
}

/* --- the end --- */

/* The state is FLOW_CLOSED: nothing that was awaited is any longer. */
static void
close_all(struct provider_flow *f, int error)
{
	const struct provider_flow_ops *ops = f->provider->flow_ops;

	f->opening = f->reading = f->writing = f->watching = 0;
	f->provider->host_ops->hang_up(f->provider->host, f->fd);
	if (error != 0)
		f->provider->status.failed++;
	if (!f->read_closed)
		ops->close_read(f->app, error);
	if (!f->write_closed)
		ops->close_write(f->app, error);
}

static void
release(struct provider_flow *f)
{
	struct provider *p = f->provider;
	uint32_t slot = f->slot;
	void *app = f->app;

	buf_free(&f->unsent);
	buf_free(&f->frames);
	p->flows[slot] = NULL;
	free(f);
	p->flow_ops->release(app);
	provider_forget(p, slot);
}

void
flow_fail(struct provider_flow *f, int error)
{
	if (f->failure == 0)
		f->failure = error;
}

/* A query may yet be answered by whom it was sent to. */
static bool
may_go_direct(const struct provider_flow *f)
{
	const struct provider_options *o = &f->provider->options;

	return f->transport == FLOW_DATAGRAM && !f->direct &&
	    o->kind == PROVIDER_DNS && !o->fail_closed && f->failure == 0;
}

void
flow_lose(struct provider_flow *f)
{
	if (!may_go_direct(f) || direct_replace(f) != 0)
		flow_fail(f, E_CLOSED);
}

/* --- from the application --- */

/* What the daemon had sent before is the application's still. */
static void
abandon(struct provider_flow *f)
{
	buf_free(&f->unsent);
	if (f->state == FLOW_UP)
		flow_fail(f, E_CLOSED);
}

/* How many of the bytes the socket took. */
static size_t
send_some(struct provider_flow *f, const uint8_t *bytes, size_t length)
{
	size_t sent = 0;

	while (sent < length && !f->blocked && !f->abandoned) {
		ssize_t n = send(f->fd, bytes + sent, length - sent, SEND_NO_SIGNAL);
		if (n >= 0)
			sent += (size_t)n;
		else if (would_block(f))
			f->blocked = true;
		else
			f->abandoned = true;
	}
	return sent;
}

/* Nothing more will be sent: the end goes behind the last byte. Datagrams know no
 * half of an end. */
static void
pass_app_end(struct provider_flow *f)
{
	f->app_ended = false;
	if (f->transport == FLOW_DATAGRAM) {
		f->over = true;
		return;
	}
	/* Where there is nobody left, reading will tell. */
	(void)shutdown(f->fd, SHUT_WR);
	become(f, FLOW_APP_END);
}

static bool
app_may_send(const struct provider_flow *f)
{
	return f->state == FLOW_BOTH || f->state == FLOW_UP;
}

static void
pass_up(struct provider_flow *f)
{
	size_t length = buf_length(&f->unsent);

	if (length > 0)
		buf_consume(&f->unsent,
		    send_some(f, buf_data(&f->unsent), length));
	if (f->abandoned && f->transport == FLOW_STREAM)
		abandon(f);
	else if (f->abandoned)
		flow_lose(f);
	if (buf_length(&f->unsent) > 0)
		return;
	buf_free(&f->unsent);
	if (f->app_ended && !f->abandoned && app_may_send(f))
		pass_app_end(f);
}

static void
ask_app(struct provider_flow *f)
{
	if (f->reading != 0 || f->app_ended || f->abandoned || f->over ||
	    f->failure != 0 || !app_may_send(f) || buf_length(&f->unsent) > 0)
		return;
	f->reading = provider_token(f->provider, f->slot);
	f->provider->flow_ops->read(f->app, f->reading);
}

/* --- from the daemon --- */

/* Everything was written. Who hung up instead of ending lost the flow. */
static void
pass_daemon_end(struct provider_flow *f)
{
	if (f->abandoned || (f->state == FLOW_BOTH && provider_peer_is_gone(f->fd))) {
		flow_fail(f, E_CLOSED);
		return;
	}
	become(f, FLOW_DAEMON_END);
	if (f->state == FLOW_CLOSED)
		return;
	f->write_closed = true;
	flow_give(f, CHECK_MS);
	f->provider->flow_ops->close_write(f->app, 0);
}

/* Bytes of the spare buffer. It goes along when they fill it well; else it stays,
 * and what goes along is as long as they are. */
static uint8_t *
take_read(struct provider *p, size_t length)
{
	uint8_t *bytes = p->spare;

	if (length < READ_BYTES / 4) {
		bytes = malloc(length);
		if (bytes != NULL)
			memcpy(bytes, p->spare, length);
		return bytes;
	}
	p->spare = NULL;
	return bytes;
}

static void
write_app(struct provider_flow *f, size_t length)
{
	uint8_t *bytes = take_read(f->provider, length);

	if (bytes == NULL) {
		flow_fail(f, E_NOMEM);
		return;
	}
	f->writing = provider_token(f->provider, f->slot);
	f->provider->flow_ops->write(f->app, bytes, length, f->writing);
}

static void
receive(struct provider_flow *f)
{
	uint8_t *spare = provider_spare(f->provider);

	if (spare == NULL) {
		flow_fail(f, E_NOMEM);
		return;
	}
	ssize_t n = recv(f->fd, spare, READ_BYTES, 0);
	f->readable = n == (ssize_t)READ_BYTES; /* else it was all there is */
	if (n > 0)
		write_app(f, (size_t)n);
	else if (n == 0)
		f->input_ended = true;
	else if (!would_block(f))
		flow_lose(f);
}

static void
pass_down(struct provider_flow *f)
{
	if (f->writing != 0 || f->failure != 0 || f->over)
		return;
	if (f->transport == FLOW_DATAGRAM)
		datagrams_receive(f);
	else if (f->readable && !f->input_ended)
		receive(f);
	if (f->input_ended && f->writing == 0 && f->failure == 0 &&
	    (f->state == FLOW_BOTH || f->state == FLOW_DOWN))
		pass_daemon_end(f);
}

/* --- all of it --- */

static void
step(struct provider_flow *f)
{
	if (f->state != FLOW_OPENING && f->failure == 0 && !f->over) {
		pass_up(f);
		if (f->state != FLOW_CLOSED)
			pass_down(f);
		ask_app(f);
	}
	if (f->state == FLOW_CLOSED)
		close_all(f, 0);
	else if (f->failure != 0) {
		become(f, FLOW_FAILED);
		close_all(f, f->failure);
	} else if (f->over) {
		become(f, FLOW_OVER);
		close_all(f, 0);
	}
}

static void
watch(struct provider_flow *f)
{
	unsigned wanted = 0;

	if (f->state != FLOW_OPENING) {
		if (!f->input_ended && f->writing == 0)
			wanted |= PROVIDER_READABLE;
		if (f->blocked && !f->abandoned && buf_length(&f->unsent) > 0)
			wanted |= PROVIDER_WRITABLE;
		if (f->hurried)
			wanted |= PROVIDER_READABLE | PROVIDER_WRITABLE;
	}
	if (wanted == f->wanted)
		return;
	f->wanted = wanted;
	if (f->watching == 0)
		f->watching = provider_token(f->provider, f->slot);
	f->provider->host_ops->watch(f->provider->host, f->fd, wanted, f->watching);
}

/* An application that completes at once, always, and a daemon that is as quick,
 * could keep the queue for ever. After some rounds the flow waits for its socket,
 * which is ready then unless there is nothing to do. */
void
flow_run(struct provider_flow *f)
{
	f->again = true;
	if (f->running)
		return;
	f->running = true;
	f->hurried = false;
	for (int round = 0; f->again && f->state != FLOW_CLOSED; round++) {
		f->hurried = round >= ROUNDS_MAX && f->failure == 0;
		if (f->hurried)
			break;
		f->again = false;
		step(f);
	}
	f->running = false;
	if (f->state == FLOW_CLOSED)
		release(f);
	else
		watch(f);
}

void
flow_check(struct provider_flow *f)
{
	if (f->state != FLOW_UP)
		return;
	if (provider_peer_is_gone(f->fd))
		flow_fail(f, E_CLOSED);
	else
		flow_give(f, CHECK_MS);
}

void
flow_time_out(struct provider_flow *f)
{
	f->deadline_ms = PROVIDER_NEVER;
	if (f->state == FLOW_OPENING)
		flow_fail(f, E_TIMEOUT);
	else if (f->transport == FLOW_DATAGRAM)
		f->over = true;
	else
		flow_check(f);
	flow_run(f);
}

bool
flow_begin(struct provider *p, void *app, const struct flow_header *h, int fd,
    bool direct)
{
	struct provider_flow *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		p->host_ops->hang_up(p->host, fd);
		return false;
	}
	f->slot = p->free_slots[--p->free_count];
	p->flows[f->slot] = f;
	p->flow_count++;
	f->provider = p;
	f->app = app;
	f->transport = h->transport;
	f->family = h->destination.ss_family;
	f->interface = h->interface;
	f->direct = direct;
	f->fd = fd;
	f->readable = true;
	buf_init(&f->unsent, UNSENT_BYTES_MAX);
	buf_init(&f->frames, FRAMES_BYTES_MAX);
	flow_give(f, OPEN_MS);
	f->opening = provider_token(p, f->slot);
	f->running = true; /* it may open at once */
	p->flow_ops->open(app, f->opening);
	f->running = false;
	flow_run(f);
	return true;
}

/* --- completions --- */

static struct provider_flow *
flow_of(struct provider *p, uint64_t token)
{
	uint64_t slot = (token & 0xffffffu) - 1;

	return slot < p->options.flows_max ? p->flows[slot] : NULL;
}

void
provider_open_done(struct provider *p, uint64_t token, int error)
{
	struct provider_flow *f = flow_of(p, token);

	if (f == NULL || token != f->opening)
		return;
	f->opening = 0;
	if (error != 0) {
		flow_fail(f, error);
	} else {
		f->deadline_ms = PROVIDER_NEVER;
		become(f, FLOW_OPENED);
		if (f->transport == FLOW_DATAGRAM)
			flow_give(f, DATAGRAM_IDLE_MS);
	}
	flow_run(f);
}

void
provider_read_done(struct provider *p, uint64_t token, const uint8_t *bytes,
    size_t length, int error)
{
	struct provider_flow *f = flow_of(p, token);

	if (f == NULL || token != f->reading)
		return;
	f->reading = 0;
	if (error != 0)
		flow_fail(f, error);
	else if (length == 0)
		f->app_ended = true;
	else if (f->transport == FLOW_STREAM) {
		size_t sent = send_some(f, bytes, length);
		if (!f->abandoned &&
		    buf_append(&f->unsent, bytes + sent, length - sent) != 0)
			flow_fail(f, E_LIMIT);
	}
	flow_run(f);
}

void
provider_read_datagrams_done(struct provider *p, uint64_t token,
    const struct flow_datagram *datagrams, size_t count, int error)
{
	struct provider_flow *f = flow_of(p, token);

	if (f == NULL || token != f->reading)
		return;
	f->reading = 0;
	if (error != 0)
		flow_fail(f, error);
	else if (count == 0)
		f->app_ended = true;
	else
		datagrams_take(f, datagrams, count);
	flow_run(f);
}

void
provider_write_done(struct provider *p, uint64_t token, int error)
{
	struct provider_flow *f = flow_of(p, token);

	if (f == NULL || token != f->writing)
		return;
	f->writing = 0;
	/* A datagram that is too long for its receiver is lost alone. */
	if (error != 0 && (f->transport != FLOW_DATAGRAM || error != E_LIMIT))
		flow_fail(f, error);
	flow_run(f);
}

void
provider_ready(struct provider *p, uint64_t token)
{
	struct provider_flow *f = flow_of(p, token);

	if (f == NULL) {
		link_ready(p, token);
		return;
	}
	if (token != f->watching)
		return;
	f->readable = true;
	f->blocked = false;
	flow_run(f);
}
