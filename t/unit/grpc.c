/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/grpc: messages are counted in all three formats, what is no
 * framing ends the counting, and the heads tell what was called and how it ended.
 */
#include "mitm/grpc.h"

#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define LIMIT 100u
#define TEXT(text) {(const uint8_t *)(text), sizeof(text) - 1}
#define FIELD(name, value) {TEXT(name), TEXT(value)}
#define BODY(...) ((const uint8_t[]){__VA_ARGS__}), \
	sizeof((const uint8_t[]){__VA_ARGS__})

static struct grpc_body body;
static struct buf scratch;

static void
begin(enum grpc_format format)
{
	grpc_body_free(&body);
	grpc_body_init(&body, format, NULL, 0, LIMIT);
}

static void
setup(void)
{
	buf_init(&body.trailers, 0);
	begin(GRPC_PLAIN);
	buf_init(&scratch, LIMIT);
}

static void
teardown(void)
{
	grpc_body_free(&body);
	buf_free(&scratch);
}

static void
check(uint64_t count, uint64_t bytes, const char *error)
{
	grpc_body_end(&body);
	ck_assert_uint_eq(body.seen.count, count);
	ck_assert_uint_eq(body.seen.bytes, bytes);
	ck_assert_pstr_eq(body.seen.error, error);
}

static bool
feed_text(const char *text)
{
	return grpc_body_feed(&body, (const uint8_t *)text, strlen(text));
}

/* --- which bodies --- */

static const struct {
	const char *type;
	enum grpc_format format;
} types[] = {
	{"application/grpc", GRPC_PLAIN}, {"application/grpc+proto", GRPC_PLAIN},
	{"Application/GRPC; charset=x", GRPC_PLAIN},
	{"application/grpc-web", GRPC_WEB}, {"application/grpc-web+json", GRPC_WEB},
	{"application/grpc-web-text", GRPC_WEB_TEXT},
	{"application/grpc-web-text+proto", GRPC_WEB_TEXT},
	{"application/grpcx", GRPC_NONE}, {"application/grpc-status", GRPC_NONE},
	{"application/json", GRPC_NONE}, {"", GRPC_NONE},
};

START_TEST(the_content_type_tells_the_format)
{
	const char *type = types[_i].type;
	const struct http_field fields[] = {FIELD("Server", "x"),
	    {TEXT("Content-Type"), {(const uint8_t *)type, strlen(type)}}};

	ck_assert_int_eq(grpc_format_of(fields, 2), types[_i].format);
	ck_assert_int_eq(grpc_format_of(fields, 1), GRPC_NONE);
}
END_TEST

START_TEST(a_content_coding_hides_the_framing)
{
	const struct http_field coded = FIELD("content-encoding", "gzip");
	const struct http_field plain = FIELD("content-encoding", "identity");

	grpc_body_init(&body, GRPC_WEB, &coded, 1, LIMIT);
	ck_assert(!grpc_body_feed(&body, BODY(0, 0, 0, 0, 1, 'a')));
	check(0, 0, "content_encoding");
	grpc_body_init(&body, GRPC_WEB, &plain, 1, LIMIT);
	ck_assert(!grpc_body_feed(&body, BODY(0, 0, 0, 0, 1, 'a')));
	check(1, 1, NULL);
}
END_TEST

/* --- messages --- */

START_TEST(messages_are_counted)
{
	ck_assert(!grpc_body_feed(&body, BODY(0, 0, 0, 0, 3, 'a', 'b', 'c', 1, 0, 0,
	    0, 2, 'z', 'z', 0, 0, 0, 0, 0)));
	check(3, 5, NULL);
	ck_assert_uint_eq(body.seen.largest, 3);
	ck_assert_uint_eq(body.seen.compressed, 1);
}
END_TEST

START_TEST(a_body_without_messages_is_none_to_complain_of)
{
	check(0, 0, NULL);
}
END_TEST

START_TEST(a_message_that_is_cut_is_not_counted)
{
	ck_assert(!grpc_body_feed(&body, BODY(0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 0,
	    'b')));
	check(1, 2, "cut_message");
	ck_assert_uint_eq(body.seen.largest, 65536);
}
END_TEST

START_TEST(a_prefix_that_is_cut_is_a_message_that_is)
{
	ck_assert(!grpc_body_feed(&body, BODY(0, 0, 0)));
	check(0, 0, "cut_message");
}
END_TEST

