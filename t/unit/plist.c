/* SPDX-License-Identifier: ISC */
/* Unit suite of cli/plist: the form of each element, and what XML cannot hold. */
#include "cli/plist.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/suite.h"

#define HEAD                                                                  \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                        \
	"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "             \
	"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"               \
	"<plist version=\"1.0\">\n"

static struct buf out;
static struct plist plist;

static void
begin(void)
{
	buf_init(&out, 4096);
	plist_begin(&plist, &out);
}

static void
check_is(const char *text)
{
	ck_assert_int_eq(plist_end(&plist), 0);
	ck_assert_int_eq(buf_append(&out, "", 1), 0);
	ck_assert_str_eq((const char *)buf_data(&out), text);
	buf_free(&out);
}

START_TEST(elements)
{
	uint8_t bytes[50];

	memset(bytes, 0, sizeof(bytes));
	begin();
	plist_dict_begin(&plist, NULL);
	plist_text(&plist, "text", "");
	plist_number(&plist, "number", UINT64_MAX);
	plist_array_begin(&plist, "array");
	plist_bool(&plist, NULL, true);
	plist_bool(&plist, NULL, false);
	plist_array_end(&plist);
	plist_data(&plist, "data", bytes, sizeof(bytes));
	plist_data(&plist, "none", bytes, 0);
	plist_dict_end(&plist);
	check_is(HEAD "<dict>\n"
	    "\t<key>text</key>\n\t<string></string>\n"
	    "\t<key>number</key>\n\t<integer>18446744073709551615</integer>\n"
	    "\t<key>array</key>\n\t<array>\n\t\t<true/>\n\t\t<false/>\n\t</array>\n"
	    "\t<key>data</key>\n\t<data>\n\t\t"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	    "\t\tAAA=\n\t</data>\n"
	    "\t<key>none</key>\n\t<data>\n\t</data>\n"
	    "</dict>\n</plist>\n");
}
END_TEST

START_TEST(escapes)
{
	begin();
	plist_text(&plist, "a<&>\"'b", "]]>\t\n\xc3\xbc \xf0\x9f\x94\x8d&amp;");
	check_is(HEAD "<key>a&lt;&amp;&gt;\"'b</key>\n"
	    "<string>]]&gt;\t\n\xc3\xbc \xf0\x9f\x94\x8d&amp;amp;</string>\n"
	    "</plist>\n");
}
END_TEST

static const char *const impossible[] = {"\x01", "a\x1f", "\r", "\x80",
    "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xef\xbf\xbe", "\xef\xbf\xbf",
    "\xf4\x90\x80\x80"};

START_TEST(what_xml_cannot_hold)
{
	begin();
	plist_text(&plist, NULL, impossible[_i]);
	plist_text(&plist, NULL, "good");
	ck_assert_int_eq(plist_end(&plist), E_SYNTAX);
	buf_free(&out);
}
END_TEST

START_TEST(is_bounded)
{
	buf_init(&out, sizeof(HEAD) + 20);
	plist_begin(&plist, &out);
	plist_text(&plist, NULL, "more than twenty characters");
	ck_assert_int_eq(plist_end(&plist), E_LIMIT);
	buf_free(&out);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("plist");
	TCase *c = tcase_create("plist");

	tcase_add_test(c, elements);
	tcase_add_test(c, escapes);
	tcase_add_loop_test(c, what_xml_cannot_hold, 0,
	    (int)(sizeof(impossible) / sizeof(impossible[0])));
	tcase_add_test(c, is_bounded);
	suite_add_tcase(s, c);
	return s;
}
