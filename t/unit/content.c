/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/content: what bodies say, whatever their coding and type are,
 * and whatever pieces they come in.
 */
#include "mitm/content.h"

#include <string.h>

#include <zlib.h>

#include "t/fuzz/redact_all.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define LIMIT ((size_t)256 * 1024)

static const char *const names[] = {"token", "password"};
static struct redact_rules *rules;
static struct buf out;
static struct content_facts facts;

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

static struct bytes
text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static struct bytes
gzip(uint8_t *room, size_t size, struct bytes in)
{
	z_stream z = {.next_in = (z_const Bytef *)in.data,
	    .avail_in = (uInt)in.length, .next_out = room, .avail_out = (uInt)size};

	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY),
	    Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	ck_assert_int_eq(deflateEnd(&z), Z_OK);
	return (struct bytes){room, size - z.avail_out};
}

static struct content *
begin(const char *type, const char *codings, size_t limit)
{
	const struct content_options options = {.rules = rules,
	    .type = text_bytes(type), .codings = text_bytes(codings),
	    .decoded_bytes = limit};
	struct content *c = content_new(&options);

	ck_assert_ptr_nonnull(c);
	buf_clear(&out);
	return c;
}

static void
say(const char *type, const char *codings, size_t limit, struct bytes in)
{
	struct content *c = begin(type, codings, limit);

	ck_assert(!content_feed(c, &in, SIZE_MAX, &out));
	ck_assert_uint_eq(in.length, 0);
	content_end(c, &out, &facts);
	content_free(c);
}

static void
check_out(const char *expected)
{
	ck_assert_msg(buf_length(&out) == strlen(expected) &&
	    memcmp(buf_data(&out), expected, strlen(expected)) == 0, "%.*s, not %s",
	    (int)buf_length(&out), (const char *)buf_data(&out), expected);
}

START_TEST(a_form_is_redacted_where_it_is_said_to_be_one)
{
	const char *text = "password=p&x=1";

	say("application/x-www-form-urlencoded; charset=utf-8", "", LIMIT,
	    text_bytes(text));
	check_out("password=[redacted]&x=1");
	ck_assert_uint_eq(facts.redacted.bits[0], 2);
	ck_assert_str_eq(facts.redacted.names[1], "password");
	say("text/plain", "", LIMIT, text_bytes(text));
	check_out(text);
	ck_assert_ptr_null(facts.redacted.names);
}
END_TEST

START_TEST(json_is_redacted_wherever_it_is_met)
{
	const char *text = "{\"token\":1}", *redacted = "{\"token\":\"[redacted]\"}";

	say("application/problem+json", "", LIMIT, text_bytes(text));
	check_out(redacted);
	say("", "", LIMIT, text_bytes(text));
	check_out(redacted);
	ck_assert(!facts.decoded && !facts.cut && facts.error == NULL);
}
END_TEST

START_TEST(codings_are_undone_first)
{
	uint8_t room[256];
	struct bytes packed = gzip(room, sizeof(room),
	    text_bytes("{\"token\":\"t\",\"b\":1}"));

	say("application/json", "gzip", LIMIT, packed);
	check_out("{\"token\":\"[redacted]\",\"b\":1}");
	ck_assert(facts.decoded && !facts.cut && facts.error == NULL);
	ck_assert_uint_eq(facts.decoded_bytes, 19);
	packed.length -= 9; /* the trailer, and the end of the data */
	say("application/json", "gzip", LIMIT, packed);
	ck_assert(facts.decoded && facts.cut && facts.error == NULL);
	say("application/json", "gzip", 0, packed);
	ck_assert(!facts.decoded && !facts.cut && facts.error == NULL);
	ck_assert_uint_eq(buf_length(&out), packed.length);
}
END_TEST

