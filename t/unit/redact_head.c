/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/redact_head: which parts of URLs and which cookies go, and that
 * a head with nothing to hide stays the one that it was.
 */
#include "mitm/redact_head.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define BYTES(text) {(const uint8_t *)(text), sizeof(text) - 1}

static struct redact_rules *rules;
static struct arena arena;
static struct buf out;

static void
setup(void)
{
	char *fields[] = {(char *)"token", (char *)"user.pin"};
	char *cookies[] = {(char *)"session", (char *)"sid"};
	struct conf conf = {.capture_redact_fields = {.items = fields, .count = 2},
	    .capture_redact_cookies = {.items = cookies, .count = 2},
	    .capture_redact_userinfo = true};
	struct conf_error error;

	rules = redact_rules_new(&conf, &error);
	ck_assert_ptr_nonnull(rules);
	arena_init(&arena, 65536);
	buf_init(&out, 4096);
}

static void
teardown(void)
{
	redact_rules_unref(rules);
	arena_free(&arena);
	buf_free(&out);
}

static const struct {
	const char *url, *left; /* NULL: it is let alone */
	uint64_t fields, userinfo;
} urls[] = {
	{"/a?b=1", NULL, 0, 0},
	{"/a?token=1&b=2", "/a?token=[redacted]&b=2", 1, 0},
	{"http://h/a#x&token=1", "http://h/a#x&token=[redacted]", 1, 0},
	{"/?token=a#token=b", "/?token=[redacted]#token=[redacted]", 1, 0},
	{"/?user[pin]=1", "/?user[pin]=[redacted]", 2, 0},
	{"http://me:pw@h:80/a?b", "http://[redacted]@h:80/a?b", 0, 16},
	{"https://me@h", "https://[redacted]@h", 0, 16},
	{"https://a@b@h/@", "https://[redacted]@h/@", 0, 16},
	{"https://h/a@b", NULL, 0, 0},
	{"https://h?a@b", NULL, 0, 0},
	{"//me:pw@h/", NULL, 0, 0},
	{"/redirect?to=http://me:pw@h/", NULL, 0, 0},
	{"http:/", NULL, 0, 0},
	{"*", NULL, 0, 0},
	{"", NULL, 0, 0},
};

START_TEST(what_is_secret_in_a_url_goes)
{
	const char *url = urls[_i].url, *left = urls[_i].left;
	struct redacted fields = {0}, userinfo = {0};

	if (left == NULL)
		left = url;
	redact_url(rules, (struct bytes){(const uint8_t *)url, strlen(url)}, &out,
	    &fields, &userinfo);
	ck_assert_msg(buf_length(&out) == strlen(left) && (left[0] == '\0' ||
	    memcmp(buf_data(&out), left, strlen(left)) == 0), "%.*s, not %s",
	    (int)buf_length(&out), (const char *)buf_data(&out), left);
	ck_assert_uint_eq(fields.bits[0], urls[_i].fields);
	ck_assert_uint_eq(userinfo.bits[0], urls[_i].userinfo);
}
END_TEST

static const struct {
	struct http_field field;
	const char *left;
	uint64_t met;
} heads[] = {
	{{BYTES("Cookie"), BYTES("a=1; SESSION=s=; sid=2;session; b")},
	    "a=1; SESSION=[redacted]; sid=[redacted];session; b", 12},
	{{BYTES("cookie"), BYTES("sessions=1; x=session")}, NULL, 0},
	{{BYTES("Set-Cookie"), BYTES("sid=1; Path=/; session=no")},
	    "sid=[redacted]; Path=/; session=no", 8},
	{{BYTES("Referer"), BYTES("https://me:pw@h/?token=1")},
	    "https://[redacted]@h/?token=[redacted]", 17},
	{{BYTES("location"), BYTES("/cb#token=1")}, "/cb#token=[redacted]", 1},
	{{BYTES("Origin"), BYTES("https://h")}, NULL, 0},
	{{BYTES("X-Token"), BYTES("token=1")}, NULL, 0},
};

START_TEST(what_is_secret_in_a_field_goes)
{
	const struct http_field fields[] = {{BYTES("a"), BYTES("b")},
	    heads[_i].field};
	struct http_message m = {.fields = fields, .field_count = 2};
	const char *left = heads[_i].left;

	redact_head(rules, &m, &arena);
	ck_assert_uint_eq(m.redacted.bits[0], heads[_i].met);
	ck_assert_int_eq(m.fields == fields, left == NULL);
	if (left == NULL)
		return;
	ck_assert_uint_eq(m.field_count, 2);
	ck_assert_mem_eq(m.fields[0].value.data, "b", 1);
	ck_assert_uint_eq(m.fields[1].value.length, strlen(left));
	ck_assert_mem_eq(m.fields[1].value.data, left, strlen(left));
	ck_assert_mem_eq(fields[1].value.data, heads[_i].field.value.data,
	    heads[_i].field.value.length);
}
END_TEST

START_TEST(without_memory_nothing_is_shown)
{
	const struct http_field fields[] = {heads[0].field};
	struct http_message m = {.fields = fields, .field_count = 1};

	arena.limit_bytes = sizeof(fields);
	redact_head(rules, &m, &arena);
	ck_assert_uint_eq(m.field_count, 1);
	ck_assert_uint_eq(m.fields[0].value.length, strlen("[redacted]"));
	arena_free(&arena);
	m = (struct http_message){.fields = fields, .field_count = 1};
	arena_init(&arena, 1);
	redact_head(rules, &m, &arena);
	ck_assert_uint_eq(m.field_count, 0);
}
END_TEST

START_TEST(rules_have_labels)
{
	ck_assert_uint_eq(rules->count, 5);
	ck_assert_str_eq(rules->labels[2], "cookie.session");
	ck_assert_str_eq(rules->labels[4], "userinfo");
}
END_TEST

START_TEST(in_full_there_are_no_rules)
{
	char *fields[] = {(char *)"token"};
	struct conf conf = {.capture_mode = CONF_CAPTURE_FULL,
	    .capture_redact_fields = {.items = fields, .count = 1},
	    .capture_redact_userinfo = true};
	struct conf_error error;
	struct redact_rules *none = redact_rules_new(&conf, &error);

	ck_assert_ptr_nonnull(none);
	ck_assert_uint_eq(none->count, 0);
	redact_rules_unref(none);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("redact_head"), 4);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("redact_head");
	TCase *t = tcase_create("head");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, what_is_secret_in_a_url_goes, 0,
	    (int)ARRAY_LENGTH(urls));
	tcase_add_loop_test(t, what_is_secret_in_a_field_goes, 0,
	    (int)ARRAY_LENGTH(heads));
	tcase_add_test(t, without_memory_nothing_is_shown);
	tcase_add_test(t, rules_have_labels);
	tcase_add_test(t, in_full_there_are_no_rules);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
