/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/policy: what each kind of rule matches and does not, which
 * rule wins, and what is said about a rule that is none.
 */
#include "mitm/policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

static void
add(struct policy *p, const char *rule, enum decision decision)
{
	const char *why;

	ck_assert_msg(policy_add(p, rule, decision, &why) == 0, "%s: %s", rule,
	    why);
	ck_assert_ptr_null(why);
}

static struct policy *
policy_with(const char *rule)
{
	struct policy *p = policy_new(DECIDE_INSPECT);

	ck_assert_ptr_nonnull(p);
	add(p, rule, DECIDE_SPLICE);
	return p;
}

static struct sockaddr_storage
address(const char *text, uint16_t port)
{
	struct sockaddr_storage a = {.ss_family = AF_INET};
	struct sockaddr_in *in = (struct sockaddr_in *)&a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_port = htons(port);
		return a;
	}
	a.ss_family = AF_INET6;
	ck_assert_int_eq(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	in6->sin6_port = htons(port);
	return a;
}

static const struct {
	const char *rule, *name;
	bool matches;
} names[] = {
	{"example.com", "example.com", true},
	{"example.com", "EXAMPLE.com.", true},
	{"Example.COM.", "example.com", true},
	{"example.com", "www.example.com", false},
	{"example.com", "notexample.com", false},
	{"example.com", NULL, false},
	{"example.com", "", false},
	{"*.example.com", "www.example.com", true},
	{"*.example.com", "a.b.c.example.com", true},
	{"*.example.com", "example.com", false},
	{"*.example.com", "notexample.com", false},
	{".example.com", "example.com", true},
	{".example.com", "a.b.example.com", true},
	{".example.com", "example.com.evil", false},
	{"*.com", "example.com", true},
	{"localhost", "localhost", true},
	{"xn--bcher-kva.example", "xn--bcher-kva.example", true},
	{"1e100.net", "1e100.net", true},
	{"_srv.example", "_srv.example", true},
};

START_TEST(names_match_as_the_header_says)
{
	struct policy *p = policy_with(names[_i].rule);
	struct verdict v = policy_ask(p,
	    &(struct policy_subject){.server_name = names[_i].name});

	ck_assert(v.decision ==
	    (names[_i].matches ? DECIDE_SPLICE : DECIDE_INSPECT));
	ck_assert_str_eq(v.reason, names[_i].matches ? "policy_name" : "default");
	policy_free(p);
}
END_TEST

static const struct {
	const char *rule, *address;
	bool matches;
} blocks[] = {
	{"17.0.0.0/8", "17.255.0.1", true},
	{"17.0.0.0/8", "18.0.0.1", false},
	{"17.1.2.3/8", "17.200.0.1", true},
	{"192.0.2.1", "192.0.2.1", true},
	{"192.0.2.1", "192.0.2.2", false},
	{"192.0.2.128/25", "192.0.2.128", true},
	{"192.0.2.128/25", "192.0.2.127", false},
	{"192.0.2.1/32", "::ffff:192.0.2.1", true},
	{"::ffff:10.0.0.0/104", "10.9.9.9", true},
	{"0.0.0.0/0", "203.0.113.9", true},
	{"0.0.0.0/0", "2001:db8::1", false},
	{"::/0", "2001:db8::1", true},
	{"::/0", "203.0.113.9", false},
	{"::1", "::1", true},
	{"::1", "::2", false},
	{"2001:db8::/33", "2001:db8:7fff::1", true},
	{"2001:db8::/33", "2001:db8:8000::1", false},
	{"2001:db8::7", "2001:db8::7", true},
};

START_TEST(address_blocks_match_by_prefix)
{
	struct policy *p = policy_with(blocks[_i].rule);
	struct sockaddr_storage a = address(blocks[_i].address, 443);
	struct verdict v = policy_ask(p, &(struct policy_subject){.address = &a});

	ck_assert(v.decision ==
	    (blocks[_i].matches ? DECIDE_SPLICE : DECIDE_INSPECT));
	ck_assert_str_eq(v.reason,
	    blocks[_i].matches ? "policy_address" : "default");
	policy_free(p);
}
END_TEST

START_TEST(ports_match_alone_and_in_ranges)
{
	struct policy *p = policy_with("port:25");
	static const struct { uint16_t port; bool matches; } cases[] = {{25, true},
	    {24, false}, {5000, true}, {5100, true}, {5101, false}, {65535, true}};

	add(p, "port:5000-5100", DECIDE_SPLICE);
	add(p, "port:65535", DECIDE_SPLICE);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct sockaddr_storage v4 = address("192.0.2.1", cases[i].port);
		struct sockaddr_storage v6 = address("::1", cases[i].port);
		struct policy_subject subject = {.address = &v4};
		ck_assert((policy_ask(p, &subject).decision == DECIDE_SPLICE) ==
		    cases[i].matches);
		subject.address = &v6;
		ck_assert((policy_ask(p, &subject).decision == DECIDE_SPLICE) ==
		    cases[i].matches);
	}
	policy_free(p);
}
END_TEST

