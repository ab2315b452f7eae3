/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/redact: which values go, and that everything else stays as it
 * was written.
 */
#include "mitm/redact.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define BYTES(text) {(const uint8_t *)(text), sizeof(text) - 1}

static const char *const names[] = {"token", "Password", "api_key"};
static const struct redact redact = {.names = names,
    .count = ARRAY_LENGTH(names)};

static struct buf out;

static void
setup(void)
{
	buf_init(&out, 4096);
}

static void
teardown(void)
{
	buf_free(&out);
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
	const char *text = pairs[_i].text, *left = pairs[_i].left;
	uint64_t met = redact_pairs(&redact,
	    (struct bytes){(const uint8_t *)text, strlen(text)}, &out);

	ck_assert_uint_eq(met, pairs[_i].met);
	if (left == NULL)
		return;
	ck_assert_uint_eq(buf_length(&out), strlen(left));
	ck_assert_mem_eq(buf_data(&out), left, strlen(left));
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
	const char *text = texts[_i].text, *left = texts[_i].left;
	uint64_t met = redact_json(&redact,
	    (struct bytes){(const uint8_t *)text, strlen(text)}, &out);

	ck_assert_uint_eq(met, texts[_i].met);
	if (left == NULL)
		return;
	ck_assert_msg(buf_length(&out) == strlen(left) &&
	    memcmp(buf_data(&out), left, strlen(left)) == 0, "%.*s, not %s",
	    (int)buf_length(&out), (const char *)buf_data(&out), left);
}
END_TEST

START_TEST(an_exchange_is_redacted_where_it_is_a_form_or_json)
{
	const struct http_field form = {BYTES("Content-Type"),
	    BYTES("application/x-www-form-urlencoded; charset=utf-8")};
	const struct http_field plain = {BYTES("content-type"), BYTES("text/plain")};
	struct http_exchange e = {.target = BYTES("/a?token=1&b=2"),
	    .request = {.fields = &form, .field_count = 1,
	        .body = {.content = BYTES("password=p&x=1")}},
	    .response = {.fields = &plain, .field_count = 1,
	        .body = {.content = BYTES(" {\"token\":1}")}}};
	struct redact_room room;

	redact_exchange(&redact, &e, &room);
	ck_assert_uint_eq(e.redacted, 1);
	ck_assert_uint_eq(e.target.length, strlen("/a?token=[redacted]&b=2"));
	ck_assert_mem_eq(e.target.data, "/a?token=[redacted]&b=2", e.target.length);
	ck_assert_uint_eq(e.request.body.redacted, 2);
	ck_assert_mem_eq(e.request.body.content.data, "password=[redacted]&x=1", 23);
	ck_assert_uint_eq(e.response.body.redacted, 1);
	ck_assert_mem_eq(e.response.body.content.data, " {\"token\":\"[redacted]\"}",
	    24);
	redact_room_free(&room);
}
END_TEST

START_TEST(what_cannot_be_copied_is_not_shown)
{
	struct bytes text = BYTES("token=1");

	buf_free(&out);
	buf_init(&out, 8);
	ck_assert_uint_eq(redact_pairs(&redact, text, &out), UINT64_MAX);
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
	tcase_add_test(t, an_exchange_is_redacted_where_it_is_a_form_or_json);
	tcase_add_test(t, what_cannot_be_copied_is_not_shown);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
