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

static const char *const paths[] = {"user.cards[].number", "*.pin", "[].key",
    "a.b.*", "tokens[]", "deep[][].x", "password"};

static const struct {
	const char *text, *left;
	uint64_t met;
} places[] = {
	{"{\"user\":{\"cards\":[{\"number\":1,\"n\":2},{\"number\":\"3\"}]}}",
	    "{\"user\":{\"cards\":[{\"number\":\"[redacted]\",\"n\":2},"
	    "{\"number\":\"[redacted]\"}]}}", 1},
	{"{\"user\":{\"cards\":{\"number\":1}},\"cards\":[{\"number\":1}]}", NULL, 0},
	{"{\"x\":{\"user\":{\"cards\":[{\"number\":1}]}}}", NULL, 0},
	{"{\"USER\":{\"Cards\":[[{\"number\":1}],{\"number\":{\"a\":[]}}]}}",
	    "{\"USER\":{\"Cards\":[[{\"number\":1}],{\"number\":\"[redacted]\"}]}}", 1},
	{"{\"one\":{\"pin\":1},\"two\":{\"pin\":2},\"pin\":3}",
	    "{\"one\":{\"pin\":\"[redacted]\"},\"two\":{\"pin\":\"[redacted]\"},"
	    "\"pin\":3}", 2},
	{"[{\"key\":1},{\"no\":2},\"key\"]",
	    "[{\"key\":\"[redacted]\"},{\"no\":2},\"key\"]", 4},
	{"{\"a\":{\"b\":{\"c\":1,\"d\":[2,3]}}}",
	    "{\"a\":{\"b\":{\"c\":\"[redacted]\",\"d\":\"[redacted]\"}}}", 8},
	{"{\"tokens\":[\"x\" , 12,{\"y\":[1]},[2],null]}",
	    "{\"tokens\":[\"[redacted]\" , \"[redacted]\",\"[redacted]\",\"[redacted]\","
	    "\"[redacted]\"]}", 16},
	{"{\"tokens\":[]}", NULL, 0},
	{"{\"tokens\":[ \"cut", "{\"tokens\":[ \"[redacted]\"", 16},
	{"{\"deep\":[[{\"x\":1}],{\"x\":2}]}",
	    "{\"deep\":[[{\"x\":\"[redacted]\"}],{\"x\":2}]}", 32},
	{"{\"tokens\":[1]}\n{\"tokens\":[2]}",
	    "{\"tokens\":[\"[redacted]\"]}\n{\"tokens\":[\"[redacted]\"]}", 16},
	{"{\"tokens\":{\"password\":[1]}}", "{\"tokens\":{\"password\":\"[redacted]\"}}",
	    64},
	{"}]{\"tokens\":[1]", "}]{\"tokens\":[\"[redacted]\"]", 16},
	{"[[[[[[[[[[[[[[[[[[[[{\"key\":1}]]]]]]]]]]]]]]]]]]]],1]", NULL, 0},
};

static const struct {
	const char *text, *left;
	uint64_t met;
} fields[] = {
	{"user[password]=1&user.password=2", "user[password]=[redacted]&"
	    "user.password=[redacted]", 64},
	{"user%5Bcards%5D[][number]=1", "user%5Bcards%5D[][number]=[redacted]", 1},
	{"user.cards[].number=1", "user.cards[].number=[redacted]", 1},
	{"tokens[]=1&tokens=2&tokens[0]=3", "tokens[]=[redacted]&tokens=2&tokens[0]=3",
	    16},
	{"password[x]=1&[=2&]=3&..=4", NULL, 0},
};

static void
use_paths(void)
{
	redact_rules_unref(rules);
	rules = redact_fields(paths, ARRAY_LENGTH(paths));
}

START_TEST(values_at_the_end_of_paths_go)
{
	use_paths();
	check(REDACT_JSON, places[_i].text, places[_i].left, places[_i].met);
}
END_TEST

