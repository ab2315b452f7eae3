/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of log/record and log/record_http: each line is read back by a
 * foreign JSON parser and must say what happened under the names of
 * sightglass-log(5), and nothing that did not.
 */
#include "log/record.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/err.h"
#include "t/unit/corpus.h"

#define OUT_BYTES_MAX (1024u * 1024)
#define START_US 1795428900123456 /* 2026-11-23T10:15:00.123456Z */
#define BYTES(text) {(const uint8_t *)(text), sizeof(text) - 1}

static const char *const redacted[] = {"authorization", "cookie"};
static const struct record_writer writer = {.run_id = "abcdefgh", .writer = 3,
    .hostname = "box", .redact_headers = redacted, .redact_count = 2};
static const uint32_t pid = 4711, uid = 1000;

static struct flow_facts flow;
static struct record_facts facts;
static struct http_exchange exchange;
static struct tls_event tls;
static struct flow_event end;
static struct buf out;
static yyjson_doc *doc;

/* --- what happened --- */

static void
set_address(struct sockaddr_storage *a, const char *text, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)a;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return;
	}
	ck_assert_int_eq(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
}

static void
set_flow(void)
{
	flow = (struct flow_facts){.id = "abcdefgh-3-17", .domain = "example.com",
	    .pid = &pid, .uid = &uid, .executable = "/usr/bin/curl",
	    .signing_id = "com.example.curl", .team_id = "TEAM",
	    .forwarder = "exec"};
	set_address(&flow.source, "127.0.0.1", 50000);
	set_address(&flow.destination, "192.0.2.1", 8080);
}

/* After a change of `flow`. */
static void
make_facts(bool is_tls)
{
	record_facts_free(&facts);
	ck_assert_int_eq(record_facts_make(&writer, &flow, is_tls, &facts), 0);
}

static const struct http_field request_fields[] = {
    {BYTES("Host"), BYTES("www.example.com")},
    {BYTES("User-Agent"), BYTES("curl/8.1")},
    {BYTES("Accept"), BYTES("text/html")},
    {BYTES("ACCEPT"), BYTES("image/png")}};
static const struct http_field response_fields[] = {
    {BYTES("Content-Type"), BYTES("text/plain")}};

static void
set_exchange(void)
{
	exchange = (struct http_exchange){.version = "1.1", .method = BYTES("GET"),
	    .target = BYTES("/a/b?c=d&e"), .status = 200, .reason = BYTES("OK"),
	    .stream = 2,
	    .request = {.fields = request_fields,
	        .field_count = ARRAY_LENGTH(request_fields), .complete = true,
	        .first_us = START_US, .last_us = START_US + 1000},
	    .response = {.fields = response_fields,
	        .field_count = ARRAY_LENGTH(response_fields), .complete = true,
	        .first_us = START_US + 3500, .last_us = START_US + 10250,
	        .body = {.wire_bytes = 5, .captured = BYTES("hello")}}};
}

static void
setup(void)
{
	buf_init(&out, OUT_BYTES_MAX);
	set_flow();
	buf_init(&facts.members, 0);
	make_facts(false);
	set_exchange();
	tls = (struct tls_event){.start_us = START_US,
	    .client = {.alert_received = -1, .alert_sent = -1},
	    .server = {.alert_received = -1, .alert_sent = -1}};
	end = (struct flow_event){.start_us = START_US,
	    .end_us = START_US + 2000};
}

static void
teardown(void)
{
	yyjson_doc_free(doc);
	doc = NULL;
	record_facts_free(&facts);
	buf_free(&out);
}

/* --- reading it back --- */

static void
parse(int error)
{
	const char *text = (const char *)buf_data(&out);
	size_t length = buf_length(&out);

	ck_assert_int_eq(error, 0);
	ck_assert_uint_gt(length, 0);
	ck_assert_ptr_eq(memchr(text, '\n', length), text + length - 1);
	yyjson_doc_free(doc);
	doc = yyjson_read(text, length - 1, YYJSON_READ_NOFLAG);
	ck_assert_msg(doc != NULL, "no JSON: %.*s", (int)length, text);
	buf_clear(&out);
}

static void
write_http(void)
{
	parse(record_http(&writer, 99, &facts, NULL, &exchange, &out));
}

static void
write_tls(void)
{
	parse(record_tls(&writer, 99, &facts, &tls, &out));
}

static void
write_flow(void)
{
	parse(record_flow(&writer, 99, &facts, &end, &out));
}

static yyjson_val *
at(const char *pointer)
{
	return yyjson_doc_ptr_get(doc, pointer);
}

static void
check_text(const char *pointer, const char *text)
{
	yyjson_val *value = at(pointer);

	ck_assert_msg(yyjson_is_str(value), "no text at %s", pointer);
	ck_assert_msg(yyjson_equals_strn(value, text, strlen(text)),
	    "%s is '%s', not '%s'", pointer, yyjson_get_str(value), text);
}

