/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of cli/pretty: what a person reads of a record, above all of a flow
 * that failed: whose side, which host, why, and whose program it was.
 */
#include "cli/pretty.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define PAGE_BYTES_MAX 65536

#define HEAD(dataset)                                                         \
	"{\"@timestamp\":\"2026-11-23T10:15:00.123456Z\",\"event\":{\"dataset\":" \
	"\"sightglass." dataset "\",\"duration\":29000000},\"process\":{\"name\":" \
	"\"curl\"},"
#define AT "10:15:00.123"
#define NAMED "\"destination\":{\"ip\":\"192.0.2.1\",\"port\":443,\"domain\":" \
	"\"example.com\"},"
#define TLS(flow, rest)                                                       \
	HEAD("tls") NAMED "\"sightglass\":{\"flow\":\"" flow "\"," rest "}}\n"
#define FLOW(flow, close, rest)                                               \
	HEAD("flow") NAMED "\"sightglass\":{\"flow\":\"" flow                     \
	"\",\"protocol\":\"tls\",\"close\":\"" close "\"" rest "}}\n"
#define FAILED AT " --- tls example.com:443  failed: "
#define BY "  29 ms  curl\n"

/* All lines of `text`, through one pretty. */
static void
show(struct pretty *p, const char *text, struct buf *page)
{
	(void)LLVMFuzzerTestOneInput((const uint8_t *)text, strlen(text));
	buf_init(page, PAGE_BYTES_MAX);
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		ck_assert_int_eq(pretty_record(p, text, length, page), 0);
		text += length + (text[length] == '\n');
	}
}

static void
check_shown(struct pretty *p, const char *text, const char *expected)
{
	struct buf page;

	show(p, text, &page);
	ck_assert_int_eq(buf_append(&page, "", 1), 0);
	ck_assert_str_eq((const char *)buf_data(&page), expected);
	buf_free(&page);
}

static const struct {
	const char *records, *line;
} failures[] = {
    {FLOW("a", "connect_failed", ",\"detail\":\"Connection refused\""),
	FAILED "the server was not reached: Connection refused" BY},
    {TLS("a", "\"verification\":\"self_signed\",\"error\":\"MAC\"")
	    FLOW("a", "client_handshake_failed", ",\"detail\":\"crypto\""),
	FAILED "the client broke off the TLS handshake, for the server's "
	    "certificate is not valid: self_signed" BY},
    {TLS("a", "\"verification\":\"ok\",\"client\":{\"alert_received\":48}")
	    FLOW("a", "client_handshake_failed", ""),
	FAILED "the client broke off the TLS handshake: alert unknown_ca (does it "
	    "trust the CA?)" BY},
    {TLS("a", "\"verification\":\"ok\",\"client\":{\"alert_received\":70}")
	    FLOW("a", "client_handshake_failed", ""),
	FAILED "the client broke off the TLS handshake: alert protocol_version" BY},
    {TLS("a", "\"client\":{\"alert_received\":199}")
	    FLOW("a", "client_handshake_failed", ""),
	FAILED "the client broke off the TLS handshake: alert 199" BY},
    {TLS("a", "\"verification\":\"ok\",\"error\":\"the library's words\"")
	    FLOW("a", "client_handshake_failed", ""),
	FAILED "the client broke off the TLS handshake: the library's words (does "
	    "it trust the CA?)" BY},
    {TLS("a", "\"server\":{\"alert_received\":40}")
	    FLOW("a", "upstream_handshake_failed", ""),
	FAILED "TLS with the server failed: alert handshake_failure" BY},
    {TLS("a", "\"verification\":\"expired\"") FLOW("a", "upstream_invalid", ""),
	FAILED "the server's certificate is not valid: expired" BY},
    {TLS("a", "\"verification\":\"ok\"")
	    FLOW("a", "client_handshake_timeout", ""),
	FAILED "the client did not finish the TLS handshake in time" BY},
    /* What another flow's record says is not said of this one. */
    {TLS("b", "\"verification\":\"expired\"")
	    FLOW("a", "client_handshake_failed", ",\"detail\":\"d\""),
	FAILED "the client broke off the TLS handshake: d" BY},
    {FLOW("", "no_leaf", ""),
	FAILED "sightglass made no certificate for it" BY},
    {TLS("a", "\"error\":\"\\u001b[2J\\u202e\"")
	    FLOW("a", "upstream_handshake_failed", ""),
	FAILED "TLS with the server failed: \\x1b[2J\\u202e" BY},
};

START_TEST(a_failure_says_whose_side_and_why)
{
	struct pretty p = {.utc = true, .requests_only = true};

	check_shown(&p, failures[_i].records, failures[_i].line);
}
END_TEST

#define ENDED(client)                                                         \
	FLOW("a", "finished", ",\"decision\":\"inspect\",\"reason\":\"default\","  \
	    "\"bytes\":{\"client\":" client ",\"server\":0}")
