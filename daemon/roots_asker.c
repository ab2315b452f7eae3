/* SPDX-License-Identifier: ISC */
/* A pipe, a process, a deadline. An answer is whole when the pipe is at its end and the
 * process has ended well, in whichever order. Parent. */
#include "daemon/roots_asker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "daemon/os.h"
#include "daemon/role.h"

#define READ_BYTES 16384u

struct roots_asker {
	struct roots_asker_options options;
	struct event_base *base;
	struct event *deadline, *readable; /* readable: NULL when the pipe is closed */
	struct buf bytes;
	pid_t pid; /* 0: none runs */
	int fd;    /* -1: the pipe is closed */
	int status;
	bool busy, once_more;
	char trouble[128]; /* why the answer will not count */
};

static void
close_pipe(struct roots_asker *a)
{
	if (a->readable != NULL)
		event_free(a->readable);
	if (a->fd >= 0)
		(void)close(a->fd);
	a->readable = NULL;
	a->fd = -1;
}

/* The first is the cause of those that follow. */
static void
fail(struct roots_asker *a, const char *words)
{
	if (a->trouble[0] == '\0')
		(void)snprintf(a->trouble, sizeof(a->trouble), "%s", words);
	if (a->pid != 0)
		(void)kill(a->pid, SIGKILL);
	close_pipe(a);
}

static void
judge_status(struct roots_asker *a)
{
	char words[sizeof(a->trouble)];

	if (WIFEXITED(a->status) && WEXITSTATUS(a->status) == 0)
		return;
	if (WIFSIGNALED(a->status))
		(void)snprintf(words, sizeof(words), "who asks the system was ended by "
		    "signal %d", WTERMSIG(a->status));
	else
		(void)snprintf(words, sizeof(words), "who asks the system ended with "
		    "status %d", WEXITSTATUS(a->status));
	fail(a, words);
}

/* When both have come to an end. */
static void
finish(struct roots_asker *a)
{
	if (a->pid != 0 || a->fd >= 0)
		return;
	struct buf bytes = a->bytes;
	char words[sizeof(a->trouble)];
	(void)snprintf(words, sizeof(words), "%s", a->trouble);
	bool again = a->once_more;

	(void)event_del(a->deadline);
	buf_init(&a->bytes, a->options.limit_bytes);
	a->busy = a->once_more = false;
	a->trouble[0] = '\0';
	a->options.answered(a->options.context, words[0] == '\0' ? &bytes : NULL, words);
	buf_free(&bytes);
	if (again)
		roots_asker_start(a);
}

static void
on_readable(evutil_socket_t fd, short what UNUSED, void *context)
{
	struct roots_asker *a = context;
	uint8_t bytes[READ_BYTES];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	int error = n > 0 ? buf_append(&a->bytes, bytes, (size_t)n) : n < 0 ? E_SYS : 0;
	if (error != 0)
		fail(a, err_text(error));
	else if (n == 0)
		close_pipe(a);
	finish(a);
}

/* Also on a process that could not be started, from the loop as all answers are. */
static void
on_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct roots_asker *a = context;
	char words[sizeof(a->trouble)];

	(void)snprintf(words, sizeof(words), "the system has not answered in %llu ms",
	    (unsigned long long)a->options.deadline_ms);
	fail(a, words);
	finish(a);
}

static void NORETURN
become(const struct roots_asker *a, int fd)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(fd, ROLE_CHANNEL_FD) < 0 || fcntl(ROLE_CHANNEL_FD, F_SETFD, 0) < 0)
		_exit(1);
	os_close_from(ROLE_CHANNEL_FD + 1);
	execl(a->options.program, "sightglassd", "-P", "roots", (char *)NULL);
	_exit(127);
}

static int
spawn(struct roots_asker *a)
{
	int fds[2];

	if (pipe(fds) != 0)
		return E_SYS;
	a->fd = fds[0];
	if (fcntl(fds[0], F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(fds[1], F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0) {
		(void)close(fds[1]);
		return E_SYS;
	}
	pid_t pid = fork();
	if (pid == 0)
		become(a, fds[1]);
	(void)close(fds[1]);
	if (pid < 0)
		return E_SYS;
	a->pid = pid;
	a->readable = event_new(a->base, a->fd, EV_READ | EV_PERSIST, on_readable, a);
	return a->readable == NULL || event_add(a->readable, NULL) != 0 ? E_NOMEM : 0;
}

void
roots_asker_start(struct roots_asker *a)
{
	struct timeval in = clock_timeval(a->options.deadline_ms);

	if (a->busy) {
		a->once_more = true;
		return;
	}
	a->busy = true;
	int error = spawn(a);
	if (error != 0) {
		fail(a, err_text(error));
		in = (struct timeval){0}; /* to be told by the loop */
	}
	(void)event_add(a->deadline, &in);
}

bool
roots_asker_ended(struct roots_asker *a, pid_t pid, int status)
{
	if (a->pid == 0 || pid != a->pid)
		return false;
	a->pid = 0;
	a->status = status;
	judge_status(a);
	finish(a);
	return true;
}

struct roots_asker *
roots_asker_new(struct event_base *base, const struct roots_asker_options *options)
{
	struct roots_asker *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	*a = (struct roots_asker){.options = *options, .base = base, .fd = -1,
	    .deadline = evtimer_new(base, on_deadline, a)};
	buf_init(&a->bytes, options->limit_bytes);
	if (a->deadline != NULL)
		return a;
	free(a);
	return NULL;
}

void
roots_asker_free(struct roots_asker *a)
{
	if (a == NULL)
		return;
	if (a->pid != 0)
		(void)kill(a->pid, SIGKILL);
	close_pipe(a);
	event_free(a->deadline);
	buf_free(&a->bytes);
	free(a);
}