static void
check_number(const char *pointer, uint64_t number)
{
	ck_assert_msg(yyjson_is_uint(at(pointer)), "no number at %s", pointer);
	ck_assert_uint_eq(yyjson_get_uint(at(pointer)), number);
}

static void
check_ms(const char *pointer, double ms)
{
	ck_assert_msg(yyjson_is_num(at(pointer)), "no number at %s", pointer);
	ck_assert_double_eq_tol(yyjson_get_num(at(pointer)), ms, 1e-9);
}

static void
check_true(const char *pointer)
{
	ck_assert_msg(yyjson_is_true(at(pointer)), "%s is not true", pointer);
}

static void
check_absent(const char *pointer)
{
	ck_assert_msg(at(pointer) == NULL, "%s is there", pointer);
}

static void
check_count(const char *pointer, size_t count)
{
	ck_assert_msg(yyjson_is_ctn(at(pointer)), "nothing at %s", pointer);
	ck_assert_uint_eq(yyjson_is_arr(at(pointer))
	        ? yyjson_arr_size(at(pointer)) : yyjson_obj_size(at(pointer)),
	    count);
}

/* --- every record --- */

static void
write_kind(int kind)
{
	const struct daemon_event event = {.time_us = START_US,
	    .action = "started"};

	if (kind == 0)
		write_http();
	else if (kind == 1)
		write_tls();
	else if (kind == 2)
		write_flow();
	else
		parse(record_daemon(&writer, 99, &event, &out));
}

static const char *const datasets[] = {"sightglass.http", "sightglass.tls",
    "sightglass.flow", "sightglass.daemon"};

START_TEST(every_record_says_when_which_and_where)
{
	write_kind(_i);
	check_text("/@timestamp", "2026-11-23T10:15:00.123456Z");
	check_text("/event/id", "abcdefgh-3-99");
	check_number("/event/sequence", 99);
	check_text("/event/kind", "event");
	check_text("/event/dataset", datasets[_i]);
	check_text("/host/hostname", "box");
}
END_TEST

/* The first three: the daemon's records belong to no flow. */
START_TEST(every_record_of_a_flow_says_who_talks_to_whom)
{
	write_kind(_i);
	check_number("/process/pid", 4711);
	check_text("/process/executable", "/usr/bin/curl");
	check_text("/process/name", "curl");
	check_text("/process/code_signature/signing_id", "com.example.curl");
	check_text("/process/code_signature/team_id", "TEAM");
	check_text("/user/id", "1000");
	check_text("/source/ip", "127.0.0.1");
	check_number("/source/port", 50000);
	check_text("/destination/ip", "192.0.2.1");
	check_number("/destination/port", 8080);
	check_text("/destination/domain", "example.com");
	check_text("/network/transport", "tcp");
	check_text("/network/type", "ipv4");
	check_text("/observer/type", "exec");
	check_text("/sightglass/flow", "abcdefgh-3-17");
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
	static const char *const absent[] = {"/process", "/user", "/source",
	    "/destination", "/network", "/observer"};

	flow = (struct flow_facts){.id = "f"};
	make_facts(false);
	write_kind(_i);
	for (size_t i = 0; i < ARRAY_LENGTH(absent); i++)
		check_absent(absent[i]);
	check_text("/sightglass/flow", "f");
}
END_TEST

START_TEST(a_process_without_a_signature_has_none)
{
	flow.signing_id = flow.team_id = NULL;
	flow.pid = NULL;
	flow.executable = "curl";
	make_facts(false);
	write_flow();
	check_text("/process/name", "curl");
	check_absent("/process/pid");
	check_absent("/process/code_signature");
}
END_TEST

START_TEST(an_ipv6_datagram_flow_is_told)
{
	flow.datagram = true;
	set_address(&flow.destination, "2001:db8::1", 53);
	make_facts(false);
	write_flow();
	check_text("/destination/ip", "2001:db8::1");
	check_number("/destination/port", 53);
	check_text("/network/transport", "udp");
	check_text("/network/type", "ipv6");
}
END_TEST

START_TEST(a_destination_known_by_name_alone_is_told)
{
	memset(&flow.destination, 0, sizeof(flow.destination));
	make_facts(false);
	write_flow();
	check_text("/destination/domain", "example.com");
	check_absent("/destination/ip");
	check_absent("/destination/port");
	check_absent("/network");
}
END_TEST

START_TEST(facts_that_do_not_fit_are_refused)
{
	static char path[70000];
	struct record_facts long_facts;

	memset(path, 'a', sizeof(path) - 1);
	flow.executable = path;
	ck_assert_int_eq(record_facts_make(&writer, &flow, false, &long_facts),
	    E_LIMIT);
}
END_TEST

