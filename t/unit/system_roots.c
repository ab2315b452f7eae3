/* SPDX-License-Identifier: ISC */
/* Trust settings into roots, by the tables of SecTrustSettings.h. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "ca/system_roots.h"
#include "t/unit/suite.h"

#define LIMIT 4096u

#define ROOT TRUST_RESULT_ROOT
#define AS_ROOT TRUST_RESULT_AS_ROOT
#define DENY TRUST_RESULT_DENY
#define UNSPECIFIED TRUST_RESULT_UNSPECIFIED

/* The letter stands for a certificate's bytes. */
static struct system_root
made(enum trust_domain domain, const char *letter, bool self_issued,
    const struct trust_setting *settings, size_t count)
{
	return (struct system_root){.domain = domain, .der = (const uint8_t *)letter,
	    .length = 1, .self_issued = self_issued, .settings = settings,
	    .setting_count = count};
}

/* The letters of those that were chosen. */
static const char *
chosen(const struct system_root *all, size_t count)
{
	static char letters[LIMIT];
	struct buf out;

	buf_init(&out, LIMIT);
	int n = system_roots_choose(all, count, &out);
	ck_assert_int_eq(n, (int)buf_length(&out));
	(void)snprintf(letters, sizeof(letters), "%.*s", n,
	    n == 0 ? "" : (const char *)buf_data(&out));
	buf_free(&out);
	return letters;
}

/* Whether a certificate with these settings is a root. */
static bool
is_root(bool self_issued, const struct trust_setting *settings, size_t count)
{
	const struct system_root one =
	    made(TRUST_DOMAIN_ADMIN, "a", self_issued, settings, count);

	return strcmp(chosen(&one, 1), "a") == 0;
}

START_TEST(one_setting)
{
	static const struct {
		struct trust_setting setting;
		bool self_issued, root;
	} rows[] = {
	    {{.result = ROOT}, true, true},
	    {{.result = ROOT}, false, false},    /* "invalid for a non-root" */
	    {{.result = AS_ROOT}, false, true},
	    {{.result = AS_ROOT}, true, false},
	    {{.result = DENY}, true, false},
	    {{.result = DENY}, false, false},
	    {{.result = UNSPECIFIED}, true, false},
	    {{.result = 0}, true, false},         /* "never valid" */
	    {{.result = 77}, true, false},
	    {{.result = ROOT, .other_policy = true}, true, false},
	    {{.result = ROOT, .narrowed = true}, true, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(is_root(rows[i].self_issued, &rows[i].setting, 1) ==
		    rows[i].root, "row %zu", i);
}
END_TEST

START_TEST(no_setting_means_always)
{
	ck_assert(is_root(true, NULL, 0));
	ck_assert(!is_root(false, NULL, 0));
}
END_TEST

START_TEST(several_settings)
{
	static const struct trust_setting mail_and_servers[] = {
	    {.result = ROOT, .other_policy = true}, {.result = ROOT}};
	static const struct trust_setting not_mail[] = {
	    {.result = DENY, .other_policy = true}, {.result = ROOT}};
	static const struct trust_setting one_host_denied[] = {
	    {.result = DENY, .narrowed = true}, {.result = ROOT}};
	static const struct trust_setting both_ways[][2] = {
	    {{.result = ROOT}, {.result = DENY}}, {{.result = DENY}, {.result = ROOT}}};
	static const struct trust_setting only_mail[] = {
	    {.result = ROOT, .other_policy = true},
	    {.result = UNSPECIFIED}};

	ck_assert(is_root(true, mail_and_servers, 2));
	ck_assert(is_root(true, not_mail, 2));
	ck_assert(is_root(true, one_host_denied, 2));
	ck_assert(!is_root(true, both_ways[0], 2));
	ck_assert(!is_root(true, both_ways[1], 2));
	ck_assert(!is_root(true, only_mail, 2));
}
END_TEST

/* Whatever the order in which they come. */
START_TEST(an_administrator_overrides_the_system)
{
	static const struct trust_setting deny = {.result = DENY},
	    mail = {.result = DENY, .other_policy = true}, always = {.result = ROOT};
	const struct system_root shipped =
	    made(TRUST_DOMAIN_SYSTEM, "a", true, NULL, 0);
	const struct system_root banned =
	    made(TRUST_DOMAIN_SYSTEM, "b", true, &deny, 1);
	const struct {
		struct system_root all[2];
		const char *roots;
	} rows[] = {
	    {{shipped, made(TRUST_DOMAIN_ADMIN, "a", true, &deny, 1)}, ""},
	    {{made(TRUST_DOMAIN_ADMIN, "a", true, &deny, 1), shipped}, ""},
	    {{shipped, made(TRUST_DOMAIN_ADMIN, "a", true, &mail, 1)}, "a"},
	    {{shipped, made(TRUST_DOMAIN_ADMIN, "a", true, &always, 1)}, "a"},
	    {{banned, made(TRUST_DOMAIN_ADMIN, "b", true, &always, 1)}, "b"},
	    {{made(TRUST_DOMAIN_ADMIN, "b", true, &always, 1), banned}, "b"},
	    {{shipped, made(TRUST_DOMAIN_ADMIN, "c", true, NULL, 0)}, "ac"},
	    {{shipped, banned}, "a"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_str_eq(chosen(rows[i].all, 2), rows[i].roots);
}
END_TEST

START_TEST(none_and_too_many)
{
	const struct system_root one = made(TRUST_DOMAIN_SYSTEM, "a", true, NULL, 0);
	struct buf out;

	ck_assert_str_eq(chosen(NULL, 0), "");
	buf_init(&out, 0);
	ck_assert_int_eq(system_roots_choose(&one, 1, &out), E_LIMIT);
	buf_free(&out);
}
END_TEST

/* As many as macOS has, and each twice: order and bytes stay. */
START_TEST(many)
{
	static char bytes[200][2];
	static struct system_root all[400];
	struct buf out;

	for (size_t i = 0; i < 200; i++) {
		bytes[i][0] = (char)(i / 100);
		bytes[i][1] = (char)(i % 100);
		all[i] = made(TRUST_DOMAIN_SYSTEM, bytes[i], true, NULL, 0);
		all[i].length = 2;
		all[399 - i] = all[i];
		all[399 - i].domain = TRUST_DOMAIN_ADMIN;
	}
	buf_init(&out, LIMIT);
	ck_assert_int_eq(system_roots_choose(all, 400, &out), 200);
	ck_assert_uint_eq(buf_length(&out), sizeof(bytes));
	ck_assert_mem_eq(buf_data(&out), bytes, sizeof(bytes));
	buf_free(&out);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("system_roots");
	TCase *c = tcase_create("system_roots");

	tcase_add_test(c, one_setting);
	tcase_add_test(c, no_setting_means_always);
	tcase_add_test(c, several_settings);
	tcase_add_test(c, an_administrator_overrides_the_system);
	tcase_add_test(c, none_and_too_many);
	tcase_add_test(c, many);
	suite_add_tcase(s, c);
	return s;
}
