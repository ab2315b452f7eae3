/* SPDX-License-Identifier: ISC */
/*
 * A side of a flow without its cryptography: sockets, the shared buffers, what
 * waits to be sent, and the order of the end. TLS is in side_tls.c. Worker only.
 *
 * The process ignores SIGPIPE, so send(2) to a closed peer is an error here.
 */
#include "mitm/side.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "mitm/side_tls.h"

/* Room for one read's worth of plaintext in TLS records, or a handshake flight
 * with a large chain. */
#define OUT_LIMIT_BYTES (512u * 1024)

/* Of memory for what readers do not take. Beyond it little is read at a time, so that
 * each new one costs little. */
#define UNSENT_BYTES ((size_t)4 * 1024 * 1024)
#define NARROW_TURN_BYTES ((size_t)16 * 1024)

int
side_io_init(struct side_io *io)
{
	*io = (struct side_io){.raw = malloc(SIDE_IO_BYTES),
	    .turn_bytes = SIDE_IO_BYTES};
	buf_init(&io->out, OUT_LIMIT_BYTES);
	return io->raw == NULL ? E_NOMEM : 0;
}

void
side_io_free(struct side_io *io)
{
	if (io == NULL)
		return;
	free(io->raw);
	buf_free(&io->out);
	*io = (struct side_io){0};
}

void
side_init(struct side *s, struct side_io *io)
{
	*s = (struct side){.fd = -1, .io = io};
	buf_init(&s->input, OUT_LIMIT_BYTES);
	buf_init(&s->unsent, OUT_LIMIT_BYTES);
}

bool
side_io_idle(const struct side_io *io)
{
	return buf_length(&io->out) == 0 && io->raw_length == 0;
}

static void
close_descriptor(struct side *s)
{
	if (s->fd < 0)
		return;
	if (s->unwatch != NULL)
		s->unwatch(s->watch);
	(void)close(s->fd);
	s->fd = -1;
}

/* What is passed on was not held back by its sender, so neither is it here. Not
 * every kind of socket has the option, nor needs it. */
