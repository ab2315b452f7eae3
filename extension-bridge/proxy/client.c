/* SPDX-License-Identifier: ISC */
/*
 * A client's way through the proxy: first byte, head, resolution, handoff; or a
 * refusal in the language that the client speaks. Proxy forwarder only. It reads
 * no more than a head and what came with it, and it never connects to a server.
 */
#include "extension-bridge/proxy/client.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/nosignal.h"
#include "extension-bridge/handoff.h"
#include "extension-bridge/proxy/one_request.h"
#include "extension-bridge/proxy/refusal.h"
#include "extension-bridge/proxy/request.h"
#include "extension-bridge/proxy/resolve.h"
#include "extension-bridge/proxy/socks.h"
#include "extension-bridge/pump.h"

#define READ_BYTES 4096u
#define LINGER_MS 2000u  /* for a refused client to read why */
#define RETRY_MS 50u     /* between two tries to hand over */
#define BRIDGE_KEPT_S 5  /* for the daemon to take what was handed over */

/* The longest that can come together: a rewritten head and what was read behind
 * the one that it replaces. */
_Static_assert(REQUEST_HEAD_BYTES_MAX + REQUEST_GROWTH_BYTES_MAX <=
    FLOW_PREFIX_BYTES_MAX, "a rewritten request fits the prefix");

enum client_state {
	CLIENT_FIRST_BYTE,     /* which language? */
	CLIENT_HTTP_HEAD,
	CLIENT_SOCKS_GREETING,
	CLIENT_SOCKS_REQUEST,
	CLIENT_RESOLVING,      /* the target is known, its addresses are not */
	CLIENT_HANDING_OVER,   /* no room in the daemon's queue, or no descriptor:
	                        * trying again */
	CLIENT_PASSING,        /* its request, and no other, goes through us */
	CLIENT_REFUSED         /* answered; waiting for the client to close */
};

enum client_language { LANGUAGE_NONE, LANGUAGE_HTTP, LANGUAGE_SOCKS };

struct client {
	TAILQ_ENTRY(client) entry;
	const struct client_services *services;
	int fd;                 /* owned; -1: the pump has it */
	struct one_request *request; /* of CLIENT_PASSING, and before */
	struct event *readable; /* added while a head is awaited, and refused */
	struct event *deadline;
	struct event *retry;
	struct resolution *resolution; /* while CLIENT_RESOLVING */
	enum client_state state;
	enum client_language language;
	struct sockaddr_storage peer;
	struct buf input;    /* what was read and not yet used */
	size_t searched;     /* of input, for the end of a head */
	size_t head_bytes;   /* of input: the HTTP head */
	enum request_form form;
	struct target target;
	struct resolve_answer answer;
};

static void
gone(struct client *c)
{
	c->services->gone(c->services->gone_context, c);
}

static void
arm(struct event *timer, unsigned ms)
{
	const struct timeval t = clock_timeval(ms);

	(void)event_add(timer, &t);
}

/* A client is told little enough to fit its empty socket buffer: what does not
 * go out at once never will. */
static bool
tell(struct client *c, const void *bytes, size_t length)
{
	return send(c->fd, bytes, length, SEND_NO_SIGNAL) == (ssize_t)length;
}

/* Ends the client's hope: nothing more is sent, and what it still sends is read
 * and dropped for a while, since closing on unread bytes would reset the
 * connection and might take the answer with it. */
static void
linger(struct client *c)
{
	c->state = CLIENT_REFUSED;
	buf_free(&c->input);
	(void)shutdown(c->fd, SHUT_WR);
	(void)event_add(c->readable, NULL);
	arm(c->deadline, LINGER_MS);
}

static void
refuse(struct client *c, enum refusal why, const char *detail)
{
	uint8_t reply[SOCKS_REPLY_BYTES];
	char answer[REFUSAL_BYTES_MAX];

	if (c->language == LANGUAGE_SOCKS) {
		socks_reply_write(refusal_socks(why), reply);
		(void)tell(c, reply, sizeof(reply));
	} else if (c->language == LANGUAGE_HTTP) {
		size_t length = refusal_write_http(why, c->target.host, detail,
		    answer);
		(void)tell(c, answer, length);
	}
	linger(c);
}

static void
write_addresses(struct client *c, struct flow_header *h)
{
	const struct resolve_answer *a = &c->answer;

	h->source = c->peer;
	h->destination = a->addresses[0];
	h->alternate_count = a->count - 1;
	memcpy(h->alternates, a->addresses + 1,
	    h->alternate_count * sizeof(h->alternates[0]));
	if (!c->target.is_address)
		(void)snprintf(h->authority, sizeof(h->authority), "%s",
		    c->target.host);
}