START_TEST(a_flag_that_there_is_not_ends_the_counting)
{
	ck_assert(!grpc_body_feed(&body, BODY(0, 0, 0, 0, 1, 'a', '{', 0, 0, 0, 1,
	    'b')));
	ck_assert(!grpc_body_feed(&body, BODY(0, 0, 0, 0, 1, 'a')));
	check(1, 1, "wrong_flag");
}
END_TEST

START_TEST(trailers_are_no_messages_of_gRPC_itself)
{
	ck_assert(!grpc_body_feed(&body, BODY(0x80, 0, 0, 0, 1, 'a')));
	check(0, 0, "wrong_flag");
}
END_TEST

/* --- gRPC-Web --- */

START_TEST(trailers_of_the_web_are_read)
{
	struct http_field field;

	begin(GRPC_WEB);
	ck_assert(!grpc_body_feed(&body, BODY(0, 0, 0, 0, 1, 'a', 0x80, 0, 0, 0, 17)));
	ck_assert(feed_text("grpc-status: 5\r\n\n"));
	check(1, 1, NULL);
	struct bytes rest = {buf_data(&body.trailers), buf_length(&body.trailers)};
	ck_assert(grpc_next_trailer(&rest, &field));
	ck_assert_mem_eq(field.name.data, "grpc-status", 11);
	ck_assert_uint_eq(field.name.length, 11);
	ck_assert_mem_eq(field.value.data, " 5", 2);
	ck_assert_uint_eq(field.value.length, 2);
	ck_assert(!grpc_next_trailer(&rest, &field));
}
END_TEST

START_TEST(nothing_comes_behind_trailers)
{
	begin(GRPC_WEB);
	ck_assert(grpc_body_feed(&body, BODY(0x80, 0, 0, 0, 0)));
	ck_assert(!grpc_body_feed(&body, BODY(0, 0, 0, 0, 0)));
	check(0, 0, "behind_trailers");
}
END_TEST

START_TEST(trailers_that_are_compressed_are_not_read)
{
	begin(GRPC_WEB);
	ck_assert(!grpc_body_feed(&body, BODY(0x81, 0, 0, 0, 1, 'z')));
	check(0, 0, "compressed_trailers");
}
END_TEST

START_TEST(trailers_are_kept_up_to_their_limit)
{
	begin(GRPC_WEB);
	ck_assert(!grpc_body_feed(&body, BODY(0x80, 0, 0, 0, 150)));
	for (int i = 0; i < 15; i++)
		ck_assert(feed_text("0123456789") == (i == 14));
	ck_assert_uint_eq(buf_length(&body.trailers), LIMIT);
	ck_assert_uint_eq(body.trailers_lost, 150 - LIMIT);
}
END_TEST

START_TEST(text_is_base64)
{
	begin(GRPC_WEB_TEXT);
	/* A message of "hello"; and in a piece of its own "grpc-status:0". */
	ck_assert(!feed_text("AAAAAAVoZWxsbw=="));
	ck_assert(feed_text("gAAAAA1ncnBjLXN0YXR1czow"));
	check(1, 5, NULL);
	ck_assert_mem_eq(buf_data(&body.trailers), "grpc-status:0", 13);
}
END_TEST

static const char *const unsound[] = {"AAAA*", "AAAA=", "A=", "AA=A", "AA===",
    "AAAA\n"};

START_TEST(what_is_no_base64_ends_the_counting)
{
	begin(GRPC_WEB_TEXT);
	ck_assert(!feed_text(unsound[_i]));
	check(0, 0, "wrong_base64");
}
END_TEST

/* --- calls --- */

static const struct {
	const char *path, *service, *method;
} paths[] = {
	{"/a.Greeter/Say", "a.Greeter", "Say"}, {"/x/a.B/C?d=/e", "a.B", "C"},
	{"http://h/a.B/C", "a.B", "C"}, {"/a.B/", "a.B", ""}, {"/a", "", ""},
	{"a/b", "", ""}, {"/", "", ""}, {"", "", ""}, {"//b", "", "b"},
};

static void
check_bytes(struct bytes text, const char *expected)
{
	ck_assert_uint_eq(text.length, strlen(expected));
	if (text.length > 0)
		ck_assert_mem_eq(text.data, expected, text.length);
}

START_TEST(the_path_tells_what_was_called)
{
	const char *path = paths[_i].path;
	const struct http_exchange e = {.request = {.grpc = &body.seen},
	    .target = {(const uint8_t *)path, strlen(path)}};
	struct grpc_call call;

	ck_assert(grpc_describe(&e, &call, &scratch));
	check_bytes(call.service, paths[_i].service);
	check_bytes(call.method, paths[_i].method);
	ck_assert(!call.has_status);
}
END_TEST