#define ENDED_LINE(client, rest)                                              \
	AT " --- tls example.com:443  inspect  default  " client " B out, 0 B in"  \
	    "  29 ms  finished" rest "  curl\n"

static const struct {
	const char *records, *line;
} silences[] = {
    {TLS("a", "\"verification\":\"ok\"") ENDED("0"),
	ENDED_LINE("0", "  the client said nothing (does it trust the CA?)")},
    {TLS("a", "\"verification\":\"ok\"") ENDED("1"), ENDED_LINE("1", "")},
    {TLS("a", "\"verification\":\"expired\"") ENDED("0"), ENDED_LINE("0", "")},
    {TLS("b", "\"verification\":\"ok\"") ENDED("0"), ENDED_LINE("0", "")},
};

START_TEST(a_client_that_says_nothing_may_not_trust_us)
{
	struct pretty p = {.utc = true, .requests_only = true};

	check_shown(&p, silences[_i].records, silences[_i].line);
}
END_TEST

START_TEST(why_a_flow_is_not_opened_any_more_is_said)
{
	struct pretty p = {.utc = true, .requests_only = true};

	check_shown(&p, FLOW("a", "finished", ",\"decision\":\"splice\",\"reason\":"
	    "\"pinned\",\"bytes\":{\"client\":1,\"server\":2}"),
	    AT " --- tls example.com:443  splice  pinned  1 B out, 2 B in  29 ms"
	    "  finished  it turned our certificate down before (sightglass bypass)"
	    "  curl\n");
}
END_TEST

START_TEST(an_address_of_ipv6_stands_in_brackets)
{
	struct pretty p = {.utc = true};

	check_shown(&p, HEAD("flow") "\"destination\":{\"ip\":\"2001:db8::1\","
	    "\"port\":53},\"network\":{\"transport\":\"udp\"},\"sightglass\":"
	    "{\"decision\":\"inspect\",\"reason\":\"default\",\"close\":"
	    "\"finished\",\"bytes\":{\"client\":1,\"server\":2000}}}",
	    AT " --- udp [2001:db8::1]:53  inspect  default  1 B out, 2.0 kB in"
	    "  29 ms  finished  curl\n");
}
END_TEST

START_TEST(requests_only_leaves_out_what_is_told_already)
{
	struct pretty p = {.utc = true, .requests_only = true};

	check_shown(&p, TLS("a", "\"verification\":\"ok\"")
	    FLOW("a", "finished", ",\"exchanges\":1"), "");
}
END_TEST

START_TEST(an_exchange_is_a_line)
{
	struct pretty p = {.utc = true, .requests_only = true};

	check_shown(&p, HEAD("http") "\"http\":{\"request\":{\"method\":\"GET\"},"
	    "\"response\":{\"status_code\":200,\"headers\":{\"content-type\":"
	    "[\"text/html; charset=utf-8\"]},\"body\":{\"bytes\":12}}},\"url\":"
	    "{\"full\":\"https://example.com/\\u0007\"}}",
	    AT " 200 GET https://example.com/\\x07  text/html  12 B" BY);
}
END_TEST

#define EXCHANGE(url, type, body)                                             \
	HEAD("http") "\"http\":{\"request\":{\"method\":\"GET\",\"headers\":"  \
	"{\"accept\":[\"*/*\"]}},\"response\":{\"status_code\":200,\"headers\":" \
	"{\"content-type\":[\"" type "\"]},\"body\":{\"bytes\":12," body "}}},"   \
	"\"url\":{\"full\":\"" url "\"}}"
#define TEXT(text) "\"content\":\"" text "\",\"encoding\":\"utf-8\""

START_TEST(a_long_url_is_cut_for_what_stands_behind_it)
{
	struct pretty p = {.utc = true, .width = 80};

	check_shown(&p, EXCHANGE("https://example.com/a/very/long/path/to/something",
	    "text/html", TEXT("x")), AT " 200 GET https://example.com/a/very/l\xe2\x80\xa6"
	    "  text/html  12 B" BY);
	p.width = 44;
	check_shown(&p, EXCHANGE("https://example.com/a/very/long/path/to/something",
	    "text/html", TEXT("x")), AT " 200 GET https://example.com/\xe2\x80\xa6 "
	    "\xe2\x80\xa6\n");
}
END_TEST

START_TEST(parts_are_shown_as_asked_for)
{
	struct pretty p = {.utc = true, .dated = true,
	    .parts = PRETTY_REQUEST_HEAD | PRETTY_RESPONSE_BODY};

	check_shown(&p, EXCHANGE("http://a/", "application/json",
	    TEXT("{\\\"a\\\":[1]}")), "2026-11-23 " AT " 200 GET http://a/  "
	    "application/json  12 B" BY "  > accept: */*\n\n\n{\n    \"a\": [\n"
	    "        1\n    ]\n}\n\n");
}
END_TEST