START_TEST(names_of_fields_are_paths_too)
{
	use_paths();
	check(REDACT_PAIRS, fields[_i].text, fields[_i].left, fields[_i].met);
}
END_TEST

static const struct {
	const char *path, *complaint;
} wrong[] = {
	{"a..b", "'a..b', column 3: a name is missing"},
	{"a.", "'a.', column 3: a name is missing"},
	{".a", "'.a', column 1: a name is missing"},
	{"a[0].b", "'a[0].b', column 2: write []"},
	{"a]", "column 2"},
	{"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", "column 33: more than 16 steps"},
};

START_TEST(a_path_that_is_none_is_complained_of)
{
	char *items[] = {(char *)"token", (char *)wrong[_i].path};
	struct conf conf = {.capture_redact_fields = {.items = items, .count = 2}};
	struct conf_error error;

	ck_assert_ptr_null(redact_rules_new(&conf, &error));
	ck_assert_msg(strstr(error.text, "capture.redact_fields: '") == error.text &&
	    strstr(error.text, wrong[_i].complaint) != NULL, "%s", error.text);
}
END_TEST

#define PART(name, value) "--b\r\nContent-Disposition: form-data; " name "\r\n\r\n" \
	value "\r\n"

static const struct {
	const char *text, *left;
} parts[] = {
	{PART("name=\"token\"", "s") PART("name=\"x\"", "y") "--b--\r\n",
	    PART("name=\"token\"", "[redacted]") PART("name=\"x\"", "y") "--b--\r\n"},
	{PART("filename=\"name.txt\"; name=\"Token\"", "a\r\n--\r\n--c\r\nb") "--b--",
	    PART("filename=\"name.txt\"; name=\"Token\"", "[redacted]") "--b--"},
	{PART("name=\"x\"; filename=\"token\"", "y"), NULL},
	{PART("xname=\"token\"", "y"), NULL},
	{"--b\r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION: form-data;name=\"token\""
	    "\r\n\r\ncut", "--b\r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION: "
	    "form-data;name=\"token\"\r\n\r\n[redacted]"},
	{"--b\r\n\r\ntoken\r\n--b\r\n", NULL},
	{"token=1\r\n--bb", NULL},
};

START_TEST(values_of_parts_go)
{
	const char *text = parts[_i].text, *left = parts[_i].left;

	if (left == NULL)
		left = text;
	for (size_t piece = 1; piece < 4; piece++) {
		struct redactor r;
		buf_clear(&out);
		redactor_init_multipart(&r, rules, (struct bytes)BYTES("b"));
		for (size_t at = 0; at < strlen(text); at += piece)
			redactor_feed(&r, (struct bytes){(const uint8_t *)text + at,
			    strnlen(text + at, piece)}, &out);
		redactor_end(&r, &out);
		ck_assert_msg(buf_length(&out) == strlen(left) &&
		    memcmp(buf_data(&out), left, strlen(left)) == 0, "%.*s, not %s",
		    (int)buf_length(&out), (const char *)buf_data(&out), left);
		ck_assert_int_eq(r.met.bits[0] == 1, left != text);
	}
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
	ck_assert(redact_rules_name(held, REDACT_FIELD, "TOKEN", &met));
	ck_assert(!redact_rules_name(held, REDACT_FIELD, "tokens", &met));
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
	tcase_add_loop_test(t, values_at_the_end_of_paths_go, 0,
	    (int)ARRAY_LENGTH(places));
	tcase_add_loop_test(t, names_of_fields_are_paths_too, 0,
	    (int)ARRAY_LENGTH(fields));
	tcase_add_loop_test(t, a_path_that_is_none_is_complained_of, 0,
	    (int)ARRAY_LENGTH(wrong));
	tcase_add_loop_test(t, values_of_parts_go, 0, (int)ARRAY_LENGTH(parts));
	tcase_add_test(t, what_is_json_is_seen_by_its_first_character);
	tcase_add_test(t, what_has_no_room_is_a_beginning);
	tcase_add_test(t, rules_live_as_long_as_they_are_held);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
