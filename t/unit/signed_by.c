/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of daemon/signed_by: who is admitted, and that nobody is by a text that is
 * only like the right one, by a signature that does not hold, or by having none.
 */
#include "daemon/signed_by.h"

#include <string.h>

#include "base/attr.h"
#include "t/unit/suite.h"

static char whole_team[] = "ABCDE12345";
static char one_program[] = "ZZZZZ99999:com.example.tool";
static char *items[] = {whole_team, one_program};
static const struct conf_list list = {.items = items, .count = 2};

static const struct {
	struct process_signature signature;
	bool admitted;
} processes[] = {
    {{true, "com.example.anything", "ABCDE12345"}, true},
    {{true, "", "ABCDE12345"}, true},
    {{true, "com.example.tool", "ZZZZZ99999"}, true},
    {{true, "com.example.other", "ZZZZZ99999"}, false},
    {{true, "com.example.tool2", "ZZZZZ99999"}, false},
    {{true, "com.example.too", "ZZZZZ99999"}, false},
    {{true, "", "ZZZZZ99999"}, false},
    {{true, "com.example.tool", "YYYYY99999"}, false},
    {{true, "com.example.tool", ""}, false},           /* ad hoc, or Apple's own */
    {{true, "com.example.tool", "ABCDE1234"}, false},
    {{true, "com.example.tool", "ABCDE123456"}, false},
    {{true, "com.example.tool", "abcde12345"}, false},
    {{false, "com.example.tool", "ABCDE12345"}, false}, /* does not hold */
    {{false, "", ""}, false},
};

START_TEST(a_process_is_admitted_by_its_team_and_program)
{
	ck_assert(signed_by_admits(&list, &processes[_i].signature) ==
	    processes[_i].admitted);
}
END_TEST

START_TEST(an_empty_list_admits_nobody)
{
	static const struct conf_list none = {.count = 0};

	ck_assert(!signed_by_admits(&none, &processes[0].signature));
}
END_TEST

static const struct {
	const char *item;
	bool good;
} written[] = {
    {"ABCDE12345", true},
    {"0123456789", true},
    {"ABCDE12345:com.example.tool", true},
    {"ABCDE12345:a:b", true}, /* an identifier may have one */
    {"", false},
    {"ABCDE1234", false},
    {"ABCDE123456", false},
    {"abcde12345", false},
    {"ABCDE12345:", false},
    {"ABCDE12345 ", false},
    {":com.example.tool", false},
    {"com.example.tool", false},
    {"ABCDE12345.com.example.tool", false},
};

START_TEST(an_item_is_a_team_and_perhaps_a_program)
{
	ck_assert_msg((signed_by_trouble(written[_i].item) == NULL) ==
	    written[_i].good, "'%s'", written[_i].item);
}
END_TEST

START_TEST(an_identifier_that_no_process_can_have_is_refused)
{
	char item[11 + 256 + 1] = "ABCDE12345:";

	memset(item + 11, 'a', 255);
	ck_assert_ptr_null(signed_by_trouble(item));
	memset(item + 11, 'a', 256);
	ck_assert_ptr_nonnull(signed_by_trouble(item));
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("signed_by");
	TCase *t = tcase_create("signed_by");

	tcase_add_loop_test(t, a_process_is_admitted_by_its_team_and_program, 0,
	    ARRAY_LENGTH(processes));
	tcase_add_test(t, an_empty_list_admits_nobody);
	tcase_add_loop_test(t, an_item_is_a_team_and_perhaps_a_program, 0,
	    ARRAY_LENGTH(written));
	tcase_add_test(t, an_identifier_that_no_process_can_have_is_refused);
	suite_add_tcase(s, t);
	return s;
}
