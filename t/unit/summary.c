/* SPDX-License-Identifier: ISC */
/* Unit suite of cli/summary and cli/traffic: what is counted, once, and the pages. */
#include "cli/summary.h"

#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define PAGE_BYTES_MAX 65536u

#define RECORD(second, dataset, rest)                                         \
	"{\"@timestamp\":\"2026-11-23T10:15:" second ".000000Z\",\"event\":{"   \
	"\"dataset\":\"sightglass." dataset "\",\"duration\":29000000},"        \
	"\"process\":{\"name\":\"curl\"}," rest "}\n"
#define TO(host) "\"destination\":{\"ip\":\"192.0.2.1\",\"domain\":\"" host "\"}"
#define HTTP(second, host, response, more)                                    \
	RECORD(second, "http", "\"http\":{\"request\":{\"id\":\"r-1\",\"method\":" \
	    "\"GET\",\"body\":{\"bytes\":10}}" response "},\"url\":{\"domain\":\"" \
	    host "\"},\"sightglass\":{" more "}")
#define STATUS(code) ",\"response\":{\"status_code\":" code ",\"headers\":{"   \
	"\"content-type\":[\"Text/HTML; charset=utf-8\"]},\"body\":{\"bytes\":100}}"
#define FLOW(second, host, more)                                              \
	RECORD(second, "flow", TO(host) ",\"sightglass\":{\"bytes\":{\"client\":3," \
	    "\"server\":4}," more "}")
#define DNS(second, name, more)                                               \
	RECORD(second, "dns", TO("resolver") ",\"dns_hostname\":\"" name "\"," more \
	    "\"sightglass\":{\"dns\":{\"query\":{\"bytes\":30},\"response\":{"     \
	    "\"bytes\":60}}}")

static void
sum_up(struct summaries *s, const char *by, bool asked, const char *lines)
{
	(void)LLVMFuzzerTestOneInput((const uint8_t *)lines, strlen(lines));
	*s = (struct summaries){0};
	ck_assert(summaries_by(s, by, strlen(by)));
	ck_assert(summaries_begin(s, GROUP_BY_COUNT, asked));
	while (*lines != '\0') {
		size_t length = strcspn(lines, "\n");
		ck_assert_int_eq(summaries_add(s, lines, length), 0);
		lines += length + (lines[length] == '\n');
	}
	ck_assert_int_eq(summaries_end(s), 0);
}

/* "value:count/errors/sent/received/timed ..." of what was found. */
static void
check(const char *by, bool asked, const char *lines, const char *expected)
{
	struct summaries s;
	struct buf said;

	sum_up(&s, by, asked, lines);
	buf_init(&said, PAGE_BYTES_MAX);
	for (size_t i = 0; i < s.items[0].groups.count; i++) {
		const struct group *g = &s.items[0].groups.items[i];
		ck_assert_int_eq(buf_printf(&said, "%s%s:%llu/%llu/%llu/%llu/%llu",
		    i > 0 ? " " : "", g->text == NULL ? "-" : g->text,
		    (unsigned long long)g->count, (unsigned long long)g->errors,
		    (unsigned long long)g->sent, (unsigned long long)g->received,
		    (unsigned long long)g->latency.count), 0);
	}
	ck_assert_int_eq(buf_append(&said, "", 1), 0);
	ck_assert_str_eq((const char *)buf_data(&said), expected);
	buf_free(&said);
	summaries_free(&s);
}

