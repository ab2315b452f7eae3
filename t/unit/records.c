/* SPDX-License-Identifier: ISC */
#include "t/unit/records.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define OUT_BYTES_MAX (1024u * 1024)

static const char *const redacted[] = {"authorization", "cookie"};
const struct record_writer writer = {.run_id = "abcdefgh", .writer = 3,
    .hostname = "box", .redact_headers = redacted, .redact_count = 2};
const uint32_t pid = 4711;
static const uint32_t uid = 1000;

struct flow_facts flow;
struct record_facts facts;
struct http_exchange exchange;
struct tls_event tls;
struct flow_event end;
struct buf out;
yyjson_doc *doc;

/* --- what happened --- */

void
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

void
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
	    .stream = 2, .serial = 5,
	    .request = {.fields = request_fields,
	        .field_count = ARRAY_LENGTH(request_fields), .complete = true,
	        .first_us = START_US, .last_us = START_US + 1000},
	    .response = {.fields = response_fields,
	        .field_count = ARRAY_LENGTH(response_fields), .complete = true,
	        .first_us = START_US + 3500, .last_us = START_US + 10250,
	        .body = {.wire_bytes = 5, .captured = BYTES("hello"),
	            .content = BYTES("hello")}}};
}

void
record_setup(void)
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

void
record_teardown(void)
{
	yyjson_doc_free(doc);
	doc = NULL;
	record_facts_free(&facts);
	buf_free(&out);
}

/* --- reading it back --- */

void
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

void
write_http(void)
{
	parse(record_http(&writer, 99, &facts, NULL, &exchange, &out));
}

void
write_tls(void)
{
	parse(record_tls(&writer, 99, &facts, &tls, &out));
}

void
write_flow(void)
{
	parse(record_flow(&writer, 99, &facts, &end, &out));
}

yyjson_val *
at(const char *pointer)
{
	return yyjson_doc_ptr_get(doc, pointer);
}

void
check_text(const char *pointer, const char *text)
{
	yyjson_val *value = at(pointer);

	ck_assert_msg(yyjson_is_str(value), "no text at %s", pointer);
	ck_assert_msg(yyjson_equals_strn(value, text, strlen(text)),
	    "%s is '%s', not '%s'", pointer, yyjson_get_str(value), text);
}

void
check_number(const char *pointer, uint64_t number)
{
	ck_assert_msg(yyjson_is_uint(at(pointer)), "no number at %s", pointer);
	ck_assert_uint_eq(yyjson_get_uint(at(pointer)), number);
}

void
check_ms(const char *pointer, double ms)
{
	ck_assert_msg(yyjson_is_num(at(pointer)), "no number at %s", pointer);
	ck_assert_double_eq_tol(yyjson_get_num(at(pointer)), ms, 1e-9);
}

void
check_true(const char *pointer)
{
	ck_assert_msg(yyjson_is_true(at(pointer)), "%s is not true", pointer);
}

void
check_false(const char *pointer)
{
	ck_assert_msg(yyjson_is_false(at(pointer)), "%s is not false", pointer);
}

void
check_absent(const char *pointer)
{
	ck_assert_msg(at(pointer) == NULL, "%s is there", pointer);
}

void
check_count(const char *pointer, size_t count)
{
	ck_assert_msg(yyjson_is_ctn(at(pointer)), "nothing at %s", pointer);
	ck_assert_uint_eq(yyjson_is_arr(at(pointer))
	        ? yyjson_arr_size(at(pointer)) : yyjson_obj_size(at(pointer)),
	    count);
}
