/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of extension-bridge/proxy/request and target: which heads are
 * understood, what each other one gets, and what the server is sent.
 */
#include "extension-bridge/proxy/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define OUT_BYTES_MAX 4096

static int
parse(const char *text, size_t length, struct request *r)
{
	(void)LLVMFuzzerTestOneInput((const uint8_t *)text, length);
	return request_parse((const uint8_t *)text, length, r);
}

static const struct {
	const char *head;
	enum request_form form;
	const char *host;
	uint16_t port;
	bool is_address;
} understood[] = {
    {"CONNECT www.example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
	REQUEST_CONNECT, "www.example.com", 443, false},
    {"CONNECT [2001:db8::1]:8443 HTTP/1.1\r\n\r\n",
	REQUEST_CONNECT, "2001:db8::1", 8443, true},
    {"CONNECT 192.0.2.1:1 HTTP/1.0\r\n\r\n",
	REQUEST_CONNECT, "192.0.2.1", 1, true},
    {"CONNECT under_score.example.:65535 HTTP/1.1\r\n\r\n",
	REQUEST_CONNECT, "under_score.example.", 65535, false},
    {"GET http://example.com/a?b HTTP/1.1\r\nHost: example.com\r\n\r\n",
	REQUEST_ABSOLUTE, "example.com", 80, false},
    {"GET HTTP://Example.COM HTTP/1.1\r\n\r\n",
	REQUEST_ABSOLUTE, "Example.COM", 80, false},
    {"PUT http://[::1]:8080?x HTTP/1.1\r\n\r\n",
	REQUEST_ABSOLUTE, "::1", 8080, true},
    {"GET http://example.com:/ HTTP/1.1\r\n\r\n",
	REQUEST_ABSOLUTE, "example.com", 80, false},
};

START_TEST(a_good_head_names_its_target)
{
	struct request r;
	size_t length = strlen(understood[_i].head);

	ck_assert_int_eq(parse(understood[_i].head, length, &r), (int)length);
	ck_assert_int_eq(r.form, understood[_i].form);
	ck_assert_str_eq(r.target.host, understood[_i].host);
	ck_assert_uint_eq(r.target.port, understood[_i].port);
	ck_assert_int_eq(r.target.is_address, understood[_i].is_address);
}
END_TEST

#define HEAD(text) text, sizeof(text) - 1

