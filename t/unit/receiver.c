/* SPDX-License-Identifier: ISC */
/* Receives flows as PROTOCOL.md, "Transport", says. Unit suites only. */
#include "t/unit/receiver.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"

void
receiver_open_absent(struct receiver *r)
{
	suite_make_directory(r->directory, "sightglass-unit");
	(void)snprintf(r->path, sizeof(r->path), "%s/flow.sock", r->directory);
	r->fd = -1;
}

void
receiver_open(struct receiver *r, int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	receiver_open_absent(r);
	(void)strcpy(address.sun_path, r->path);
	r->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_ge(r->fd, 0);
	ck_assert_int_eq(bind(r->fd, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	ck_assert_int_eq(listen(r->fd, backlog), 0);
}

void
receiver_close(struct receiver *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	(void)unlink(r->path);
	(void)rmdir(r->directory);
}

/* Reads some bytes and takes the descriptor that comes with them, if any. */
static size_t
receive(int fd, uint8_t *bytes, size_t room, int *client_fd)
{
	struct iovec part = {.iov_base = bytes, .iov_len = room};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} space;
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1,
	    .msg_control = space.bytes, .msg_controllen = sizeof(space.bytes)};

	ssize_t got = recvmsg(fd, &message, 0);
	ck_assert_int_ge(got, 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	if (c != NULL) {
		ck_assert_int_eq(c->cmsg_type, SCM_RIGHTS);
		ck_assert_uint_eq(c->cmsg_len, CMSG_LEN(sizeof(int)));
		ck_assert_int_eq(*client_fd, -1);
		memcpy(client_fd, CMSG_DATA(c), sizeof(int));
	}
	return (size_t)got;
}

static void
read_whole(int fd, uint8_t *bytes, size_t length)
{
	for (size_t have = 0; have < length;) {
		ssize_t got = read(fd, bytes + have, length - have);
		ck_assert_int_gt(got, 0);
		have += (size_t)got;
	}
}

/* Receives the header; what came with it goes to out->prefix. */
static size_t
take_header(struct receiver *r, struct received *out)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	size_t have = 0;
	int used;

	out->client_fd = -1;
	out->bridge_fd = accept(r->fd, NULL, NULL);
	ck_assert_int_ge(out->bridge_fd, 0);
	do {
		size_t got = receive(out->bridge_fd, bytes + have,
		    sizeof(bytes) - have, &out->client_fd);
		ck_assert_uint_gt(got, 0);
		have += got;
		used = flow_header_parse(bytes, have, &out->header);
	} while (used == E_MORE);
	ck_assert_int_gt(used, 0);
	memcpy(out->prefix, bytes + used, have - (size_t)used);
	return have - (size_t)used;
}

void
receiver_take(struct receiver *r, struct received *out)
{
	uint8_t more;

	size_t have = take_header(r, out);
	ck_assert_uint_le(have, out->header.prefix_bytes);
	read_whole(out->bridge_fd, out->prefix + have,
	    out->header.prefix_bytes - have);
	ck_assert_int_eq(read(out->bridge_fd, &more, 1), 0);
	struct pollfd end = {.fd = out->bridge_fd};
	ck_assert_int_ge(poll(&end, 1, 0), 0);
	out->is_held = (end.revents & POLLHUP) == 0;
	(void)close(out->bridge_fd);
	out->bridge_fd = -1;
}

void
receiver_take_datagrams(struct receiver *r, struct received *out)
{
	ck_assert_uint_eq(take_header(r, out), 0);
	ck_assert_int_eq(out->client_fd, -1);
}
