/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/dns_resolved: which addresses an answer gives to a name. */
#include "mitm/dns_resolved.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

enum { A = 1, CNAME = 5, TXT = 16, AAAA = 28, SVCB = 64, HTTPS = 65 };

static struct dns_question question;
static struct dns_record records[80];
static struct dns_message query, response;
static struct dns_transaction transaction;
static struct dns_resolved resolved;

static struct bytes
text_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void
ask(const char *name, uint16_t type)
{
	question = (struct dns_question){.name = text_of(name), .type_number = type};
	query = (struct dns_message){.question = &question};
	response = (struct dns_message){.question = &question, .is_response = true,
	    .rcode = "NOERROR", .records = records};
	transaction = (struct dns_transaction){.query = &query, .response = &response};
}

static void
setup(void)
{
	ask("Www.Example.test", A);
}

static struct dns_record *
answer(const char *name, uint16_t type, const char *data)
{
	struct dns_record *r = &records[response.record_count++];

	*r = (struct dns_record){.section = DNS_ANSWER, .name = text_of(name),
	    .type_number = type, .ttl_s = 300, .data = text_of(data)};
	return r;
}

static void
check_name(const char *name)
{
	ck_assert_uint_eq(resolved.name_length, strlen(name));
	ck_assert_mem_eq(resolved.name, name, strlen(name));
}

static void
check_address(size_t i, const char *text, uint32_t ttl_s)
{
	uint8_t bytes[DNS_ADDRESS_BYTES] = {[10] = 0xff, [11] = 0xff};

	if (strchr(text, ':') != NULL)
		ck_assert_int_eq(inet_pton(AF_INET6, text, bytes), 1);
	else
		ck_assert_int_eq(inet_pton(AF_INET, text, bytes + 12), 1);
	ck_assert_uint_lt(i, resolved.count);
	ck_assert_mem_eq(resolved.addresses[i].bytes, bytes, sizeof(bytes));
	ck_assert_uint_eq(resolved.addresses[i].ttl_s, ttl_s);
}

START_TEST(addresses_of_both_families)
{
	answer("www.example.test", A, "192.0.2.1");
	answer("WWW.EXAMPLE.TEST", AAAA, "2001:db8::1")->ttl_s = 7;
	ck_assert(dns_resolved_read(&transaction, &resolved));
	check_name("www.example.test");
	ck_assert_uint_eq(resolved.count, 2);
	check_address(0, "192.0.2.1", 300);
	check_address(1, "2001:db8::1", 7);
}
END_TEST

START_TEST(aliases_lead_back_to_the_name_that_was_asked)
{
	answer("b.test", A, "192.0.2.1");
	answer("a.test", CNAME, "b.test")->ttl_s = 9;
	answer("www.example.test", CNAME, "A.test")->ttl_s = 60;
	ck_assert(dns_resolved_read(&transaction, &resolved));
	check_name("www.example.test");
	ck_assert_uint_eq(resolved.count, 1);
	check_address(0, "192.0.2.1", 9);
}
END_TEST

START_TEST(aliases_that_go_round_end)
{
	answer("www.example.test", CNAME, "a.test");
	answer("a.test", CNAME, "www.example.test");
	answer("b.test", A, "192.0.2.1");
	ck_assert(!dns_resolved_read(&transaction, &resolved));
}
END_TEST

START_TEST(what_was_not_asked_does_not_count)
{
	answer("other.test", A, "192.0.2.1");
	answer("www.example.test", A, "192.0.2.2")->section = DNS_ADDITIONAL;
	answer("www.example.test", TXT, "192.0.2.3");
	ck_assert(!dns_resolved_read(&transaction, &resolved));
}
END_TEST

START_TEST(what_is_no_answer_says_nothing)
{
	answer("www.example.test", A, "192.0.2.1");
	(void)strcpy(response.rcode, "SERVFAIL");
	ck_assert(!dns_resolved_read(&transaction, &resolved));
	(void)strcpy(response.rcode, "NOERROR");
	transaction.query = NULL;
	ck_assert(!dns_resolved_read(&transaction, &resolved));
	transaction.query = &query;
	query.question = NULL;
	ck_assert(!dns_resolved_read(&transaction, &resolved));
	transaction.response = NULL;
	ck_assert(!dns_resolved_read(&transaction, &resolved));
}
END_TEST

START_TEST(data_that_could_not_be_read_are_none)
{
	answer("www.example.test", A, "\\# 3 C00002");
	ck_assert(!dns_resolved_read(&transaction, &resolved));
}
END_TEST