static void
write_facts(struct client *c, struct flow_header *h)
{
	struct sockaddr_storage local;
	socklen_t length = sizeof(local);

	(void)snprintf(h->forwarder, sizeof(h->forwarder), "%s",
	    c->services->forwarder);
	if (c->services->facts == NULL)
		return;
	if (getsockname(c->fd, (struct sockaddr *)&local, &length) == 0)
		c->services->facts(c->services->facts_context, &c->peer, &local,
		    h);
}

/* Puts what the server shall see first into input: the bytes behind a CONNECT
 * head or a SOCKS request, or a rewritten head and the bytes behind it. */
static int
prepare_prefix(struct client *c)
{
	struct buf sent;

	if (c->language == LANGUAGE_SOCKS)
		return 0;
	if (c->form == REQUEST_CONNECT) {
		buf_consume(&c->input, c->head_bytes);
		return 0;
	}
	buf_init(&sent, FLOW_PREFIX_BYTES_MAX);
	int used = request_rewrite(buf_data(&c->input), buf_length(&c->input),
	    &sent);
	int error = used < 0 ? used : buf_append(&sent,
	    buf_data(&c->input) + used, buf_length(&c->input) - (size_t)used);
	if (error != 0) {
		buf_free(&sent);
		return error;
	}
	buf_free(&c->input);
	c->input = sent;
	return 0;
}

/* Says yes, where the language has a word for it. */
static bool
promise(struct client *c)
{
	static const char established[] =
	    "HTTP/1.1 200 Connection established\r\n\r\n";
	uint8_t reply[SOCKS_REPLY_BYTES];

	if (c->language == LANGUAGE_SOCKS) {
		socks_reply_write(SOCKS_SUCCEEDED, reply);
		return tell(c, reply, sizeof(reply));
	}
	return c->form != REQUEST_CONNECT ||
	    tell(c, established, sizeof(established) - 1);
}

/* `fd` is the client for the daemon: its own descriptor or one end of ours. */
static int
send_flow(struct client *c, int bridge_fd, int fd, size_t prefix_length)
{
	struct flow_header h = {.transport = FLOW_STREAM};

	write_addresses(c, &h);
	write_facts(c, &h);
	int error = handoff_send(bridge_fd, fd, &h, buf_data(&c->input),
	    prefix_length);
	if (error != 0)
		diag_warning("%s: a connection to %s was lost on its way to the "
		    "daemon: %s", c->services->flow_socket_path, c->target.host,
		    err_text(error));
	return error;
}

/* --- one request in absolute form --- */

static size_t
allow_request(void *context, const uint8_t *bytes, size_t length)
{
	struct client *c = context;

	return one_request_take(c->request, bytes, length);
}

static void
on_passed(void *context)
{
	gone(context);
}

/* The next request on this connection may be for another server, so the client
 * does not get a connection of its own to this one: its bytes pass through us as
 * far as the first request goes. False: it is not to be. */
static bool
pass_one_request(struct client *c, int bridge_fd)
{
	const struct pump_watch watch = {.context = c, .allow = allow_request,
	    .ended = on_passed};
	int fds[2], fd = c->fd;

	c->request = one_request_new();
	if (c->request == NULL || pump_tcp_pair(fds) != 0)
		return false;
	size_t length = one_request_take(c->request, buf_data(&c->input),
	    buf_length(&c->input));
	int error = send_flow(c, bridge_fd, fds[1], length);
	(void)close(fds[1]);
	if (error != 0) {
		(void)close(fds[0]);
		return false;
	}
	c->state = CLIENT_PASSING;
	c->fd = -1;
	buf_free(&c->input);
	(void)event_del(c->deadline);
	return pump_join(c->services->pump, fd, fds[0], &watch) == 0;
}

/* --- the handoff --- */

/* The daemon is there: promise first, since afterwards only the daemon may write
 * to the client (PROTOCOL.md, "Transport"). True: the client is not done yet. */
static bool
pass_on(struct client *c, int bridge_fd)
{
	if (c->language == LANGUAGE_HTTP && c->form == REQUEST_ABSOLUTE)
		return pass_one_request(c, bridge_fd);
	if (promise(c)) {
		int error = send_flow(c, bridge_fd, c->fd, buf_length(&c->input));
		(void)error; /* it was said; the client finds itself closed */
	}
	return false;
}

