/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/policy_list: what a line of a list is, where it is wrong,
 * and that a list cut anywhere gives what its whole lines say.
 */
#include "mitm/policy_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

static struct policy *policy;
static struct buf rules;
static struct policy_list_error wrong;

static void
begin(void)
{
	policy = policy_new(DECIDE_INSPECT);
	ck_assert_ptr_nonnull(policy);
	buf_init(&rules, 16 * 1024 * 1024);
}

static void
end(void)
{
	policy_free(policy);
	buf_free(&rules);
}

static int
read_list(const char *text, enum policy_list_kind kind)
{
	return policy_list_read(text, strlen(text), kind, policy, &rules, &wrong);
}

static const char *
written(void)
{
	ck_assert_int_eq(buf_append(&rules, "", 1), 0);
	return (const char *)buf_data(&rules);
}

static struct verdict
ask(const struct policy *p, const char *name)
{
	return policy_ask(p, &(struct policy_subject){.server_name = name});
}

static const struct {
	const char *text, *rules;
} lines[] = {
	{"", ""},
	{"\n\n", ""},
	{"# a comment\n", ""},
	{"example.com", "sexample.com\n"},
	{"example.com\n", "sexample.com\n"},
	{"example.com\r\n", "sexample.com\n"},
	{"\t example.com \t\n", "sexample.com\n"},
	{"example.com # pinned\n", "sexample.com\n"},
	{"example.com\t#pinned\n", "sexample.com\n"},
	{"  # example.com\n", ""},
	{"a.test\n\n# b.test\nc.test", "sa.test\nsc.test\n"},
	{"app:/opt/c#/run # sharp\n", "sapp:/opt/c#/run\n"},
	{"app:/Applications/A B.app/x\n", "sapp:/Applications/A B.app/x\n"},
	{"17.0.0.0/8\n::1\nport:25\nuser:0\n",
	    "s17.0.0.0/8\ns::1\nsport:25\nsuser:0\n"},
};

START_TEST(a_line_is_a_rule_without_blanks_and_comment)
{
	ck_assert_int_eq(read_list(lines[_i].text, POLICY_LIST_SPLICE), 0);
	ck_assert_str_eq(written(), lines[_i].rules);
}
END_TEST

static const struct {
	const char *text, *rule;
	unsigned long line;
} errors[] = {
	{"not a rule\n", "not a rule", 1},
	{"a.test\n\n# c\nb.test c.test # two\nd.test\n", "b.test c.test", 4},
	{"a.test\n*.*.test", "*.*.test", 2},
	{"a.test#no blank before\n", "a.test#no blank before", 1},
};

START_TEST(what_is_wrong_is_named_with_its_line)
{
	ck_assert_int_eq(read_list(errors[_i].text, POLICY_LIST_SPLICE), E_SYNTAX);
	ck_assert_uint_eq(wrong.line, errors[_i].line);
	ck_assert_str_eq(wrong.rule, errors[_i].rule);
	ck_assert_ptr_nonnull(wrong.why);
}
END_TEST

START_TEST(a_nul_and_an_endless_line_are_refused)
{
	static char endless[POLICY_RULE_BYTES_MAX + 2];
	const char nul[] = "a.test\nb\0.test\n";

	ck_assert_int_eq(policy_list_read(nul, sizeof(nul) - 1,
	    POLICY_LIST_SPLICE, policy, &rules, &wrong), E_SYNTAX);
	ck_assert_uint_eq(wrong.line, 2);
	memset(endless, 'a', sizeof(endless));
	ck_assert_int_eq(policy_list_read(endless, sizeof(endless),
	    POLICY_LIST_SPLICE, policy, &rules, &wrong), E_SYNTAX);
	ck_assert_uint_eq(strlen(wrong.rule), sizeof(wrong.rule) - 1);
}
END_TEST

START_TEST(the_message_says_what_the_lists_said)
{
	struct policy *again = policy_new(DECIDE_INSPECT);

	ck_assert_int_eq(read_list("a.test\n", POLICY_LIST_SPLICE), 0);
	ck_assert_int_eq(read_list("b.test\n", POLICY_LIST_REFUSE), 0);
	ck_assert_int_eq(read_list("c.test\n", POLICY_LIST_KNOWN), 0);
	ck_assert_int_eq(read_list("d.test\n", POLICY_LIST_INSPECT), 0);
	ck_assert_int_eq(policy_list_compile(again, (const char *)buf_data(&rules),
	    buf_length(&rules)), 0);
	ck_assert_int_eq(ask(again, "a.test").decision, DECIDE_SPLICE);
	ck_assert_int_eq(ask(again, "b.test").decision, DECIDE_REFUSE);
	ck_assert_str_eq(ask(again, "c.test").reason, "known_to_break");
	ck_assert_str_eq(ask(again, "d.test").reason, "policy_name");
	ck_assert_str_eq(ask(again, "e.test").reason, "default");
	policy_free(again);
}
END_TEST

