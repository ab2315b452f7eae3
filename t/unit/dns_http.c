/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/dns_http: which exchanges of HTTP are of DNS. */
#include "mitm/dns_http.h"

#include <check.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define TEXT(text) {(const uint8_t *)(text), sizeof(text) - 1}
/* RFC 8484 section 4.1.1: a query for www.example.com, A. */
#define IN_BASE64 "AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB"
#define NAME "\3www\7example\3com\0"
#define QUERY "\0\0\1\0\0\1\0\0\0\0\0\0" NAME "\0\1\0\1"
#define ANSWER "\0\0\x81\x80\0\1\0\1\0\0\0\0" NAME "\0\1\0\1" \
	"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"

static const struct http_field dns_type =
    {TEXT("content-type"), TEXT("Application/DNS-message")};
static const struct http_field html =
    {TEXT("content-type"), TEXT("text/html")};
static struct http_exchange e;
static struct dns_http dns;

static void
setup(void)
{
	static const struct bytes query = TEXT(QUERY), answer = TEXT(ANSWER);

	e = (struct http_exchange){.method = TEXT("POST"), .serial = 3, .status = 200,
	    .request = {.fields = &dns_type, .field_count = 1,
	        .body = {.content = query}, .first_us = 100, .last_us = 200},
	    .response = {.fields = &dns_type, .field_count = 1,
	        .body = {.content = answer}, .first_us = 300, .last_us = 400}};
}

static void
teardown(void)
{
	dns_http_free(&dns);
}

static const struct dns_transaction *
read_it(const char *target)
{
	const struct bytes text = {(const uint8_t *)target, strlen(target)};

	ck_assert(dns_http_read(&e, text, &dns));
	return &dns.transaction;
}

static void
check_none(const char *target)
{
	const struct bytes text = {(const uint8_t *)target, strlen(target)};

	ck_assert(!dns_http_read(&e, text, &dns));
	dns_http_free(&dns);
}

START_TEST(a_post_has_its_query_in_the_body)
{
	const struct dns_transaction *t = read_it("/dns-query");

	ck_assert_str_eq((const char *)t->query->question->name.data,
	    "www.example.com");
	ck_assert_ptr_nonnull(t->response);
	ck_assert_uint_eq(t->answers, 1);
	ck_assert_uint_eq(t->serial, 3);
	ck_assert_uint_eq(t->asked_us, 100);
	ck_assert_uint_eq(t->answered_us, 400);
	ck_assert_ptr_null(t->incomplete);
}
END_TEST

START_TEST(a_get_has_its_query_in_the_target)
{
	static const char *const targets[] = {"/dns-query?dns=" IN_BASE64,
	    "/?ct=a&dns=" IN_BASE64 "&x=y", "/q?&dns=" IN_BASE64};

	e.method = (struct bytes)TEXT("GET");
	e.request.field_count = 0;
	const struct dns_transaction *t = read_it(targets[_i]);
	ck_assert_str_eq((const char *)t->query->question->name.data,
	    "www.example.com");
	ck_assert_ptr_nonnull(t->response);
}
END_TEST

START_TEST(others_are_not)
{
	e.request.fields = &html;
	check_none("/dns-query?dns=" IN_BASE64);
	e.method = (struct bytes)TEXT("GET");
	check_none("/dns-query");
	check_none("");
	check_none("?dns=");
	check_none("/?dns=abc");
	check_none("/?dns=" IN_BASE64 "=");
	check_none("/?xdns=" IN_BASE64);
	check_none("/?dns=AAAAAAAAAAAAAAAAAAAA");
	e.method = (struct bytes)TEXT("HEAD");
	check_none("/?dns=" IN_BASE64);
}
END_TEST

START_TEST(an_answer_that_is_none_is_told)
{
	e.response.fields = &html;
	ck_assert_str_eq(read_it("/dns-query")->incomplete, "not_dns");
	ck_assert_ptr_null(dns.transaction.response);
	dns_http_free(&dns);
	e.incomplete = HTTP_NO_RESPONSE;
	e.response = (struct http_message){0};
	ck_assert_str_eq(read_it("/dns-query")->incomplete, "flow_end");
	ck_assert_uint_eq(dns.transaction.answered_us, 200);
}
END_TEST

START_TEST(the_corpus_keeps_the_invariants)
{
	ck_assert_uint_gt(corpus_run("dns_http"), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("dns_http");
	TCase *t = tcase_create("dns_http");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_post_has_its_query_in_the_body);
	tcase_add_loop_test(t, a_get_has_its_query_in_the_target, 0, 3);
	tcase_add_test(t, others_are_not);
	tcase_add_test(t, an_answer_that_is_none_is_told);
	tcase_add_test(t, the_corpus_keeps_the_invariants);
	suite_add_tcase(s, t);
	return s;
}
