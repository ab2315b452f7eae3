/* SPDX-License-Identifier: ISC */
/*
 * A datagram flow: frames from the forwarder become datagrams from a socket of
 * ours, and answers become frames with the address of who answered. The bridge
 * connection's end is the flow's. Worker only.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "mitm/flow_parts.h"

#define PAYLOAD_BYTES 65535u
#define FRAME_BYTES (FLOW_DATAGRAM_HEADER_MAX + PAYLOAD_BYTES)
#define READS_PER_STEP 16 /* of the forwarder's frames */
#define DATAGRAMS_PER_STEP 64 /* of servers */

/* An unconnected socket of the flow's address family. */
static int
open_socket(struct flow *flow)
{
	int fd = socket(flow->header->destination.ss_family, SOCK_DGRAM, 0);

	if (fd < 0 || side_replace(&flow->server, fd) != 0 ||
	    flow_bind_server(flow, flow->header->destination.ss_family) != 0)
		return E_SYS;
	flow->connected_us = flow->connect_began_us = flow->host->now_us;
	flow_make_facts(flow);
	return 0;
}

/* The flow's own destination was asked about when it began. */
static bool
is_refused(const struct flow *flow, const struct sockaddr_storage *address)
{
	return memcmp(address, &flow->header->destination, sizeof(*address)) != 0 &&
	    intake_ask_policy(flow, address).decision == DECIDE_REFUSE;
}

/* Shows the tap a copy. What is no message of DNS is kept as the flow's first bytes
 * are; it may be one datagram of many. */
static void
show_tap(struct flow *flow, enum direction direction,
    const struct flow_datagram *d)
{
	flow->host->now_us = clock_wall_us(); /* a step may take a while by now */
	bool read = flow->tap != NULL && tap_datagram(flow->tap, direction,
	    d->payload, d->length, &d->address, flow->host->now_us);
	if (!read && !flow->unread)
		flow_note_first(flow, direction, d->payload, d->length);
}

/* A datagram that cannot be sent, or may not, is lost, as on any network. */
static void
send_datagram(struct flow *flow, const struct flow_datagram *d)
{
	socklen_t length = d->address.ss_family == AF_INET
	    ? sizeof(struct sockaddr_in)
	    : sizeof(struct sockaddr_in6);

	flow->active_ms = flow->host->tick_ms;
	flow->datagrams[FROM_CLIENT]++;
	flow->bytes[FROM_CLIENT] += d->length;
	show_tap(flow, FROM_CLIENT, d);
	if (is_refused(flow, &d->address))
		flow->connect_error = EACCES;
	else if (sendto(flow->server.fd, d->payload, d->length, 0,
	        (const struct sockaddr *)&d->address, length) < 0)
		flow->connect_error = errno;
}

/* Sends every whole frame that is there. */
static int
send_frames(struct flow *flow)
{
	struct buf *input = &flow->client.input;

	while (buf_length(input) > 0) {
		struct flow_datagram d;
		int used = flow_datagram_parse(buf_data(input), buf_length(input), &d);

		if (used == E_MORE)
			return 0;
		if (used < 0)
			return used;
		endpoint_set_scope(&d.address, flow->header->interface);
		send_datagram(flow, &d);
		buf_consume(input, (size_t)used);
	}
	return 0;
}

/* Reads some more of what the forwarder sends. False: the flow ended. */
static bool
read_more(struct flow *flow, int *outcome)
{
	*outcome = side_peek_more(&flow->client, FRAME_BYTES);
	if (*outcome > 0 || *outcome == E_AGAIN)
		return true;
	if (*outcome == 0)
		flow_close(flow, CLOSE_FINISHED, NULL);
	else
		flow_close(flow, CLOSE_RESET_BY_CLIENT, err_text(*outcome));
	return false;
}

/* False: the flow ended. One that never ends sending has its turns like others. */
static bool
from_forwarder(struct flow *flow)
{
	int outcome = 1;

	for (int i = 0; outcome > 0 && i < READS_PER_STEP; i++) {
		if (send_frames(flow) != 0) {
			flow_close(flow, CLOSE_BAD_HEADER, "a broken datagram frame");
			return false;
		}
		if (!read_more(flow, &outcome))
			return false;
	}
	flow->again = outcome > 0;
	return true;
}

/* Receives one answer into `frame`, behind room for its header, which then moves up
 * against it. Its length with that (0: there is none to be passed on), or E_AGAIN. */
static int
receive_answer(struct flow *flow, uint8_t frame[FRAME_BYTES])
{
	uint8_t *payload = frame + FLOW_DATAGRAM_HEADER_MAX;
	struct flow_datagram d = {.payload = payload};
	socklen_t length = sizeof(d.address);
	ssize_t n = recvfrom(flow->server.fd, payload, PAYLOAD_BYTES, 0,
	    (struct sockaddr *)&d.address, &length);

	if (n < 0) /* or an ICMP error of an earlier datagram */
		return errno == EAGAIN || errno == EWOULDBLOCK ? E_AGAIN : 0;
	d.length = (size_t)n;
	int head = flow_datagram_write(&d, frame);
	if (head < 0)
		return 0; /* it came from nowhere */
	memmove(frame + head, payload, d.length);
	d.payload = frame + head;
	flow->active_ms = flow->host->tick_ms;
	flow->datagrams[FROM_SERVER]++;
	flow->bytes[FROM_SERVER] += d.length;
	flow_ech_look(flow, d.payload, d.length);
	show_tap(flow, FROM_SERVER, &d);
	flow_ech_change(flow, frame + head, d.length);
	return head + (int)d.length;
}

/* Passes on many answers at once: each write wakes the forwarder. 0; E_AGAIN: there
 * are no more; or side_write's error. */
static int
pass_answers(struct flow *flow)
{
	uint8_t *frames = flow->host->scratch;
	size_t used = 0;
	int n = 0;

	for (int i = 0; n >= 0 && i < DATAGRAMS_PER_STEP &&
	     used + FRAME_BYTES <= SIDE_WRITE_BYTES; i++) {
		n = receive_answer(flow, frames + used);
		used += n > 0 ? (size_t)n : 0;
	}
	int error = used == 0 ? 0 : side_write(&flow->client, frames, used);
	return error != 0 ? error : n < 0 ? n : 0;
}

static bool
from_servers(struct flow *flow)
{
	int outcome = side_flush(&flow->client);

	if (outcome == 0 && side_blocked(&flow->client))
		return true; /* answers wait in the socket's buffer */
	if (outcome == 0)
		outcome = pass_answers(flow);
	if (outcome < 0 && outcome != E_AGAIN) {
		flow_close(flow, CLOSE_RESET_BY_CLIENT, err_text(outcome));
		return false;
	}
	flow->again |= outcome == 0 && !side_blocked(&flow->client);
	flow->server.want_read = !side_blocked(&flow->client);
	return true;
}

bool
datagrams_step(struct flow *flow)
{
	if (flow->server.fd < 0 && open_socket(flow) != 0) {
		flow_close(flow, CLOSE_SYSTEM_ERROR, strerror(errno));
		return false;
	}
	if (flow->host->paused)
		return false;
	if (from_forwarder(flow))
		(void)from_servers(flow);
	return false;
}