/* For every limit from nothing to one byte too few. */
START_TEST(a_line_that_does_not_fit_leaves_nothing)
{
	struct buf small;

	ck_assert_int_eq(record_http(&writer, 1, &facts, NULL, &exchange, &out),
	    0);
	for (size_t limit = 6; limit < 6 + buf_length(&out); limit++) {
		buf_init(&small, limit);
		ck_assert_int_eq(buf_puts(&small, "before"), 0);
		ck_assert_int_eq(record_http(&writer, 1, &facts, NULL, &exchange,
		    &small), E_LIMIT);
		ck_assert_uint_eq(buf_length(&small), 6);
		ck_assert_mem_eq(buf_data(&small), "before", 6);
		buf_free(&small);
	}
}
END_TEST

START_TEST(a_line_is_put_behind_what_is_there)
{
	ck_assert_int_eq(buf_puts(&out, "{}\n"), 0);
	ck_assert_int_eq(record_flow(&writer, 1, &facts, &end, &out), 0);
	ck_assert_mem_eq(buf_data(&out), "{}\n{", 4);
	ck_assert_uint_eq(buf_data(&out)[buf_length(&out) - 1], '\n');
}
END_TEST

/* --- http --- */

START_TEST(an_exchange_is_told)
{
	write_http();
	check_text("/http/version", "1.1");
	check_text("/http/request/method", "GET");
	check_number("/http/response/status_code", 200);
	check_text("/http/response/reason", "OK");
	check_text("/user_agent/original", "curl/8.1");
	check_number("/event/duration", 10250000);
	check_number("/sightglass/stream", 2);
	check_absent("/sightglass/incomplete");
	check_absent("/sightglass/redacted");
	check_absent("/sightglass/upgraded");
	check_absent("/sightglass/informational");
	check_absent("/sightglass/parse_error");
}
END_TEST

START_TEST(headers_are_arrays_under_their_lower_case_names)
{
	write_http();
	check_count("/http/request/headers", 3);
	check_count("/http/request/headers/accept", 2);
	check_text("/http/request/headers/accept/0", "text/html");
	check_text("/http/request/headers/accept/1", "image/png");
	check_text("/http/request/headers/host/0", "www.example.com");
	check_count("/http/response/headers", 1);
	check_text("/http/response/headers/content-type/0", "text/plain");
	check_absent("/http/response/trailers");
}
END_TEST

START_TEST(trailers_stand_apart_from_headers)
{
	static const struct http_field trailers[] = {
	    {BYTES("Digest"), BYTES("x")}, {BYTES("Cookie"), BYTES("secret")}};

	exchange.response.trailers = trailers;
	exchange.response.trailer_count = 2;
	write_http();
	check_text("/http/response/trailers/digest/0", "x");
	check_text("/http/response/trailers/cookie/0", "[redacted]");
	check_absent("/http/response/headers/digest");
	check_absent("/http/request/trailers");
}
END_TEST

START_TEST(a_redacted_header_is_there_without_its_value)
{
	static const struct http_field fields[] = {
	    {BYTES("Cookie"), BYTES("secret=1")},
	    {BYTES("COOKIE"), BYTES("secret=2")},
	    {BYTES("Cookies"), BYTES("plain")}};

	exchange.request.fields = fields;
	exchange.request.field_count = 3;
	ck_assert_int_eq(record_http(&writer, 1, &facts, NULL, &exchange, &out),
	    0);
	ck_assert_ptr_null(memmem(buf_data(&out), buf_length(&out), "secret", 6));
	parse(0);
	check_count("/http/request/headers/cookie", 2);
	check_text("/http/request/headers/cookie/0", "[redacted]");
	check_text("/http/request/headers/cookie/1", "[redacted]");
	check_text("/http/request/headers/cookies/0", "plain");
	check_count("/sightglass/redacted", 1);
	check_text("/sightglass/redacted/0", "cookie");
}
END_TEST

START_TEST(a_header_redacted_in_the_response_is_named_too)
{
	static const struct http_field fields[] = {
	    {BYTES("Authorization"), BYTES("secret")}};

	exchange.response.fields = fields;
	write_http();
	check_text("/http/response/headers/authorization/0", "[redacted]");
	check_text("/sightglass/redacted/0", "authorization");
}
END_TEST

/* Every byte, in a name and in a value. */
START_TEST(no_byte_of_a_header_breaks_the_line)
{
	uint8_t name[] = {'X', (uint8_t)_i, 'Y'}, value[] = {(uint8_t)_i};
	const struct http_field fields[] = {{{name, 3}, {value, 1}}};

	exchange.request.fields = fields;
	exchange.request.field_count = 1;
	write_http();
	check_count("/http/request/headers", 1);
	yyjson_obj_iter iter =
	    yyjson_obj_iter_with(at("/http/request/headers"));
	yyjson_val *key = yyjson_obj_iter_next(&iter);
	ck_assert_uint_eq((uint8_t)yyjson_get_str(key)[0], 'x');
	const char *text =
	    yyjson_get_str(yyjson_arr_get(yyjson_obj_iter_get_val(key), 0));
	if (_i < 0x80) {
		ck_assert_int_eq(text[0], _i);
		return;
	}
	/* ISO 8859-1, in UTF-8 */
	ck_assert_int_eq((uint8_t)text[0], 0xc0 | _i >> 6);
	ck_assert_int_eq((uint8_t)text[1], 0x80 | (_i & 0x3f));
}
END_TEST

