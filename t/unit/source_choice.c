/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of daemon/source_choice: a flow gets the one connection that it can be and
 * no other flow was given, and rather none than a wrong one.
 */
#include "daemon/source_choice.h"

#include <string.h>

#include "t/unit/suite.h"

#define PID 4711u

static struct source_choice choice;
static struct process_sockets sockets;
static struct endpoint far_end, local;

static void
begin(void)
{
	memset(&choice, 0, sizeof(choice));
	memset(&sockets, 0, sizeof(sockets));
	endpoint_set_ipv4(&far_end, (const uint8_t[4]){192, 0, 2, 1}, 443);
}

static void
add(uint16_t port)
{
	endpoint_set_ipv4(&sockets.local[sockets.count++],
	    (const uint8_t[4]){192, 0, 2, 9}, port);
}

/* The port that is chosen, or 0. */
static uint16_t
chosen(void)
{
	local.port = 0;
	return source_choose(&choice, PID, &far_end, &sockets, &local) ==
	        SOURCE_FOUND ? local.port : 0;
}

static enum source_outcome
outcome(void)
{
	return source_choose(&choice, PID, &far_end, &sockets, &local);
}

START_TEST(the_only_connection_is_it)
{
	add(40001);
	ck_assert_uint_eq(chosen(), 40001);
	ck_assert_mem_eq(local.address, sockets.local[0].address,
	    sizeof(local.address));
}
END_TEST

START_TEST(none_is_told_when_there_is_none)
{
	ck_assert_int_eq(outcome(), SOURCE_NONE);
	add(0); /* it has no port yet */
	ck_assert_int_eq(outcome(), SOURCE_NONE);
}
END_TEST

START_TEST(one_of_two_is_not_guessed)
{
	add(40001);
	add(40002);
	ck_assert_int_eq(outcome(), SOURCE_UNSURE);
	ck_assert_uint_eq(choice.count, 0);
}
END_TEST

START_TEST(two_descriptors_of_one_connection_are_one)
{
	add(40001);
	add(40001);
	ck_assert_uint_eq(chosen(), 40001);
}
END_TEST

START_TEST(what_was_given_to_a_flow_is_no_others)
{
	add(40001);
	ck_assert_uint_eq(chosen(), 40001);
	ck_assert_int_eq(outcome(), SOURCE_NONE);
	add(40002);
	ck_assert_uint_eq(chosen(), 40002);
	add(40003);
	add(40004);
	ck_assert_int_eq(outcome(), SOURCE_UNSURE);
}
END_TEST

START_TEST(another_process_or_destination_has_its_own)
{
	add(40001);
	ck_assert_uint_eq(chosen(), 40001);
	ck_assert_int_eq(source_choose(&choice, PID + 1, &far_end, &sockets, &local),
	    SOURCE_FOUND);
	far_end.port = 444;
	ck_assert_uint_eq(chosen(), 40001);
}
END_TEST

START_TEST(a_port_may_come_again_when_its_socket_is_gone)
{
	add(40001);
	ck_assert_uint_eq(chosen(), 40001);
	sockets.count = 0;
	ck_assert_int_eq(outcome(), SOURCE_NONE); /* seen without it */
	add(40001);
	ck_assert_uint_eq(chosen(), 40001);
}
END_TEST

START_TEST(a_list_that_was_cut_tells_nothing)
{
	add(40001);
	ck_assert_uint_eq(chosen(), 40001);
	sockets.count = 0;
	sockets.cut = true;
	add(40002);
	ck_assert_int_eq(outcome(), SOURCE_UNSURE);
	ck_assert_uint_eq(choice.count, 1); /* and nothing is forgotten by it */
}
END_TEST

START_TEST(what_was_given_first_is_forgotten_first)
{
	add(40001);
	for (uint32_t pid = 1; pid <= SOURCES_GIVEN_MAX + 1; pid++)
		ck_assert_int_eq(source_choose(&choice, pid, &far_end, &sockets,
		    &local), SOURCE_FOUND);
	ck_assert_uint_eq(choice.count, SOURCES_GIVEN_MAX);
	ck_assert_int_eq(source_choose(&choice, 2, &far_end, &sockets, &local),
	    SOURCE_NONE);
	ck_assert_int_eq(source_choose(&choice, 1, &far_end, &sockets, &local),
	    SOURCE_FOUND);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("source_choice");
	TCase *t = tcase_create("choice");

	tcase_add_checked_fixture(t, begin, NULL);
	tcase_add_test(t, the_only_connection_is_it);
	tcase_add_test(t, none_is_told_when_there_is_none);
	tcase_add_test(t, one_of_two_is_not_guessed);
	tcase_add_test(t, two_descriptors_of_one_connection_are_one);
	tcase_add_test(t, what_was_given_to_a_flow_is_no_others);
	tcase_add_test(t, another_process_or_destination_has_its_own);
	tcase_add_test(t, a_port_may_come_again_when_its_socket_is_gone);
	tcase_add_test(t, a_list_that_was_cut_tells_nothing);
	tcase_add_test(t, what_was_given_first_is_forgotten_first);
	suite_add_tcase(s, t);
	return s;
}