START_TEST(a_services_record_hints_at_addresses)
{
	ask("svc.test", HTTPS);
	answer("svc.test", HTTPS, "1 . alpn=h2,h3 ipv4hint=192.0.2.1,192.0.2.2 "
	    "ech=AEX ipv6hint=2001:db8::1");
	ck_assert(dns_resolved_read(&transaction, &resolved));
	check_name("svc.test");
	ck_assert_uint_eq(resolved.count, 3);
	check_address(1, "192.0.2.2", 300);
	check_address(2, "2001:db8::1", 300);
}
END_TEST

START_TEST(it_says_whether_http_3_is_spoken)
{
	static const struct {
		const char *data;
		bool has;
	} cases[] = {{"1 . alpn=h2,h3", true}, {"1 . alpn=h3-29", true},
	    {"1 . alpn=\"h3,h2\"", true}, {"1 . alpn=h2", false},
	    {"1 . alpn=h30,xh3", false}, {"1 . port=443 key7=h3", false},
	    {"0 alpn=h3", false}};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		ask("svc.test", HTTPS);
		answer("svc.test", HTTPS, cases[i].data);
		ck_assert_int_eq(dns_resolved_read(&transaction, &resolved),
		    cases[i].has);
		ck_assert_int_eq(resolved.has_h3, cases[i].has);
	}
}
END_TEST

START_TEST(values_may_stand_in_quotation_marks)
{
	ask("svc.test", HTTPS);
	answer("svc.test", HTTPS, "1 . alpn=\"h2,h3\" ipv4hint=\"192.0.2.1\" "
	    "key700=\"\\\" ipv4hint=192.0.2.9 \" ipv6hint=::1");
	ck_assert(dns_resolved_read(&transaction, &resolved));
	ck_assert_uint_eq(resolved.count, 2);
	check_address(0, "192.0.2.1", 300);
	check_address(1, "::1", 300);
}
END_TEST

START_TEST(a_service_is_one_of_its_name)
{
	ask("_8443._https.svc.test", HTTPS);
	answer("_8443._https.svc.test", HTTPS, "1 . ipv4hint=192.0.2.1");
	ck_assert(dns_resolved_read(&transaction, &resolved));
	check_name("svc.test");
	ask("_dns.resolver.test", SVCB);
	answer("_dns.resolver.test", SVCB, "1 . ipv4hint=192.0.2.1");
	ck_assert(dns_resolved_read(&transaction, &resolved));
	check_name("resolver.test");
	ask("_dmarc.test", A); /* a name like any other */
	answer("_dmarc.test", A, "192.0.2.1");
	ck_assert(dns_resolved_read(&transaction, &resolved));
	check_name("_dmarc.test");
}
END_TEST

START_TEST(an_alias_of_a_service_has_no_addresses)
{
	ask("svc.test", HTTPS);
	answer("svc.test", HTTPS, "0 ipv4hint=192.0.2.1 ipv4hint=192.0.2.1");
	ck_assert(!dns_resolved_read(&transaction, &resolved));
}
END_TEST

START_TEST(no_more_than_there_is_room_for)
{
	for (size_t i = 0; i < 80; i++)
		answer("www.example.test", A, "192.0.2.1");
	ck_assert(dns_resolved_read(&transaction, &resolved));
	ck_assert_uint_eq(resolved.count, DNS_RESOLVED_MAX);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_not_kept)
{
	char name[DNS_NAME_TEXT_MAX + 2] = "";

	memset(name, 'x', DNS_NAME_TEXT_MAX + 1);
	ask(name, A);
	answer(name, A, "192.0.2.1");
	ck_assert(!dns_resolved_read(&transaction, &resolved));
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_gt(corpus_run("dns_resolved"), 0);
	ck_assert_uint_gt(corpus_run("dns_message"), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("dns_resolved");
	TCase *t = tcase_create("answer");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, addresses_of_both_families);
	tcase_add_test(t, aliases_lead_back_to_the_name_that_was_asked);
	tcase_add_test(t, aliases_that_go_round_end);
	tcase_add_test(t, what_was_not_asked_does_not_count);
	tcase_add_test(t, what_is_no_answer_says_nothing);
	tcase_add_test(t, data_that_could_not_be_read_are_none);
	tcase_add_test(t, a_services_record_hints_at_addresses);
	tcase_add_test(t, it_says_whether_http_3_is_spoken);
	tcase_add_test(t, values_may_stand_in_quotation_marks);
	tcase_add_test(t, a_service_is_one_of_its_name);
	tcase_add_test(t, an_alias_of_a_service_has_no_addresses);
	tcase_add_test(t, no_more_than_there_is_room_for);
	tcase_add_test(t, a_name_that_is_too_long_is_not_kept);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
