/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/host_rules and mitm/invalid: which rule counts for a host,
 * and what is said about a rule that is none. */
#include "mitm/host_rules.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>

#include "base/err.h"
#include "mitm/invalid.h"
#include "t/unit/suite.h"

static char *items[] = {
    "prod.lab.test=refuse",
    ".lab.test=allow",
    "10.0.0.0/8=allow",
    "10.1.0.1=refuse", /* behind the block that covers it */
};

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage a = {.ss_family = AF_INET};

	ck_assert_int_eq(inet_pton(AF_INET, text,
	    &((struct sockaddr_in *)&a)->sin_addr), 1);
	return a;
}

static const struct {
	const char *name, *address;
	enum conf_invalid action;
	const char *reason;
} hosts[] = {
    {"prod.lab.test", "192.0.2.1", CONF_INVALID_REFUSE, "policy_name"},
    {"PROD.lab.test.", "192.0.2.1", CONF_INVALID_REFUSE, "policy_name"},
    {"lab.test", "192.0.2.1", CONF_INVALID_ALLOW, "policy_name"},
    {"a.b.lab.test", "192.0.2.1", CONF_INVALID_ALLOW, "policy_name"},
    {"other.test", "192.0.2.1", CONF_INVALID_MIRROR, "default"},
    {"other.test", "10.1.0.1", CONF_INVALID_ALLOW, "policy_address"},
    {NULL, "10.2.3.4", CONF_INVALID_ALLOW, "policy_address"},
    {NULL, "192.0.2.1", CONF_INVALID_MIRROR, "default"},
    {"lab.test", NULL, CONF_INVALID_ALLOW, "policy_name"},
    {NULL, NULL, CONF_INVALID_MIRROR, "default"},
};

START_TEST(the_first_rule_that_covers_the_host_counts)
{
	const struct conf_list list = {.items = items, .count = ARRAY_LENGTH(items)};
	struct sockaddr_storage at;
	const char *why;
	size_t wrong;
	struct invalid *v =
	    invalid_new(CONF_INVALID_MIRROR, &list, &wrong, &why);

	ck_assert_ptr_nonnull(v);
	if (hosts[_i].address != NULL)
		at = address(hosts[_i].address);
	struct invalid_verdict verdict = invalid_ask(v, hosts[_i].name,
	    hosts[_i].address != NULL ? &at : NULL);
	ck_assert_int_eq(verdict.action, hosts[_i].action);
	ck_assert_str_eq(verdict.reason, hosts[_i].reason);
	invalid_free(v);
}
END_TEST

static const struct {
	const char *rule, *words;
} mistakes[] = {
    {"lab.test", "PATTERN=VALUE"},
    {"", "PATTERN=VALUE"},
    {"lab.test=", "mirror, refuse or allow"},
    {"lab.test=splice", "mirror, refuse or allow"},
    {"lab.test=allow ", "mirror, refuse or allow"},
    {"=allow", "neither a name"},
    {"*=allow", "neither a name"},
    {"port:443=allow", "only names, addresses and blocks"},
    {"app:/bin/x=allow", "only names, addresses and blocks"},
    {"10.0.0.0/33=allow", "prefix length"},
};

START_TEST(a_mistake_is_named)
{
	char *rules[] = {items[0], (char *)mistakes[_i].rule};
	const struct conf_list list = {.items = rules, .count = 2};
	const char *why;
	size_t wrong;

	ck_assert_ptr_null(
	    invalid_new(CONF_INVALID_MIRROR, &list, &wrong, &why));
	ck_assert_uint_eq(wrong, 1);
	ck_assert_msg(strstr(why, mistakes[_i].words) != NULL, "%s", why);
}
END_TEST

START_TEST(a_pattern_that_is_too_long_is_refused)
{
	char rule[HOST_PATTERN_BYTES + 8], pattern[HOST_PATTERN_BYTES];
	const char *value, *why;

	memset(rule, 'a', sizeof(rule));
	memcpy(rule + HOST_PATTERN_BYTES, "=x", 3);
	ck_assert_int_eq(host_rules_split(rule, pattern, &value, &why), E_SYNTAX);
	memcpy(rule + HOST_PATTERN_BYTES - 1, "=x", 3);
	ck_assert_int_eq(host_rules_split(rule, pattern, &value, &why), 0);
	ck_assert_uint_eq(strlen(pattern), HOST_PATTERN_BYTES - 1);
	ck_assert_str_eq(value, "x");
}
END_TEST

START_TEST(their_number_is_bounded)
{
	struct host_rules *r = host_rules_new();
	const char *why;

	ck_assert_ptr_nonnull(r);
	for (size_t i = 0; i < HOST_RULES_MAX; i++)
		ck_assert_int_eq(host_rules_add(r, "a.test", &why), 0);
	ck_assert_int_eq(host_rules_add(r, "a.test", &why), E_LIMIT);
	ck_assert_ptr_nonnull(strstr(why, "1024"));
	host_rules_free(r);
	host_rules_free(NULL);
	invalid_free(NULL);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("host_rules");
	TCase *t = tcase_create("rules");

	tcase_add_loop_test(t, the_first_rule_that_covers_the_host_counts, 0,
	    (int)ARRAY_LENGTH(hosts));
	tcase_add_loop_test(t, a_mistake_is_named, 0, (int)ARRAY_LENGTH(mistakes));
	tcase_add_test(t, a_pattern_that_is_too_long_is_refused);
	tcase_add_test(t, their_number_is_bounded);
	suite_add_tcase(s, t);
	return s;
}
