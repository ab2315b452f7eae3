/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of daemon/sandbox_linux: what a process of each kind may still do, tried
 * by one. What the running kernel cannot forbid is not asked about.
 */
#include "daemon/sandbox.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/unit/suite.h"

static char directory[64], inside[96];

static void
set_up(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/sandbox-suite-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(inside, sizeof(inside), "%s/file", directory);
	FILE *file = fopen(inside, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs("something", file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void
tear_down(void)
{
	(void)unlink(inside);
	(void)rmdir(directory);
}

static int
abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

/* --- what is tried; each 0, or -1 with errno --- */

static int
read_file(void)
{
	return open(inside, O_RDONLY | O_CLOEXEC) < 0 ? -1 : 0;
}

static int
cut_by_name(void)
{
	return truncate(inside, 1);
}

static int
cut_open_file(void)
{
	int fd = open(inside, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : ftruncate(fd, 1);
}

/* Linux empties it, although it is opened for reading. */
static int
cut_by_opening(void)
{
	return open(inside, O_RDONLY | O_TRUNC | O_CLOEXEC) < 0 ? -1 : 0;
}

static struct sockaddr_in
loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int
bind_tcp(void)
{
	const struct sockaddr_in any_port = loopback(0);

	return bind(socket(AF_INET, SOCK_STREAM, 0),
	    (const struct sockaddr *)&any_port, sizeof(any_port));
}

/* Nobody need listen there. */
static int
connect_tcp(void)
{
	const struct sockaddr_in closed = loopback(1);
	int outcome = connect(socket(AF_INET, SOCK_STREAM, 0),
	    (const struct sockaddr *)&closed, sizeof(closed));

	return outcome != 0 && errno == ECONNREFUSED ? 0 : outcome;
}

static int
signal_another(void)
{
	return kill(getppid(), 0);
}

static const struct trial {
	const char *name;
	int (*try)(void);
	int abi;         /* that can forbid it */
	bool allowed[3]; /* by enum sandbox_kind */
} trials[] = {
    {"read a file", read_file, 1, {false, false, true}},
    {"cut a file by its name", cut_by_name, 3, {false, false, true}},
    {"cut an open file", cut_open_file, 1, {false, false, true}},
    {"cut a file by opening it", cut_by_opening, 3, {false, false, true}},
    {"bind", bind_tcp, 4, {false, false, false}},
    {"connect", connect_tcp, 4, {true, false, false}},
    {"signal another", signal_another, 6, {false, false, false}},
};

#define TRIALS ((int)(sizeof(trials) / sizeof(trials[0])))

static int
outcome_in(enum sandbox_kind kind, const struct trial *trial)
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		sandbox_enter(kind, kind == SANDBOX_LOGGER ? directory : NULL);
		_exit(trial->try() == 0 ? 0 : errno);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(each_may_what_it_needs_and_no_more)
{
	const struct trial *trial = &trials[_i];

	for (int kind = SANDBOX_WORKER; kind <= SANDBOX_LOGGER; kind++) {
		bool allowed = trial->allowed[kind];
		int outcome = outcome_in((enum sandbox_kind)kind, trial);

		if (!allowed && abi() < trial->abi)
			continue;
		ck_assert_msg((outcome == 0) == allowed,
		    "kind %d: %s: %s", kind, trial->name, strerror(outcome));
		ck_assert(allowed || outcome == EACCES || outcome == EPERM);
	}
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("sandbox");
	TCase *t = tcase_create("sandbox");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, each_may_what_it_needs_and_no_more, 0, TRIALS);
	suite_add_tcase(s, t);
	return s;
}
