/* SPDX-License-Identifier: ISC */
/*
 * How a reader that waits for more is told to stop. The watch is the suite's own, so
 * that a signal can come at the one moment that matters: when the reader has looked
 * whether it is to stop, and does not yet wait.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

#include "base/err.h"
#include "log/reader.h"
#include "log/watch.h"
#include "t/unit/suite.h"

static char directory[512];
static struct reader *reader;
static volatile sig_atomic_t stopped;

/* --- a watch in which nothing ever happens but a signal --- */

struct watch {
	int signal; /* comes before the wait; 0: none */
	int waits;
};

static struct watch watch;

struct watch *
watch_new(void)
{
	return &watch;
}

void
watch_free(struct watch *w)
{
	(void)w;
}

int
watch_directory(struct watch *w, const char *path)
{
	(void)w;
	(void)path;
	return 0;
}

int
watch_file(struct watch *w, int fd)
{
	(void)w;
	(void)fd;
	return 0;
}

int
watch_fd(const struct watch *w)
{
	(void)w;
	return -1;
}

int
watch_wait(struct watch *w, int timeout_ms, const sigset_t *signals)
{
	ck_assert_int_eq(timeout_ms, -1);
	w->waits++;
	ck_assert_int_eq(raise(w->signal), 0);
	return pselect(0, NULL, NULL, NULL, NULL, signals) < 0 ? E_SYS : 0;
}

/* --- tests --- */

static void
on_stop(int number)
{
	stopped = number;
}

static void
set_up(void)
{
	const struct sigaction action = {.sa_handler = on_stop};
	const char *temporary = getenv("TMPDIR");
	char words[256];

	(void)snprintf(directory, sizeof(directory), "%s/reader-XXXXXX",
	    temporary == NULL ? "/tmp" : temporary);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(sigaction(SIGTERM, &action, NULL), 0);
	reader = reader_open(directory, true, words);
	ck_assert_msg(reader != NULL, "%s", words);
	stopped = 0;
	watch = (struct watch){.signal = SIGTERM};
}

static void
tear_down(void)
{
	reader_close(reader);
	ck_assert_int_eq(rmdir(directory), 0);
}

START_TEST(a_signal_that_came_before_is_not_waited_behind)
{
	ck_assert_int_eq(raise(SIGTERM), 0);
	ck_assert_int_eq(reader_wait(&reader, 1, -1, &stopped), E_SYS);
	ck_assert_int_eq(errno, EINTR);
	ck_assert_int_eq(watch.waits, 0);
}
END_TEST

START_TEST(a_signal_between_the_look_and_the_wait_ends_it)
{
	ck_assert_int_eq(reader_wait(&reader, 1, -1, &stopped), E_SYS);
	ck_assert_int_eq(errno, EINTR);
	ck_assert_int_eq(watch.waits, 1);
	ck_assert_int_eq(stopped, SIGTERM);
}
END_TEST

START_TEST(signals_come_as_before_when_it_is_over)
{
	ck_assert_int_eq(reader_wait(&reader, 1, -1, &stopped), E_SYS);
	stopped = 0;
	ck_assert_int_eq(raise(SIGTERM), 0);
	ck_assert_int_eq(stopped, SIGTERM);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("reader");
	TCase *wait = tcase_create("wait");

	tcase_add_checked_fixture(wait, set_up, tear_down);
	tcase_add_test(wait, a_signal_that_came_before_is_not_waited_behind);
	tcase_add_test(wait, a_signal_between_the_look_and_the_wait_ends_it);
	tcase_add_test(wait, signals_come_as_before_when_it_is_over);
	suite_add_tcase(s, wait);
	return s;
}
