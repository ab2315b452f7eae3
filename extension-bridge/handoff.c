/* SPDX-License-Identifier: ISC */
/*
 * Hands flows to the daemon over flow.sock. Runs in forwarders. It keeps no
 * state, waits for nobody, and never retries: what to do without a daemon is
 * the forwarder's decision.
 */
#include "extension-bridge/handoff.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/nosignal.h"

/* A header, the longest prefix, and the system's own overhead. */
#define SEND_BUFFER_BYTES (2 * (FLOW_HEADER_BYTES_MAX + FLOW_PREFIX_BYTES_MAX))

static int
error_of_errno(void)
{
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
	case ENOTDIR:
		return E_NOTFOUND;
	case EAGAIN:
	case EINPROGRESS:
		return E_AGAIN;
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		return E_CLOSED;
	case EACCES:
	case EPERM:
		return E_DENIED;
	default:
		return E_SYS;
	}
}

/* Not inherited, never blocks, no SIGPIPE, room for a whole handoff. */
static int
prepare(int fd)
{
	int bytes = (int)SEND_BUFFER_BYTES;

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || socket_no_signal(fd) != 0)
		return E_SYS;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)) != 0)
		return E_SYS;
	return 0;
}

int
handoff_open(const char *flow_socket_path, int *bridge_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(flow_socket_path);

	if (length >= sizeof(address.sun_path))
		return E_LIMIT;
	memcpy(address.sun_path, flow_socket_path, length);

	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return E_SYS;
	int error = prepare(fd);
	if (error == 0 && connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)) != 0)
		error = error_of_errno();
	if (error != 0) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
		return error;
	}
	*bridge_fd = fd;
	return 0;
}

/* The ancillary data that carries one descriptor, aligned as it must be. */
union descriptor_message {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void
attach_descriptor(struct msghdr *message, union descriptor_message *space, int fd)
{
	memset(space, 0, sizeof(*space));
	message->msg_control = space->bytes;
	message->msg_controllen = sizeof(space->bytes);

	struct cmsghdr *c = CMSG_FIRSTHDR(message);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

/* Drops `sent` bytes from the front of the vectors. */
static void
advance(struct iovec *parts, size_t count, size_t sent)
{
	for (size_t i = 0; i < count; i++) {
		size_t take = sent < parts[i].iov_len ? sent : parts[i].iov_len;
		if (take == 0)
			continue;
		parts[i].iov_base = (uint8_t *)parts[i].iov_base + take;
		parts[i].iov_len -= take;
		sent -= take;
	}
}

/* Sends both parts. The descriptor goes with the first bytes that are taken,
 * and only with them. */
static int
send_parts(int bridge_fd, int client_fd, struct iovec parts[2])
{
	union descriptor_message space;
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (client_fd >= 0)
		attach_descriptor(&message, &space, client_fd);
	while (parts[0].iov_len + parts[1].iov_len > 0) {
		ssize_t sent = sendmsg(bridge_fd, &message, SEND_NO_SIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return error_of_errno();
		message.msg_control = NULL;
		message.msg_controllen = 0;
		advance(parts, 2, (size_t)sent);
	}
	return 0;
}

int
handoff_send(int bridge_fd, int client_fd, const struct flow_header *h,
    const uint8_t *prefix, size_t prefix_length)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	struct flow_header whole = *h;
	struct iovec parts[2];

	if (prefix_length > FLOW_PREFIX_BYTES_MAX)
		return E_LIMIT;
	whole.prefix_bytes = (uint32_t)prefix_length;
	int length = flow_header_write(&whole, bytes, sizeof(bytes));
	if (length < 0)
		return length;

	parts[0] = (struct iovec){.iov_base = bytes, .iov_len = (size_t)length};
	parts[1] = (struct iovec){.iov_len = prefix_length};
	memcpy(&parts[1].iov_base, &prefix, sizeof(prefix));
	return send_parts(bridge_fd, client_fd, parts);
}

int
handoff_flow(const char *flow_socket_path, int client_fd,
    const struct flow_header *h, const uint8_t *prefix, size_t prefix_length)
{
	int bridge_fd;

	int error = handoff_open(flow_socket_path, &bridge_fd);
	if (error != 0)
		return error;
	error = handoff_send(bridge_fd, client_fd, h, prefix, prefix_length);
	int saved = errno;
	(void)close(bridge_fd);
	errno = saved;
	return error;
}

int
handoff_datagrams(const char *flow_socket_path, const struct flow_header *h,
    int *bridge_fd)
{
	int fd;

	int error = handoff_open(flow_socket_path, &fd);
	if (error != 0)
		return error;
	error = handoff_send(fd, -1, h, NULL, 0);
	if (error != 0) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
		return error;
	}
	*bridge_fd = fd;
	return 0;
}
