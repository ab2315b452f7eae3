/* SPDX-License-Identifier: ISC */
/*
 * The roots of a system that has to be asked, as macOS: here a script is what asks, a
 * file what the system trusts, and a pipe its notice. The processes are real.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "ca/system_roots.h"
#include "conf/conf.h"
#include "daemon/roots.h"
#include "daemon/roots_asker.h"
#include "t/unit/suite.h"

#define PEM(name) "-----BEGIN CERTIFICATE-----\n" name "\n-----END CERTIFICATE-----\n"

/* --- a system that has to be asked, in the place of ours --- */

static char places[1][SUITE_DIRECTORY_BYTES];
const char *const system_roots_places[] = {places[0], NULL};
static int notices[2];

bool
system_roots_are_asked(void)
{
	return true;
}

int
system_roots_notice(void)
{
	return notices[0];
}

/* --- the world of a test --- */

static struct {
	char directory[SUITE_DIRECTORY_BYTES];
	char program[SUITE_DIRECTORY_BYTES + 16], file[SUITE_DIRECTORY_BYTES + 16];
	struct event_base *base;
	struct event *child, *late;
	struct conf *conf;
	struct roots *roots;
	struct roots_asker *asker;
	int changes, answers;
	char answer[1024], words[256];
} world;

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/* What the program does when it is asked. */
static void
set_script(const char *text)
{
	char script[512];

	(void)snprintf(script, sizeof(script), "#!/bin/sh\ncd %s\n%s\n", world.directory,
	    text);
	write_file(world.program, script, 0700);
}

static void
on_child(evutil_socket_t number UNUSED, short what UNUSED, void *context UNUSED)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		ck_assert(world.roots != NULL ? roots_ended(world.roots, pid, status)
		    : roots_asker_ended(world.asker, pid, status));
}

static void
on_late(evutil_socket_t fd UNUSED, short what UNUSED, void *context UNUSED)
{
	ck_abort_msg("nothing comes of it");
}

static void
make_world(void)
{
	static const struct timeval late = {.tv_sec = 60};

	memset(&world, 0, sizeof(world));
	suite_make_directory(world.directory, "roots");
	(void)snprintf(world.program, sizeof(world.program), "%s/program",
	    world.directory);
	(void)snprintf(world.file, sizeof(world.file), "%s/trusted", world.directory);
	(void)snprintf(places[0], sizeof(places[0]), "%s", world.directory);
	ck_assert_int_eq(pipe(notices), 0);
	ck_assert_int_eq(fcntl(notices[0], F_SETFL, O_NONBLOCK), 0);
	world.base = event_base_new();
	world.child = evsignal_new(world.base, SIGCHLD, on_child, NULL);
	world.late = evtimer_new(world.base, on_late, NULL);
	ck_assert(event_add(world.child, NULL) == 0 &&
	    event_add(world.late, &late) == 0);
	set_script("cat trusted >&3");
}

static void
end_world(void)
{
	char command[SUITE_DIRECTORY_BYTES + 16];

	roots_free(world.roots); /* closes the notice's end */
	roots_asker_free(world.asker);
	if (world.roots == NULL)
		(void)close(notices[0]);
	(void)close(notices[1]);
	conf_free(world.conf);
	event_free(world.child);
	event_free(world.late);
	event_base_free(world.base);
	(void)snprintf(command, sizeof(command), "rm -r %s", world.directory);
	ck_assert_int_eq(system(command), 0);
}

static void
turn(void)
{
	ck_assert_int_eq(event_base_loop(world.base, EVLOOP_ONCE), 0);
}

/* --- who asks --- */

static void
on_answered(void *context UNUSED, struct buf *bytes, const char *words)
{
	world.answers++;
	(void)snprintf(world.answer, sizeof(world.answer), "%.*s",
	    bytes == NULL ? 0 : (int)buf_length(bytes),
	    bytes == NULL || buf_length(bytes) == 0 ? "" : (char *)buf_data(bytes));
	(void)snprintf(world.words, sizeof(world.words), "%s",
	    bytes == NULL ? words : "");
}

