/* SPDX-License-Identifier: ISC */
/*
 * Two children of the CLI: the command, in new user and network namespaces, and
 * the forwarder, which joins them. No privilege is needed where the system lets
 * anyone make a user namespace; where it does not, the error says which setting
 * forbids it. Nothing of either outlives the CLI.
 *
 * They agree over two pipes. `made`: the command's child says that its
 * namespaces are there, and later, if exec fails, why (exec closes it).  `go`:
 * it is told that the forwarder listens.
 */
#include "extension-bridge/linux/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "extension-bridge/linux/forwarder.h"

#define ERROR_BYTES 512u

/* What the command's child reports. */
enum step { STEP_MADE, STEP_USER, STEP_NETWORK, STEP_MAPS, STEP_EXEC };
struct report {
	enum step step;
	int error; /* errno */
};

struct start {
	const struct namespace_options *options;
	uid_t uid;
	gid_t gid;
	pid_t caller;
	int made[2];
	int go[2];
	int ready[2]; /* from the forwarder */
};

/* --- why not --- */

static bool
reads_as(const char *path, const char *value)
{
	char text[32] = "";
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	bool same = fgets(text, sizeof(text), file) != NULL &&
	    strtol(text, NULL, 10) == strtol(value, NULL, 10);
	(void)fclose(file);
	return same;
}

/* What closes namespaces, the likeliest first. */
static const struct {
	const char *path, *value, *name, *open;
} closers[] = {
    {"/proc/sys/kernel/unprivileged_userns_clone", "0",
        "kernel.unprivileged_userns_clone", "1"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
        "kernel.apparmor_restrict_unprivileged_userns", "0"},
    {"/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces",
        "10000"},
    {"/proc/sys/user/max_net_namespaces", "0", "user.max_net_namespaces",
        "10000"},
};

#define REMEDY "; or use sightglass exec --proxy, which needs no namespace"

static int
explain_closed(int number, char error[ERROR_BYTES])
{
	for (size_t i = 0; i < sizeof(closers) / sizeof(closers[0]); i++) {
		if (!reads_as(closers[i].path, closers[i].value))
			continue;
		(void)snprintf(error, ERROR_BYTES, "this machine lets no user make "
		    "a network namespace: %s is %s. As root: sysctl %s=%s" REMEDY,
		    closers[i].name, closers[i].value, closers[i].name,
		    closers[i].open);
		return E_DENIED;
	}
	(void)snprintf(error, ERROR_BYTES, "a network namespace cannot be made "
	    "here (%s): a container or its seccomp profile may forbid it" REMEDY,
	    strerror(number));
	return E_DENIED;
}

static int
explain(const struct report *r, const char *command, char error[ERROR_BYTES])
{
	switch (r->step) {
	case STEP_USER:
	case STEP_NETWORK:
	case STEP_MAPS:
		return explain_closed(r->error, error);
	case STEP_EXEC:
		(void)snprintf(error, ERROR_BYTES, "%.200s: %s", command,
		    strerror(r->error));
		return r->error == ENOENT ? E_NOTFOUND : E_SYNTAX;
	default:
		(void)snprintf(error, ERROR_BYTES, "the command's process ended "
		    "before it began");
		return E_SYS;
	}
}

/* --- the command's child --- */

static void
report(int fd, enum step step, int number)
{
	const struct report r = {step, number};

	if (write(fd, &r, sizeof(r)) != (ssize_t)sizeof(r))
		_exit(126); /* the caller is gone */
}

static void NORETURN
give_up(int fd, enum step step)
{
	report(fd, step, errno);
	_exit(step == STEP_EXEC && errno == ENOENT ? 127 : 126);
}

static int
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t n = write(fd, text, strlen(text));
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* The same ids inside as outside. */
static int
map_ids(const struct start *s)
{
	char line[64];

	if (write_file("/proc/self/setgroups", "deny") != 0)
		return -1;
	(void)snprintf(line, sizeof(line), "%u %u 1", s->uid, s->uid);
	if (write_file("/proc/self/uid_map", line) != 0)
		return -1;
	(void)snprintf(line, sizeof(line), "%u %u 1", s->gid, s->gid);
	return write_file("/proc/self/gid_map", line);
}

static void
make_namespaces(const struct start *s)
{
	if (s->uid == 0) { /* root needs no other rights, and keeps them */
		if (unshare(CLONE_NEWNET) != 0)
			give_up(s->made[1], STEP_NETWORK);
		return;
	}
	if (unshare(CLONE_NEWUSER) != 0)
		give_up(s->made[1], STEP_USER);
	if (map_ids(s) != 0)
		give_up(s->made[1], STEP_MAPS);
	if (unshare(CLONE_NEWNET) != 0)
		give_up(s->made[1], STEP_NETWORK);
}

/* The signal comes when the caller dies from now on; it may have died before. */
static void
die_with(pid_t caller, int number)
{
	if (prctl(PR_SET_PDEATHSIG, number) != 0 || getppid() != caller)
		_exit(126);
}

/* Handlers end with exec, and what is ignored stays so (nohup); but the mask is
 * ours. */
static void
unblock_signals(void)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void NORETURN
run_command(const struct start *s)
{
	char byte;

	(void)close(s->go[1]);
	die_with(s->caller, SIGKILL);
	make_namespaces(s);
	die_with(s->caller, SIGKILL); /* new credentials may have reset it */
	report(s->made[1], STEP_MADE, 0);
	if (read(s->go[0], &byte, 1) != 1)
		_exit(126); /* the forwarder could not start: it was said */
	unblock_signals();
	(void)execvpe(s->options->argv[0], s->options->argv, s->options->envp);
	give_up(s->made[1], STEP_EXEC);
}