static const struct {
	const char *rule, *application;
	bool matches;
} applications[] = {
	{"app:/usr/bin/curl", "/usr/bin/curl", true},
	{"app:/usr/bin/curl", "/usr/bin/curlx", false},
	{"app:/usr/bin/curl", "/usr/bin/cur", false},
	{"app:com.example.*", "com.example.browser.helper", true},
	{"app:com.example.*", "com.example", false},
	{"app:*/bin/*", "/opt/x/bin/y", true},
	{"app:*a*b*c", "xxaxxbxxbc", true},
	{"app:*a*b*c", "xxaxxcxxb", false},
	{"app:?url", "curl", true},
	{"app:?url", "url", false},
	{"app:a\\*b", "a*b", true},
	{"app:a\\*b", "axb", false},
	{"app:*", "anything", true},
};

START_TEST(applications_match_by_path_or_signing_id)
{
	struct policy *p = policy_with(applications[_i].rule);
	enum decision expected = applications[_i].matches ? DECIDE_SPLICE :
	    DECIDE_INSPECT;
	const char *text = applications[_i].application;

	ck_assert(policy_ask(p, &(struct policy_subject){.executable = text})
	    .decision == expected);
	ck_assert(policy_ask(p, &(struct policy_subject){.signing_id = text})
	    .decision == expected);
	policy_free(p);
}
END_TEST

static const struct {
	const char *rule, *signing_id, *team_id;
	bool matches;
} vouched_for[] = {
	{"app:ABCDE12345:com.example.tool", "com.example.tool", "ABCDE12345", true},
	{"app:ABCDE12345:com.example.tool", "com.example.tool", "ZZZZZ99999", false},
	{"app:ABCDE12345:com.example.tool", "com.example.tool", NULL, false},
	{"app:ABCDE12345:com.example.tool", "com.example.tools", "ABCDE12345", false},
	{"app:ABCDE12345:com.example.tool", NULL, "ABCDE12345", false},
	{"app:ABCDE12345:*", "com.example.tool", "ABCDE12345", true},
	{"app:ABCDE12345:*", "com.example.tool", "ABCDE1234", false},
	{"app:*:com.example.tool", "com.example.tool", "ABCDE12345", true},
	{"app:com.example.tool", "com.example.tool", "ABCDE12345", true},
	{"app:ABCDE12345", "com.example.tool", "ABCDE12345", false},
};

START_TEST(a_team_vouches_for_a_signing_id)
{
	struct policy *p = policy_with(vouched_for[_i].rule);
	const struct policy_subject subject = {
	    .signing_id = vouched_for[_i].signing_id,
	    .team_id = vouched_for[_i].team_id};

	ck_assert((policy_ask(p, &subject).decision == DECIDE_SPLICE) ==
	    vouched_for[_i].matches);
	policy_free(p);
}
END_TEST

START_TEST(a_team_and_a_signing_id_may_be_as_long_as_a_header_has_them)
{
	char team[64], id[256], rule[4 + 64 + 256] = "app:";

	memset(team, 'T', sizeof(team) - 1);
	team[sizeof(team) - 1] = '\0';
	memset(id, 'i', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	strcat(strcat(strcat(rule, team), ":"), id);
	struct policy *p = policy_with(rule);
	ck_assert(policy_ask(p, &(struct policy_subject){.signing_id = id,
	    .team_id = team}).decision == DECIDE_SPLICE);
	policy_free(p);
}
END_TEST

START_TEST(a_hostile_glob_takes_no_longer_than_its_product)
{
	struct policy *p = policy_with("app:*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b");
	char text[4097];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert(policy_ask(p, &(struct policy_subject){.executable = text})
	    .decision == DECIDE_INSPECT);
	policy_free(p);
}
END_TEST

START_TEST(users_match_by_number)
{
	struct policy *p = policy_with("user:501");
	uint32_t uid = 501, root = 0;

	struct verdict v = policy_ask(p, &(struct policy_subject){.uid = &uid});
	ck_assert(v.decision == DECIDE_SPLICE);
	ck_assert_str_eq(v.reason, "policy_user");
	ck_assert(policy_ask(p, &(struct policy_subject){.uid = &root}).decision ==
	    DECIDE_INSPECT);
	ck_assert(policy_ask(p, &(struct policy_subject){0}).decision ==
	    DECIDE_INSPECT);
	policy_free(p);
}
END_TEST

START_TEST(refuse_beats_splice_beats_inspect_beats_the_default)
{
	struct policy *p = policy_new(DECIDE_REFUSE);
	struct sockaddr_storage a = address("192.0.2.1", 443);
	uint32_t uid = 501;
	struct policy_subject subject = {.server_name = "www.example.com",
	    .address = &a, .executable = "/usr/bin/curl", .uid = &uid};

	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(policy_ask(p, &subject).reason, "default");
	ck_assert(policy_ask(p, &subject).decision == DECIDE_REFUSE);
	add(p, "user:501", DECIDE_INSPECT);
	ck_assert_str_eq(policy_ask(p, &subject).reason, "policy_user");
	ck_assert(policy_ask(p, &subject).decision == DECIDE_INSPECT);
	add(p, "*.example.com", DECIDE_INSPECT);
	ck_assert_str_eq(policy_ask(p, &subject).reason, "policy_name");
	add(p, "app:*", DECIDE_SPLICE);
	ck_assert_str_eq(policy_ask(p, &subject).reason, "policy_application");
	ck_assert(policy_ask(p, &subject).decision == DECIDE_SPLICE);
	add(p, "port:443", DECIDE_SPLICE);
	ck_assert_str_eq(policy_ask(p, &subject).reason, "policy_port");
	add(p, "192.0.2.0/24", DECIDE_REFUSE);
	ck_assert_str_eq(policy_ask(p, &subject).reason, "policy_address");
	ck_assert(policy_ask(p, &subject).decision == DECIDE_REFUSE);
	policy_free(p);
}
END_TEST

START_TEST(the_order_of_rules_does_not_matter)
{
	struct policy *p = policy_new(DECIDE_INSPECT);
	struct policy_subject subject = {.server_name = "a.example.com"};

	ck_assert_ptr_nonnull(p);
	add(p, ".example.com", DECIDE_REFUSE);
	add(p, "a.example.com", DECIDE_INSPECT);
	add(p, ".example.com", DECIDE_SPLICE);
	ck_assert(policy_ask(p, &subject).decision == DECIDE_REFUSE);
	policy_free(p);
}
END_TEST

START_TEST(ten_thousand_names_are_all_found)
{
	struct policy *p = policy_new(DECIDE_INSPECT);
	char name[64];

	ck_assert_ptr_nonnull(p);
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof(name), ".host%d.example", i);
		add(p, name, i % 2 ? DECIDE_SPLICE : DECIDE_REFUSE);
	}
	for (int i = 0; i < 10001; i++) {
		(void)snprintf(name, sizeof(name), "www.host%d.example", i);
		enum decision expected = i == 10000 ? DECIDE_INSPECT :
		    i % 2 ? DECIDE_SPLICE : DECIDE_REFUSE;
		ck_assert(policy_ask(p, &(struct policy_subject){
		    .server_name = name}).decision == expected);
	}
	policy_free(p);
}
END_TEST

