/* SPDX-License-Identifier: ISC */
/* Unit suite of log/record_dns: what a dns record says of a transaction. */
#include <string.h>

#include "base/err.h"
#include "t/unit/records.h"
#include "t/unit/suite.h"

#define MANY 4000u

static struct dns_question question;
static struct dns_record records[MANY];
static struct dns_message query, response;
static struct dns_transaction transaction;

static void
set_record(struct dns_record *r, enum dns_section section, uint16_t number,
    const char *type, const char *data)
{
	*r = (struct dns_record){.section = section, .name = BYTES("www.Example.com"),
	    .type_number = number, .class_name = "IN", .ttl_s = 300,
	    .data = {(const uint8_t *)data, strlen(data)}};
	(void)strcpy(r->type, type);
}

static void
setup(void)
{
	record_setup();
	make_facts(false);
	question = (struct dns_question){.name = BYTES("wWw.Example.com"),
	    .type_number = 1, .type = "A", .class_name = "IN"};
	query = (struct dns_message){.bytes = 33, .id = 4711, .opcode = "QUERY",
	    .rcode = "NOERROR", .recursion_desired = true, .question = &question};
	response = query;
	response.bytes = 90;
	response.is_response = response.recursion_available = true;
	response.counts[1] = 2;
	response.records = records;
	response.record_count = 3;
	set_record(&records[0], DNS_ANSWER, 5, "CNAME", "a.example.com");
	set_record(&records[1], DNS_ANSWER, 1, "A", "192.0.2.7");
	set_record(&records[2], DNS_AUTHORITY, 2, "NS", "ns.example.com");
	transaction = (struct dns_transaction){.transport = "udp", .query = &query,
	    .response = &response, .asked_us = START_US,
	    .answered_us = START_US + 2500, .response_messages = 1,
	    .response_bytes = 90, .answers = 2};
}

static void
write_dns(void)
{
	parse(record_dns(&writer, 7, &facts, &transaction, &out));
}

START_TEST(four_fields_stand_at_the_top)
{
	write_dns();
	check_text("/event/dataset", "sightglass.dns");
	check_number("/event/duration", 2500000);
	check_text("/dns_hostname", "www.example.com");
	check_text("/dns_query_type", "A");
	check_text("/dns_response_code", "NOERROR");
	check_number("/dns_answer_number", 2);
}
END_TEST

START_TEST(an_answer_is_told_by_ecs)
{
	write_dns();
	check_text("/dns/type", "answer");
	check_text("/dns/id", "4711");
	check_text("/dns/op_code", "QUERY");
	check_text("/dns/response_code", "NOERROR");
	check_text("/dns/question/name", "wWw.Example.com");
	check_text("/dns/question/class", "IN");
	check_count("/dns/header_flags", 2);
	check_text("/dns/header_flags/1", "RA");
	check_count("/dns/answers", 2);
	check_text("/dns/answers/0/type", "CNAME");
	check_text("/dns/answers/1/data", "192.0.2.7");
	check_number("/dns/answers/1/ttl", 300);
	check_count("/dns/resolved_ip", 1);
	check_text("/dns/resolved_ip/0", "192.0.2.7");
	check_text("/sightglass/dns/transport", "udp");
	check_number("/sightglass/dns/query/bytes", 33);
	check_number("/sightglass/dns/response/bytes", 90);
	check_text("/sightglass/dns/authorities/0/data", "ns.example.com");
	check_absent("/sightglass/dns/additionals");
	check_absent("/sightglass/dns/retransmissions");
	check_absent("/sightglass/dns/incomplete");
	check_absent("/http");
}
END_TEST

START_TEST(a_question_without_an_answer_has_no_code)
{
	transaction.response = NULL;
	transaction.answers = transaction.response_bytes = 0;
	transaction.retransmissions = 2;
	transaction.incomplete = "timeout";
	write_dns();
	check_text("/dns_hostname", "www.example.com");
	check_absent("/dns_response_code");
	check_number("/dns_answer_number", 0);
	check_text("/dns/type", "query");
	check_absent("/dns/answers");
	check_absent("/sightglass/dns/response");
	check_number("/sightglass/dns/retransmissions", 2);
	check_text("/sightglass/dns/incomplete", "timeout");
}
END_TEST

START_TEST(an_answer_without_a_question_is_told)
{
	transaction.query = NULL;
	transaction.incomplete = "no_query";
	write_dns();
	check_text("/dns_hostname", "www.example.com");
	check_absent("/sightglass/dns/query");
	response.question = NULL;
	write_dns();
	check_absent("/dns_hostname");
	check_absent("/dns/question");
	check_text("/dns_response_code", "NOERROR");
}
END_TEST

START_TEST(edns_and_the_server_are_told)
{
	static const struct dns_option options[] = {
	    {15, "EDE", BYTES("15 (Blocked)")}, {99, "OPTION99", BYTES("0A")}};
	const struct dns_edns edns = {.udp_bytes = 1232, .options = options,
	    .option_count = 2};
	struct sockaddr_storage server;

	set_address(&server, "2001:db8::53", 53);
	transaction.server = &server;
	response.edns = &edns;
	response.malformed = "data";
	write_dns();
	check_number("/sightglass/dns/response/edns/udp_bytes", 1232);
	check_text("/sightglass/dns/response/edns/options/0/name", "EDE");
	check_text("/sightglass/dns/response/edns/options/0/data", "15 (Blocked)");
	check_text("/sightglass/dns/response/edns/options/1/name", "OPTION99");
	check_text("/sightglass/dns/response/malformed", "data");
	check_absent("/sightglass/dns/query/edns");
	check_text("/sightglass/dns/server/ip", "2001:db8::53");
	check_number("/sightglass/dns/server/port", 53);
}
END_TEST

START_TEST(a_request_of_http_is_named)
{
	transaction.serial = 3;
	transaction.transport = "https";
	write_dns();
	check_text("/http/request/id", "abcdefgh-3-17-3");
	check_text("/sightglass/dns/transport", "https");
}
END_TEST

START_TEST(what_does_not_fit_is_left_out)
{
	static char long_text[600];

	memset(long_text, 'x', sizeof(long_text) - 1);
	for (size_t i = 0; i < MANY; i++)
		set_record(&records[i], i < 100 ? DNS_ANSWER : DNS_AUTHORITY, 16, "TXT",
		    long_text);
	response.record_count = MANY; /* 2.4 MB, and `out` takes 1 MiB */
	write_dns();
	check_true("/sightglass/dns/truncated");
	check_absent("/sightglass/dns/authorities");
	check_count("/dns/answers", 100);
	for (size_t i = 0; i < MANY; i++)
		records[i].section = DNS_ANSWER;
	write_dns();
	check_true("/sightglass/dns/truncated");
	check_absent("/dns/answers");
	check_number("/dns_answer_number", 2);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("record_dns");
	TCase *t = tcase_create("record_dns");

	tcase_add_checked_fixture(t, setup, record_teardown);
	tcase_add_test(t, four_fields_stand_at_the_top);
	tcase_add_test(t, an_answer_is_told_by_ecs);
	tcase_add_test(t, a_question_without_an_answer_has_no_code);
	tcase_add_test(t, an_answer_without_a_question_is_told);
	tcase_add_test(t, edns_and_the_server_are_told);
	tcase_add_test(t, a_request_of_http_is_named);
	tcase_add_test(t, what_does_not_fit_is_left_out);
	suite_add_tcase(s, t);
	return s;
}