static void
on_taken(evutil_socket_t bridge_fd, short what UNUSED, void *context UNUSED)
{
	(void)close(bridge_fd);
}

/* For sending now, and whole when the daemon has: if it asks who signed us
 * (bridge.signed_by), macOS answers that of an end which is still there. */
static void
let_go(struct client *c, int bridge_fd)
{
	const struct timeval most = {.tv_sec = BRIDGE_KEPT_S};

	if (shutdown(bridge_fd, SHUT_WR) != 0 ||
	    event_base_once(c->services->base, bridge_fd, EV_READ, on_taken, NULL,
	        &most) != 0)
		(void)close(bridge_fd);
}

/* What passes when other flows have gone their way. */
static bool
is_shortage(int error)
{
	return error == E_AGAIN || (error == E_SYS && (errno == EMFILE ||
	    errno == ENFILE || errno == ENOBUFS || errno == ENOMEM));
}

static void
hand_over(struct client *c)
{
	int bridge_fd;

	int error = handoff_open(c->services->flow_socket_path, &bridge_fd);
	if (is_shortage(error)) {
		c->state = CLIENT_HANDING_OVER;
		arm(c->retry, RETRY_MS);
		return;
	}
	if (error != 0) {
		refuse(c, REFUSE_NO_DAEMON, error == E_NOTFOUND ?
		    "it is not running" : err_text(error));
		return;
	}
	bool passing = pass_on(c, bridge_fd);
	let_go(c, bridge_fd);
	if (!passing)
		gone(c);
}

static void
on_resolved(void *context, const struct resolve_answer *answer)
{
	struct client *c = context;

	c->resolution = NULL;
	c->answer = *answer;
	if (answer->count == 0) {
		refuse(c, REFUSE_NAME, answer->error);
		return;
	}
	int error = prepare_prefix(c);
	if (error == E_NOMEM)
		refuse(c, REFUSE_NO_MEMORY, NULL);
	else if (error != 0)
		refuse(c, REFUSE_HEAD_TOO_LONG, NULL);
	else
		hand_over(c);
}

/* The target is known. The client is not read again: what it sends from here on
 * is for the server. */
static void
resolve(struct client *c)
{
	c->state = CLIENT_RESOLVING;
	(void)event_del(c->readable);
	if (c->target.is_address) {
		struct resolve_answer answer;
		resolve_address(&c->target, &answer);
		on_resolved(c, &answer);
		return;
	}
	c->resolution = resolver_ask(c->services->resolver, &c->target,
	    on_resolved, c);
	if (c->resolution == NULL)
		refuse(c, REFUSE_NO_MEMORY, NULL);
}

static void
step_http(struct client *c)
{
	struct request r;
	const uint8_t *bytes = buf_data(&c->input);
	size_t length = buf_length(&c->input);

	int used = request_head_end(bytes, length, c->searched);
	c->searched = length;
	if (used > 0)
		used = request_parse(bytes, length, &r);
	if (used == E_MORE)
		return;
	if (used <= 0) {
		refuse(c, refusal_of_head(used), NULL);
		return;
	}
	c->head_bytes = (size_t)used;
	c->form = r.form;
	c->target = r.target;
	resolve(c);
}

static void
step_socks_request(struct client *c)
{
	struct socks_request r;

	int used = socks_request_parse(buf_data(&c->input),
	    buf_length(&c->input), &r);
	if (used == E_MORE)
		return;
	if (used < 0) {
		refuse(c, used == E_RANGE ? REFUSE_SOCKS_ADDRESS_TYPE :
		    REFUSE_SYNTAX, NULL);
		return;
	}
	buf_consume(&c->input, (size_t)used);
	c->target = r.target;
	if (r.command != SOCKS_CONNECT)
		refuse(c, REFUSE_SOCKS_COMMAND, NULL);
	else
		resolve(c);
}

/* RFC 1928 section 3: 0 is "no authentication", 0xFF is "none of these". */
static void
step_socks_greeting(struct client *c)
{
	bool none;

	int used = socks_greeting_parse(buf_data(&c->input),
	    buf_length(&c->input), &none);
	if (used == E_MORE)
		return;
	if (used < 0 || !none) {
		(void)tell(c, "\x05\xFF", 2);
		linger(c);
		return;
	}
	if (!tell(c, "\x05\x00", 2)) {
		gone(c);
		return;
	}
	buf_consume(&c->input, (size_t)used);
	c->state = CLIENT_SOCKS_REQUEST;
	if (buf_length(&c->input) > 0)
		step_socks_request(c);
}

