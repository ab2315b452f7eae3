/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/decode: each coding undone by itself and in a row, whole, cut
 * and broken, and never more than may come out.
 */
#include "mitm/decode.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "t/fuzz/decode_all.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define LIMIT ((size_t)64 * 1024)

static const char text[] = "said once, said twice, said once, said twice";

/* Node wrote these with its encoder. */
static const uint8_t brotli[] = {0x1b, 0x1d, 0x00, 0xf8, 0x1d, 0xa9, 0x53, 0x9f,
    0xbb, 0x70, 0x09, 0x22, 0x26, 0x57, 0x2c, 0x74, 0x99, 0xc6, 0xf6, 0x56, 0x82,
    0xe8, 0x53, 0x03, 0x60, 0xa4, 0x04, 0xd1, 0x0f, 0x00};
static const char brotli_text[] = "said in brotli, said in brotli";
static const uint8_t brotli_mebibyte[] = {0x5b, 0xff, 0xff, 0x8f, 0x5f, 0x02, 0x2f,
    0x1e, 0x0b, 0x04, 0x72, 0xef, 0x1f, 0x00};

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

/* What zlib makes of it in that format. */
static struct bytes
deflate_to(uint8_t *room, size_t size, int window_bits, struct bytes in)
{
	z_stream z = {.next_in = (z_const Bytef *)in.data,
	    .avail_in = (uInt)in.length, .next_out = room, .avail_out = (uInt)size};

	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8,
	    Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	ck_assert_int_eq(deflateEnd(&z), Z_OK);
	return (struct bytes){room, size - z.avail_out};
}

static struct bytes
text_bytes(const char *of)
{
	return (struct bytes){(const uint8_t *)of, strlen(of)};
}

/* The same comes out whatever pieces it goes in by. */
static enum decode_outcome
decode(const char *codings, struct bytes in)
{
	struct buf pieces;

	buf_free(&out);
	buf_init(&pieces, SIZE_MAX);
	enum decode_outcome outcome = decode_all(codings, in, LIMIT, SIZE_MAX, &out);
	ck_assert_int_eq(decode_all(codings, in, LIMIT, 1, &pieces), outcome);
	ck_assert_uint_eq(buf_length(&pieces), buf_length(&out));
	if (buf_length(&out) > 0)
		ck_assert_mem_eq(buf_data(&pieces), buf_data(&out),
		    buf_length(&out));
	buf_free(&pieces);
	return outcome;
}

static void
check_out(const char *expected)
{
	ck_assert_uint_eq(buf_length(&out), strlen(expected));
	ck_assert_mem_eq(buf_data(&out), expected, strlen(expected));
}

static const struct {
	const char *coding;
	int window_bits;
} formats[] = {{"gzip", 31}, {"x-gzip", 31}, {"GZip", 31}, {"deflate", 15},
    {"deflate", -15}, {"identity, gzip", 31}, {"\tgzip ,", 31}};

START_TEST(what_zlib_packed_is_unpacked)
{
	uint8_t room[256];
	struct bytes packed = deflate_to(room, sizeof(room),
	    formats[_i].window_bits, text_bytes(text));

	ck_assert_int_eq(decode(formats[_i].coding, packed), DECODE_WHOLE);
	check_out(text);
}
END_TEST

START_TEST(what_is_cut_gives_a_beginning)
{
	uint8_t room[256];
	struct bytes packed = deflate_to(room, sizeof(room), 31, text_bytes(text));

	for (size_t length = packed.length - 1; length > 0; length--) {
		packed.length = length;
		ck_assert_int_eq(decode("gzip", packed), DECODE_CUT);
		ck_assert_uint_le(buf_length(&out), strlen(text));
		if (buf_length(&out) > 0)
			ck_assert_mem_eq(buf_data(&out), text, buf_length(&out));
	}
}
END_TEST

START_TEST(members_in_a_row_are_one_body)
{
	uint8_t room[512];
	struct bytes one = deflate_to(room, 256, 31, text_bytes("one, "));
	struct bytes two =
	    deflate_to(room + one.length, 256, 31, text_bytes("two"));

	ck_assert_int_eq(decode("gzip", (struct bytes){room,
	    one.length + two.length}), DECODE_WHOLE);
	check_out("one, two");
	room[one.length] = 'x'; /* no member: what pads a body is let pass */
	ck_assert_int_eq(decode("gzip", (struct bytes){room,
	    one.length + two.length}), DECODE_WHOLE);
	check_out("one, ");
}
END_TEST

START_TEST(brotli_is_unpacked)
{
	ck_assert_int_eq(decode("br", (struct bytes){brotli, sizeof(brotli)}),
	    DECODE_WHOLE);
	check_out(brotli_text);
	ck_assert_int_eq(decode("br", (struct bytes){brotli, sizeof(brotli) - 3}),
	    DECODE_CUT);
}
END_TEST

