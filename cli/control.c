/* SPDX-License-Identifier: ISC */
/* One question to the daemon and its answer. CLI; keeps no connection. */
#include "cli/control.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <yyjson.h>

#include "base/err.h"
#include "base/nosignal.h"
#include "extension-bridge/flow_header.h"

#define TIMEOUT_S 5
#define CHUNK_BYTES 4096u
#define PONG_BYTES_MAX (64u * 1024)

/* --- where --- */

bool
control_is_run(const char *name)
{
	return strncmp(name, CONTROL_RUN_PREFIX, strlen(CONTROL_RUN_PREFIX)) == 0;
}

/* A place that is a link is elsewhere for the sake of its length. */
static bool
resolve(const char *run_directory, const char *name, char place[PATH_BYTES])
{
	char path[2 * PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%.1000s/%.255s", run_directory, name);
	char *real = realpath(path, NULL);
	bool fits = real != NULL && strlen(real) < PATH_BYTES;
	if (fits)
		memcpy(place, real, strlen(real) + 1);
	free(real);
	return fits;
}

size_t
control_places(const char *run_directory,
    char places[CONTROL_PLACES_MAX][PATH_BYTES])
{
	DIR *directory = opendir(run_directory);
	size_t count = 1;

	(void)snprintf(places[0], PATH_BYTES, "%s", run_directory);
	if (directory == NULL)
		return count;
	for (struct dirent *e; count < CONTROL_PLACES_MAX &&
	     (e = readdir(directory)) != NULL;) {
		if (control_is_run(e->d_name))
			count += resolve(run_directory, e->d_name, places[count]);
	}
	(void)closedir(directory);
	return count;
}

/* --- asking --- */

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
send_line(int fd, const char *line)
{
	size_t length = strlen(line);

	return send(fd, line, length, SEND_NO_SIGNAL) == (ssize_t)length &&
	        send(fd, "\n", 1, SEND_NO_SIGNAL) == 1 ? 0 : E_SYS;
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
	case ENAMETOOLONG: /* for a socket: no daemon can have bound it */
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
control_ask_line(const char *run_directory, const char *line,
    struct buf *answer, char error[256])
{
	char path[PATH_BYTES + 16];

	(void)snprintf(path, sizeof(path), "%s/control.sock", run_directory);
	int fd = connect_to(path);
	if (fd < 0)
		return explain_connect(path, error);
	int outcome = send_line(fd, line);
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

int
control_ask(const char *run_directory, const char *request, struct buf *answer,
    char error[256])
{
	char line[128];

	(void)snprintf(line, sizeof(line), "{\"request\":\"%s\"}", request);
	return control_ask_line(run_directory, line, answer, error);
}

static int
judge_protocol(const char *run_directory, const struct buf *answer, char error[256])
{
	yyjson_doc *doc = yyjson_read((const char *)buf_data(answer),
	    buf_length(answer), 0);
	uint64_t protocol =
	    yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "protocol"));

	yyjson_doc_free(doc);
	if (protocol >= FLOW_PROTOCOL_VERSION)
		return 0;
	(void)snprintf(error, 256, "the daemon at %.100s speaks protocol %llu of the "
	    "bridge, this program needs %u: install both from one release",
	    run_directory, (unsigned long long)protocol, FLOW_PROTOCOL_VERSION);
	return E_VERSION;
}

int
control_hello(const char *run_directory, const char *role, struct buf *answer,
    char error[256])
{
	char line[256];

	(void)snprintf(line, sizeof(line), "{\"request\":\"hello\",\"protocol\":%u,"
	    "\"build\":\"" SIGHTGLASS_VERSION "\",\"role\":\"%s\"}",
	    FLOW_PROTOCOL_VERSION, role);
	int outcome = control_ask_line(run_directory, line, answer, error);
	return outcome != 0 ? outcome : judge_protocol(run_directory, answer, error);
}

int
control_ping(const char *run_directory, char error[256])
{
	struct buf answer;

	buf_init(&answer, PONG_BYTES_MAX);
	int outcome = control_ask(run_directory, "ping", &answer, error);
	buf_free(&answer);
	return outcome;
}