static void
make_asker(uint64_t deadline_ms, size_t limit_bytes)
{
	const struct roots_asker_options options = {.program = world.program,
	    .deadline_ms = deadline_ms, .limit_bytes = limit_bytes,
	    .answered = on_answered};

	world.asker = roots_asker_new(world.base, &options);
	ck_assert_ptr_nonnull(world.asker);
}

/* Asks, and waits for the answer; what was wrong with it. */
static const char *
ask(const char *script)
{
	int before = world.answers;

	if (script != NULL)
		set_script(script);
	roots_asker_start(world.asker);
	while (world.answers == before)
		turn();
	ck_assert_int_eq(world.answers, before + 1);
	return world.words;
}

START_TEST(an_answer)
{
	make_asker(30000, 1024);
	ck_assert_str_eq(ask("echo \"$0 $*\" >&3"), "");
	ck_assert_ptr_nonnull(strstr(world.answer, "/program -P roots\n"));
	ck_assert_str_eq(ask("exec 3>&-"), ""); /* it is nothing, but whole */
	ck_assert_str_eq(world.answer, "");
}
END_TEST

/* Its end comes before that of the pipe, or behind it. */
START_TEST(an_answer_in_pieces)
{
	make_asker(30000, 1024);
	ck_assert_str_eq(ask("(sleep 0.2; printf b >&3) & printf a >&3"), "");
	ck_assert_str_eq(world.answer, "ab");
	ck_assert_str_eq(ask("printf c >&3; exec 3>&-; sleep 0.2"), "");
	ck_assert_str_eq(world.answer, "c");
}
END_TEST

START_TEST(what_is_no_answer)
{
	make_asker(30000, 1024);
	ck_assert_str_eq(ask("echo half >&3; exit 3"),
	    "who asks the system ended with status 3");
	ck_assert_str_eq(ask("echo half >&3; kill -9 $$"),
	    "who asks the system was ended by signal 9");
	ck_assert_str_eq(ask("head -c 2000000 /dev/zero >&3"), err_text(E_LIMIT));
	ck_assert_int_eq(unlink(world.program), 0);
	ck_assert_str_eq(ask(NULL), "who asks the system ended with status 127");
	ck_assert_str_eq(ask("echo well >&3"), "");
	ck_assert_str_eq(world.answer, "well\n");
}
END_TEST

START_TEST(a_deadline)
{
	make_asker(200, 1024);
	ck_assert_str_eq(ask("echo half >&3; exec sleep 60"),
	    "the system has not answered in 200 ms");
	ck_assert_str_eq(ask("exec 3>&-; exec sleep 60"),
	    "the system has not answered in 200 ms");
}
END_TEST

START_TEST(asked_while_it_asks)
{
	make_asker(30000, 1024);
	set_script("echo x >> asked; cat asked >&3");
	for (int i = 0; i < 5; i++)
		roots_asker_start(world.asker);
	while (world.answers < 2)
		turn();
	ck_assert_str_eq(world.answer, "x\nx\n");
}
END_TEST

START_TEST(freed_while_it_asks)
{
	make_asker(30000, 1024);
	set_script("exec sleep 60");
	roots_asker_start(world.asker);
}
END_TEST

/* --- the roots --- */

static void
on_changed(void *context UNUSED)
{
	world.changes++;
}

/* Waits until it is known what there is. */
static void
make_roots(void)
{
	const struct roots_options options = {.program = world.program,
	    .changed = on_changed};

	world.conf = conf_new();
	ck_assert_ptr_nonnull(world.conf);
	world.roots = roots_new(world.base, world.conf, &options);
	ck_assert_ptr_nonnull(world.roots);
	while (!roots_are_known(world.roots))
		turn();
}

static void
assert_roots(const char *text)
{
	const struct buf *bytes = roots_bytes(world.roots);

	ck_assert_uint_eq(buf_length(bytes), strlen(text));
	if (text[0] != '\0')
		ck_assert_mem_eq(buf_data(bytes), text, strlen(text));
}

static void
await_change(void)
{
	int before = world.changes;

	while (world.changes == before)
		turn();
	ck_assert_int_eq(world.changes, before + 1);
}

START_TEST(known_before_anything_begins)
{
	write_file(world.file, PEM("one"), 0600);
	make_roots();
	assert_roots(PEM("one"));
	ck_assert_int_eq(world.changes, 0);
}
END_TEST

