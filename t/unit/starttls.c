/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/starttls: of the dialogues of t/corpus/starttls comes what is
 * written under them, however they are cut up; and the names of a setting.
 */
#include "mitm/starttls.h"

#include "base/err.h"
#include "t/fuzz/starttls_play.h"
#include "t/unit/conversations.h"
#include "t/unit/suite.h"

static const struct conversations all = {.directory = "t/corpus/starttls",
    .play = starttls_play};

START_TEST(of_a_dialogue_comes_what_is_written_under_it)
{
	conversations_say_what_they_should(&all, _i);
}
END_TEST

START_TEST(a_dialogue_may_be_cut_up_anyhow)
{
	conversations_say_the_same_in_pieces(&all, _i);
}
END_TEST

START_TEST(protocols_are_named)
{
	char smtp[] = "smtp", ftp[] = "ftp", other[] = "nntp";
	char *const names[] = {smtp, ftp, other};
	unsigned protocols;
	size_t wrong;

	ck_assert_int_eq(starttls_set(names, 2, &protocols, &wrong), 0);
	ck_assert_uint_eq(protocols, 1u << STARTTLS_SMTP | 1u << STARTTLS_FTP);
	ck_assert_int_eq(starttls_set(names, 3, &protocols, &wrong), E_NOTFOUND);
	ck_assert_uint_eq(wrong, 2);
	ck_assert_int_eq(starttls_set(NULL, 0, &protocols, &wrong), 0);
	ck_assert_uint_eq(protocols, 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("starttls");
	TCase *t = tcase_create("dialogue");
	int count = conversations_count(&all);

	tcase_add_loop_test(t, of_a_dialogue_comes_what_is_written_under_it, 0, count);
	tcase_add_loop_test(t, a_dialogue_may_be_cut_up_anyhow, 0, count);
	tcase_add_test(t, protocols_are_named);
	suite_add_tcase(s, t);
	return s;
}
