/* SPDX-License-Identifier: ISC */
/*
 * Datagrams of a claimed flow, as frames on its bridge connection (PROTOCOL.md,
 * "Datagrams"), each with its address. And sockets that lead to the network
 * instead, for a DNS proxy without its daemon. Extension (macOS); a DNS proxy's
 * own sockets do not come back to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "base/interface.h"
#include "base/nosignal.h"
#include "extension-bridge/provider_parts.h"

#define BATCH_MAX 16
#define READ_FRAMES_BYTES 8192u

static socklen_t
address_length(sa_family_t family)
{
	return family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                          : sizeof(struct sockaddr_in);
}

/* --- the network --- */

static int
prepare(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	        fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && socket_no_signal(fd) == 0
	    ? 0 : E_SYS;
}

static int
open_socket(sa_family_t family, enum flow_transport transport, uint32_t interface,
    int *fd)
{
	*fd = socket(family, transport == FLOW_STREAM ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (*fd < 0)
		return E_SYS;
	if (prepare(*fd) == 0 &&
	    (interface == 0 || interface_bind(*fd, family, interface) == 0))
		return 0;
	(void)close(*fd);
	return E_SYS;
}

int
direct_open(const struct flow_header *h, int *fd)
{
	sa_family_t family = h->destination.ss_family;

	if (open_socket(family, h->transport, h->interface, fd) != 0)
		return E_SYS;
	if (h->transport == FLOW_DATAGRAM ||
	    connect(*fd, (const struct sockaddr *)&h->destination,
	        address_length(family)) == 0 || errno == EINPROGRESS)
		return 0;
	(void)close(*fd);
	return E_SYS;
}

int
direct_replace(struct provider_flow *f)
{
	struct provider *p = f->provider;
	int fd;

	if (open_socket(f->family, f->transport, f->interface, &fd) != 0)
		return E_SYS;
	p->host_ops->hang_up(p->host, f->fd);
	p->status.direct++;
	f->fd = fd;
	f->direct = true;
	f->watching = 0;
	f->wanted = 0;
	f->abandoned = f->blocked = f->readable = false;
	buf_free(&f->unsent);
	buf_free(&f->frames);
	return 0;
}

/* What cannot be sent is lost, as on any network. */
static void
send_direct(const struct provider_flow *f, const struct flow_datagram *d)
{
	if (sendto(f->fd, d->payload, d->length, SEND_NO_SIGNAL,
	        (const struct sockaddr *)&d->address,
	        address_length(d->address.ss_family)) < 0)
		return;
}

/* One datagram at a time; the next when the application has it. */
static void
receive_direct(struct provider_flow *f)
{
	struct provider *p = f->provider;
	struct flow_datagram d = {.payload = provider_spare(p)};
	socklen_t length = sizeof(d.address);

	if (p->spare == NULL)
		return; /* lost, and the next may be, too */
	f->readable = false;
	ssize_t n = recvfrom(f->fd, p->spare, READ_BYTES, 0,
	    (struct sockaddr *)&d.address, &length);
	if (n < 0)
		return; /* none there, or word that one sent did not arrive */
	d.length = (size_t)n;
	flow_give(f, DATAGRAM_IDLE_MS);
	f->writing = provider_token(p, f->slot);
	p->flow_ops->write_datagrams(f->app, &d, 1, f->writing);
}

/* --- frames --- */

static void
append_frame(struct provider_flow *f, const struct flow_datagram *d)
{
	uint8_t header[FLOW_DATAGRAM_HEADER_MAX], *room;
	int used = flow_datagram_write(d, header);

	if (used < 0 ||
	    buf_reserve(&f->unsent, (size_t)used + d->length, &room) != 0)
		return; /* a frame is whole or not at all */
	memcpy(room, header, (size_t)used);
	if (d->length > 0)
		memcpy(room + used, d->payload, d->length);
	buf_commit(&f->unsent, (size_t)used + d->length);
}

void
datagrams_take(struct provider_flow *f, const struct flow_datagram *datagrams,
    size_t count)
{
	flow_give(f, DATAGRAM_IDLE_MS);
	for (size_t i = 0; i < count; i++) {
		if (f->direct)
			send_direct(f, &datagrams[i]);
		else
			append_frame(f, &datagrams[i]);
	}
}

/* The whole frames at the front: their number, and *used their bytes. An error
 * only if the first is broken. */
static int
parse_frames(const struct buf *in, struct flow_datagram out[BATCH_MAX], size_t *used)
{
	int count = 0;

	*used = 0;
	while (count < BATCH_MAX) {
		int n = flow_datagram_parse(buf_data(in) + *used,
		    buf_length(in) - *used, &out[count]);
		if (n == E_MORE || (n < 0 && count > 0))
			break;
		if (n < 0)
			return n;
		*used += (size_t)n;
		count++;
	}
	return count;
}

/* Hands whole frames on. False: there is none. */
static bool
pass_frames(struct provider_flow *f)
{
	struct flow_datagram datagrams[BATCH_MAX];
	struct provider *p = f->provider;
	size_t used;

	if (buf_length(&f->frames) == 0)
		return false;
	int count = parse_frames(&f->frames, datagrams, &used);
	if (count < 0)
		flow_fail(f, count);
	if (count <= 0)
		return count < 0;
	for (int i = 0; i < count; i++) /* a frame has no place for it */
		endpoint_set_scope(&datagrams[i].address, f->interface);
	flow_give(f, DATAGRAM_IDLE_MS);
	f->writing = provider_token(p, f->slot);
	p->flow_ops->write_datagrams(f->app, datagrams, (size_t)count, f->writing);
	buf_consume(&f->frames, used);
	if (buf_length(&f->frames) == 0)
		buf_free(&f->frames);
	return true;
}

static void
receive_frames(struct provider_flow *f)
{
	uint8_t *room;

	if (buf_reserve(&f->frames, READ_FRAMES_BYTES, &room) != 0) {
		flow_fail(f, E_NOMEM);
		return;
	}
	ssize_t n = recv(f->fd, room, READ_FRAMES_BYTES, 0);
	if (n > 0)
		buf_commit(&f->frames, (size_t)n);
	f->readable = n > 0;
	if (n == 0 || (n < 0 && !provider_would_block(errno)))
		flow_lose(f);
	if (buf_length(&f->frames) == 0)
		buf_free(&f->frames);
}

void
datagrams_receive(struct provider_flow *f)
{
	while (!f->direct && f->failure == 0 && !pass_frames(f) && f->readable)
		receive_frames(f);
	if (f->direct && f->readable && f->failure == 0)
		receive_direct(f);
}
