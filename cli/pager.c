/* SPDX-License-Identifier: ISC */
/*
 * The pager: a child that reads what we print. CLI. It is quit with less's options
 * FRX when all fits on one screen, unless the person has others in $LESS.
 */
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"

/* The program asked for; NULL: the usual one; "": none. */
static const char *
wanted(void)
{
	const char *own = getenv("SIGHTGLASS_PAGER");
	const char *pager = own != NULL ? own : getenv("PAGER");

	return pager != NULL && strcmp(pager, "cat") == 0 ? "" : pager;
}

/* In the child. */
static void
become(const char *program, int input)
{
	(void)dup2(input, STDIN_FILENO);
	(void)setenv("LESS", "FRX", 0);
	(void)setenv("LESSCHARSET", "utf-8", 0);
	if (program != NULL)
		(void)execl("/bin/sh", "sh", "-c", program, (char *)NULL);
	(void)execlp("less", "less", (char *)NULL);
	(void)execlp("more", "more", (char *)NULL);
	(void)execlp("cat", "cat", (char *)NULL);
	_exit(127);
}

pid_t
pager_open(void)
{
	const char *program = wanted();
	int ends[2];

	if (isatty(STDOUT_FILENO) != 1 || (program != NULL && program[0] == '\0') ||
	    pipe(ends) != 0)
		return 0;
	(void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	(void)fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		become(program, ends[0]);
	if (child > 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)signal(SIGPIPE, SIG_IGN); /* it may be quit early */
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
	return child > 0 ? child : 0;
}

/* As sh(1) and become() end where the program is not to be had. */
static bool
was_run(int status)
{
	return !WIFEXITED(status) ||
	    (WEXITSTATUS(status) != 126 && WEXITSTATUS(status) != 127);
}

bool
pager_close(pid_t pager)
{
	int status = 0;

	if (pager == 0)
		return true;
	(void)fflush(stdout);
	/* What is still to be written, because it was quit early, goes nowhere. */
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	(void)dup2(nowhere, STDOUT_FILENO);
	(void)close(nowhere);
	clearerr(stdout);
	/* An interrupt is the pager's to understand. */
	(void)signal(SIGINT, SIG_IGN);
	while (waitpid(pager, &status, 0) < 0 && errno == EINTR)
		;
	if (was_run(status))
		return true;
	const char *program = wanted();
	diag_error("the pager '%s' cannot be run: name another one in SIGHTGLASS_PAGER, "
	    "or give --no-pager", program != NULL ? program : "less");
	return false;
}
