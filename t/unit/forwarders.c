/* SPDX-License-Identifier: ISC */
/* The account of forwarders on the board: one worker's rows, and all of them. */
#include "daemon/forwarders.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/unit/suite.h"

static struct board *board;
static struct forwarders workers[2];
static struct forwarder_account accounts[FORWARDER_ACCOUNTS_MAX];

static void
set_up(void)
{
	board = calloc(1, sizeof(*board));
	ck_assert_ptr_nonnull(board);
	counter_set(&board->worker_count, 2);
	for (size_t i = 0; i < 2; i++)
		forwarders_open(&workers[i], board->workers[i].forwarders);
}

static void
tear_down(void)
{
	free(board);
}

START_TEST(nobody_has_been_met)
{
	ck_assert_uint_eq(forwarders_collect(board, accounts), 0);
}
END_TEST

START_TEST(workers_are_added_up)
{
	struct board_forwarder *here = forwarders_find(&workers[0], "macos");
	struct board_forwarder *there = forwarders_find(&workers[1], "macos");

	ck_assert_ptr_eq(forwarders_find(&workers[0], "macos"), here);
	ck_assert_ptr_ne(forwarders_find(&workers[0], "mac"), here);
	forwarder_hello(here, 1, "old", 10);
	forwarder_hello(there, 2, "new", 20);
	counter_set(&here->heard_us, 30);
	forwarder_flow(&here->streams, 40);
	forwarder_flow(&there->streams, 35);
	forwarder_flow(&there->datagrams, 50);
	counter_add(&there->connections, 1);
	ck_assert_uint_eq(forwarders_collect(board, accounts), 1);
	const struct forwarder_account *a = &accounts[0];
	ck_assert_str_eq(a->name, "macos");
	ck_assert_str_eq(a->build, "new");
	ck_assert_uint_eq(a->protocol, 2);
	ck_assert_uint_eq(a->hello_us, 20);
	ck_assert_uint_eq(a->heard_us, 30);
	ck_assert_uint_eq(a->streams.count, 2);
	ck_assert_uint_eq(a->streams.last_us, 40);
	ck_assert_uint_eq(a->datagrams.count, 1);
	ck_assert_uint_eq(a->datagrams.last_us, 50);
	ck_assert_uint_eq(a->connections, 1);
}
END_TEST

START_TEST(a_build_may_be_left_out)
{
	forwarder_hello(forwarders_find(&workers[0], "exec"), 1, NULL, 1);
	ck_assert_uint_eq(forwarders_collect(board, accounts), 1);
	ck_assert_str_eq(accounts[0].build, "");
}
END_TEST

START_TEST(those_without_a_name_are_one)
{
	struct board_forwarder *row = forwarders_find(&workers[0], "");

	counter_add(&row->bad_headers, 1);
	counter_add(&forwarders_find(&workers[1], "")->bad_headers, 1);
	ck_assert_uint_eq(forwarders_collect(board, accounts), 1);
	ck_assert_str_eq(accounts[0].name, "");
	ck_assert_uint_eq(accounts[0].bad_headers, 2);
}
END_TEST

START_TEST(a_next_worker_goes_on)
{
	struct board_forwarder *row = forwarders_find(&workers[0], "macos");

	forwarder_hello(row, 1, "1", 1);
	forwarder_flow(&row->streams, 2);
	counter_add(&row->connections, 2);
	forwarders_open(&workers[0], board->workers[0].forwarders);
	ck_assert_ptr_eq(forwarders_find(&workers[0], "macos"), row);
	ck_assert_uint_eq(forwarders_collect(board, accounts), 1);
	ck_assert_uint_eq(accounts[0].streams.count, 1);
	ck_assert_uint_eq(accounts[0].connections, 0);
}
END_TEST

START_TEST(there_is_an_end_to_names)
{
	char name[2 * BOARD_TEXT_BYTES];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "forwarder %d", i);
		forwarder_flow(&forwarders_find(&workers[0], name)->streams, 1);
	}
	ck_assert_uint_eq(forwarders_collect(board, accounts), BOARD_FORWARDERS);
	ck_assert_uint_eq(accounts[0].streams.count, 100 - (BOARD_FORWARDERS - 1));
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	struct board_forwarder *row = forwarders_find(&workers[1], name);
	name[BOARD_TEXT_BYTES - 1] = '\0';
	ck_assert_ptr_eq(forwarders_find(&workers[1], name), row);
	forwarder_flow(&row->streams, 1);
	ck_assert_uint_eq(forwarders_collect(board, accounts), BOARD_FORWARDERS + 1);
	ck_assert_str_eq(accounts[BOARD_FORWARDERS].name, name);
}
END_TEST

/* The worker died at it: what it left is no text, until the next hello. */
START_TEST(a_text_that_was_not_finished_is_none)
{
	struct board_forwarder *row = forwarders_find(&workers[0], "macos");

	forwarder_hello(row, 1, "whole", 1);
	counter_set(&row->build.version, 3);
	ck_assert_uint_eq(forwarders_collect(board, accounts), 1);
	ck_assert_str_eq(accounts[0].build, "");
	forwarder_hello(row, 1, "next", 2);
	ck_assert_uint_eq(forwarders_collect(board, accounts), 1);
	ck_assert_str_eq(accounts[0].build, "next");
}
END_TEST

/* Another worker's memory may hold anything. */
START_TEST(a_row_of_nonsense_ends)
{
	memset(board->workers[1].forwarders, 0xfe,
	    sizeof(board->workers[1].forwarders));
	size_t count = forwarders_collect(board, accounts);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_lt(strlen(accounts[i].name), BOARD_TEXT_BYTES);
}
END_TEST

#define HELLOS 20000

static void *
say_hello(void *context)
{
	static const char *const builds[] = {
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"};
	struct board_forwarder *row = context;

	for (uint64_t i = 0; i < HELLOS; i++)
		forwarder_hello(row, 1, builds[i % 2], i + 1);
	return NULL;
}

START_TEST(a_build_is_seen_whole)
{
	struct board_forwarder *row = forwarders_find(&workers[0], "macos");
	pthread_t writer;

	ck_assert_int_eq(pthread_create(&writer, NULL, say_hello, row), 0);
	do {
		if (forwarders_collect(board, accounts) == 0)
			continue;
		const char *build = accounts[0].build;
		size_t length = strlen(build);
		ck_assert(length == 0 || length == 57);
		ck_assert_uint_eq(strspn(build, build[0] == 'a' ? "a" : "b"), length);
	} while (counter_get(&row->hello_us) < HELLOS);
	ck_assert_int_eq(pthread_join(writer, NULL), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("forwarders");
	TCase *c = tcase_create("account");

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, nobody_has_been_met);
	tcase_add_test(c, workers_are_added_up);
	tcase_add_test(c, a_build_may_be_left_out);
	tcase_add_test(c, those_without_a_name_are_one);
	tcase_add_test(c, a_next_worker_goes_on);
	tcase_add_test(c, there_is_an_end_to_names);
	tcase_add_test(c, a_text_that_was_not_finished_is_none);
	tcase_add_test(c, a_row_of_nonsense_ends);
	tcase_add_test(c, a_build_is_seen_whole);
	suite_add_tcase(s, c);
	return s;
}