static const char *const wrong[] = {"", ".", "*", "*.", "**.example.com",
    "a..b", "www.*.com", "exa mple.com", "17.0.0", "300.1.2.3", "10.0.0.0/33",
    "10.0.0.0/", "10.0.0.0/x", "::1/129", "::1::", "port:", "port:65536",
    "port:9-1", "port:1-", "port:80x", "user:", "user:root", "user:-1",
    "user:4294967296", "app:", "https://example.com/", "example.com:443",
    "example.com/8", "..example.com"};

START_TEST(a_rule_that_is_none_says_why)
{
	struct policy *p = policy_new(DECIDE_INSPECT);
	const char *why = NULL;

	ck_assert_ptr_nonnull(p);
	ck_assert_msg(policy_add(p, wrong[_i], DECIDE_SPLICE, &why) == E_SYNTAX,
	    "'%s' was taken", wrong[_i]);
	ck_assert_ptr_nonnull(why);
	ck_assert_str_eq(policy_ask(p, &(struct policy_subject){
	    .server_name = "example.com"}).reason, "default");
	policy_free(p);
}
END_TEST

START_TEST(a_name_longer_than_any_name_is_refused_and_never_found)
{
	struct policy *p = policy_with(".example");
	char name[400];
	const char *why;

	memset(name, 'a', sizeof(name));
	strcpy(name + 380, ".example");
	ck_assert_int_eq(policy_add(p, name, DECIDE_SPLICE, &why), E_SYNTAX);
	ck_assert_str_eq(policy_ask(p, &(struct policy_subject){
	    .server_name = name}).reason, "default");
	policy_free(p);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("policy"), 3);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_add_loop_test(t, names_match_as_the_header_says, 0,
	    ARRAY_LENGTH(names));
	tcase_add_loop_test(t, address_blocks_match_by_prefix, 0,
	    ARRAY_LENGTH(blocks));
	tcase_add_test(t, ports_match_alone_and_in_ranges);
	tcase_add_loop_test(t, applications_match_by_path_or_signing_id, 0,
	    ARRAY_LENGTH(applications));
	tcase_add_loop_test(t, a_team_vouches_for_a_signing_id, 0,
	    ARRAY_LENGTH(vouched_for));
	tcase_add_test(t, a_team_and_a_signing_id_may_be_as_long_as_a_header_has_them);
	tcase_add_test(t, a_hostile_glob_takes_no_longer_than_its_product);
	tcase_add_test(t, users_match_by_number);
	tcase_add_test(t, refuse_beats_splice_beats_inspect_beats_the_default);
	tcase_add_test(t, the_order_of_rules_does_not_matter);
	tcase_add_test(t, ten_thousand_names_are_all_found);
	tcase_add_loop_test(t, a_rule_that_is_none_says_why, 0,
	    ARRAY_LENGTH(wrong));
	tcase_add_test(t, a_name_longer_than_any_name_is_refused_and_never_found);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
