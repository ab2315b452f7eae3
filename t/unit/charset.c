/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/charset: what tells the charset of a text, and in which order;
 * the text as UTF-8; and what is let alone.
 */
#include "mitm/charset.h"

#include <iconv.h>
#include <string.h>

#include "mitm/charset_names.h"
#include "t/fuzz/charset_all.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define TEXT(text) text, sizeof(text) - 1

static struct buf out;

static void
setup(void)
{
	buf_init(&out, SIZE_MAX);
}

static void
teardown(void)
{
	buf_free(&out);
}

static const struct {
	const char *type, *text;
	size_t length;
	const char *said, *name; /* as UTF-8; the charset, NULL: none */
	unsigned replaced;
} texts[] = {
	/* The type says it. */
	{"text/plain; charset=ISO-8859-1", TEXT("caf\xe9 \x80"), "café €",
	    "windows-1252", 0},
	{"text/plain; charset=\"windows-1251\"", TEXT("\xcf\xf0\xe8"), "При",
	    "windows-1251", 0},
	{"text/html;charset=Shift_JIS", TEXT("\x93\xfa\x96\x7b"), "日本",
	    "shift_jis", 0},
	{"text/html; charset=euc-jp", TEXT("\xc6\xfc\xcb\xdc"), "日本", "euc-jp", 0},
	{"text/html; charset=iso-2022-jp", TEXT("\x1b$BF|K\\\x1b(B!"), "日本!",
	    "iso-2022-jp", 0},
	{"text/html; charset=gb2312", TEXT("\xc4\xe3"), "你", "gb18030", 0},
	{"text/html; charset=big5", TEXT("\xa7\x41"), "你", "big5", 0},
	{"text/html; charset=euc-kr", TEXT("\xc7\xd1"), "한", "euc-kr", 0},
	{"text/html; charset=koi8-r", TEXT("\xf0"), "П", "koi8-r", 0},
	{"text/plain; charset=utf-16", TEXT("h\0i\0"), "hi", "utf-16le", 0},
	{"text/plain; charset=utf-16be", TEXT("\xd8\x3d\xde\x00"), "😀",
	    "utf-16be", 0},
	{"application/json; charset=iso-8859-15", TEXT("\"\xa4\""), "\"€\"",
	    "iso-8859-15", 0},
	{"application/unheard; charset=latin1", TEXT("\xe9"), "é", "windows-1252", 0},
	/* A mark says it better, and is no part of the text. */
	{"text/plain; charset=latin1", TEXT("\xef\xbb\xbf\xc3\xa9"), "é", "utf-8", 0},
	{"text/html; charset=utf-8", TEXT("\xff\xfeh\0\xe9\0"), "hé", "utf-16le", 0},
	{"application/json", TEXT("\xfe\xff\0{\0}"), "{}", "utf-16be", 0},
	{"application/json", TEXT("\xef\xbb\xbf{}"), "{}", "utf-8", 0},
	/* The document does. */
	{"text/html", TEXT("<html><META charset=windows-1251>\xcf"),
	    "<html><META charset=windows-1251>П", "windows-1251", 0},
	{"text/html", TEXT("<meta http-equiv=Content-Type content='text/html; "
	    "charset=sjis'>\x93\xfa"), "<meta http-equiv=Content-Type "
	    "content='text/html; charset=sjis'>日", "shift_jis", 0},
	{"text/html", TEXT("<!-- <meta charset=koi8-r> --><meta\ncharset = \"l9\" "
	    "/>\xa4"), "<!-- <meta charset=koi8-r> --><meta\ncharset = \"l9\" />€",
	    "iso-8859-15", 0},
	{"text/html; charset=utf-8", TEXT("<meta charset=koi8-r>\xc3\xa9"),
	    "<meta charset=koi8-r>é", "utf-8", 0},
	{"text/html", TEXT("<meta charset=utf-16>\xc3\xa9"),
	    "<meta charset=utf-16>é", "utf-8", 0},
	{"application/xml", TEXT("<?xml version='1.0' encoding='iso-8859-2'?>\xb1"),
	    "<?xml version='1.0' encoding='iso-8859-2'?>ą", "iso-8859-2", 0},
	{"image/svg+xml", TEXT("<\0?\0x\0"), "<?x", "utf-16le", 0},
	/* Nothing does. */
	{"text/plain", TEXT("plain"), "plain", "utf-8", 0},
	{"text/html", TEXT("<p>caf\xc3\xa9"), "<p>café", "utf-8", 0},
	{"text/html", TEXT("<p>caf\xe9 \x93x\x94"), "<p>café “x”", "windows-1252", 0},
	{"text/plain", TEXT("caf\xc3"), "cafÃ", "windows-1252", 0},
	{"text/html; charset=unheard", TEXT("\xe9t\xe9"), "été", "windows-1252", 0},
	{"application/javascript", TEXT("'\xe9'"), "'é'", "windows-1252", 0},
	/* What is not in its charset is replaced. */
	{"text/plain; charset=utf-8", TEXT("a\xe9z\xe2\x82"),
	    "a\xef\xbf\xbdz\xef\xbf\xbd", "utf-8", 2},
	{"text/plain", TEXT("\xc3\xa9 \xe9"), "é \xef\xbf\xbd", "utf-8", 1},
	{"text/plain; charset=sjis", TEXT("\x93\xfa\x93"), "日\xef\xbf\xbd",
	    "shift_jis", 1},
	{"text/plain; charset=utf-16le", TEXT("a\0\0\xdc" "b\0c"),
	    "a\xef\xbf\xbd" "b\xef\xbf\xbd", "utf-16le", 2},
};

