/* SPDX-License-Identifier: ISC */
/* Unit suite of the host app's pure parts (extension-bridge/macos/app): the command
 * line, and the words for each error of macOS. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "extension-bridge/macos/app/arguments.h"
#include "extension-bridge/macos/app/system_errors.h"
#include "t/unit/suite.h"

/* --- errors --- */

/* Every code of the domain, from 1 to the last that Apple's headers have. */
static const struct {
	const char *domain;
	long first, last;
} domains[] = {
    {"OSSystemExtensionErrorDomain", 1, 13},
    {"NEVPNErrorDomain", 1, 6},
    {"NEVPNConnectionErrorDomain", 1, 19},
    {"NEVPNConnectionErrorDomainPlugin", 1, 19},
    {"NEDNSProxyErrorDomain", 1, 4},
    {"NEConfigurationErrorDomain", 10, 10},
};

START_TEST(every_code_has_words_and_a_remedy)
{
	for (size_t i = 0; i < ARRAY_LENGTH(domains); i++) {
		for (long code = domains[i].first; code <= domains[i].last; code++) {
			const struct system_error *e =
			    system_error_find(domains[i].domain, code);
			ck_assert_msg(e != NULL, "%s %ld", domains[i].domain, code);
			ck_assert_int_eq(e->code, code);
			ck_assert_uint_gt(strlen(e->name), 3);
			ck_assert_uint_gt(strlen(e->words), 10);
			ck_assert_uint_gt(strlen(e->remedy), 5);
		}
		ck_assert_ptr_null(
		    system_error_find(domains[i].domain, domains[i].first - 1));
		ck_assert_ptr_null(
		    system_error_find(domains[i].domain, domains[i].last + 1));
	}
	ck_assert_ptr_null(system_error_find("NSCocoaErrorDomain", 1));
}
END_TEST

START_TEST(a_text_names_words_remedy_and_code)
{
	char text[512];

	system_error_text("OSSystemExtensionErrorDomain", 3, "unused", text,
	    sizeof(text));
	ck_assert_str_eq(text, "the app is not in /Applications: move Sightglass.app "
	    "there (OSSystemExtensionErrorDomain 3, UnsupportedParentBundleLocation)");
}
END_TEST

START_TEST(what_is_not_in_the_tables_is_told_as_the_system_says_it)
{
	char text[64];

	system_error_text("NSPOSIXErrorDomain", 28, "No space left", text,
	    sizeof(text));
	ck_assert_str_eq(text, "No space left (NSPOSIXErrorDomain 28)");
	system_error_text("X", -1, NULL, text, sizeof(text));
	ck_assert_str_eq(text, "the system does not say why (X -1)");
	system_error_text("NEVPNErrorDomain", 5, NULL, text, 8);
	ck_assert_uint_eq(strlen(text), 7);
}
END_TEST

/* --- the command line --- */

static struct app_request request;
static char error[128];

#define PARSE(...)                                                            \
	parse((char *[]){(char *)"Sightglass", __VA_ARGS__, NULL})

static enum app_exit
parse(char *argv[])
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	error[0] = '\0';
	return app_parse(argc, argv, &request, error);
}

START_TEST(verbs)
{
	static const struct {
		const char *name;
		enum app_verb verb;
	} rows[] = {{"activate", APP_ACTIVATE}, {"deactivate", APP_DEACTIVATE},
	    {"start", APP_START}, {"stop", APP_STOP}, {"status", APP_STATUS}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		ck_assert_int_eq(PARSE((char *)rows[i].name), APP_DONE);
		ck_assert_int_eq(request.verb, rows[i].verb);
		ck_assert(request.dns && request.wait_s == 0 && !request.help);
	}
}
END_TEST

START_TEST(options)
{
	ck_assert_int_eq(PARSE((char *)"activate", (char *)"--no-dns",
	                     (char *)"--wait", (char *)"300"), APP_DONE);
	ck_assert(!request.dns);
	ck_assert_uint_eq(request.wait_s, 300);
	ck_assert_int_eq(PARSE((char *)"deactivate", (char *)"--wait", (char *)"0"),
	    APP_DONE);
	ck_assert_int_eq(PARSE((char *)"nonsense", (char *)"-h"), APP_DONE);
	ck_assert(request.help);
}
END_TEST

/* What follows the program's name, and what is said of it. */
START_TEST(what_is_no_command_line_is_told)
{
	static const struct {
		const char *words[4];
		const char *error;
	} rows[] = {
	    {{NULL}, "a verb is missing"},
	    {{"install", NULL}, "there is no verb 'install'"},
	    {{"status", "--no-dns", NULL}, "status has no option '--no-dns'"},
	    {{"stop", "--wait", "3", NULL}, "stop has no option '--wait'"},
	    {{"activate", "now", NULL}, "activate has no option 'now'"},
	    {{"activate", "--wait", NULL},
	        "--wait needs a number of seconds, up to 86400"},
	    {{"activate", "--wait", "-1", NULL},
	        "--wait needs a number of seconds, up to 86400"},
	    {{"activate", "--wait", "3s", NULL},
	        "--wait needs a number of seconds, up to 86400"},
	    {{"activate", "--wait", "99999999999999999999", NULL},
	        "--wait needs a number of seconds, up to 86400"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char *argv[6] = {(char *)"Sightglass"};
		for (size_t j = 0; j < 4; j++)
			argv[j + 1] = (char *)rows[i].words[j];
		ck_assert_int_eq(parse(argv), APP_USAGE);
		ck_assert_str_eq(error, rows[i].error);
	}
}
END_TEST

START_TEST(the_usage_names_every_verb)
{
	char text[2048], few[10];
	int length = app_usage(text, sizeof(text));

	ck_assert_int_eq(length, (int)strlen(text));
#define NAMED(symbol, name, words) ck_assert_ptr_nonnull(strstr(text, "  " name " "));
	APP_VERBS(NAMED)
#undef NAMED
	ck_assert_int_eq(app_usage(few, sizeof(few)), length);
	ck_assert_uint_eq(strlen(few), sizeof(few) - 1);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("macos_app");
	TCase *t = tcase_create("errors");

	tcase_add_test(t, every_code_has_words_and_a_remedy);
	tcase_add_test(t, a_text_names_words_remedy_and_code);
	tcase_add_test(t, what_is_not_in_the_tables_is_told_as_the_system_says_it);
	suite_add_tcase(s, t);
	t = tcase_create("command line");
	tcase_add_test(t, verbs);
	tcase_add_test(t, options);
	tcase_add_test(t, what_is_no_command_line_is_told);
	tcase_add_test(t, the_usage_names_every_verb);
	suite_add_tcase(s, t);
	return s;
}