static const struct {
	const char *by;
	bool asked;
	const char *lines, *expected;
} cases[] = {
    /* Hosts, in either case, with brackets and without. */
    {"host", false, HTTP("01", "A.example", STATUS("200"), "")
	HTTP("02", "a.example", STATUS("503"), "")
	HTTP("03", "[::1]", "", "\"incomplete\":\"no_response\"")
	FLOW("04", "::1", "\"close\":\"finished\""),
	"::1:2/1/13/4/0 a.example:2/1/20/200/2"},
    /* What continues, and flows that speak through their exchanges, are told. */
    {"host", false, HTTP("01", "a", STATUS("200"), "\"incomplete\":\"continues\"")
	HTTP("01", "a", STATUS("200"), "\"partials\":1")
	FLOW("01", "a", "\"exchanges\":1,\"close\":\"finished\""),
	"a:1/0/10/100/1"},
    /* A flow whose exchanges were counted only has nothing else that tells. */
    {"host", false, FLOW("01", "a", "\"exchanges\":2,\"counted\":{\"exchanges\":2},"
	"\"close\":\"finished\""), "a:1/0/3/4/0"},
    {"host", false, FLOW("01", "a", "\"exchanges\":2,\"counted\":{\"exchanges\":1},"
	"\"close\":\"finished\""), ""},
    /* Flows that failed, and those that ended in order. */
    {"application", false, FLOW("01", "a", "\"close\":\"client_handshake_failed\"")
	FLOW("02", "b", "\"close\":\"server_reset\""), "curl:2/1/6/8/0"},
    /* The daemon, TLS, parts and leaves are no traffic, unless they are meant. */
    {"event.dataset", false, RECORD("01", "daemon", "\"message\":\"x\"")
	RECORD("01", "tls", TO("a")) RECORD("01", "mint", TO("a"))
	RECORD("01", "body", "\"http\":{\"request\":{\"body\":{\"bytes\":9}}}"), ""},
    {"event.dataset", true, RECORD("01", "tls", "\"sightglass\":{\"failure\":\"x\"}")
	RECORD("01", "body", "\"http\":{\"request\":{\"body\":{\"bytes\":9}}}"),
	"sightglass.body:1/0/9/0/0 sightglass.tls:1/1/0/0/1"},
    /* Messages of WebSockets add their bytes, or count when they are meant. */
    {"application", false, HTTP("01", "a", STATUS("101"), "")
	RECORD("02", "websocket", "\"websocket\":{\"from\":\"client\",\"bytes\":5}")
	RECORD("03", "websocket", "\"websocket\":{\"from\":\"server\",\"bytes\":7}"),
	"curl:1/0/15/107/1"},
    {"websocket.from", true,
	RECORD("02", "websocket", "\"websocket\":{\"from\":\"client\",\"bytes\":5}"),
	"client:1/0/5/0/0"},
    /* Of exchanges alone; what has none is a value, too. */
    {"status", false, HTTP("01", "a", STATUS("200"), "") HTTP("02", "a", "", "")
	FLOW("03", "a", "\"close\":\"finished\""), "-:1/0/10/0/0 200:1/0/10/100/1"},
    {"type", false, HTTP("01", "a", STATUS("200"), ""), "text/html:1/0/10/100/1"},
    {"method", false, HTTP("01", "a", STATUS("404"), ""), "GET:1/1/10/100/1"},
    /* gRPC has its own failures. */
    {"host", false, RECORD("01", "http", "\"http\":{\"response\":{\"status_code\":"
	"200}},\"grpc\":{\"status_code\":5},\"url\":{\"domain\":\"a\"}"),
	"a:1/1/0/0/1"},
    /* Questions of DNS; those within an exchange count where DNS was asked for. */
    {"host", false, DNS("01", "x", "\"dns_response_code\":\"NOERROR\",")
	DNS("02", "x", "") DNS("03", "x", "\"http\":{\"request\":{\"id\":\"r-1\"}},"
	"\"dns_response_code\":\"NOERROR\","), "resolver:2/1/60/120/1"},
    {"dns_hostname", false, DNS("01", "x", "\"dns_response_code\":\"NXDOMAIN\",")
	DNS("03", "x", "\"http\":{\"request\":{\"id\":\"r-1\"}},"
	"\"dns_response_code\":\"NOERROR\","), "x:2/1/60/120/2"},
    /* Fields that are no text, and lines that are no records. */
    {"http.response.status_code", false, "{}\nnot JSON\n"
	HTTP("01", "a", STATUS("200"), ""), "200:1/0/10/100/1"},
    {"url", false, HTTP("01", "a", STATUS("200"), ""),
	"{\"domain\":\"a\"}:1/0/10/100/1"},
};

START_TEST(everything_is_counted_once)
{
	check(cases[_i].by, cases[_i].asked, cases[_i].lines, cases[_i].expected);
}
END_TEST

static const char three[] =
    HTTP("01", "evil\\u001b[2J.example", STATUS("200"), "")
    HTTP("30", "b.example", STATUS("404"), "")
    HTTP("02", "b.example", STATUS("200"), "")
    HTTP("02", "c.example", STATUS("200"), "\"incomplete\":\"continues\"")
    HTTP("02", "c.example", STATUS("200"), "\"partials\":1") "no record\n";