static void
step_first_byte(struct client *c)
{
	uint8_t first = buf_data(&c->input)[0];

	if (first == SOCKS_VERSION) {
		c->language = LANGUAGE_SOCKS;
		c->state = CLIENT_SOCKS_GREETING;
		step_socks_greeting(c);
	} else if (first >= 'A' && first <= 'z') {
		c->language = LANGUAGE_HTTP;
		c->state = CLIENT_HTTP_HEAD;
		step_http(c);
	} else {
		/* SOCKS4, a TLS hello, noise: no answer would be understood. */
		linger(c);
	}
}

static void
step(struct client *c)
{
	switch (c->state) {
	case CLIENT_FIRST_BYTE:
		step_first_byte(c);
		break;
	case CLIENT_HTTP_HEAD:
		step_http(c);
		break;
	case CLIENT_SOCKS_GREETING:
		step_socks_greeting(c);
		break;
	case CLIENT_SOCKS_REQUEST:
		step_socks_request(c);
		break;
	case CLIENT_RESOLVING:
	case CLIENT_HANDING_OVER:
	case CLIENT_PASSING:
	case CLIENT_REFUSED:
		assert(false); /* these are not read, or not here */
		break;
	}
}

/* Reads and drops what a refused client still says. */
static void
drop_input(struct client *c)
{
	uint8_t bytes[READ_BYTES];

	ssize_t got = recv(c->fd, bytes, sizeof(bytes), 0);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		gone(c);
}

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
	struct client *c = context;
	uint8_t *room;

	(void)what;
	if (c->state == CLIENT_REFUSED) {
		drop_input(c);
		return;
	}
	size_t left = REQUEST_HEAD_BYTES_MAX - buf_length(&c->input);
	size_t want = left < READ_BYTES ? left : READ_BYTES;
	if (buf_reserve(&c->input, want, &room) != 0) {
		refuse(c, REFUSE_NO_MEMORY, NULL);
		return;
	}
	ssize_t got = recv(fd, room, want, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		gone(c);
		return;
	}
	buf_commit(&c->input, (size_t)got);
	step(c);
}

static void
on_deadline(evutil_socket_t fd, short what, void *context)
{
	struct client *c = context;

	(void)fd;
	(void)what;
	switch (c->state) {
	case CLIENT_RESOLVING:
		resolution_cancel(c->resolution);
		c->resolution = NULL;
		refuse(c, REFUSE_NAME, "no answer in time");
		break;
	case CLIENT_HANDING_OVER:
		(void)event_del(c->retry);
		refuse(c, REFUSE_NO_DAEMON, "no answer in time");
		break;
	case CLIENT_HTTP_HEAD:
	case CLIENT_SOCKS_REQUEST:
		refuse(c, REFUSE_TIMEOUT, NULL);
		break;
	case CLIENT_FIRST_BYTE:
	case CLIENT_SOCKS_GREETING:
	case CLIENT_PASSING:
	case CLIENT_REFUSED:
		gone(c);
		break;
	}
}

static void
on_retry(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	hand_over(context);
}

void
client_list_add(struct client_list *list, struct client *c)
{
	TAILQ_INSERT_TAIL(list, c, entry);
}

void
client_list_remove(struct client_list *list, struct client *c)
{
	TAILQ_REMOVE(list, c, entry);
}

struct client *
client_new(const struct client_services *services, int fd,
    const struct sockaddr_storage *peer)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)close(fd);
		return NULL;
	}
	c->services = services;
	c->fd = fd;
	c->peer = *peer;
	buf_init(&c->input, REQUEST_HEAD_BYTES_MAX);
	c->readable = event_new(services->base, fd, EV_READ | EV_PERSIST,
	    on_readable, c);
	c->deadline = evtimer_new(services->base, on_deadline, c);
	c->retry = evtimer_new(services->base, on_retry, c);
	if (c->readable == NULL || c->deadline == NULL || c->retry == NULL ||
	    event_add(c->readable, NULL) != 0) {
		client_free(c);
		errno = ENOMEM;
		return NULL;
	}
	arm(c->deadline, services->head_timeout_ms);
	return c;
}

void
client_free(struct client *c)
{
	if (c == NULL)
		return;
	resolution_cancel(c->resolution);
	if (c->readable != NULL)
		event_free(c->readable);
	if (c->deadline != NULL)
		event_free(c->deadline);
	if (c->retry != NULL)
		event_free(c->retry);
	buf_free(&c->input);
	one_request_free(c->request);
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c);
}