static const struct {
	const char *head;
	size_t length;
	int error;
} refused[] = {
    {HEAD(""), E_MORE},
    {HEAD("GET http://example.com/ HTTP/1.1\r\nHost: x\r\n"), E_MORE},
    {HEAD("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), E_DENIED},
    {HEAD("OPTIONS * HTTP/1.1\r\n\r\n"), E_DENIED},
    {HEAD("GET https://example.com/ HTTP/1.1\r\n\r\n"), E_NOTFOUND},
    {HEAD("GET ftp://example.com/ HTTP/1.1\r\n\r\n"), E_NOTFOUND},
    {HEAD("GET http://example.com/ HTTP/2.0\r\n\r\n"), E_VERSION},
    {HEAD("GET http://example.com/ HTTP/1.10\r\n\r\n"), E_VERSION},
    {HEAD("GET http://example.com/\r\n\r\n"), E_SYNTAX},
    {HEAD("GET  http://example.com/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://example.com/a b HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://example.com/#part HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http:///path HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://user@example.com/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://user:pass@example.com/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://exa%6Dple.com/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://[::1/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://[1.2.3.4]/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://[::1]x/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://[fe80::1%25eth0]/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://h:0/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://h:65536/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET http://h:8o/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("GET mailto:x HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("CONNECT example.com HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("CONNECT example.com: HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("CONNECT 2001:db8::1:443 HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("CONNECT http://example.com/ HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("CONNECT a:1 HTTP/1.1\r\nX : y\r\n\r\n"), E_SYNTAX},
    {HEAD("CONNECT a:1 HTTP/1.1\r\n folded\r\n\r\n"), E_SYNTAX},
    {HEAD("CONNECT a:1 HTTP/1.1\r\nX: a\nY: b\r\n\r\n"), E_SYNTAX},
    {HEAD("CONNECT a:1 HTTP/1.1\r\nX: a\rY: b\r\n\r\n"), E_SYNTAX},
    {HEAD("CONNECT a:1 HTTP/1.1\r\nX: a\0b\r\n\r\n"), E_SYNTAX},
    {HEAD("CONNECT a\0b:1 HTTP/1.1\r\n\r\n"), E_SYNTAX},
    {HEAD("CONNECT a:1 HTTP/1.1\r\nno colon\r\n\r\n"), E_SYNTAX},
    {HEAD("\x16\x03\x01\x02\r\n\r\n"), E_SYNTAX},
    {HEAD("\r\n\r\n"), E_SYNTAX},
};

START_TEST(any_other_head_has_its_error)
{
	struct request r;

	ck_assert_int_eq(parse(refused[_i].head, refused[_i].length, &r),
	    refused[_i].error);
}
END_TEST

static const struct {
	const char *head;
	const char *sent;
} rewritten[] = {
    {"GET http://example.com/a?b=c HTTP/1.1\r\nHost: other\r\nAccept: */*\r\n\r\n",
	"GET /a?b=c HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n"
	"Connection: close\r\n\r\n"},
    {"GET http://example.com HTTP/1.0\r\n\r\n",
	"GET / HTTP/1.0\r\nHost: example.com\r\nConnection: close\r\n\r\n"},
    {"GET http://example.com:8080?q HTTP/1.1\r\n\r\n",
	"GET /?q HTTP/1.1\r\nHost: example.com:8080\r\nConnection: close\r\n\r\n"},
    {"OPTIONS http://example.com HTTP/1.1\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"},
    {"POST http://h/ HTTP/1.1\r\nproxy-connection: keep-alive\r\n"
	"Proxy-Authorization: Basic eA==\r\nContent-Length: 2\r\n"
	"Keep-Alive: 5\r\nHOST: a\r\nHost: b\r\nX:\t a b \r\n\r\nhi",
	"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX:\t a b \r\n"
	"Connection: close\r\n\r\n"},
    {"GET http://h/ws HTTP/1.1\r\nConnection: Upgrade, keep-alive\r\n"
	"Upgrade: websocket\r\nConnection: TE ,, close\r\n\r\n",
	"GET /ws HTTP/1.1\r\nHost: h\r\nConnection: close,TE\r\n\r\n"},
};

START_TEST(the_server_gets_an_origin_form_of_one_request)
{
	struct request r;
	struct buf out;
	const char *head = rewritten[_i].head;

	buf_init(&out, OUT_BYTES_MAX);
	int used = parse(head, strlen(head), &r);
	ck_assert_int_gt(used, 0);
	ck_assert_int_eq(request_rewrite((const uint8_t *)head, strlen(head), &out),
	    used);
	ck_assert_uint_eq(buf_length(&out), strlen(rewritten[_i].sent));
	ck_assert_mem_eq(buf_data(&out), rewritten[_i].sent, buf_length(&out));
	buf_free(&out);
}
END_TEST

START_TEST(a_connect_is_not_rewritten)
{
	static const char head[] = "CONNECT a:1 HTTP/1.1\r\n\r\n";
	struct buf out;

	buf_init(&out, OUT_BYTES_MAX);
	ck_assert_int_eq(request_rewrite((const uint8_t *)head, strlen(head), &out),
	    E_SYNTAX);
	ck_assert_uint_eq(buf_length(&out), 0);
}
END_TEST

/* A head of exactly `length` bytes. */
static char *
long_head(size_t length)
{
	static const char start[] = "GET http://h/ HTTP/1.1\r\nX: ";
	char *head = malloc(length);

	ck_assert_ptr_nonnull(head);
	memset(head, 'x', length);
	memcpy(head, start, sizeof(start) - 1);
	memcpy(head + length - 4, "\r\n\r\n", 4);
	return head;
}

START_TEST(a_head_at_the_limit_is_read_and_one_byte_more_is_not)
{
	struct request r;
	char *head = long_head(REQUEST_HEAD_BYTES_MAX);

	ck_assert_int_eq(parse(head, REQUEST_HEAD_BYTES_MAX, &r),
	    (int)REQUEST_HEAD_BYTES_MAX);
	free(head);
	head = long_head(REQUEST_HEAD_BYTES_MAX + 1);
	ck_assert_int_eq(parse(head, REQUEST_HEAD_BYTES_MAX + 1, &r), E_LIMIT);
	ck_assert_int_eq(parse(head, REQUEST_HEAD_BYTES_MAX - 1, &r), E_MORE);
	free(head);
}
END_TEST

START_TEST(hosts_longer_than_a_name_can_be_are_refused)
{
	struct target t;
	char name[254];

	memset(name, 'a', sizeof(name));
	ck_assert_int_eq(target_set_host(&t, name, 253), 0);
	ck_assert_int_eq(target_set_host(&t, name, 254), E_SYNTAX);
	ck_assert_int_eq(target_set_host(&t, name, 0), E_SYNTAX);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("request"), 4);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("request");
	TCase *t = tcase_create("head");

	tcase_add_loop_test(t, a_good_head_names_its_target, 0,
	    (int)ARRAY_LENGTH(understood));
	tcase_add_loop_test(t, any_other_head_has_its_error, 0,
	    (int)ARRAY_LENGTH(refused));
	tcase_add_loop_test(t, the_server_gets_an_origin_form_of_one_request, 0,
	    (int)ARRAY_LENGTH(rewritten));
	tcase_add_test(t, a_connect_is_not_rewritten);
	tcase_add_test(t, a_head_at_the_limit_is_read_and_one_byte_more_is_not);
	tcase_add_test(t, hosts_longer_than_a_name_can_be_are_refused);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
