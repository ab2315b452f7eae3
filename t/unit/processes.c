/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/processes and mitm/flow_process: each program is asked about
 * once, no answer is taken for another's, the table stays within its bounds, and what
 * the kernel says stands in a header whole or not at all.
 */
#include "mitm/processes.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "mitm/flow_parts.h"
#include "t/unit/suite.h"

#define LIMIT 4u

static struct processes *table;
static int answer;          /* what the system says */
static uint32_t asked_about;
static unsigned asked_times;

static int
ask(uint32_t pid, const uint8_t token[FLOW_AUDIT_TOKEN_BYTES],
    struct process_facts *out)
{
	asked_about = pid;
	asked_times++;
	(void)snprintf(out->executable, sizeof(out->executable), "/bin/%u-%u",
	    (unsigned)pid, token[0]);
	strcpy(out->team_id, "TEAM");
	out->responsible_pid = pid + 1;
	return answer;
}

static void
begin(void)
{
	answer = 0;
	asked_times = 0;
	table = processes_new(LIMIT, ask);
	ck_assert_ptr_nonnull(table);
}

static void
end(void)
{
	processes_free(table);
}

static void
make_token(uint8_t token[FLOW_AUDIT_TOKEN_BYTES], uint8_t first)
{
	memset(token, 7, FLOW_AUDIT_TOKEN_BYTES);
	token[0] = first;
}

static struct process *
find(uint32_t pid, uint8_t first, uint64_t now_ms)
{
	uint8_t token[FLOW_AUDIT_TOKEN_BYTES];

	make_token(token, first);
	return processes_find(table, pid, token, now_ms);
}

/* Finds it, and says whether the system was asked. */
static bool
finds_by_asking(uint8_t first, uint64_t now_ms)
{
	unsigned before = asked_times;
	struct process *process = find(4711, first, now_ms);
	char path[32];

	ck_assert_ptr_nonnull(process);
	(void)snprintf(path, sizeof(path), "/bin/4711-%u", first);
	ck_assert_str_eq(process->facts.executable, path);
	process_release(process);
	return asked_times > before;
}

START_TEST(a_program_is_asked_about_once)
{
	ck_assert(finds_by_asking(1, 0));
	ck_assert_uint_eq(asked_about, 4711);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert(!finds_by_asking(1, i));
	ck_assert(finds_by_asking(2, 0));
	ck_assert_uint_eq(processes_counts(table).asked, 2);
	ck_assert_uint_eq(processes_counts(table).unknown, 0);
}
END_TEST

START_TEST(every_byte_of_the_token_counts)
{
	uint8_t token[FLOW_AUDIT_TOKEN_BYTES], other[FLOW_AUDIT_TOKEN_BYTES];

	make_token(token, 1);
	memcpy(other, token, sizeof(other));
	other[_i] ^= 0x80;
	process_release(processes_find(table, 1, token, 0));
	process_release(processes_find(table, 1, other, 0));
	ck_assert_uint_eq(asked_times, 2);
}
END_TEST

START_TEST(an_answer_is_kept_for_its_life)
{
	ck_assert(finds_by_asking(1, 5));
	ck_assert(!finds_by_asking(1, 5 + PROCESS_LIFE_MS - 1));
	ck_assert(finds_by_asking(1, 5 + PROCESS_LIFE_MS));
	ck_assert(!finds_by_asking(1, 5 + PROCESS_LIFE_MS));
}
END_TEST

START_TEST(that_nothing_is_known_is_kept_for_a_moment)
{
	answer = E_DENIED;
	for (unsigned i = 0; i < 10; i++)
		ck_assert_ptr_null(find(1, 1, 0));
	ck_assert_uint_eq(asked_times, 1);
	ck_assert_ptr_null(find(1, 1, PROCESS_UNKNOWN_MS));
	ck_assert_uint_eq(asked_times, 2);
	ck_assert_uint_eq(processes_counts(table).unknown, 2);
	answer = 0;
	struct process *process = find(1, 1, 2 * PROCESS_UNKNOWN_MS);
	ck_assert_ptr_nonnull(process);
	process_release(process);
}
END_TEST

START_TEST(the_one_not_used_for_longest_goes_first)
{
	for (uint8_t i = 0; i < LIMIT; i++)
		ck_assert(finds_by_asking(i, 0));
	ck_assert(!finds_by_asking(0, 0)); /* used again */
	ck_assert(finds_by_asking(LIMIT, 0));
	ck_assert(!finds_by_asking(0, 0));
	ck_assert(finds_by_asking(1, 0));
}
END_TEST

START_TEST(who_holds_one_keeps_it)
{
	struct process *held = find(1, 200, 0);

	for (uint8_t i = 0; i < 3 * LIMIT; i++)
		ck_assert(finds_by_asking(i, 0));
	processes_free(table);
	table = NULL;
	ck_assert_str_eq(held->facts.executable, "/bin/1-200");
	process_release(held);
	process_release(NULL);
}
END_TEST

START_TEST(a_table_of_none_asks_each_time)
{
	processes_free(table);
	table = processes_new(0, ask);
	ck_assert(finds_by_asking(1, 0));
	ck_assert(finds_by_asking(1, 0));
}
END_TEST

