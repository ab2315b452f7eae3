/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of log/record_http: what an exchange's line says of its heads, its
 * URL and its bodies, and what it leaves out.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/records.h"
#include "t/unit/suite.h"

/* --- http --- */

START_TEST(an_exchange_is_told)
{
	write_http();
	check_text("/http/version", "1.1");
	check_text("/http/request/id", "abcdefgh-3-17-5");
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

START_TEST(names_are_told_where_the_map_does_not_tell_them)
{
	static const struct http_field cased[] = {{BYTES("Host"), BYTES("x")},
	    {BYTES("accept"), BYTES("a")}, {BYTES("ACCEPT"), BYTES("b")}};
	static const struct http_field apart[] = {{BYTES("a"), BYTES("1")},
	    {BYTES("b"), BYTES("2")}, {BYTES("a"), BYTES("3")}};
	static const struct http_field together[] = {{BYTES("a"), BYTES("1")},
	    {BYTES("a"), BYTES("3")}, {BYTES("b"), BYTES("2")}};

	exchange.request.fields = cased;
	exchange.request.field_count = 3;
	exchange.response.fields = apart;
	exchange.response.field_count = 3;
	write_http();
	check_count("/http/request/header_names", 3);
	check_text("/http/request/header_names/0", "Host");
	check_text("/http/request/header_names/2", "ACCEPT");
	check_count("/http/response/header_names", 3);
	check_text("/http/response/header_names/2", "a");
	exchange.response.fields = together;
	write_http();
	check_absent("/http/response/header_names");
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

START_TEST(a_host_other_than_the_one_of_tls_is_said)
{
	static const struct {
		const char *host;
		bool tls, differs;
	} rows[] = {{"example.com", true, false}, {"EXAMPLE.com.:8443", true, false},
	    {"www.example.com", true, true}, {"www.example.com", false, false}};

	struct http_field named = {BYTES("Host"), {NULL, 0}};

	exchange.request.fields = &named;
	exchange.request.field_count = 1;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		named.value = (struct bytes){(const uint8_t *)rows[i].host,
		    strlen(rows[i].host)};
		make_facts(rows[i].tls);
		write_http();
		if (rows[i].differs)
			check_true("/sightglass/host_mismatch");
		else
			check_absent("/sightglass/host_mismatch");
	}
	/* Without a name in the hello there is nothing to differ from. */
	flow.domain = NULL;
	make_facts(true);
	write_http();
	check_absent("/sightglass/host_mismatch");
}
END_TEST

/* --- bodies --- */

static void
set_body(const void *bytes, size_t length, bool truncated)
{
	exchange.response.body = (struct http_body){
	    .wire_bytes = length + (truncated ? 1000 : 0),
	    .captured = {bytes, length}, .truncated = truncated,
	    .content = {bytes, length}, .content_truncated = truncated};
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

START_TEST(a_decoded_body_stands_as_what_it_says)
{
	set_body("\x1f\x8b", 2, false);
	exchange.response.body.content = (struct bytes)BYTES("what it says");
	exchange.response.body.decoded = true;
	exchange.response.body.decoded_bytes = 12;
	write_http();
	check_text("/http/response/body/content", "what it says");
	check_number("/http/response/body/bytes", 2);
	check_number("/http/response/body/decoded_bytes", 12);
	check_absent("/http/response/body/truncated");
	exchange.response.body.content_truncated = true;
	exchange.response.body.decode_error = "limit";
	write_http();
	check_true("/http/response/body/truncated");
	check_text("/http/response/body/decode_error", "limit");
}
END_TEST

START_TEST(what_is_told_in_parts_says_so)
{
	exchange.incomplete = HTTP_CONTINUES;
	exchange.response.body = (struct http_body){.wire_bytes = 3,
	    .in_parts = true, .content = BYTES("abc")};
	write_http();
	check_text("/sightglass/incomplete", "continues");
	check_number("/http/response/body/parts", 0);
	check_text("/http/response/body/content", "abc");
	check_absent("/http/response/body/truncated");
	check_absent("/sightglass/partials");
	exchange.incomplete = HTTP_WHOLE;
	exchange.partials = 1;
	exchange.response.body = (struct http_body){.wire_bytes = 300,
	    .in_parts = true, .parts = 2, .content_truncated = true};
	write_http();
	check_absent("/sightglass/incomplete");
	check_number("/sightglass/partials", 1);
	check_number("/http/response/body/bytes", 300);
	check_number("/http/response/body/parts", 2);
	check_true("/http/response/body/truncated");
	check_absent("/http/response/body/content");
}
END_TEST

static struct body_part part;

static void
write_part(void)
{
	buf_clear(&out);
	parse(record_body(&writer, 8, &facts, &part, &out));
	check_text("/event/dataset", "sightglass.body");
	check_text("/http/request/id", "abcdefgh-3-17-5");
	check_text("/sightglass/flow", "abcdefgh-3-17");
	check_number("/sightglass/stream", 2);
	check_number("/sightglass/part", 4);
}

START_TEST(a_part_of_a_body_is_told)
{
	part = (struct body_part){.stream = 2, .serial = 5, .from = FROM_SERVER,
	    .number = 4, .offset = 65536, .content = BYTES("abc"),
	    .first_us = START_US, .last_us = START_US + 5};
	write_part();
	check_text("/@timestamp", "2026-11-23T10:15:00.123456Z");
	check_number("/event/duration", 5000);
	check_number("/http/response/body/offset", 65536);
	check_number("/http/response/body/bytes", 3);
	check_text("/http/response/body/content", "abc");
	check_text("/http/response/body/encoding", "utf-8");
	check_absent("/http/response/body/truncated");
	check_absent("/http/request/body");
	check_absent("/sightglass/last");
}
END_TEST

START_TEST(a_part_of_a_request_is_told_as_such)
{
	part = (struct body_part){.stream = 2, .serial = 5, .from = FROM_CLIENT,
	    .number = 4, .content = BYTES("\xff"), .last = true,
	    .truncated = true, .first_us = START_US, .last_us = START_US};
	write_part();
	check_number("/http/request/body/offset", 0);
	check_text("/http/request/body/content", "/w==");
	check_text("/http/request/body/encoding", "base64");
	check_true("/http/request/body/truncated");
	check_true("/sightglass/last");
	check_absent("/http/response");
}
END_TEST

START_TEST(a_request_has_a_body_too)
{
	exchange.request.body = (struct http_body){.wire_bytes = 3,
	    .captured = BYTES("a=b"), .content = BYTES("a=b")};
	write_http();
	check_number("/http/request/body/bytes", 3);
	check_text("/http/request/body/content", "a=b");
}
END_TEST

static void
add_http(TCase *t)
{
	tcase_add_test(t, an_exchange_is_told);
	tcase_add_test(t, headers_are_arrays_under_their_lower_case_names);
	tcase_add_test(t, names_are_told_where_the_map_does_not_tell_them);
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
	tcase_add_test(t, a_host_other_than_the_one_of_tls_is_said);
}

/* --- gRPC --- */

static const struct grpc_messages sent = {.count = 1, .bytes = 7, .largest = 7,
    .compressed = 1};
static const struct grpc_messages answered = {.bytes = 3, .error = "cut_message"};
static struct grpc_call call;

static void
set_call(void)
{
	call = (struct grpc_call){.service = BYTES("a.B"), .method = BYTES("C"),
	    .has_status = true, .status = 5, .status_name = "NOT_FOUND",
	    .message = BYTES("none"), .encodings = {BYTES("gzip"), {0}}};
	exchange.grpc = &call;
	exchange.request.grpc = &sent;
	exchange.response.grpc = &answered;
}

START_TEST(a_call_of_grpc_is_told)
{
	set_call();
	write_http();
	check_text("/grpc/service", "a.B");
	check_text("/grpc/method", "C");
	check_number("/grpc/status_code", 5);
	check_text("/grpc/status", "NOT_FOUND");
	check_text("/grpc/message", "none");
	check_number("/grpc/request/messages", 1);
	check_number("/grpc/request/bytes", 7);
	check_number("/grpc/request/largest", 7);
	check_number("/grpc/request/compressed", 1);
	check_text("/grpc/request/encoding", "gzip");
	check_absent("/grpc/request/error");
	check_number("/grpc/response/messages", 0);
	check_text("/grpc/response/error", "cut_message");
	check_absent("/grpc/response/largest");
	check_absent("/grpc/response/encoding");
}
END_TEST

START_TEST(what_is_not_known_of_a_call_is_left_out)
{
	set_call();
	call = (struct grpc_call){.has_status = true, .status = 99};
	exchange.response.grpc = NULL;
	write_http();
	check_number("/grpc/status_code", 99);
	check_absent("/grpc/status");
	check_absent("/grpc/service");
	check_absent("/grpc/method");
	check_absent("/grpc/message");
	check_absent("/grpc/response");
}
END_TEST

START_TEST(other_exchanges_say_nothing_of_grpc)
{
	write_http();
	check_absent("/grpc");
}
END_TEST

static void
add_grpc(TCase *t)
{
	tcase_add_test(t, a_call_of_grpc_is_told);
	tcase_add_test(t, what_is_not_known_of_a_call_is_left_out);
	tcase_add_test(t, other_exchanges_say_nothing_of_grpc);
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
	tcase_add_test(t, a_decoded_body_stands_as_what_it_says);
	tcase_add_test(t, a_request_has_a_body_too);
	tcase_add_test(t, what_is_told_in_parts_says_so);
	tcase_add_test(t, a_part_of_a_body_is_told);
	tcase_add_test(t, a_part_of_a_request_is_told_as_such);
}

Suite *
suite(void)
{
	Suite *s = suite_create("record_http");
	TCase *t = tcase_create("record");

	tcase_add_checked_fixture(t, record_setup, record_teardown);
	add_http(t);
	add_bodies(t);
	add_grpc(t);
	suite_add_tcase(s, t);
	return s;
}