START_TEST(a_request_without_an_answer_says_so)
{
	exchange.status = 0;
	exchange.response = (struct http_message){.fields = NULL};
	exchange.incomplete = HTTP_NO_RESPONSE;
	write_http();
	check_absent("/http/response");
	check_text("/sightglass/incomplete", "no_response");
	check_number("/event/duration", 1000000);
	check_ms("/sightglass/timing/send", 1);
	check_absent("/sightglass/timing/wait");
	check_absent("/sightglass/timing/receive");
}
END_TEST

static const struct {
	enum http_incomplete incomplete;
	const char *name;
} incomplete[] = {{HTTP_NO_RESPONSE, "no_response"},
    {HTTP_CUT_REQUEST, "cut_request"}, {HTTP_CUT_RESPONSE, "cut_response"},
    {HTTP_PARSER_GAVE_UP, "parser_gave_up"}};

START_TEST(an_exchange_that_is_not_whole_says_why)
{
	exchange.incomplete = incomplete[_i].incomplete;
	exchange.parse_error = "HPE_INVALID_TOKEN";
	write_http();
	check_text("/sightglass/incomplete", incomplete[_i].name);
	check_text("/sightglass/parse_error", "HPE_INVALID_TOKEN");
}
END_TEST

START_TEST(upgrades_and_informational_answers_are_told)
{
	exchange.upgraded = true;
	exchange.informational_count = 2;
	exchange.last_informational = 103;
	exchange.request.head_too_long = true;
	write_http();
	check_true("/sightglass/upgraded");
	check_number("/sightglass/informational/count", 2);
	check_number("/sightglass/informational/last", 103);
	check_true("/http/request/head_too_long");
	check_absent("/http/response/head_too_long");
}
END_TEST

START_TEST(times_are_milliseconds_with_three_decimals)
{
	const struct record_timing timing = {.connect_us = 1001, .tls_us = 20};

	parse(record_http(&writer, 1, &facts, &timing, &exchange, &out));
	check_ms("/sightglass/timing/connect", 1.001);
	check_ms("/sightglass/timing/tls", 0.02);
	check_ms("/sightglass/timing/send", 1);
	check_ms("/sightglass/timing/wait", 2.5);
	check_ms("/sightglass/timing/receive", 6.75);
}
END_TEST

START_TEST(a_later_exchange_has_no_connect_time)
{
	const struct record_timing timing = {.connect_us = 0, .tls_us = 0};

	parse(record_http(&writer, 1, &facts, &timing, &exchange, &out));
	check_absent("/sightglass/timing/connect");
	check_absent("/sightglass/timing/tls");
}
END_TEST

START_TEST(a_clock_that_went_back_gives_no_negative_time)
{
	exchange.response.first_us = START_US - 1;
	exchange.response.last_us = START_US - 5;
	write_http();
	check_number("/event/duration", 0);
	check_ms("/sightglass/timing/wait", 0);
	check_ms("/sightglass/timing/receive", 0);
}
END_TEST

/* --- URL --- */

static const struct {
	const char *method, *target, *host; /* host NULL: no such field */
	bool tls;
	const char *full, *scheme, *domain;
	uint64_t port;
	const char *path, *query; /* query NULL: none */
} urls[] = {
	{"GET", "/a/b?c=d&e", "www.example.com", false,
	    "http://www.example.com/a/b?c=d&e", "http", "www.example.com", 80,
	    "/a/b", "c=d&e"},
	{"GET", "/", "www.example.com", true, "https://www.example.com/", "https",
	    "www.example.com", 443, "/", NULL},
	{"GET", "/?", "www.example.com", false, "http://www.example.com/?", "http",
	    "www.example.com", 80, "/", ""},
	{"GET", "/a?b?c", "h", false, "http://h/a?b?c", "http", "h", 80, "/a",
	    "b?c"},
	{"GET", "/", "h:8443", true, "https://h:8443/", "https", "h", 8443, "/",
	    NULL},
	{"GET", "/", "[2001:db8::1]:81", false, "http://[2001:db8::1]:81/", "http",
	    "[2001:db8::1]", 81, "/", NULL},
	{"GET", "/", "[2001:db8::1]", false, "http://[2001:db8::1]/", "http",
	    "[2001:db8::1]", 80, "/", NULL},
	{"GET", "/", "h1", false, "http://h1/", "http", "h1", 80, "/", NULL},
	{"GET", "http://other:81/x?y", "h", false, "http://other:81/x?y", "http",
	    "other", 81, "/x", "y"},
	{"GET", "HTTPS://other/x", "h", false, "HTTPS://other/x", "HTTPS", "other",
	    443, "/x", NULL},
	{"GET", "http://other", "h", false, "http://other", "http", "other", 80,
	    "", NULL},
	{"GET", "/?u=http://x/", "h", false, "http://h/?u=http://x/", "http", "h",
	    80, "/", "u=http://x/"},
	{"OPTIONS", "*", "h", false, "http://h", "http", "h", 80, "*", NULL},
	{"CONNECT", "other:443", "h", false, "http://other:443", "http", "other",
	    443, "", NULL},
	{"connect", "other:444", NULL, false, "http://other:444", "http", "other",
	    444, "", NULL},
	{"GET", "//evil/x", "h", false, "http://h//evil/x", "http", "h", 80,
	    "//evil/x", NULL},
};

