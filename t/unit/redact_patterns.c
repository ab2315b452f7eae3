/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/redact_patterns: what expressions hide, wherever a window ends,
 * and that none of them can be made to work without end.
 */
#include "mitm/redact_patterns.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define TEXT_BYTES ((size_t)40 * 1024)

static struct redact_patterns *patterns;
static struct redact_matcher matcher;
static struct buf out;
static uint8_t text[TEXT_BYTES];

static void
setup(void)
{
	patterns = redact_patterns_new();
	ck_assert_ptr_nonnull(patterns);
	buf_init(&out, SIZE_MAX);
}

static void
teardown(void)
{
	redact_patterns_free(patterns);
	buf_free(&out);
}

static void
add(const char *expression)
{
	struct redact_pattern_error error;

	ck_assert_int_eq(redact_patterns_add(patterns, expression, &error), 0);
}

static void
match(const void *of, size_t length, size_t piece_bytes)
{
	const uint8_t *at = of;

	buf_clear(&out);
	redact_matcher_init(&matcher, patterns);
	while (length > 0) {
		size_t some = length < piece_bytes ? length : piece_bytes;
		redact_matcher_feed(&matcher, (struct bytes){at, some}, &out);
		at += some;
		length -= some;
	}
	redact_matcher_end(&matcher, &out);
	redact_matcher_free(&matcher);
}

static void
check(const char *of, const char *left)
{
	for (size_t piece = 1; piece < 5; piece += 3) {
		match(of, strlen(of), piece);
		ck_assert_msg(buf_length(&out) == strlen(left) &&
		    memcmp(buf_data(&out), left, strlen(left)) == 0, "%.*s, not %s",
		    (int)buf_length(&out), (const char *)buf_data(&out), left);
	}
}

static const struct {
	const char *expression, *text, *left;
} texts[] = {
	{"\\d{4}", "a1234b56789", "a[redacted]b[redacted]9"},
	{"\\bsecret\\b", "secret secrets (secret)", "[redacted] secrets ([redacted])"},
	{"^a", "aa", "[redacted]a"},
	{"a$", "aa", "a[redacted]"},
	{"x*", "axxb", "a[redacted]b"}, /* nothing is no match */
	{"(?i)bearer\\s+\\K\\S+", "Bearer abc d", "Bearer [redacted] d"},
	{"(?<=key=)\\w+", "key=k mykey=v", "key=[redacted] mykey=[redacted]"},
	{"\\x{e9}t", "\xc3\xa9t\xc3\xa9 \xe9t", "[redacted]\xc3\xa9 \xe9t"},
	{".", "\xff" "a", "\xff[redacted]"},
	{"foo|foobar", "foobar", "[redacted]bar"},
};

START_TEST(what_matches_goes)
{
	add(texts[_i].expression);
	check(texts[_i].text, texts[_i].left);
	ck_assert_uint_eq(matcher.met, 1);
}
END_TEST

START_TEST(the_expression_that_comes_first_counts)
{
	add("bcd");
	add("abc|e");
	add("z");
	check("abcd bcd e", "[redacted]d [redacted] [redacted]");
	ck_assert_uint_eq(matcher.met, 3);
}
END_TEST

START_TEST(where_a_window_ends_makes_no_difference)
{
	static const char secret[] = "<s>secret that is a little long</s>";

	add("<s>[^<]*</s>");
	for (size_t at = 8192 - 50; at < 8192 + 300; at++) {
		memset(text, '.', sizeof(text));
		memcpy(text + at, secret, sizeof(secret) - 1);
		memcpy(text + 3 * at, secret, sizeof(secret) - 1);
		match(text, sizeof(text), 1000);
		ck_assert_uint_eq(buf_length(&out),
		    sizeof(text) - 2 * (sizeof(secret) - 1 - strlen("[redacted]")));
		ck_assert_mem_eq(buf_data(&out) + at, "[redacted].", 11);
	}
}
END_TEST

START_TEST(a_match_that_is_too_long_is_hidden_in_part)
{
	add("(?s)<s>.*</s>");
	memset(text, '.', sizeof(text));
	memcpy(text, "<s>", 3);
	memcpy(text + 3000, "</s>", 4);
	match(text, sizeof(text), sizeof(text));
	ck_assert_uint_eq(buf_length(&out), sizeof(text) - 3004 + 10);
	memset(text, 'x', sizeof(text));
	redact_patterns_free(patterns);
	patterns = redact_patterns_new();
	add("x+");
	match(text, sizeof(text), sizeof(text));
	ck_assert_ptr_null(memchr(buf_data(&out), 'x', buf_length(&out)));
}
END_TEST

static const struct {
	const char *expression, *unit;
} hostile[] = {
	{"(a+)+b", "a"}, {"(\\w+\\s*)+!", "ab 12 "}, {"(?s)(.*)(.*)(.*)(.*)x", "a"},
	{"(x*)*y", "x"}, {"(?:a|a|a|a)+$", "aaab"}, {"(.)*?\\1{9}z", "ab"},
};

START_TEST(no_text_holds_it_up)
{
	const char *unit = hostile[_i].unit;

	add(hostile[_i].expression);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)unit[i % strlen(unit)];
	match(text, sizeof(text), 100); /* or Check's timeout */
	if (!matcher.gave_up)
		return;
	ck_assert_uint_ge(buf_length(&out), 10);
	ck_assert_mem_eq(buf_data(&out) + buf_length(&out) - 10, "[redacted]", 10);
}
END_TEST

START_TEST(what_is_no_expression_is_complained_of)
{
	struct redact_pattern_error error;

	ck_assert_int_eq(redact_patterns_add(patterns, "ab(c", &error), E_SYNTAX);
	ck_assert_uint_eq(error.column, 5);
	ck_assert_str_eq(error.words, "missing closing parenthesis");
	ck_assert_int_eq(redact_patterns_add(patterns, "\\C", &error), E_SYNTAX);
	for (size_t i = 0; i < REDACT_PATTERNS_MAX; i++)
		add("x");
	ck_assert_int_eq(redact_patterns_add(patterns, "x", &error), E_FULL);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("redact_patterns"), 5);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("redact_patterns");
	TCase *t = tcase_create("text");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, what_matches_goes, 0, (int)ARRAY_LENGTH(texts));
	tcase_add_test(t, the_expression_that_comes_first_counts);
	tcase_add_test(t, where_a_window_ends_makes_no_difference);
	tcase_add_test(t, a_match_that_is_too_long_is_hidden_in_part);
	tcase_add_loop_test(t, no_text_holds_it_up, 0, (int)ARRAY_LENGTH(hostile));
	tcase_add_test(t, what_is_no_expression_is_complained_of);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