/* --- in a flow --- */

static struct flow_host host;
static struct flow_header header;
static struct flow flow;

static void
begin_flow(void)
{
	begin();
	host = (struct flow_host){.processes = table, .tick_ms = 1};
	header = (struct flow_header){.has_pid = true, .pid = 4711,
	    .has_audit_token = true, .executable = "/claimed",
	    .signing_id = "com.example.claimed", .team_id = "CLAIMED"};
	flow = (struct flow){.host = &host, .header = &header};
}

static void
end_flow(void)
{
	process_release(flow.process);
	end();
}

START_TEST(what_the_kernel_says_stands_in_place_of_all_of_it)
{
	flow_find_process(&flow);
	ck_assert_str_eq(header.executable, "/bin/4711-0");
	ck_assert_str_eq(header.team_id, "TEAM");
	ck_assert_str_eq(header.signing_id, ""); /* it has none */
	ck_assert_uint_eq(flow.process->facts.responsible_pid, 4712);
}
END_TEST

START_TEST(without_an_answer_the_header_stands)
{
	answer = E_NOTFOUND;
	flow_find_process(&flow);
	ck_assert_ptr_null(flow.process);
	ck_assert_str_eq(header.executable, "/claimed");
	ck_assert_str_eq(header.signing_id, "com.example.claimed");
	ck_assert_str_eq(header.team_id, "CLAIMED");
}
END_TEST

START_TEST(a_process_without_token_or_id_is_not_asked_about)
{
	header.has_audit_token = _i != 0;
	header.has_pid = _i == 0;
	flow_find_process(&flow);
	ck_assert_uint_eq(asked_times, 0);
	ck_assert_str_eq(header.executable, "/claimed");
}
END_TEST

/* --- the client's end --- */

static struct endpoint looked_for;
static unsigned looked_times;

static void
look(void *context, struct flow *of, const struct endpoint *remote)
{
	ck_assert_ptr_eq(context, &host);
	ck_assert_ptr_eq(of, &flow);
	looked_for = *remote;
	looked_times++;
}

static struct sockaddr_storage
ipv4(const char *bytes, uint16_t port)
{
	struct sockaddr_storage a;
	struct endpoint e;

	endpoint_set_ipv4(&e, bytes, port);
	endpoint_write(&e, &a);
	return a;
}

static void
begin_source(void)
{
	begin_flow();
	host.context = &host;
	host.find_source = look;
	looked_times = 0;
	header.source = ipv4("\0\0\0\0", 0);
	header.destination = ipv4("\300\0\2\1", 443);
}

START_TEST(an_end_that_the_forwarder_was_not_told_is_looked_for_once)
{
	flow_find_source(&flow);
	flow_find_source(&flow);
	ck_assert_uint_eq(looked_times, 1);
	ck_assert_uint_eq(looked_for.port, 443);
}
END_TEST

START_TEST(an_end_that_is_known_or_nobodys_is_not_looked_for)
{
	if (_i == 0)
		header.source = ipv4("\177\0\0\1", 40000);
	else if (_i == 1)
		header.has_pid = false;
	else
		header.destination.ss_family = AF_UNSPEC;
	flow_find_source(&flow);
	ck_assert_uint_eq(looked_times, 0);
}
END_TEST

START_TEST(what_is_found_before_the_facts_leaves_the_header_alone)
{
	struct endpoint found;

	endpoint_set_ipv4(&found, "\300\0\2\11", 40001);
	flow_source_found(&flow, &found);
	ck_assert(endpoint_is(&flow.source, &found));
	ck_assert_uint_eq(((struct sockaddr_in *)&header.source)->sin_port, 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("processes");
	TCase *t = tcase_create("cache"), *f = tcase_create("flow");
	TCase *e = tcase_create("source");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_program_is_asked_about_once);
	tcase_add_loop_test(t, every_byte_of_the_token_counts, 0,
	    FLOW_AUDIT_TOKEN_BYTES);
	tcase_add_test(t, an_answer_is_kept_for_its_life);
	tcase_add_test(t, that_nothing_is_known_is_kept_for_a_moment);
	tcase_add_test(t, the_one_not_used_for_longest_goes_first);
	tcase_add_test(t, who_holds_one_keeps_it);
	tcase_add_test(t, a_table_of_none_asks_each_time);

	tcase_add_checked_fixture(f, begin_flow, end_flow);
	tcase_add_test(f, what_the_kernel_says_stands_in_place_of_all_of_it);
	tcase_add_test(f, without_an_answer_the_header_stands);
	tcase_add_loop_test(f, a_process_without_token_or_id_is_not_asked_about, 0,
	    2);
	suite_add_tcase(s, t);
	suite_add_tcase(s, f);

	tcase_add_checked_fixture(e, begin_source, end_flow);
	tcase_add_test(e, an_end_that_the_forwarder_was_not_told_is_looked_for_once);
	tcase_add_loop_test(e, an_end_that_is_known_or_nobodys_is_not_looked_for, 0, 3);
	tcase_add_test(e, what_is_found_before_the_facts_leaves_the_header_alone);
	suite_add_tcase(s, e);
	return s;
}