static struct bytes
text(const char *string)
{
	return (struct bytes){(const uint8_t *)string, strlen(string)};
}

START_TEST(a_url_is_put_together_as_rfc_9110_says)
{
	struct http_field host = {BYTES("hOST"), BYTES("")};

	exchange.method = text(urls[_i].method);
	exchange.target = text(urls[_i].target);
	exchange.request.fields = &host;
	exchange.request.field_count = urls[_i].host != NULL;
	if (urls[_i].host != NULL)
		host.value = text(urls[_i].host);
	make_facts(urls[_i].tls);
	write_http();
	check_text("/url/full", urls[_i].full);
	check_text("/url/scheme", urls[_i].scheme);
	check_text("/url/domain", urls[_i].domain);
	check_number("/url/port", urls[_i].port);
	check_text("/url/path", urls[_i].path);
	if (urls[_i].query != NULL)
		check_text("/url/query", urls[_i].query);
	else
		check_absent("/url/query");
}
END_TEST

START_TEST(without_a_host_the_flows_own_name_and_port_serve)
{
	exchange.request.field_count = 0;
	write_http();
	check_text("/url/domain", "example.com");
	check_number("/url/port", 8080);
	flow.domain = NULL;
	make_facts(false);
	write_http();
	check_text("/url/domain", "192.0.2.1");
	set_address(&flow.destination, "2001:db8::1", 81);
	make_facts(false);
	write_http();
	check_text("/url/domain", "[2001:db8::1]");
	check_number("/url/port", 81);
	check_absent("/user_agent");
}
END_TEST

/* --- bodies --- */

static void
set_body(const void *bytes, size_t length, bool truncated)
{
	exchange.response.body = (struct http_body){
	    .wire_bytes = length + (truncated ? 1000 : 0),
	    .captured = {bytes, length}, .truncated = truncated};
}

START_TEST(a_body_of_text_stands_as_text)
{
	static const char body[] = "\"quoted\"\\\n\tgr\xc3\xbc\xc3\x9f\x65 "
	    "\xe2\x82\xac \xf0\x9f\x90\x9f \x01\x7f";

	set_body(body, sizeof(body) - 1, false);
	write_http();
	check_number("/http/response/body/bytes", sizeof(body) - 1);
	check_text("/http/response/body/content", body);
	check_text("/http/response/body/encoding", "utf-8");
	check_absent("/http/response/body/truncated");
	check_absent("/http/response/body/content_encoding");
}
END_TEST

START_TEST(a_nul_in_a_text_is_kept)
{
	set_body("a\0b", 3, false);
	write_http();
	yyjson_val *content = at("/http/response/body/content");
	ck_assert_uint_eq(yyjson_get_len(content), 3);
	ck_assert_mem_eq(yyjson_get_str(content), "a\0b", 3);
	check_text("/http/response/body/encoding", "utf-8");
}
END_TEST

START_TEST(an_empty_body_has_no_content)
{
	write_http();
	check_number("/http/request/body/bytes", 0);
	check_absent("/http/request/body/content");
	check_absent("/http/request/body/encoding");
}
END_TEST

static const struct {
	const char *bytes;
	size_t length;
	const char *base64;
} binaries[] = {
	{"\xff", 1, "/w=="}, {"\xff\xfe", 2, "//4="},
	{"\xff\xfe\xfd", 3, "//79"}, {"a\x80", 2, "YYA="},
	{"\xc0\xaf", 2, "wK8="},                 /* overlong */
	{"\xed\xa0\x80", 3, "7aCA"},             /* a surrogate */
	{"\xf4\x90\x80\x80", 4, "9JCAgA=="},     /* over U+10FFFF */
	{"\xe2\x82", 2, "4oI="},                 /* not whole, and not cut */
	{"\xff\0\n\"", 4, "/wAKIg=="},
};

START_TEST(a_body_that_is_not_utf8_stands_in_base64)
{
	set_body(binaries[_i].bytes, binaries[_i].length, false);
	write_http();
	check_number("/http/response/body/bytes", binaries[_i].length);
	check_text("/http/response/body/content", binaries[_i].base64);
	check_text("/http/response/body/encoding", "base64");
}
END_TEST