START_TEST(asked_again_by_the_notice)
{
	char elsewhere[SUITE_DIRECTORY_BYTES + 32];

	/* Where no watch sees it. */
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/below", world.directory);
	ck_assert_int_eq(mkdir(elsewhere, 0700), 0);
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/below/trusted", world.directory);
	set_script("cat below/trusted >&3");
	write_file(elsewhere, PEM("one"), 0600);
	make_roots();
	write_file(elsewhere, PEM("two"), 0600);
	ck_assert_int_eq(write(notices[1], "token", 5), 5);
	await_change();
	assert_roots(PEM("two"));
}
END_TEST

/* An end that is readable for ever must not keep the loop awake. */
START_TEST(without_a_notice_any_more)
{
	int turns = 0;

	write_file(world.file, PEM("one"), 0600);
	make_roots();
	ck_assert_int_eq(close(notices[1]), 0);
	for (; world.changes == 0; turns++) {
		if (turns == 1)
			write_file(world.file, PEM("two"), 0600);
		turn();
	}
	assert_roots(PEM("two"));
	ck_assert_int_lt(turns, 50);
	notices[1] = dup(notices[0]);
}
END_TEST

START_TEST(asked_again_when_a_keychain_changes)
{
	write_file(world.file, PEM("one"), 0600);
	make_roots();
	write_file(world.file, PEM("two"), 0600);
	await_change();
	assert_roots(PEM("two"));
}
END_TEST

/* Neither an answer that is none nor one without a certificate changes anything. */
START_TEST(the_last_good_ones_stay)
{
	write_file(world.file, PEM("one"), 0600);
	make_roots();
	set_script("echo x >> asked; exit 1");
	write_file(world.file, "nothing", 0600);
	char asked[SUITE_DIRECTORY_BYTES + 16];
	(void)snprintf(asked, sizeof(asked), "%s/asked", world.directory);
	while (access(asked, F_OK) != 0)
		turn();
	set_script("cat trusted >&3");
	write_file(world.file, PEM("two"), 0600);
	await_change();
	assert_roots(PEM("two"));
}
END_TEST

START_TEST(none_at_the_start)
{
	set_script("exit 1");
	make_roots();
	assert_roots("");
	set_script("cat trusted >&3");
	write_file(world.file, PEM("one"), 0600);
	await_change();
	assert_roots(PEM("one"));
}
END_TEST

START_TEST(a_file_in_their_place)
{
	struct conf *conf = conf_new();
	struct conf_error error;
	char path[SUITE_DIRECTORY_BYTES + 16];

	write_file(world.file, PEM("one"), 0600);
	make_roots();
	(void)snprintf(path, sizeof(path), "%s/own.pem", world.directory);
	write_file(path, PEM("own"), 0600);
	ck_assert_int_eq(conf_set(conf, "upstream.trust", path, &error), 0);
	roots_configure(world.roots, conf);
	conf_free(world.conf);
	world.conf = conf;
	assert_roots(PEM("own"));
	write_file(path, PEM("another"), 0600);
	await_change();
	assert_roots(PEM("another"));
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("roots");
	TCase *asker = tcase_create("asker"), *roots = tcase_create("roots");

	tcase_set_timeout(asker, 60);
	tcase_set_timeout(roots, 60);
	tcase_add_checked_fixture(asker, make_world, end_world);
	tcase_add_test(asker, an_answer);
	tcase_add_test(asker, an_answer_in_pieces);
	tcase_add_test(asker, what_is_no_answer);
	tcase_add_test(asker, a_deadline);
	tcase_add_test(asker, asked_while_it_asks);
	tcase_add_test(asker, freed_while_it_asks);
	suite_add_tcase(s, asker);
	tcase_add_checked_fixture(roots, make_world, end_world);
	tcase_add_test(roots, known_before_anything_begins);
	tcase_add_test(roots, asked_again_by_the_notice);
	tcase_add_test(roots, without_a_notice_any_more);
	tcase_add_test(roots, asked_again_when_a_keychain_changes);
	tcase_add_test(roots, the_last_good_ones_stay);
	tcase_add_test(roots, none_at_the_start);
	tcase_add_test(roots, a_file_in_their_place);
	suite_add_tcase(s, roots);
	return s;
}
