/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of extension-bridge/proxy/socks: RFC 1928 as clients speak it, and
 * as an attacker might.
 */
#include "extension-bridge/proxy/socks.h"

#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t length;
	int used;
	bool none;
} greetings[] = {
    {BYTES("\x05\x01\x00"), 3, true},
    {BYTES("\x05\x02\x02\x00"), 4, true},
    {BYTES("\x05\x01\x02"), 3, false},
    {BYTES("\x05\x00"), 2, false},
    {BYTES("\x05\x01\x00\x05\x01"), 3, true}, /* the request rides along */
    {BYTES(""), E_MORE, false},
    {BYTES("\x05"), E_MORE, false},
    {BYTES("\x05\xFF\x00"), E_MORE, false},
    {BYTES("\x04\x01\x00"), E_SYNTAX, false},
};

START_TEST(a_greeting_says_whether_no_authentication_will_do)
{
	const uint8_t *bytes = (const uint8_t *)greetings[_i].bytes;
	bool none = false;

	(void)LLVMFuzzerTestOneInput(bytes, greetings[_i].length);
	ck_assert_int_eq(socks_greeting_parse(bytes, greetings[_i].length, &none),
	    greetings[_i].used);
	ck_assert_int_eq(none, greetings[_i].none);
}
END_TEST

static const struct {
	const char *bytes;
	size_t length;
	int result; /* the error, or 0: all bytes are used */
	uint8_t command;
	const char *host;
	uint16_t port;
	bool is_address;
} requests[] = {
    {BYTES("\x05\x01\x00\x01\xC0\x00\x02\x01\x01\xBB"), 0, 1, "192.0.2.1", 443,
	true},
    {BYTES("\x05\x01\x00\x04\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50"),
	0, 1, "2001:db8::1", 80, true},
    {BYTES("\x05\x01\x00\x03\x0B" "example.com\x00\x50"), 0, 1, "example.com",
	80, false},
    {BYTES("\x05\x01\x00\x03\x03::1\x00\x50"), 0, 1, "::1", 80, true},
    {BYTES("\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"), 0, 2, "0.0.0.0", 0,
	true}, /* BIND */
    {BYTES("\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00"), 0, 3, "0.0.0.0", 0,
	true}, /* UDP ASSOCIATE */
    {BYTES("\x05\x01\x00\x01\xC0\x00\x02\x01\x00\x00"), E_SYNTAX, 0, "", 0,
	false}, /* port 0 */
    {BYTES("\x05\x01\x00\x02"), E_RANGE, 0, "", 0, false},
    {BYTES("\x05\x01\x00\x05" "abc"), E_RANGE, 0, "", 0, false},
    {BYTES("\x04\x01\x00\x01"), E_SYNTAX, 0, "", 0, false},
    {BYTES("\x05\x01\x00\x03\x00\x00\x50"), E_SYNTAX, 0, "", 0, false},
    {BYTES("\x05\x01\x00\x03\x03" "a\0b\x00\x50"), E_SYNTAX, 0, "", 0, false},
    {BYTES("\x05\x01\x00\x03\x03" "a b\x00\x50"), E_SYNTAX, 0, "", 0, false},
    {BYTES("\x05\x01\x00\x03\xFF" "short\x00\x50"), E_MORE, 0, "", 0, false},
    {BYTES("\x05\x01\x00\x03"), E_MORE, 0, "", 0, false},
};

START_TEST(a_request_names_its_command_and_target)
{
	const uint8_t *bytes = (const uint8_t *)requests[_i].bytes;
	struct socks_request r;

	(void)LLVMFuzzerTestOneInput(bytes, requests[_i].length);
	int used = socks_request_parse(bytes, requests[_i].length, &r);
	if (requests[_i].result < 0) {
		ck_assert_int_eq(used, requests[_i].result);
		return;
	}
	ck_assert_int_eq(used, (int)requests[_i].length);
	ck_assert_uint_eq(r.command, requests[_i].command);
	ck_assert_str_eq(r.target.host, requests[_i].host);
	ck_assert_uint_eq(r.target.port, requests[_i].port);
	ck_assert_int_eq(r.target.is_address, requests[_i].is_address);
}
END_TEST

START_TEST(a_reply_is_ten_bytes_with_its_code)
{
	uint8_t out[SOCKS_REPLY_BYTES];

	socks_reply_write(SOCKS_NO_SUCH_COMMAND, out);
	ck_assert_mem_eq(out, "\x05\x07\x00\x01\0\0\0\0\0\0", sizeof(out));
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("socks"), 4);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("socks");
	TCase *t = tcase_create("message");

	tcase_add_loop_test(t, a_greeting_says_whether_no_authentication_will_do, 0,
	    (int)ARRAY_LENGTH(greetings));
	tcase_add_loop_test(t, a_request_names_its_command_and_target, 0,
	    (int)ARRAY_LENGTH(requests));
	tcase_add_test(t, a_reply_is_ten_bytes_with_its_code);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