/* What a cut leaves of a text, and how much of it is shown. */
static const struct {
	const char *bytes, *shown;
} cuts[] = {
	{"abc", "abc"}, {"ab\xc3", "ab"}, {"ab\xc3\xbc", "ab\xc3\xbc"},
	{"ab\xe2", "ab"}, {"ab\xe2\x82", "ab"},
	{"ab\xe2\x82\xac", "ab\xe2\x82\xac"}, {"ab\xf0", "ab"},
	{"ab\xf0\x9f", "ab"}, {"ab\xf0\x9f\x90", "ab"},
	{"ab\xf0\x9f\x90\x9f", "ab\xf0\x9f\x90\x9f"}, {"\xe2\x82", ""},
};

START_TEST(a_text_cut_inside_a_character_is_still_text)
{
	set_body(cuts[_i].bytes, strlen(cuts[_i].bytes), true);
	write_http();
	check_number("/http/response/body/bytes", strlen(cuts[_i].bytes) + 1000);
	check_text("/http/response/body/content", cuts[_i].shown);
	check_text("/http/response/body/encoding", "utf-8");
	check_true("/http/response/body/truncated");
}
END_TEST

START_TEST(a_binary_body_that_was_cut_keeps_all_its_bytes)
{
	set_body("\xff\xe2\x82", 3, true);
	write_http();
	check_text("/http/response/body/content", "/+KC");
	check_text("/http/response/body/encoding", "base64");
	check_true("/http/response/body/truncated");
	set_body("ab\x82\x82\x82\x82\x82", 7, true);
	write_http();
	check_text("/http/response/body/encoding", "base64");
}
END_TEST

START_TEST(a_body_of_which_nothing_was_kept_still_has_its_size)
{
	set_body("", 0, true);
	write_http();
	check_number("/http/response/body/bytes", 1000);
	check_true("/http/response/body/truncated");
	check_absent("/http/response/body/content");
}
END_TEST

START_TEST(a_coded_body_says_how)
{
	static const struct http_field fields[] = {
	    {BYTES("Content-Encoding"), BYTES("gzip")}};

	exchange.response.fields = fields;
	write_http();
	check_text("/http/response/body/content_encoding", "gzip");
	set_body("", 0, false); /* the answer to a HEAD */
	write_http();
	check_absent("/http/response/body/content_encoding");
}
END_TEST

START_TEST(a_request_has_a_body_too)
{
	exchange.request.body = (struct http_body){.wire_bytes = 3,
	    .captured = BYTES("a=b")};
	write_http();
	check_number("/http/request/body/bytes", 3);
	check_text("/http/request/body/content", "a=b");
}
END_TEST

/* --- tls --- */

static const struct {
	enum decision decision;
	const char *name;
} decisions[] = {{DECIDE_INSPECT, "inspect"}, {DECIDE_SPLICE, "splice"},
    {DECIDE_REFUSE, "refuse"}};

START_TEST(a_decision_is_told_with_its_reason)
{
	tls.decision = end.decision = decisions[_i].decision;
	tls.reason = end.reason = "policy";
	write_tls();
	check_text("/sightglass/decision", decisions[_i].name);
	check_text("/sightglass/reason", "policy");
	write_flow();
	check_text("/sightglass/decision", decisions[_i].name);
	check_text("/sightglass/reason", "policy");
}
END_TEST

static struct tls_leg
a_leg(const char *version)
{
	return (struct tls_leg){.version = version, .cipher = "TLS_X",
	    .group = "x25519", .alpn = "h2", .established = true, .resumed = true,
	    .alert_received = -1, .alert_sent = 0};
}

START_TEST(both_legs_are_told)
{
	tls.client = a_leg("1.3");
	tls.server = a_leg("1.2");
	tls.server_name = "example.com";
	write_tls();
	check_text("/tls/version", "1.3");
	check_text("/tls/cipher", "TLS_X");
	check_text("/tls/next_protocol", "h2");
	check_true("/tls/established");
	check_text("/tls/client/server_name", "example.com");
	check_text("/sightglass/client/version", "1.3");
	check_text("/sightglass/server/version", "1.2");
	check_text("/sightglass/server/group", "x25519");
	check_text("/sightglass/server/alpn", "h2");
	check_true("/sightglass/server/resumed");
	check_true("/sightglass/server/established");
	check_number("/sightglass/server/alert_sent", 0);
	check_absent("/sightglass/server/alert_received");
}
END_TEST

START_TEST(fingerprints_are_told_where_ecs_has_them)
{
	tls.ja3 = "ada70206e40642a3e4461f35503241d5";
	tls.ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
	tls.ja3s = "eb1d94daa7e0344597e756a1fb6e7054";
	tls.server = a_leg("1.3");
	tls.server.hello_retry = true;
	write_tls();
	check_text("/tls/client/ja3", "ada70206e40642a3e4461f35503241d5");
	check_text("/tls/client/ja4", "t13d1516h2_8daaf6152771_e5627efa2ab1");
	check_text("/tls/server/ja3s", "eb1d94daa7e0344597e756a1fb6e7054");
	check_absent("/tls/client/server_name");
	check_true("/sightglass/server/hello_retry");
}
END_TEST

