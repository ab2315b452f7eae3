/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/redact: which values go, and that everything else stays as it
 * was written.
 */
#include "mitm/redact.h"

#include <stdlib.h>
#include <string.h>

#include "t/fuzz/redact_all.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define BYTES(text) {(const uint8_t *)(text), sizeof(text) - 1}

static const char *const names[] = {"token", "Password", "api_key"};
static struct redact_rules *rules;
static struct buf out;

static void
setup(void)
{
	rules = redact_fields(names, ARRAY_LENGTH(names));
	buf_init(&out, SIZE_MAX);
}

static void
teardown(void)
{
	redact_rules_unref(rules);
	buf_free(&out);
}

/* Whatever pieces it comes in; `left` NULL: the text is let alone. */
static void
check(enum redact_form form, const char *text, const char *left, uint64_t met)
{
	const size_t pieces[] = {SIZE_MAX, 1, 3};
	size_t length = strlen(left == NULL ? text : left);

	for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
		buf_clear(&out);
		struct redacted redacted = redact_all(rules, form,
		    (struct bytes){(const uint8_t *)text, strlen(text)},
		    pieces[i], &out);
		ck_assert_uint_eq(redacted.bits[0], met);
		ck_assert_msg(buf_length(&out) == length && (length == 0 ||
		    memcmp(buf_data(&out), left == NULL ? text : left, length) == 0),
		    "%.*s, not %s", (int)buf_length(&out),
		    (const char *)buf_data(&out), left == NULL ? text : left);
	}
}

static const struct {
	const char *text, *left; /* NULL: it is let alone */
	uint64_t met;
} pairs[] = {
	{"", NULL, 0},
	{"a=1&b=2", NULL, 0},
	{"token=1", "token=[redacted]", 1},
	{"a=1&token=2&b=3", "a=1&token=[redacted]&b=3", 1},
	{"TOKEN=1;password=2", "TOKEN=[redacted];password=[redacted]", 3},
	{"to%6ben=1", "to%6ben=[redacted]", 1},
	{"to%6Ben=1&&token=&=x", "to%6Ben=[redacted]&&token=[redacted]&=x", 1},
	{"token=a=b%26", "token=[redacted]", 1},
	{"token", NULL, 0}, /* it has no value */
	{"mytoken=1&tokens=2&tok=3", NULL, 0},
	{"token%=1&%zz=2", NULL, 0},
};

START_TEST(values_of_pairs_go)
{
	check(REDACT_PAIRS, pairs[_i].text, pairs[_i].left, pairs[_i].met);
}
END_TEST

static const struct {
	const char *text, *left;
	uint64_t met;
} texts[] = {
	{"{}", NULL, 0},
	{"{\"a\": \"token\"}", NULL, 0},
	{"[\"token\", 1]", NULL, 0},
	{"{\"token\": \"x\"}", "{\"token\": \"[redacted]\"}", 1},
	{"{\"token\" : 12.5e3 , \"b\":1}", "{\"token\" : \"[redacted]\" , \"b\":1}",
	    1},
	{"{\"token\":null}", "{\"token\":\"[redacted]\"}", 1},
	{"{\"token\":{\"a\":[\"}\",{}]},\"b\":2}",
	    "{\"token\":\"[redacted]\",\"b\":2}", 1},
	{"{\"token\":[1,\"]\"]}", "{\"token\":\"[redacted]\"}", 1},
	{"{\"token\":\"a\\\"b\",\"c\":1}", "{\"token\":\"[redacted]\",\"c\":1}", 1},
	{"{\"to\\u006ben\":1}", "{\"to\\u006ben\":\"[redacted]\"}", 1},
	{"[{\"x\":{\"PASSWORD\":\"p\"}},\n{\"api_key\":\"k\"}]",
	    "[{\"x\":{\"PASSWORD\":\"[redacted]\"}},\n"
	    "{\"api_key\":\"[redacted]\"}]", 6},
	{"{\"token\":\"cut her", "{\"token\":\"[redacted]\"", 1},
	{"{\"token\":[1,2", "{\"token\":\"[redacted]\"", 1},
	{"{\"token\":", "{\"token\":\"[redacted]\"", 1},
	{"{\"token", NULL, 0},
	{"{\"a\\", NULL, 0},
	{"\"", NULL, 0},
};

START_TEST(values_of_members_go)
{
	check(REDACT_JSON, texts[_i].text, texts[_i].left, texts[_i].met);
}
END_TEST

START_TEST(what_is_json_is_seen_by_its_first_character)
{
	check(REDACT_GUESS, " \n{\"token\":1}", " \n{\"token\":\"[redacted]\"}", 1);
	check(REDACT_GUESS, "[{\"token\":1}]", "[{\"token\":\"[redacted]\"}]", 1);
	check(REDACT_GUESS, "see {\"token\":1}", NULL, 0);
	check(REDACT_GUESS, " \t\r", NULL, 0);
	check(REDACT_PLAIN, "{\"token\":1}", NULL, 0);
}
END_TEST

START_TEST(what_has_no_room_is_a_beginning)
{
	struct redactor r;

	buf_free(&out);
	buf_init(&out, 9);
	redactor_init(&r, rules, REDACT_PAIRS);
	redactor_feed(&r, (struct bytes)BYTES("token=s3cret&b=1"), &out);
	redactor_end(&r, &out);
	ck_assert(r.cut);
	ck_assert_uint_eq(buf_length(&out), 9);
	ck_assert_mem_eq(buf_data(&out), "token=[re", 9);
}
END_TEST

START_TEST(rules_live_as_long_as_they_are_held)
{
	struct redacted met = {0};
	struct redact_rules *held = redact_rules_ref(rules);

	redact_rules_unref(rules);
	ck_assert(redact_rules_name(held, "TOKEN", &met));
	ck_assert(!redact_rules_name(held, "tokens", &met));
	ck_assert_str_eq(met.names[0], "token");
	rules = held;
	ck_assert_ptr_null(redact_rules_ref(NULL));
	redact_rules_unref(NULL);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("redact"), 4);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("redact");
	TCase *t = tcase_create("text");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, values_of_pairs_go, 0, (int)ARRAY_LENGTH(pairs));
	tcase_add_loop_test(t, values_of_members_go, 0, (int)ARRAY_LENGTH(texts));
	tcase_add_test(t, what_is_json_is_seen_by_its_first_character);
	tcase_add_test(t, what_has_no_room_is_a_beginning);
	tcase_add_test(t, rules_live_as_long_as_they_are_held);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