START_TEST(zstd_is_unpacked)
{
	uint8_t room[256];
	size_t length = ZSTD_compress(room, sizeof(room), text, strlen(text), 3);

	ck_assert(!ZSTD_isError(length));
	ck_assert_int_eq(decode("zstd", (struct bytes){room, length}), DECODE_WHOLE);
	check_out(text);
	ck_assert_int_eq(decode("zstd", (struct bytes){room, length - 1}),
	    DECODE_CUT);
}
END_TEST

START_TEST(codings_in_a_row_are_undone_from_the_last)
{
	uint8_t first[256], second[256];
	size_t length = ZSTD_compress(first, sizeof(first), text, strlen(text), 3);
	struct bytes both = deflate_to(second, sizeof(second), 31,
	    (struct bytes){first, length});

	ck_assert_int_eq(decode("zstd, gzip", both), DECODE_WHOLE);
	check_out(text);
	ck_assert_int_eq(decode("gzip, zstd", both), DECODE_CORRUPT);
}
END_TEST

START_TEST(no_more_comes_out_than_may)
{
	struct bytes bomb = {brotli_mebibyte, sizeof(brotli_mebibyte)};

	ck_assert_int_eq(decode("br", bomb), DECODE_LIMIT);
	ck_assert_uint_eq(buf_length(&out), LIMIT);
	buf_free(&out); /* and not, because it may */
	ck_assert_int_eq(decode_all("br", bomb, (size_t)2 * 1024 * 1024, SIZE_MAX,
	    &out), DECODE_LIMIT);
	ck_assert_uint_eq(buf_length(&out), LIMIT);
}
END_TEST

START_TEST(a_stream_is_read_as_it_comes)
{
	uint8_t room[256], said[256];
	struct decoder *d;
	size_t length = 0;
	struct bytes packed = deflate_to(room, sizeof(room), 31, text_bytes(text));

	ck_assert_int_eq(decoder_new(text_bytes("gzip"), LIMIT, &d), DECODE_CUT);
	for (size_t i = 0; i < packed.length; i++) {
		struct bytes one = {packed.data + i, 1};
		size_t got;
		while ((got = decoder_read(d, &one, said + length, 3)) > 0)
			length += got; /* no more than there is room for */
		ck_assert_uint_eq(one.length, 0);
		ck_assert_int_eq(decoder_outcome(d), length == strlen(text) &&
		    i + 1 == packed.length ? DECODE_WHOLE : DECODE_CUT);
		ck_assert(!decoder_is_over(d)); /* another member may follow */
	}
	ck_assert_uint_eq(length, strlen(text));
	ck_assert_mem_eq(said, text, length);
	decoder_free(d);
}
END_TEST

START_TEST(a_window_that_no_body_needs_is_refused)
{
	static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00,
	    (27 - 10) << 3, 0x09, 0x00, 0x00, 'x'}; /* 128 MiB */

	ck_assert_int_eq(decode("zstd", (struct bytes){frame, sizeof(frame)}),
	    DECODE_CORRUPT);
	ck_assert_uint_eq(buf_length(&out), 0);
}
END_TEST

START_TEST(what_is_no_coding_is_let_alone)
{
	ck_assert_int_eq(decode("", text_bytes(text)), DECODE_NOTHING);
	ck_assert_int_eq(decode("identity", text_bytes(text)), DECODE_NOTHING);
	ck_assert_int_eq(decode("compress", text_bytes(text)), DECODE_UNKNOWN);
	ck_assert_int_eq(decode("gzip gzipp", text_bytes(text)), DECODE_UNKNOWN);
	ck_assert_int_eq(decode("gzip,gzip,gzip,gzip,gzip", text_bytes(text)),
	    DECODE_UNKNOWN);
	ck_assert_uint_eq(buf_length(&out), 0);
	ck_assert_int_eq(decode("gzip", text_bytes(text)), DECODE_CORRUPT);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("decode"), 6);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("decode");
	TCase *t = tcase_create("coding");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, what_zlib_packed_is_unpacked, 0,
	    (int)ARRAY_LENGTH(formats));
	tcase_add_test(t, what_is_cut_gives_a_beginning);
	tcase_add_test(t, members_in_a_row_are_one_body);
	tcase_add_test(t, brotli_is_unpacked);
	tcase_add_test(t, zstd_is_unpacked);
	tcase_add_test(t, codings_in_a_row_are_undone_from_the_last);
	tcase_add_test(t, no_more_comes_out_than_may);
	tcase_add_test(t, a_stream_is_read_as_it_comes);
	tcase_add_test(t, a_window_that_no_body_needs_is_refused);
	tcase_add_test(t, what_is_no_coding_is_let_alone);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