START_TEST(a_message_that_is_none_is_refused)
{
	static const char *const bad[] = {"\n", "s\n", "s", "xa.test\n",
	    "sa.test\n\n", "sa b\n", "a.test"};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		ck_assert_msg(policy_list_compile(policy, bad[i],
		    strlen(bad[i])) == E_CORRUPT, "%s", bad[i]);
}
END_TEST

START_TEST(cut_anywhere_the_lines_before_are_whole)
{
	const char text[] = "one.test # 1\n two.test\n#\nthree.test\r\n";

	for (size_t cut = 0; cut < sizeof(text); cut++) {
		end();
		begin();
		ck_assert_int_eq(policy_list_read(text, cut, POLICY_LIST_SPLICE,
		    policy, &rules, &wrong), 0);
		ck_assert_int_eq(ask(policy, "one.test").decision == DECIDE_SPLICE,
		    cut >= 8);
		ck_assert_int_eq(ask(policy, "two.test").decision == DECIDE_SPLICE,
		    cut >= 22);
		ck_assert_int_eq(
		    ask(policy, "three.test").decision == DECIDE_SPLICE, cut >= 35);
	}
}
END_TEST

START_TEST(known_is_advice_and_loses_to_everything_but_inspection_by_default)
{
	static const enum decision others[] = {DECIDE_INSPECT, DECIDE_SPLICE,
	    DECIDE_REFUSE};
	const char *why;

	ck_assert_int_eq(policy_add_known(policy, ".a.test", &why), 0);
	ck_assert_int_eq(ask(policy, "x.a.test").decision, DECIDE_SPLICE);
	ck_assert_str_eq(ask(policy, "x.a.test").reason, "known_to_break");
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		struct policy *p = policy_new(DECIDE_INSPECT);
		ck_assert_int_eq(policy_add(p, "x.a.test", others[i], &why), 0);
		ck_assert_int_eq(policy_add_known(p, ".a.test", &why), 0);
		ck_assert_int_eq(ask(p, "x.a.test").decision, others[i]);
		ck_assert_str_eq(ask(p, "x.a.test").reason, "policy_name");
		policy_free(p);
	}
	struct policy *strict = policy_new(DECIDE_REFUSE);
	ck_assert_int_eq(policy_add_known(strict, ".a.test", &why), 0);
	ck_assert_int_eq(ask(strict, "a.test").decision, DECIDE_REFUSE);
	ck_assert_str_eq(ask(strict, "a.test").reason, "default");
	policy_free(strict);
}
END_TEST

START_TEST(a_hundred_thousand_rules_are_read_and_found)
{
	struct buf text;
	char name[64];

	buf_init(&text, 16 * 1024 * 1024);
	for (int i = 0; i < 50000; i++)
		ck_assert_int_eq(buf_printf(&text,
		    "*.n%d.test # why\napp:/opt/%d/bin\n", i, i), 0);
	ck_assert_int_eq(policy_list_read((const char *)buf_data(&text),
	    buf_length(&text), POLICY_LIST_SPLICE, policy, &rules, &wrong), 0);
	for (int i = 0; i < 50000; i += 7) {
		(void)snprintf(name, sizeof(name), "www.n%d.test", i);
		ck_assert_int_eq(ask(policy, name).decision, DECIDE_SPLICE);
		(void)snprintf(name, sizeof(name), "/opt/%d/bin", i);
		ck_assert_str_eq(policy_ask(policy, &(struct policy_subject){
		    .executable = name}).reason, "policy_application");
	}
	buf_free(&text);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("policy_list"), 3);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("policy_list");
	TCase *t = tcase_create("policy_list");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, a_line_is_a_rule_without_blanks_and_comment, 0,
	    ARRAY_LENGTH(lines));
	tcase_add_loop_test(t, what_is_wrong_is_named_with_its_line, 0,
	    ARRAY_LENGTH(errors));
	tcase_add_test(t, a_nul_and_an_endless_line_are_refused);
	tcase_add_test(t, the_message_says_what_the_lists_said);
	tcase_add_test(t, a_message_that_is_none_is_refused);
	tcase_add_test(t, cut_anywhere_the_lines_before_are_whole);
	tcase_add_test(t,
	    known_is_advice_and_loses_to_everything_but_inspection_by_default);
	tcase_add_test(t, a_hundred_thousand_rules_are_read_and_found);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