START_TEST(a_text_becomes_utf8)
{
	struct bytes text = {(const uint8_t *)texts[_i].text, texts[_i].length};
	const char *said = texts[_i].said;
	const size_t pieces[] = {SIZE_MAX, 1, 2};

	for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
		buf_clear(&out);
		struct charset c = charset_all(texts[_i].type, text, pieces[i], &out);
		ck_assert_msg(buf_length(&out) == strlen(said) &&
		    memcmp(buf_data(&out), said, strlen(said)) == 0, "%.*s, not %s",
		    (int)buf_length(&out), (const char *)buf_data(&out), said);
		ck_assert_pstr_eq(c.name, texts[_i].name);
		ck_assert_uint_eq(c.replaced, texts[_i].replaced);
	}
}
END_TEST

static const struct {
	const char *type, *text;
	size_t length;
} others[] = {
	{"image/png", TEXT("\x89PNG\r\n\x1a\n\0\xff")},
	{"", TEXT("caf\xe9")},
	{"application/octet-stream", TEXT("\xff\xfe")},
	{"multipart/form-data; boundary=x; charset=latin1", TEXT("caf\xe9")},
	{"application/json", TEXT("\"caf\xe9\"")},
	{"text/event-stream", TEXT("data: \xe9\n\n")},
	{"text/plain; charset=utf-8", TEXT("\x1f\x8b\x08\0\xe9")},
	{"text/html", TEXT("<meta charset=sjis>\x93\xfa\0")},
};

START_TEST(what_is_no_text_is_let_alone)
{
	struct bytes text = {(const uint8_t *)others[_i].text, others[_i].length};

	(void)charset_all(others[_i].type, text, 1, &out);
	ck_assert_uint_eq(buf_length(&out), text.length);
	ck_assert_mem_eq(buf_data(&out), text.data, text.length);
}
END_TEST

START_TEST(no_more_than_1024_bytes_wait)
{
	static uint8_t dots[CHARSET_LOOK_BYTES];
	struct charset c;

	memset(dots, '.', sizeof(dots));
	charset_init(&c, (struct bytes){(const uint8_t *)"text/html", 9});
	charset_feed(&c, (struct bytes){dots, sizeof(dots) - 1}, &out);
	ck_assert_uint_eq(buf_length(&out), 0);
	charset_feed(&c, (struct bytes){dots, 1}, &out);
	ck_assert_uint_eq(buf_length(&out), sizeof(dots));
	charset_feed(&c, (struct bytes){dots, 1}, &out);
	ck_assert_uint_eq(buf_length(&out), sizeof(dots) + 1);
	charset_free(&c);
}
END_TEST

START_TEST(of_a_cut_text_the_cut_character_goes)
{
	struct charset c;

	charset_init(&c, (struct bytes){(const uint8_t *)"text/plain", 10});
	charset_feed(&c, (struct bytes){(const uint8_t *)"caf\xc3", 4}, &out);
	charset_end(&c, true, &out);
	charset_free(&c);
	ck_assert_uint_eq(buf_length(&out), 3);
}
END_TEST

START_TEST(iconv_has_each_charset)
{
	charset_load_all();
	for (size_t i = 0; i < charset_row_count; i++) {
		const struct charset_row *row = &charset_rows[i];
		if (row->iconv == NULL)
			continue;
		iconv_t converter = iconv_open("UTF-8", row->iconv);
		ck_assert_msg(converter != (iconv_t)-1, "%s", row->iconv);
		(void)iconv_close(converter);
	}
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("charset"), 6);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("charset");
	TCase *t = tcase_create("text");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_text_becomes_utf8, 0, (int)ARRAY_LENGTH(texts));
	tcase_add_loop_test(t, what_is_no_text_is_let_alone, 0,
	    (int)ARRAY_LENGTH(others));
	tcase_add_test(t, no_more_than_1024_bytes_wait);
	tcase_add_test(t, of_a_cut_text_the_cut_character_goes);
	tcase_add_test(t, iconv_has_each_charset);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
