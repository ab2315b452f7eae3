/* SPDX-License-Identifier: ISC */
/* Unit suite of base/mdoc. */
#include "base/mdoc.h"

#include <string.h>

#include "t/unit/suite.h"

static const struct {
	const char *text, *page;
} cases[] = {
    {"", ""},
    {"One. Two.", "One.\nTwo.\n"},
    {"A back\\slash", "A back\\eslash\n"},
    {"Says `no` to it.", "Says\n.Ql no\nto it.\n"},
    {"`no`, or `worker 1`.", ".Ql no ,\nor\n.Ql worker 1 .\n"},
    {"Hidden (`x`). Shown.", "Hidden\n.Ql ( x ) .\nShown.\n"},
    {"As is (that `x`).", "As is (that\n.Ql x ) .\n"},
    {"A `\\d` b", "A\n.Ql \\ed\nb\n"},
    {"aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa "
     "aaaaaaa b", "aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa "
     "aaaaaaaaa aaaaaaa\nb\n"},
};

START_TEST(text_becomes_lines)
{
	struct buf out;

	buf_init(&out, 4096);
	ck_assert_int_eq(mdoc_text(&out, cases[_i].text), 0);
	ck_assert_uint_eq(buf_length(&out), strlen(cases[_i].page));
	ck_assert_mem_eq(buf_length(&out) == 0 ? "" : (char *)buf_data(&out),
	    cases[_i].page, buf_length(&out));
	buf_free(&out);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("mdoc");
	TCase *c = tcase_create("text");

	tcase_add_loop_test(c, text_becomes_lines, 0,
	    (int)(sizeof(cases) / sizeof(*cases)));
	suite_add_tcase(s, c);
	return s;
}