START_TEST(a_leg_that_never_was_is_left_out)
{
	tls.server.alert_received = 48;
	write_tls();
	check_absent("/sightglass/client");
	check_number("/sightglass/server/alert_received", 48);
	check_absent("/sightglass/server/version");
	check_absent("/tls/client");
	check_absent("/tls/server");
	check_absent("/sightglass/server/hello_retry");
	ck_assert(yyjson_is_false(at("/tls/established")));
}
END_TEST

START_TEST(certificates_are_told_with_their_times)
{
	tls.leaf = (struct certificate_facts){.present = true,
	    .subject = "CN=a \"b\"", .issuer = "CN=\xff", .serial = "01ab",
	    .sha256 = "00ff", .not_before_s = 1795428900,
	    .not_after_s = 4102444799};
	write_tls();
	check_text("/sightglass/leaf/subject", "CN=a \"b\"");
	check_text("/sightglass/leaf/issuer", "CN=\xc3\xbf");
	check_text("/sightglass/leaf/serial", "01ab");
	check_text("/sightglass/leaf/sha256", "00ff");
	check_text("/sightglass/leaf/not_before", "2026-11-23T10:15:00.000000Z");
	check_text("/sightglass/leaf/not_after", "2099-12-31T23:59:59.000000Z");
	check_absent("/sightglass/server_certificate");
}
END_TEST

START_TEST(what_the_client_offered_is_told)
{
	static const char *const alpn[] = {"h2", "http/1.1"};

	tls.offered_alpn = alpn;
	tls.offered_alpn_count = 2;
	tls.offered_version = "1.3";
	write_tls();
	check_text("/sightglass/offered/version", "1.3");
	check_count("/sightglass/offered/alpn", 2);
	check_text("/sightglass/offered/alpn/1", "http/1.1");
	check_absent("/sightglass/offered/ech");
	tls.offered_ech = true;
	write_tls();
	check_true("/sightglass/offered/ech");
}
END_TEST

START_TEST(a_verification_that_failed_is_told)
{
	tls.verification = "expired";
	tls.error = "no";
	tls.name_mismatch = true;
	write_tls();
	check_text("/sightglass/verification", "expired");
	check_text("/sightglass/error", "no");
	check_true("/sightglass/name_mismatch");
}
END_TEST

START_TEST(what_did_not_happen_in_tls_is_left_out)
{
	write_tls();
	check_absent("/sightglass/verification");
	check_absent("/sightglass/error");
	check_absent("/sightglass/name_mismatch");
	check_absent("/event/duration");
}
END_TEST

/* --- flow --- */

START_TEST(the_end_of_a_flow_is_told)
{
	end.close = "reset";
	end.state = "relay";
	end.protocol = "ssh";
	end.detail = "Connection reset by peer";
	end.bytes[FROM_CLIENT] = 10;
	end.bytes[FROM_SERVER] = UINT64_MAX;
	end.connect_us = 1500;
	end.exchanges = 7;
	write_flow();
	check_number("/event/duration", 2000000);
	check_text("/sightglass/close", "reset");
	check_text("/sightglass/state", "relay");
	check_text("/sightglass/protocol", "ssh");
	check_text("/sightglass/detail", "Connection reset by peer");
	check_number("/sightglass/bytes/client", 10);
	check_number("/sightglass/bytes/server", UINT64_MAX);
	check_ms("/sightglass/timing/connect", 1.5);
	check_number("/sightglass/exchanges", 7);
}
END_TEST

START_TEST(what_did_not_happen_in_a_flow_is_left_out)
{
	static const char *const absent[] = {"/sightglass/close",
	    "/sightglass/state", "/sightglass/protocol", "/sightglass/detail",
	    "/sightglass/datagrams", "/sightglass/exchanges",
	    "/sightglass/timing", "/sightglass/first"};

	end.end_us = START_US - 1;
	write_flow();
	for (size_t i = 0; i < ARRAY_LENGTH(absent); i++)
		check_absent(absent[i]);
	check_number("/event/duration", 0);
	check_number("/sightglass/bytes/client", 0);
}
END_TEST

START_TEST(datagrams_and_first_bytes_are_told)
{
	end.datagrams[FROM_SERVER] = 2;
	end.first[FROM_CLIENT] = (struct bytes)BYTES("\0\xff");
	write_flow();
	check_number("/sightglass/datagrams/client", 0);
	check_number("/sightglass/datagrams/server", 2);
	check_text("/sightglass/first/client", "AP8=");
	check_text("/sightglass/first/server", "");
}
END_TEST

/* --- daemon --- */

START_TEST(what_happened_to_the_daemon_is_told)
{
	const struct daemon_event event = {.time_us = START_US, .action = "gap",
	    .role = "worker 2", .message = "a \"gap\"\n", .lost_records = 3,
	    .segment = "sightglass-x"};

	parse(record_daemon(&writer, 5, &event, &out));
	check_text("/message", "a \"gap\"\n");
	check_text("/sightglass/action", "gap");
	check_text("/sightglass/role", "worker 2");
	check_number("/sightglass/lost_records", 3);
	check_text("/sightglass/segment", "sightglass-x");
	check_absent("/sightglass/flow");
	check_absent("/process");
}
END_TEST

