/* SPDX-License-Identifier: ISC */
/*
 * A child with its three standard descriptors taken care of. CLI. No shell takes
 * the arguments apart.
 */
#include "cli/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/nosignal.h"

static const char administrators[] = "/usr/local/sbin:/usr/sbin:/sbin";

/* --- finding --- */

static bool
find_in(const char *directories, const char *name, char path[PATH_MAX])
{
	char candidate[PATH_MAX + 64];
	char *copy = strdup(directories), *rest = copy;
	bool found = false;

	for (char *one; !found && copy != NULL &&
	     (one = strsep(&rest, ":")) != NULL;) {
		(void)snprintf(candidate, sizeof(candidate), "%s/%s",
		    one[0] == '\0' ? "." : one, name);
		found = access(candidate, X_OK) == 0 &&
		    realpath(candidate, path) != NULL;
	}
	free(copy);
	return found;
}

bool
tool_find(const char *name, char path[PATH_MAX])
{
	const char *directories = getenv("PATH");

	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0 && realpath(name, path) != NULL;
	return (directories != NULL && find_in(directories, name, path)) ||
	    find_in(administrators, name, path);
}

/* --- running --- */

static NORETURN void
become(const char *path, char *const argv[], int input, int output)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (dup2(input >= 0 ? input : null, STDIN_FILENO) >= 0 &&
	    dup2(output >= 0 ? output : null, STDOUT_FILENO) >= 0 &&
	    dup2(output >= 0 ? output : null, STDERR_FILENO) >= 0)
		(void)execv(path, argv);
	_exit(127);
}

/* All that fits into the socket's buffer, which holds more than any input. */
static void
feed(int fd, const struct buf *input)
{
	(void)socket_no_signal(fd);
	(void)send(fd, buf_data(input), buf_length(input), SEND_NO_SIGNAL);
	(void)shutdown(fd, SHUT_WR);
}

static void
listen_to(int fd, struct buf *said)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0 ||
	    (n < 0 && errno == EINTR)) {
		if (n > 0)
			(void)buf_append_some(said, bytes, (size_t)n);
	}
}

static bool
pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		return false;
	(void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	return true;
}

static void
close_pair(const int fds[2])
{
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]);
	}
}

static bool
wait_for(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool
tool_run(const char *path, char *const argv[], const struct buf *input,
    struct buf *said)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	bool ready = (input == NULL || pair(in)) && (said == NULL || pair(out));
	pid_t pid = ready ? fork() : -1;

	if (pid == 0)
		become(path, argv, in[1], out[1]);
	if (pid > 0 && input != NULL)
		feed(in[0], input);
	if (pid > 0 && said != NULL) {
		(void)close(out[1]);
		out[1] = -1;
		listen_to(out[0], said);
	}
	bool good = pid > 0 && wait_for(pid);
	close_pair(in);
	close_pair(out);
	return good;
}
