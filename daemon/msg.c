/* SPDX-License-Identifier: ISC */
/*
 * Framing, descriptors and permissions of the channels between our processes.
 * Every role. A message that the table does not allow closes the channel.
 */
#include "daemon/msg.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/fds.h"

#define FD_SEND_TIMEOUT_MS 5000
#define OUT_LIMIT_BYTES (16u * 1024 * 1024)
#define READ_BYTES 65536
#define READS_PER_TURN 16 /* whoever never ends sending has its turns like others */

struct frame {
	uint32_t type;
	uint32_t length;
};

static const struct row {
	const char *name;
	unsigned senders;
	size_t least, most;
	bool fd;
} table[MSG_COUNT] = {
#define MSG_ROW(symbol, who, lo, hi, with_fd)                                 \
	[symbol] = {#symbol, (who), (lo), (hi), (with_fd) != 0},
    MSG_TABLE(MSG_ROW)
#undef MSG_ROW
};

void
channel_close(struct channel *c)
{
	if (c->readable != NULL)
		event_free(c->readable);
	if (c->writable != NULL)
		event_free(c->writable);
	c->readable = c->writable = NULL;
	while (c->fd_count > 0)
		(void)close(c->fds[--c->fd_count]);
	buf_free(&c->in);
	buf_free(&c->out);
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
}

/* --- sending --- */

static int
flush_out(struct channel *c)
{
	while (buf_length(&c->out) > 0) {
		ssize_t n = send(c->fd, buf_data(&c->out), buf_length(&c->out), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return event_add(c->writable, NULL) == 0 ? 0 : E_SYS;
		if (n < 0)
			return errno == EPIPE || errno == ECONNRESET ? E_CLOSED : E_SYS;
		buf_consume(&c->out, (size_t)n);
	}
	return 0;
}

static int
wait_writable(struct channel *c, int timeout_ms)
{
	struct pollfd p = {.fd = c->fd, .events = POLLOUT};
	int ready;

	do
		ready = poll(&p, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return E_TIMEOUT;
	return ready < 0 ? E_SYS : 0;
}

/* Waits until everything queued is sent, at most timeout_ms. */
static int
drain(struct channel *c, int timeout_ms)
{
	for (;;) {
		int error = flush_out(c);
		if (error != 0 || buf_length(&c->out) == 0)
			return error;
		error = wait_writable(c, timeout_ms);
		if (error != 0)
			return error;
	}
}

static int
send_rest(struct channel *c, const uint8_t *bytes, size_t length)
{
	int error = buf_append(&c->out, bytes, length);

	return error != 0 ? error : flush_out(c);
}

/* A descriptor travels with the first byte of its message. */
static int
send_with_fd(struct channel *c, const uint8_t *bytes, size_t length, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
	struct msghdr message = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c1 = CMSG_FIRSTHDR(&message);

	c1->cmsg_level = SOL_SOCKET;
	c1->cmsg_type = SCM_RIGHTS;
	c1->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c1), &fd, sizeof(fd));
	for (;;) {
		ssize_t n = sendmsg(c->fd, &message, 0);
		if (n == (ssize_t)length)
			return 0;
		if (n >= 0)
			return send_rest(c, bytes + n, length - (size_t)n);
		if (errno == EPIPE || errno == ECONNRESET)
			return E_CLOSED;
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			return E_SYS;
		int error = wait_writable(c, FD_SEND_TIMEOUT_MS);
		if (error != 0)
			return error;
	}
}

static int
send_fd_message(struct channel *c, const struct frame *frame,
    const void *payload, int fd)
{
	uint8_t bytes[sizeof(*frame) + sizeof(struct msg_ring)];

	if (frame->length > sizeof(bytes) - sizeof(*frame))
		return E_LIMIT;
	int error = drain(c, FD_SEND_TIMEOUT_MS);
	if (error != 0)
		return error;
	memcpy(bytes, frame, sizeof(*frame));
	if (frame->length > 0)
		memcpy(bytes + sizeof(*frame), payload, frame->length);
	return send_with_fd(c, bytes, sizeof(*frame) + frame->length, fd);
}

int
channel_send(struct channel *c, enum msg_type type, const void *payload,
    size_t length, int fd)
{
	const struct frame frame = {type, (uint32_t)length};

	if (fd < 0)
		return channel_send2(c, type, payload, length, NULL, 0);
	return c->fd < 0 ? E_CLOSED : send_fd_message(c, &frame, payload, fd);
}

int
channel_send2(struct channel *c, enum msg_type type, const void *first,
    size_t first_length, const void *second, size_t second_length)
{
	size_t length = first_length + second_length;
	const struct frame frame = {type, (uint32_t)length};
	uint8_t *room;

	if (c->fd < 0)
		return E_CLOSED;
	if (length > MSG_BYTES_MAX)
		return E_LIMIT;
	/* For all of it: behind half a message no other could be read. */
	int error = buf_reserve(&c->out, sizeof(frame) + length, &room);
	if (error == 0)
		error = buf_append(&c->out, &frame, sizeof(frame));
	if (error == 0)
		error = buf_append(&c->out, first, first_length);
	if (error == 0)
		error = buf_append(&c->out, second, second_length);
	return error != 0 ? error : flush_out(c);
}

static void
on_writable(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct channel *c = context;

	if (flush_out(c) != 0) {
		channel_close(c);
		c->on_closed(c->context, c);
	}
}

/* --- receiving --- */

/* 0: bytes came; E_AGAIN; E_CLOSED; E_SYS; E_NOMEM; E_LIMIT. */
static int
receive(struct channel *c)
{
	union fds_room control;
	uint8_t *room;
	int error = buf_reserve(&c->in, READ_BYTES, &room);

	if (error != 0)
		return error;
	struct iovec iov = {.iov_base = room, .iov_len = READ_BYTES};
	struct msghdr message = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(c->fd, &message, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
		    ? E_AGAIN
		    : E_CLOSED;
	c->fd_count += fds_take(&message, c->fds + c->fd_count,
	    CHANNEL_FDS_MAX - c->fd_count);
	buf_commit(&c->in, (size_t)n);
	return n == 0 ? E_CLOSED : 0;
}

static int
take_fd(struct channel *c)
{
	int fd = c->fds[0];

	c->fd_count--;
	memmove(c->fds, c->fds + 1, c->fd_count * sizeof(c->fds[0]));
	return fd;
}

/* Whether the table allows this frame from this peer. */
static bool
allowed(const struct channel *c, const struct frame *frame)
{
	if (frame->type == MSG_NONE || frame->type >= MSG_COUNT)
		return false;
	const struct row *row = &table[frame->type];
	return (row->senders & c->peer) != 0 && frame->length >= row->least &&
	    frame->length <= row->most;
}

/* The next whole message: its bytes on the socket (> 0), E_MORE, E_CORRUPT. */
static int
next_message(struct channel *c, struct msg *out)
{
	struct frame frame;
	size_t have = buf_length(&c->in);

	if (have < sizeof(frame))
		return E_MORE;
	memcpy(&frame, buf_data(&c->in), sizeof(frame));
	if (!allowed(c, &frame)) {
		diag_error("message %u of %u bytes from a process of our own is "
		    "not allowed: is every role of the same version?",
		    frame.type, frame.length);
		return E_CORRUPT;
	}
	if (have < sizeof(frame) + frame.length)
		return E_MORE;
	bool with_fd = table[frame.type].fd;
	if (with_fd && c->fd_count == 0)
		return E_CORRUPT;
	*out = (struct msg){
	    .type = (enum msg_type)frame.type,
	    .payload = buf_data(&c->in) + sizeof(frame),
	    .length = frame.length,
	    .fd = with_fd ? take_fd(c) : -1,
	};
	return (int)(sizeof(frame) + frame.length);
}

/* Hands on every whole message. The callback may close the channel. */
static int
dispatch(struct channel *c)
{
	for (;;) {
		struct msg m;
		int used = next_message(c, &m);

		if (used == E_MORE)
			return 0;
		if (used < 0)
			return used;
		c->on_message(c->context, c, &m);
		if (c->fd < 0)
			return 0;
		buf_consume(&c->in, (size_t)used);
	}
}

static void
on_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct channel *c = context;
	int error = 0;

	for (int i = 0; error == 0 && i < READS_PER_TURN; i++) {
		error = receive(c);
		if (error == 0)
			error = dispatch(c);
		if (c->fd < 0)
			return;
	}
	if (error == 0 || error == E_AGAIN)
		return;
	channel_close(c);
	c->on_closed(c->context, c);
}

int
channel_open(struct channel *c, struct event_base *base, int fd, unsigned peer)
{
	*c = (struct channel){.fd = fd, .peer = peer};
	buf_init(&c->in, 2 * MSG_BYTES_MAX);
	buf_init(&c->out, OUT_LIMIT_BYTES);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return E_SYS;
	c->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(base, fd, EV_WRITE, on_writable, c);
	if (c->readable == NULL || c->writable == NULL ||
	    event_add(c->readable, NULL) != 0) {
		channel_close(c);
		return E_NOMEM;
	}
	return 0;
}
