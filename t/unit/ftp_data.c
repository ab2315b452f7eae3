/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/ftp_data: what servers say when they miss a session. */
#include "mitm/ftp_data.h"

#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

static const struct {
	const char *text;
	bool refused;
} replies[] = {
	{"522 SSL connection failed; session reuse required: see "
	 "require_ssl_reuse option in vsftpd.conf man page\r\n", true},
	{"150 Ok\r\n425 Unable to build data connection: Operation not permitted\r\n",
	    true},
	{"425 Unable to build data connection: TLS session of data connection not "
	 "resumed.\r\n", true},
	{"450 TLS session of data connection has not resumed or the session does not "
	 "match the control connection\r\n226 x\r\n", true},
	{"522 Network protocol not supported, use (1)\r\n", false}, /* RFC 2428 */
	{"425 Can't open data connection.\r\n", false},
	{"226 TLS session reuse is fine\r\n", false},
	{"522 SSL connection failed; session reuse required", false}, /* so far */
	{"", false},
};

START_TEST(a_reply_says_whether_a_session_was_missed)
{
	struct ftp_data f = {.length = 0};
	const char *text = replies[_i].text;

	ck_assert_int_eq(ftp_data_refused(&f, (const uint8_t *)text, strlen(text)),
	    replies[_i].refused);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("ftp_data"), 3);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("ftp_data");
	TCase *t = tcase_create("replies");

	tcase_add_loop_test(t, a_reply_says_whether_a_session_was_missed, 0,
	    (int)ARRAY_LENGTH(replies));
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
