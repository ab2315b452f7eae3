/* SPDX-License-Identifier: ISC */
/* One question to the daemon and its answer. CLI; keeps no connection. */
#include "cli/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/nosignal.h"

#define TIMEOUT_S 5
#define CHUNK_BYTES 4096u

static int
connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval limit = {.tv_sec = TIMEOUT_S};

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return -1;
	if (socket_no_signal(fd) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int
send_request(int fd, const char *request)
{
	char line[128];
	int length = snprintf(line, sizeof(line), "{\"request\":\"%s\"}\n", request);

	if (length < 0 || (size_t)length >= sizeof(line))
		return E_LIMIT;
	return send(fd, line, (size_t)length, SEND_NO_SIGNAL) == length ? 0 : E_SYS;
}

static int
receive_line(int fd, struct buf *answer)
{
	uint8_t *room;

	for (;;) {
		int error = buf_reserve(answer, CHUNK_BYTES, &room);
		if (error != 0)
			return error;
		ssize_t n = recv(fd, room, CHUNK_BYTES, 0);
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? E_TIMEOUT
			                                               : E_SYS;
		if (n == 0)
			return E_CLOSED;
		const uint8_t *newline = memchr(room, '\n', (size_t)n);
		buf_commit(answer,
		    newline == NULL ? (size_t)n : (size_t)(newline - room));
		if (newline != NULL)
			return 0;
	}
}

static int
explain_connect(const char *path, char error[256])
{
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		(void)snprintf(error, 256, "no daemon runs there (%.180s)", path);
		return E_NOTFOUND;
	case EACCES:
	case EPERM:
		(void)snprintf(error, 256,
		    "%.180s: not allowed: ask as root or as the daemon's user",
		    path);
		return E_DENIED;
	default:
		(void)snprintf(error, 256, "%.180s: %s", path, strerror(errno));
		return E_SYS;
	}
}

int
control_ask(const char *run_directory, const char *request, struct buf *answer,
    char error[256])
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/control.sock", run_directory);
	int fd = connect_to(path);
	if (fd < 0)
		return explain_connect(path, error);
	int outcome = send_request(fd, request);
	if (outcome == 0)
		outcome = receive_line(fd, answer);
	if (outcome == E_CLOSED)
		(void)snprintf(error, 256, "the daemon at %.150s hung up: only root "
		    "and its own user may ask it", path);
	else if (outcome != 0)
		(void)snprintf(error, 256, "the daemon at %.150s does not answer: "
		    "%s", path, err_text(outcome));
	(void)close(fd);
	return outcome;
}
