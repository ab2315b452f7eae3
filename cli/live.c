/* SPDX-License-Identifier: ISC */
/*
 * The lines that `exec` prints while its command runs: a child that follows the
 * log, so that the parent has nothing to do but wait. CLI; standard error only.
 */
#include "cli/exec.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/view.h"
#include "log/reader.h"

#define LOOK_AT_PARENT_MS 1000

static volatile sig_atomic_t finishing;

static void
on_finish(int number)
{
	finishing = number;
}

/* Everything that is there now. False: it cannot go on. */
static bool
print_all(struct reader *r, struct view *v)
{
	struct reader_line line;

	for (;;) {
		int error = reader_next(r, &line);
		if (error == E_CORRUPT)
			continue; /* another run's: sightglass show tells of it */
		if (error == E_AGAIN)
			return fflush(v->out) == 0;
		if (error != 0)
			return false;
		if (view_wants(v, &line) && view_print(v, &line) != 0)
			return false;
	}
}

/* What came up to the signal is read once more behind it. */
static int
print_until_told(struct reader *r, const char *run_id, pid_t parent)
{
	struct view v = {.run = run_id, .pretty = {.requests_only = true}};

	view_open(&v, stderr);
	while (finishing == 0 && getppid() == parent) {
		if (!print_all(r, &v))
			return 1;
		if (reader_wait(&r, 1, LOOK_AT_PARENT_MS, &finishing) < 0 &&
		    errno != EINTR)
			return 1;
	}
	return print_all(r, &v) ? 0 : 1;
}

pid_t
live_start(const struct exec_places *places, const char *run_id)
{
	const struct sigaction action = {.sa_handler = on_finish};
	char log[PATH_MAX + 8], error[256];
	pid_t parent = getpid();

	(void)snprintf(log, sizeof(log), "%s/log", places->state);
	/* Before the command, so that nothing of it is missed. */
	struct reader *r = reader_open(log, true, error);
	if (r != NULL)
		reader_to_end(r);
	pid_t pid = r == NULL ? -1 : exec_fork();
	if (pid == 0) {
		(void)setpgid(0, 0);
		(void)sigaction(SIGTERM, &action, NULL);
		exec_child_ready();
		_exit(print_until_told(r, run_id, parent));
	}
	if (r == NULL)
		diag_warning("%s: no lines will be shown", error);
	else if (pid < 0)
		diag_warning("no lines will be shown: %s", err_text(E_SYS));
	reader_close(r);
	return pid < 0 ? 0 : pid;
}

void
live_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGTERM);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
