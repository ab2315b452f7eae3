/* SPDX-License-Identifier: ISC */
/*
 * Children that are told to end as soon as they are there. One that still had
 * the handlers of exec would take the word to end for one that is to be passed
 * on to the command, and stay. CLI.
 */
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "cli/exec.h"

static sigset_t before;

/* As exec(2) does it: what is ignored stays so. */
static void
reset_handlers(void)
{
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN &&
		    action.sa_handler != SIG_DFL)
			(void)signal(number, SIG_DFL);
	}
}

pid_t
exec_fork(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		reset_handlers();
	else
		exec_child_ready();
	return pid;
}

void
exec_child_ready(void)
{
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}
