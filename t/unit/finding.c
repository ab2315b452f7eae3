/* SPDX-License-Identifier: ISC */
/* The two forms of the doctor's findings. */
#include "cli/finding.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/suite.h"

static char *
told(bool as_json, struct findings *f)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	ck_assert_ptr_nonnull(out);
	findings_begin(f, out, as_json);
	finding_ok(f, FINDING_LOG, "%s", "/log, mode 0700");
	finding_warning(f, FINDING_CLOCK, "nobody keeps it right");
	finding_remedy(f, "set \"%s\"", "it");
	finding_failure(f, FINDING_BRIDGE, "%s", "a\x1b[31mb\nc");
	findings_end(f);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

START_TEST(lines)
{
	struct findings f;
	char *text = told(false, &f);

	ck_assert_str_eq(text,
	    "ok      log          /log, mode 0700\n"
	    "warning clock        nobody keeps it right\n"
	    "                     set \"it\"\n"
	    "FAILURE bridge       a\\x1b[31mb\\x0ac\n");
	ck_assert_uint_eq(f.warnings, 1);
	ck_assert_uint_eq(f.failures, 1);
	free(text);
}
END_TEST

START_TEST(objects)
{
	struct findings f;
	char *text = told(true, &f);

	ck_assert_str_eq(text,
	    "{\"id\":\"log\",\"state\":\"ok\",\"text\":\"/log, mode 0700\"}\n"
	    "{\"id\":\"clock\",\"state\":\"warning\",\"text\":\"nobody keeps it right\","
	    "\"remedy\":\"set \\\"it\\\"\"}\n"
	    "{\"id\":\"bridge\",\"state\":\"failure\",\"text\":\"a\\u001b[31mb\\nc\"}\n");
	free(text);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("finding");
	TCase *c = tcase_create("forms");

	tcase_add_test(c, lines);
	tcase_add_test(c, objects);
	suite_add_tcase(s, c);
	return s;
}