START_TEST(the_status_stands_in_the_trailers_or_in_the_head)
{
	const struct http_field head[] = {FIELD("Grpc-Status", "16"),
	    FIELD("grpc-encoding", "gzip")};
	const struct http_field trailers[] = {FIELD("grpc-status", "5"),
	    FIELD("grpc-message", "50%25 gr%c3%BC%n%4")};
	struct http_exchange e = {.response = {.grpc = &body.seen, .fields = head,
	    .field_count = 2, .trailers = trailers, .trailer_count = 2}};
	struct grpc_call call;

	ck_assert(grpc_describe(&e, &call, &scratch));
	ck_assert(call.has_status && call.status == 5);
	ck_assert_str_eq(call.status_name, "NOT_FOUND");
	check_bytes(call.message, "50% gr\xc3\xbc%n%4");
	check_bytes(call.encodings[FROM_SERVER], "gzip");
	check_bytes(call.encodings[FROM_CLIENT], "");
	e.response.trailer_count = 0;
	ck_assert(grpc_describe(&e, &call, &scratch));
	ck_assert_str_eq(call.status_name, "UNAUTHENTICATED");
}
END_TEST

static const struct {
	struct http_field field;
	bool has_status;
	unsigned status;
} statuses[] = {
	{FIELD("grpc-status", "0"), true, 0}, {FIELD("grpc-status", "17"), true, 17},
	{FIELD("grpc-status", "9999"), true, 9999},
	{FIELD("grpc-status", ""), false, 0}, {FIELD("grpc-status", "-1"), false, 0},
	{FIELD("grpc-status", "00000"), false, 0},
	{FIELD("grpc-statu", "0"), false, 0},
};

START_TEST(a_status_is_a_number)
{
	const struct http_exchange e = {.response = {.grpc = &body.seen,
	    .fields = &statuses[_i].field, .field_count = 1}};
	struct grpc_call call;

	ck_assert(grpc_describe(&e, &call, &scratch));
	ck_assert(call.has_status == statuses[_i].has_status);
	ck_assert_uint_eq(call.status, statuses[_i].status);
	ck_assert((call.status_name != NULL) == (call.has_status && call.status == 0));
}
END_TEST

START_TEST(other_exchanges_are_no_calls)
{
	const struct http_exchange e = {.target = TEXT("/a.B/C")};
	struct grpc_call call;

	ck_assert(!grpc_describe(&e, &call, &scratch));
}
END_TEST

START_TEST(the_corpus_keeps_the_invariants)
{
	ck_assert_uint_gt(corpus_run("grpc"), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("grpc");
	TCase *t = tcase_create("grpc");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, the_content_type_tells_the_format, 0,
	    ARRAY_LENGTH(types));
	tcase_add_test(t, a_content_coding_hides_the_framing);
	tcase_add_test(t, messages_are_counted);
	tcase_add_test(t, a_body_without_messages_is_none_to_complain_of);
	tcase_add_test(t, a_message_that_is_cut_is_not_counted);
	tcase_add_test(t, a_prefix_that_is_cut_is_a_message_that_is);
	tcase_add_test(t, a_flag_that_there_is_not_ends_the_counting);
	tcase_add_test(t, trailers_are_no_messages_of_gRPC_itself);
	tcase_add_test(t, trailers_of_the_web_are_read);
	tcase_add_test(t, nothing_comes_behind_trailers);
	tcase_add_test(t, trailers_that_are_compressed_are_not_read);
	tcase_add_test(t, trailers_are_kept_up_to_their_limit);
	tcase_add_test(t, text_is_base64);
	tcase_add_loop_test(t, what_is_no_base64_ends_the_counting, 0,
	    ARRAY_LENGTH(unsound));
	tcase_add_loop_test(t, the_path_tells_what_was_called, 0, ARRAY_LENGTH(paths));
	tcase_add_test(t, the_status_stands_in_the_trailers_or_in_the_head);
	tcase_add_loop_test(t, a_status_is_a_number, 0, ARRAY_LENGTH(statuses));
	tcase_add_test(t, other_exchanges_are_no_calls);
	tcase_add_test(t, the_corpus_keeps_the_invariants);
	suite_add_tcase(s, t);
	return s;
}
