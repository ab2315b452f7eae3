/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/dns_json: which exchanges ask for DNS in JSON. */
#include "mitm/dns_json.h"

#include <check.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define TEXT(text) {(const uint8_t *)(text), sizeof(text) - 1}
#define ANSWER "{\"Status\":0,\"TC\":false,\"RD\":true,\"RA\":true,\"AD\":true," \
	"\"CD\":false,\"Question\":[{\"name\":\"Alias.example.\",\"type\":1}]," \
	"\"Answer\":[{\"name\":\"alias.example.\",\"type\":5,\"TTL\":30," \
	"\"data\":\"www.example.\"},{\"name\":\"www.example.\",\"type\":1," \
	"\"TTL\":60,\"data\":\"192.0.2.1\"}],\"Comment\":\"x\"}"

static const struct http_field dns_type =
    {TEXT("content-type"), TEXT("Application/DNS-JSON")};
static const struct http_field json_type =
    {TEXT("content-type"), TEXT("application/json; charset=UTF-8")};
static const struct http_field accept_dns =
    {TEXT("accept"), TEXT("application/dns-json")};
static struct http_exchange e;
static struct dns_http dns;

static void
setup(void)
{
	static const struct bytes answer = TEXT(ANSWER);

	e = (struct http_exchange){.method = TEXT("GET"), .serial = 3, .status = 200,
	    .request = {.first_us = 100, .last_us = 200},
	    .response = {.fields = &dns_type, .field_count = 1,
	        .body = {.content = answer}, .first_us = 300, .last_us = 400}};
}

static void
teardown(void)
{
	dns_http_free(&dns);
}

static bool
read_it(const char *target)
{
	const struct bytes text = {(const uint8_t *)target, strlen(target)};

	dns_http_free(&dns);
	return dns_json_read(&e, text, &dns);
}

static void
set_body(const char *text)
{
	e.response.body.content =
	    (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void
check_bytes(struct bytes text, const char *wanted)
{
	ck_assert_uint_eq(text.length, strlen(wanted));
	ck_assert_mem_eq(text.data, wanted, text.length);
}

START_TEST(question_and_answers_are_read)
{
	ck_assert(read_it("/resolve?name=alias.example&type=A"));
	const struct dns_transaction *t = &dns.transaction;
	const struct dns_message *m = t->response;
	check_bytes(t->query->question->name, "Alias.example");
	ck_assert_str_eq(t->query->question->type, "A");
	ck_assert_ptr_nonnull(m);
	ck_assert_str_eq(m->rcode, "NOERROR");
	ck_assert(m->authentic && m->recursion_available && !m->truncated);
	ck_assert_uint_eq(t->answers, 2);
	ck_assert_uint_eq(m->record_count, 2);
	ck_assert_str_eq(m->records[0].type, "CNAME");
	check_bytes(m->records[0].data, "www.example");
	check_bytes(m->records[1].name, "www.example");
	check_bytes(m->records[1].data, "192.0.2.1");
	ck_assert_uint_eq(m->records[1].ttl_s, 60);
	ck_assert_uint_eq(t->serial, 3);
	ck_assert_uint_eq(t->asked_us, 100);
	ck_assert_uint_eq(t->answered_us, 400);
}
END_TEST

START_TEST(a_name_that_does_not_exist)
{
	set_body("{\"Status\":3,\"Question\":[{\"name\":\"nope.example\","
	    "\"type\":28}]}");
	ck_assert(read_it("/resolve?name=nope.example&type=28"));
	ck_assert_str_eq(dns.response.rcode, "NXDOMAIN");
	ck_assert_str_eq(dns.query.question->type, "AAAA");
	ck_assert_uint_eq(dns.transaction.answers, 0);
}
END_TEST

START_TEST(what_is_called_json_counts_when_it_looks_like_it)
{
	e.response.fields = &json_type;
	ck_assert(read_it("/resolve?name=alias.example"));
	set_body("{\"Status\":\"ok\",\"Question\":[]}");
	ck_assert(!read_it("/users?name=alice"));
	set_body("[]");
	ck_assert(!read_it("/users?name=alice"));
}
END_TEST

START_TEST(what_was_asked_and_not_answered)
{
	e.request.fields = &accept_dns;
	e.request.field_count = 1;
	e.response = (struct http_message){.fields = NULL};
	e.incomplete = HTTP_NO_RESPONSE;
	ck_assert(read_it("/dns-query?name=www.example.&type=aaaa"));
	ck_assert_str_eq(dns.transaction.incomplete, "flow_end");
	check_bytes(dns.query.question->name, "www.example");
	ck_assert_str_eq(dns.query.question->type, "AAAA");
	e.incomplete = HTTP_WHOLE;
	ck_assert(read_it("/dns-query?name=www.example"));
	ck_assert_str_eq(dns.transaction.incomplete, "not_dns");
	ck_assert_str_eq(dns.query.question->type, "A");
	ck_assert(read_it("/dns-query?name=www.example&type=65"));
	ck_assert_str_eq(dns.query.question->type, "HTTPS");
}
END_TEST

START_TEST(what_asks_for_no_name_is_none)
{
	ck_assert(!read_it("/resolve?names=www.example"));
	ck_assert(!read_it("/resolve?name="));
	e.method = (struct bytes)TEXT("POST");
	ck_assert(!read_it("/resolve?name=www.example"));
}
END_TEST

START_TEST(odd_members_are_no_trouble)
{
	set_body("{\"Status\":0,\"Question\":[7],\"Answer\":[1,{\"name\":2,"
	    "\"type\":-1,\"TTL\":99999999999,\"data\":[]}]}");
	ck_assert(read_it("/resolve?name=www.example"));
	ck_assert_uint_eq(dns.response.record_count, 2);
	ck_assert_uint_eq(dns.response.records[1].ttl_s, UINT32_MAX);
	ck_assert_uint_eq(dns.response.records[1].data.length, 0);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_gt(corpus_run("dns_json"), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("dns_json");
	TCase *t = tcase_create("exchange");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, question_and_answers_are_read);
	tcase_add_test(t, a_name_that_does_not_exist);
	tcase_add_test(t, what_is_called_json_counts_when_it_looks_like_it);
	tcase_add_test(t, what_was_asked_and_not_answered);
	tcase_add_test(t, what_asks_for_no_name_is_none);
	tcase_add_test(t, odd_members_are_no_trouble);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