START_TEST(an_image_is_named)
{
	struct pretty p = {.utc = true, .parts = PRETTY_RESPONSE_BODY};

	check_shown(&p, EXCHANGE("http://a/", "image/svg+xml", TEXT("<svg/>")),
	    AT " 200 GET http://a/  image/svg+xml  12 B" BY
	    "\n(12 B, image/svg+xml)\n\n");
}
END_TEST

START_TEST(a_leaf_and_a_message_are_lines)
{
	struct pretty p = {.utc = true};

	check_shown(&p, HEAD("mint") "\"sightglass\":{\"worker\":12,\"names\":"
	    "[\"example.com\"],\"leaf\":{\"serial\":\"0a1b\"}}}",
	    AT " +++ leaf for worker 12: example.com 0a1b\n");
	p.detail = 2;
	check_shown(&p, HEAD("websocket") NAMED "\"websocket\":{\"from\":\"client\","
	    "\"type\":\"text\",\"bytes\":3,\"content\":\"a\\u0007b\"}}",
	    AT " ws> example.com:443  text  3 B  curl\n  a\\x07b\n");
}
END_TEST

START_TEST(a_question_and_its_answers_are_a_line)
{
	struct pretty p = {.utc = true};

	check_shown(&p, HEAD("dns") NAMED "\"dns_hostname\":\"www.example.com\","
	    "\"dns_query_type\":\"A\",\"dns_response_code\":\"NOERROR\",\"dns\":"
	    "{\"answers\":[{\"type\":\"CNAME\",\"data\":\"a\\u0007.example\"},"
	    "{\"type\":\"A\",\"data\":\"192.0.2.1\"}]},"
	    "\"sightglass\":{\"dns\":{\"transport\":\"udp\"}}}",
	    AT " dns www.example.com  A  NOERROR  CNAME a\\x07.example, 192.0.2.1  "
	    "udp  29 ms  curl\n");
	check_shown(&p, HEAD("dns") "\"dns_hostname\":\"gone.example\","
	    "\"dns_query_type\":\"A\",\"sightglass\":{\"dns\":"
	    "{\"transport\":\"tls\",\"incomplete\":\"timeout\"}}}",
	    AT " dns gone.example  A  timeout  tls  29 ms  curl\n");
}
END_TEST

START_TEST(a_part_of_a_body_is_a_line)
{
	struct pretty p = {.utc = true};

	check_shown(&p, HEAD("body") NAMED "\"http\":{\"request\":{\"id\":\"a-1\"},"
	    "\"response\":{\"body\":{\"offset\":65536,\"bytes\":2000,"
	    "\"content\":\"x\"}}},\"sightglass\":{\"part\":2,\"last\":true}}",
	    AT " ..< example.com:443  part 2, the last  2.0 kB  curl\n");
	p.detail = 2;
	check_shown(&p, HEAD("body") NAMED "\"http\":{\"request\":{\"body\":"
	    "{\"bytes\":3,\"content\":\"a\\u0007b\",\"encoding\":\"utf-8\"}}},"
	    "\"sightglass\":{\"part\":1}}",
	    AT " ..> example.com:443  part 1  3 B  curl\n\na\\x07b\n");
	p.requests_only = true;
	check_shown(&p, HEAD("body") NAMED "\"http\":{}}", "");
}
END_TEST

START_TEST(what_is_no_record_is_shown_made_safe)
{
	static const char line[] = "no \033 record";
	struct pretty p = {.utc = true};
	struct buf page;

	buf_init(&page, PAGE_BYTES_MAX);
	ck_assert_int_eq(pretty_record(&p, line, strlen(line), &page), E_SYNTAX);
	ck_assert_mem_eq(buf_data(&page), "no \\x1b record\n", 15);
	buf_free(&page);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("pretty"), 4);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("pretty");
	TCase *t = tcase_create("record");

	tcase_add_loop_test(t, a_failure_says_whose_side_and_why, 0,
	    (int)ARRAY_LENGTH(failures));
	tcase_add_loop_test(t, a_client_that_says_nothing_may_not_trust_us, 0,
	    (int)ARRAY_LENGTH(silences));
	tcase_add_test(t, why_a_flow_is_not_opened_any_more_is_said);
	tcase_add_test(t, an_address_of_ipv6_stands_in_brackets);
	tcase_add_test(t, requests_only_leaves_out_what_is_told_already);
	tcase_add_test(t, an_exchange_is_a_line);
	tcase_add_test(t, a_long_url_is_cut_for_what_stands_behind_it);
	tcase_add_test(t, parts_are_shown_as_asked_for);
	tcase_add_test(t, an_image_is_named);
	tcase_add_test(t, a_leaf_and_a_message_are_lines);
	tcase_add_test(t, a_question_and_its_answers_are_a_line);
	tcase_add_test(t, a_part_of_a_body_is_a_line);
	tcase_add_test(t, what_is_no_record_is_shown_made_safe);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