START_TEST(what_did_not_happen_to_the_daemon_is_left_out)
{
	const struct daemon_event event = {.time_us = START_US,
	    .action = "started"};

	parse(record_daemon(&writer, 5, &event, &out));
	check_absent("/message");
	check_absent("/sightglass/role");
	check_absent("/sightglass/lost_records");
	check_absent("/sightglass/segment");
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("record"), 8);
}
END_TEST

static void
add_all_kinds(TCase *t)
{
	tcase_add_loop_test(t, every_record_says_when_which_and_where, 0, 4);
	tcase_add_loop_test(t, every_record_of_a_flow_says_who_talks_to_whom, 0, 3);
	tcase_add_loop_test(t, what_is_not_known_is_left_out, 0, 3);
	tcase_add_test(t, a_process_without_a_signature_has_none);
	tcase_add_test(t, an_ipv6_datagram_flow_is_told);
	tcase_add_test(t, a_destination_known_by_name_alone_is_told);
	tcase_add_test(t, facts_that_do_not_fit_are_refused);
	tcase_add_test(t, a_line_that_does_not_fit_leaves_nothing);
	tcase_add_test(t, a_line_is_put_behind_what_is_there);
	tcase_add_test(t, the_corpus_holds);
}

static void
add_http(TCase *t)
{
	tcase_add_test(t, an_exchange_is_told);
	tcase_add_test(t, headers_are_arrays_under_their_lower_case_names);
	tcase_add_test(t, trailers_stand_apart_from_headers);
	tcase_add_test(t, a_redacted_header_is_there_without_its_value);
	tcase_add_test(t, a_header_redacted_in_the_response_is_named_too);
	tcase_add_loop_test(t, no_byte_of_a_header_breaks_the_line, 0, 256);
	tcase_add_test(t, a_request_without_an_answer_says_so);
	tcase_add_loop_test(t, an_exchange_that_is_not_whole_says_why, 0,
	    ARRAY_LENGTH(incomplete));
	tcase_add_test(t, upgrades_and_informational_answers_are_told);
	tcase_add_test(t, times_are_milliseconds_with_three_decimals);
	tcase_add_test(t, a_later_exchange_has_no_connect_time);
	tcase_add_test(t, a_clock_that_went_back_gives_no_negative_time);
	tcase_add_loop_test(t, a_url_is_put_together_as_rfc_9110_says, 0,
	    ARRAY_LENGTH(urls));
	tcase_add_test(t, without_a_host_the_flows_own_name_and_port_serve);
}

static void
add_bodies(TCase *t)
{
	tcase_add_test(t, a_body_of_text_stands_as_text);
	tcase_add_test(t, a_nul_in_a_text_is_kept);
	tcase_add_test(t, an_empty_body_has_no_content);
	tcase_add_loop_test(t, a_body_that_is_not_utf8_stands_in_base64, 0,
	    ARRAY_LENGTH(binaries));
	tcase_add_loop_test(t, a_text_cut_inside_a_character_is_still_text, 0,
	    ARRAY_LENGTH(cuts));
	tcase_add_test(t, a_binary_body_that_was_cut_keeps_all_its_bytes);
	tcase_add_test(t, a_body_of_which_nothing_was_kept_still_has_its_size);
	tcase_add_test(t, a_coded_body_says_how);
	tcase_add_test(t, a_request_has_a_body_too);
}

static void
add_others(TCase *t)
{
	tcase_add_loop_test(t, a_decision_is_told_with_its_reason, 0,
	    ARRAY_LENGTH(decisions));
	tcase_add_test(t, both_legs_are_told);
	tcase_add_test(t, fingerprints_are_told_where_ecs_has_them);
	tcase_add_test(t, a_leg_that_never_was_is_left_out);
	tcase_add_test(t, certificates_are_told_with_their_times);
	tcase_add_test(t, what_the_client_offered_is_told);
	tcase_add_test(t, a_verification_that_failed_is_told);
	tcase_add_test(t, what_did_not_happen_in_tls_is_left_out);
	tcase_add_test(t, the_end_of_a_flow_is_told);
	tcase_add_test(t, what_did_not_happen_in_a_flow_is_left_out);
	tcase_add_test(t, datagrams_and_first_bytes_are_told);
	tcase_add_test(t, what_happened_to_the_daemon_is_told);
	tcase_add_test(t, what_did_not_happen_to_the_daemon_is_left_out);
}

static Suite *
record_suite(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("record");

	tcase_add_checked_fixture(t, setup, teardown);
	add_all_kinds(t);
	add_http(t);
	add_bodies(t);
	add_others(t);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	SRunner *runner = srunner_create(record_suite());

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