static void
check_page(struct summaries *s, const struct summary_look *look,
    const char *expected)
{
	struct buf page;

	buf_init(&page, PAGE_BYTES_MAX);
	ck_assert_int_eq(look != NULL ? summaries_text(s, look, &page)
	                              : summaries_json(s, 1, &page), 0);
	ck_assert_int_eq(buf_append(&page, "", 1), 0);
	ck_assert_str_eq((const char *)buf_data(&page), expected);
	buf_free(&page);
}

START_TEST(a_table_for_a_person)
{
	const struct summary_look look = {.utc = true, .top = 2};
	struct summaries s;

	sum_up(&s, "host", false, three);
	check_page(&s, &look,
	    "4 records, 2026-11-23 10:15:01 to 2026-11-23 10:15:30\n"
	    "not counted: 1 of exchanges before their end\n"
	    "not counted: 1 lines that are no records\n"
	    "\n"
	    "host          count  errors  sent  received    p50    p90    p99    max\n"
	    "b.example         2       1  20 B     200 B  29 ms  29 ms  29 ms  29 ms\n"
	    "c.example         1       0  10 B     100 B  29 ms  29 ms  29 ms  29 ms\n"
	    "others (1)        1       0  10 B     100 B  29 ms  29 ms  29 ms  29 ms\n"
	    "total             4       1  40 B     400 B  29 ms  29 ms  29 ms  29 ms\n");
	summaries_free(&s);
}
END_TEST

START_TEST(a_table_in_colour_no_wider_than_the_terminal)
{
	const struct summary_look look = {.utc = true, .colour = true, .top = 1,
	    .width = 68};
	struct summaries s;

	sum_up(&s, "host", false, HTTP("01", "evil\\u001b[2J.example", "",
	    "\"incomplete\":\"no_response\""));
	check_page(&s, &look, "1 record, 2026-11-23 10:15:01 to 2026-11-23 10:15:01\n"
	    "\n"
	    "\033[1mhost               count  errors  sent  received  p50  p90  p99  "
	    "max\033[0m\n"
	    "evil\\x1b[2j.exam\xe2\x80\xa6      1       \033[31m1\033[0m  10 B       "
	    "0 B    -    -    -    -\n"
	    "\033[1mtotal                  1       \033[31m1\033[0m\033[1m  10 B       "
	    "0 B    -    -    -    -\033[0m\n");
	summaries_free(&s);
}
END_TEST

START_TEST(one_object_for_a_program)
{
	struct summaries s;

	sum_up(&s, "host", false, three);
	check_page(&s, NULL,
	    "{\"records\":4,\"first\":\"2026-11-23T10:15:01.000000Z\",\"last\":"
	    "\"2026-11-23T10:15:30.000000Z\",\"continues\":1,\"foreign\":1,"
	    "\"summaries\":[{\"by\":\"host\",\"groups\":[{\"value\":\"b.example\","
	    "\"count\":2,\"errors\":1,\"bytes\":{\"sent\":20,\"received\":200},"
	    "\"latency_ms\":{\"p50\":29,\"p90\":29,\"p99\":29,\"max\":29}}],"
	    "\"others\":{\"values\":2,\"count\":2,\"errors\":0,\"bytes\":{\"sent\":20,"
	    "\"received\":200},\"latency_ms\":{\"p50\":29,\"p90\":29,\"p99\":29,"
	    "\"max\":29}},\"total\":{\"count\":4,\"errors\":1,\"bytes\":{\"sent\":40,"
	    "\"received\":400},\"latency_ms\":{\"p50\":29,\"p90\":29,\"p99\":29,"
	    "\"max\":29}},\"without\":0,\"given_up\":0,\"missing\":0,\"cut\":0}]}\n");
	summaries_free(&s);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("summary"), 3);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("summary");
	TCase *c = tcase_create("summary");

	tcase_add_loop_test(c, everything_is_counted_once, 0,
	    (int)ARRAY_LENGTH(cases));
	tcase_add_test(c, a_table_for_a_person);
	tcase_add_test(c, a_table_in_colour_no_wider_than_the_terminal);
	tcase_add_test(c, one_object_for_a_program);
	tcase_add_test(c, the_corpus_holds);
	suite_add_tcase(s, c);
	return s;
}