static void
send_at_once(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int
side_replace(struct side *s, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	close_descriptor(s);
	s->fd = fd;
	send_at_once(fd);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return E_SYS;
	return 0;
}

/* What waits has another size. */
static void
count_unsent(struct side *s)
{
	s->io->unsent_bytes += s->unsent.capacity - s->unsent_bytes;
	s->unsent_bytes = s->unsent.capacity;
}

void
side_close(struct side *s, bool abort)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (abort && s->fd >= 0)
		(void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close_descriptor(s);
	side_tls_free(s->tls);
	s->tls = NULL;
	buf_free(&s->input);
	buf_free(&s->unsent);
	count_unsent(s);
	s->want_read = s->want_write = false;
}

void
side_renew(struct side *s)
{
	struct side old = *s;

	side_close(s, false);
	side_init(s, old.io);
	s->unwatch = old.unwatch;
	s->watch = old.watch;
}

static bool
would_block(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* Notes errno on the side; a reset is told apart from our own troubles. */
static int
system_failure(struct side *s)
{
	s->system_error = errno;
	if (errno == ECONNRESET || errno == EPIPE) {
		s->reset = true;
		return E_CLOSED;
	}
	return E_SYS;
}

/* recv(2) as our errors: bytes, 0 at the end, E_AGAIN, E_CLOSED, E_SYS. */
static int
receive(struct side *s, uint8_t *out, size_t capacity)
{
	if (s->input_ended)
		return 0;
	ssize_t n = recv(s->fd, out, capacity, 0);
	if (n > 0)
		return (int)n;
	if (n == 0) {
		s->input_ended = true;
		return 0;
	}
	if (would_block(errno)) {
		s->want_read = true;
		return E_AGAIN;
	}
	return system_failure(s);
}

static size_t
take_input(struct side *s, uint8_t *out, size_t capacity)
{
	size_t n = buf_length(&s->input);

	if (n > capacity)
		n = capacity;
	memcpy(out, buf_data(&s->input), n);
	buf_consume(&s->input, n);
	if (buf_length(&s->input) == 0)
		buf_free(&s->input);
	return n;
}

/* What holds no data (tickets, alerts of no weight) keeps TLS asking for more: a
 * peer that sends nothing else would keep the worker from its other flows. So there
 * is an end to it, and the poller tells that there is more. */
static int
receive_in_turn(struct side *s)
{
	struct side_io *io = s->io;

	if (io->received > SIDE_IO_BYTES) {
		s->want_read = true;
		return E_AGAIN;
	}
	int n = receive(s, io->raw, io->turn_bytes);
	if (n > 0)
		io->received += (size_t)n;
	return n;
}

int
side_receive(struct side *s, uint8_t *out, size_t capacity)
{
	struct side_io *io = s->io;

	if (buf_length(&s->input) > 0)
		return (int)take_input(s, out, capacity);
	if (io->raw_length == 0) {
		int n = receive_in_turn(s);
		if (n <= 0)
			return n;
		io->raw_offset = 0;
		io->raw_length = (size_t)n;
	}
	size_t n = io->raw_length < capacity ? io->raw_length : capacity;
	memcpy(out, io->raw + io->raw_offset, n);
	io->raw_offset += n;
	io->raw_length -= n;
	return (int)n;
}

int
side_keep_leftovers(struct side *s)
{
	struct side_io *io = s->io;

	if (io->raw_length == 0)
		return 0;
	int error = buf_append(&s->input, io->raw + io->raw_offset, io->raw_length);
	io->raw_length = 0;
	return error;
}

int
side_peek_more(struct side *s, size_t limit)
{
	uint8_t *room;

	if (buf_length(&s->input) >= limit)
		return E_LIMIT;
	size_t wanted = limit - buf_length(&s->input);
	if (wanted > 4096)
		wanted = 4096;
	int error = buf_reserve(&s->input, wanted, &room);
	if (error != 0)
		return error;
	int n = receive(s, room, wanted);
	if (n > 0)
		buf_commit(&s->input, (size_t)n);
	return n;
}

size_t
side_turn_bytes(const struct side_io *io)
{
	return io->unsent_bytes > UNSENT_BYTES ? NARROW_TURN_BYTES : SIDE_IO_BYTES;
}

static int
read_tls(struct side *s, uint8_t *out, size_t capacity)
{
	s->io->turn_bytes = capacity;
	int n = side_tls_read(s, out, capacity);
	s->io->turn_bytes = SIDE_IO_BYTES;
	return n;
}

int
side_read(struct side *s, uint8_t *out, size_t capacity)
{
	if (s->tls != NULL)
		return read_tls(s, out, capacity);
	if (buf_length(&s->input) > 0)
		return (int)take_input(s, out, capacity);
	return receive(s, out, capacity);
}

bool
side_blocked(const struct side *s)
{
	return buf_length(&s->unsent) > 0;
}

/* Sends from `bytes`: how many went, 0 when the socket is full, or an error. */
static int
send_some(struct side *s, const uint8_t *bytes, size_t length, size_t *sent)
{
	*sent = 0;
	while (*sent < length) {
		ssize_t n = send(s->fd, bytes + *sent, length - *sent, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && would_block(errno))
			break;
		if (n < 0)
			return system_failure(s);
		*sent += (size_t)n;
	}
	return 0;
}

static int
flush_unsent(struct side *s)
{
	size_t sent;
	int error = send_some(s, buf_data(&s->unsent), buf_length(&s->unsent), &sent);

	if (error != 0)
		return error;
	buf_consume(&s->unsent, sent);
	if (buf_length(&s->unsent) > 0)
		s->want_write = true;
	else
		buf_free(&s->unsent);
	count_unsent(s);
	return 0;
}

/* Sends `bytes` behind what waits already, and keeps what does not go. */
static int
send_or_keep(struct side *s, const uint8_t *bytes, size_t length)
{
	size_t sent = 0;

	if (!side_blocked(s)) {
		int error = send_some(s, bytes, length, &sent);
		if (error != 0)
			return error;
	}
	if (sent == length)
		return 0;
	s->want_write = true;
	int error = buf_append(&s->unsent, bytes + sent, length - sent);
	count_unsent(s);
	return error;
}

int
side_flush(struct side *s)
{
	struct buf *out = &s->io->out;
	int error = 0;

	s->want_write = false;
	if (side_blocked(s))
		error = flush_unsent(s);
	if (error == 0 && buf_length(out) > 0 && !s->output_ended)
		error = send_or_keep(s, buf_data(out), buf_length(out));
	buf_clear(out);
	if (error != 0 || side_blocked(s))
		return error;
	if (s->end_wanted && !s->output_ended) {
		s->output_ended = true;
		if (shutdown(s->fd, SHUT_WR) != 0 && errno != ENOTCONN)
			return system_failure(s);
	}
	return 0;
}

int
side_write(struct side *s, const uint8_t *bytes, size_t length)
{
	assert(!side_blocked(s) && !s->end_wanted);
	if (s->tls == NULL)
		return send_or_keep(s, bytes, length);
	int error = side_tls_write(s, bytes, length);
	int flushed = side_flush(s);
	return error != 0 ? error : flushed;
}

int
side_end(struct side *s, bool orderly)
{
	if (s->end_wanted)
		return side_flush(s);
	s->end_wanted = true;
	if (orderly && s->tls != NULL)
		side_tls_end(s);
	return side_flush(s);
}

void
side_refuse(struct side *s, uint8_t alert)
{
	/* A plaintext record: alert(21), version 3.3, 2 bytes: fatal(2), alert. */
	const uint8_t record[] = {21, 3, 3, 0, 2, 2, alert};

	if (s->fd >= 0 && send(s->fd, record, sizeof(record), 0) < 0) {
		/* The client has gone already: it needs no alert. */
	}
}