START_TEST(what_is_not_in_its_coding_is_shown_as_it_came)
{
	const char *text = "{\"token\":\"t\"} and no gzip at all";

	say("", "gzip", LIMIT, text_bytes(text));
	check_out("{\"token\":\"[redacted]\"} and no gzip at all");
	ck_assert(!facts.decoded && !facts.cut);
	ck_assert_str_eq(facts.error, "corrupt");
	say("", "secret", LIMIT, text_bytes(text));
	check_out("{\"token\":\"[redacted]\"} and no gzip at all");
	ck_assert_str_eq(facts.error, "unknown_coding");
	say("", "gzip", LIMIT, text_bytes("\x1f\x8b\x08")); /* cut in its head */
	check_out("\x1f\x8b\x08");
	ck_assert(!facts.decoded && facts.error == NULL);
}
END_TEST

START_TEST(text_becomes_utf8_before_it_is_redacted)
{
	struct bytes in = text_bytes("\xff\xfe{\"token\":1}");
	uint8_t wide[64];
	size_t length = 2;

	memcpy(wide, in.data, 2);
	for (size_t i = 2; i < in.length; i++) {
		wide[length++] = in.data[i];
		wide[length++] = 0;
	}
	say("application/json", "", LIMIT, (struct bytes){wide, length});
	check_out("{\"token\":\"[redacted]\"}");
	ck_assert_str_eq(facts.charset, "utf-16le");
	say("text/plain; charset=utf-8", "", LIMIT, text_bytes("caf\xe9"));
	check_out("caf\xef\xbf\xbd");
	ck_assert_ptr_null(facts.charset);
	ck_assert_uint_eq(facts.replaced, 1);
}
END_TEST

START_TEST(expressions_see_what_fields_left)
{
	char *fields[] = {(char *)"token"};
	char *expressions[] = {(char *)"\\d{4}", (char *)"never"};
	struct conf conf = {.capture_redact_fields = {.items = fields, .count = 1},
	    .capture_redact_patterns = {.items = expressions, .count = 2}};
	struct conf_error error;

	redact_rules_unref(rules);
	rules = redact_rules_new(&conf, &error);
	ck_assert_ptr_nonnull(rules);
	say("application/json", "", LIMIT,
	    text_bytes("{\"token\":1234,\"b\":12345}"));
	check_out("{\"token\":\"[redacted]\",\"b\":[redacted]5}");
	ck_assert_uint_eq(facts.redacted.bits[0], 3);
	ck_assert_str_eq(facts.redacted.names[1], "/\\d{4}/");
}
END_TEST

START_TEST(it_stops_when_there_is_enough)
{
	static uint8_t zeros[100000], room[1000];
	struct bytes packed = gzip(room, sizeof(room),
	    (struct bytes){zeros, sizeof(zeros)});
	struct content *c = begin("", "gzip", LIMIT);
	size_t said = 0, rounds = 0;

	for (bool more = true; more; rounds++) {
		more = content_feed(c, &packed, 1000, &out);
		ck_assert_uint_lt(buf_length(&out), 1000 + CONTENT_GROWTH_BYTES);
		said += buf_length(&out);
		buf_clear(&out);
	}
	content_end(c, &out, &facts);
	content_free(c);
	ck_assert_uint_eq(said, sizeof(zeros));
	ck_assert_uint_ge(rounds, 20);
	ck_assert(facts.decoded && !facts.cut);
}
END_TEST

START_TEST(no_more_is_said_than_there_is_room_for)
{
	struct bytes in = text_bytes("said at length");
	struct content *c = begin("", "", LIMIT);

	buf_free(&out);
	buf_init(&out, 4);
	ck_assert(!content_feed(c, &in, SIZE_MAX, &out));
	ck_assert_uint_eq(in.length, 0);
	content_end(c, &out, &facts);
	content_free(c);
	check_out("said");
	ck_assert(facts.cut);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("content"), 5);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("content");
	TCase *t = tcase_create("body");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_form_is_redacted_where_it_is_said_to_be_one);
	tcase_add_test(t, json_is_redacted_wherever_it_is_met);
	tcase_add_test(t, codings_are_undone_first);
	tcase_add_test(t, what_is_not_in_its_coding_is_shown_as_it_came);
	tcase_add_test(t, text_becomes_utf8_before_it_is_redacted);
	tcase_add_test(t, expressions_see_what_fields_left);
	tcase_add_test(t, it_stops_when_there_is_enough);
	tcase_add_test(t, no_more_is_said_than_there_is_room_for);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