/* --- the forwarder's child --- */

static int
join(pid_t pid, const char *kind, int type)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int result = setns(fd, type);
	(void)close(fd);
	return result;
}

/* The command's input and output are not kept open here. */
static void
leave_streams(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)dup2(fd, STDIN_FILENO);
	(void)dup2(fd, STDOUT_FILENO);
	(void)close(fd);
}

static void NORETURN
run_forwarder(const struct start *s, pid_t command)
{
	char words[FORWARDER_WORDS];
	struct outside outside;

	(void)close(s->go[1]);
	(void)close(s->made[0]);
	(void)close(s->made[1]);
	(void)setpgid(0, 0); /* not for the terminal's signals */
	unblock_signals();
	leave_streams();
	outside_look(&outside);
	if ((s->uid != 0 && join(command, "user", CLONE_NEWUSER) != 0) ||
	    join(command, "net", CLONE_NEWNET) != 0) {
		(void)snprintf(words, sizeof(words),
		    "joining the command's namespaces: %s", strerror(errno));
		if (write(s->ready[1], words, strlen(words)) < 0)
			_exit(1);
		_exit(1);
	}
	die_with(s->caller, SIGKILL);
	const struct forwarder_options options = {
	    .flow_socket = s->options->flow_socket,
	    .name = s->options->forwarder,
	    .udp_ports = s->options->udp_ports,
	    .outside = &outside};
	_exit(forwarder_main(&options, s->ready[1]));
}

/* --- the caller --- */

static int
fail(char error[ERROR_BYTES], const char *what)
{
	(void)snprintf(error, ERROR_BYTES, "%s: %s", what, strerror(errno));
	return E_SYS;
}

static void
close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			(void)close(pair[i]);
		pair[i] = -1;
	}
}

static void
close_end(int pair[2], int which)
{
	(void)close(pair[which]);
	pair[which] = -1;
}

static int
open_pipes(struct start *s)
{
	return pipe2(s->made, O_CLOEXEC) == 0 && pipe2(s->go, O_CLOEXEC) == 0 &&
	        pipe2(s->ready, O_CLOEXEC) == 0
	    ? 0 : -1;
}

static void
reap(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static ssize_t
read_retrying(int fd, void *out, size_t length)
{
	ssize_t n;

	do {
		n = read(fd, out, length);
	} while (n < 0 && errno == EINTR);
	return n;
}

/* The next word of the command's child. E_CLOSED: exec closed the pipe. */
static int
hear_command(struct start *s, char error[ERROR_BYTES])
{
	struct report r = {STEP_MADE, 0};
	ssize_t n = read_retrying(s->made[0], &r, sizeof(r));

	if (n == 0)
		return E_CLOSED;
	if (n == (ssize_t)sizeof(r) && r.step == STEP_MADE)
		return 0;
	return explain(&r, s->options->argv[0], error);
}

static int
hear_forwarder(struct start *s, char error[ERROR_BYTES])
{
	char words[FORWARDER_WORDS] = "";
	ssize_t n = read_retrying(s->ready[0], words, sizeof(words) - 1);

	if (n == 1 && words[0] == '\0')
		return 0;
	(void)snprintf(error, ERROR_BYTES, "the namespace's network: %.230s" REMEDY,
	    n > 0 ? words : "the forwarder ended");
	return E_SYS;
}

static int
start_command(struct start *s, struct namespace_run *run,
    char error[ERROR_BYTES])
{
	run->command = fork();
	if (run->command < 0)
		return fail(error, "fork");
	if (run->command == 0)
		run_command(s);
	close_end(s->made, 1);
	close_end(s->go, 0);
	int heard = hear_command(s, error);
	if (heard != E_CLOSED)
		return heard;
	errno = ECHILD;
	return fail(error, "the command's process");
}

static int
start_forwarder(struct start *s, struct namespace_run *run,
    char error[ERROR_BYTES])
{
	run->forwarder = fork();
	if (run->forwarder < 0)
		return fail(error, "fork");
	if (run->forwarder == 0)
		run_forwarder(s, run->command);
	close_end(s->ready, 1);
	return hear_forwarder(s, error);
}

static int
let_go(struct start *s, char error[ERROR_BYTES])
{
	if (write(s->go[1], "", 1) != 1)
		return fail(error, "the command's process");
	int heard = hear_command(s, error);
	return heard == E_CLOSED ? 0 : heard;
}

int
namespace_run(const struct namespace_options *options,
    struct namespace_run *run, char error[512])
{
	struct start s = {.options = options, .uid = geteuid(), .gid = getegid(),
	    .caller = getpid(), .made = {-1, -1}, .go = {-1, -1},
	    .ready = {-1, -1}};

	*run = (struct namespace_run){0};
	int outcome = open_pipes(&s) == 0 ? 0 : fail(error, "pipe");
	if (outcome == 0)
		outcome = start_command(&s, run, error);
	if (outcome == 0)
		outcome = start_forwarder(&s, run, error);
	if (outcome == 0)
		outcome = let_go(&s, error);
	close_pair(s.made);
	close_pair(s.go);
	close_pair(s.ready);
	if (outcome != 0) {
		reap(run->forwarder);
		reap(run->command);
		*run = (struct namespace_run){0};
	}
	return outcome;
}
