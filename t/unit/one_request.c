/* SPDX-License-Identifier: ISC */
/* Unit suite of extension-bridge/proxy/one_request: where a request ends. */
#include "extension-bridge/proxy/one_request.h"

#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

static const struct {
	const char *request, *behind;
} cases[] = {
    {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://other/ HTTP/1.1\r\n\r\n"},
    {"HEAD / HTTP/1.0\r\n\r\n", "x"},
    {"PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "GET"},
    {"M-SEARCH * HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nab\r\n0\r\nA: b\r\n\r\n", "POST"},
    {"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "\r\nGET / HTTP/1.1\r\n"},
    /* A body's bytes may look like a request. */
    {"POST / HTTP/1.1\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.0\r\n\r\n",
     "GET / HTTP/1.0\r\n\r\n"},
    /* As a server would, so that none reads on where we stop. */
    {"GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", "y"},
};

START_TEST(all_of_one_request_passes_and_nothing_behind_it)
{
	char text[256];
	struct one_request *r = one_request_new();

	ck_assert_ptr_nonnull(r);
	(void)strcpy(text, cases[_i].request);
	(void)strcat(text, cases[_i].behind);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)text, strlen(text));
	ck_assert_uint_eq(one_request_take(r, (const uint8_t *)text, strlen(text)),
	    strlen(cases[_i].request));
	ck_assert_uint_eq(one_request_take(r, (const uint8_t *)"GET", 3), 0);
	one_request_free(r);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("one_request"), 5);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("one_request");
	TCase *t = tcase_create("end");

	tcase_add_loop_test(t, all_of_one_request_passes_and_nothing_behind_it, 0,
	    (int)ARRAY_LENGTH(cases));
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
