/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/fingerprint: the values that JA3's and JA4's authors publish,
 * from the lists that they publish with them; and real hellos (t/corpus/hello),
 * whose expected values t/e2e/hellos.py computed from the same bytes.
 */
#include "mitm/fingerprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

/* --- hellos of a list's values --- */

static struct hello hello;
static size_t kept;

static void
setup(void)
{
	hello = (struct hello){.legacy_version = 0x0303};
	kept = 0;
}

static void
put(struct hello_list *list, const uint16_t *values, size_t count)
{
	*list = (struct hello_list){(uint16_t)kept, (uint16_t)count};
	memcpy(hello.offers + kept, values, count * sizeof(*values));
	kept += count;
}

#define PUT(list, ...)                                                        \
	put(&hello.list, (const uint16_t[]){__VA_ARGS__},                     \
	    sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

static void
put_alpn(const char *name, size_t length)
{
	hello.alpn_named = true;
	hello.alpn_ends[0] = (uint8_t)name[0];
	hello.alpn_ends[1] = (uint8_t)name[length - 1];
}

static void
expect_ja3(const char *text, const char *hash)
{
	struct fingerprint_text made;
	char out[33];

	fingerprint_ja3_text(&hello, &made);
	ck_assert_str_eq(made.bytes, text);
	ck_assert_uint_eq(made.length, strlen(text));
	ck_assert_int_eq(fingerprint_ja3(&hello, out), 0);
	ck_assert_str_eq(out, hash);
}

static void
expect_ja4(const char *expected)
{
	char out[37];

	ck_assert_int_eq(fingerprint_ja4(&hello, out), 0);
	ck_assert_str_eq(out, expected);
}

/* --- published values --- */

/* The examples of JA3's own documentation. */
START_TEST(ja3_is_what_its_authors_publish)
{
	hello.legacy_version = 769;
	PUT(suites, 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4);
	PUT(extensions, 0, 10, 11);
	PUT(groups, 23, 24, 25);
	PUT(point_formats, 0);
	expect_ja3("769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,"
	           "23-24-25,0",
	    "ada70206e40642a3e4461f35503241d5");
}
END_TEST

START_TEST(ja3_keeps_the_commas_of_empty_lists)
{
	hello.legacy_version = 769;
	PUT(suites, 4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99);
	expect_ja3("769,4-5-10-9-100-98-3-6-19-18-99,,,",
	    "de350869b8c85de67a350c8d186f11e6");
}
END_TEST

START_TEST(ja3s_is_what_others_compute)
{
	struct server_hello answer = {.legacy_version = 0x0303, .suite = 0x1301,
	    .extension_count = 2, .extensions = {51, 43}};
	struct fingerprint_text text;
	char out[33];

	fingerprint_ja3s_text(&answer, &text);
	ck_assert_str_eq(text.bytes, "771,4865,51-43");
	ck_assert_int_eq(fingerprint_ja3s(&answer, out), 0);
	ck_assert_str_eq(out, "eb1d94daa7e0344597e756a1fb6e7054");
	answer.extension_count = 0;
	fingerprint_ja3s_text(&answer, &text);
	ck_assert_str_eq(text.bytes, "771,4865,");
	answer.extensions_cut = true;
	ck_assert_int_eq(fingerprint_ja3s(&answer, out), E_LIMIT);
	ck_assert_str_eq(out, "");
}
END_TEST

/* The worked example of JA4's technical details, a Chromium. */
static void
put_chromium(void)
{
	PUT(suites, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
	    0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035);
	PUT(extensions, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d,
	    0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015);
	PUT(versions, 0x0304, 0x0303);
	put_alpn("h2", 2);
}

START_TEST(ja4_is_what_its_authors_publish)
{
	struct fingerprint_text text;

	put_chromium();
	PUT(schemes, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601);
	expect_ja4("t13d1516h2_8daaf6152771_e5627efa2ab1");
	fingerprint_ja4_text(&hello, &text);
	ck_assert_str_eq(text.bytes, "t13d1516h2_002f,0035,009c,009d,1301,1302,1303,"
	                             "c013,c014,c02b,c02c,c02f,c030,cca8,cca9_"
	                             "0005,000a,000b,000d,0012,0015,0017,001b,0023,"
	                             "002b,002d,0033,4469,ff01_"
	                             "0403,0804,0401,0503,0805,0501,0806,0601");
}
END_TEST

START_TEST(ja4_without_schemes_has_no_second_underscore)
{
	put_chromium();
	expect_ja4("t13d1516h2_8daaf6152771_6d807ffa2a79");
}
END_TEST

START_TEST(ja4_of_a_firefox)
{
	PUT(suites, 0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c,
	    0xc030, 0xc00a, 0xc009, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035);
	PUT(extensions, 0x0000, 0x0017, 0xff01, 0x000a, 0x000b, 0x0023, 0x0010,
	    0x0005, 0x0022, 0x0033, 0x002b, 0x000d, 0x002d, 0x001c, 0x0015);
	PUT(versions, 0x0304, 0x0303);
	PUT(schemes, 0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501,
	    0x0601, 0x0203, 0x0201);
	put_alpn("h2", 2);
	expect_ja4("t13d1715h2_5b57614c22b0_3d5424432f57");
}
END_TEST

START_TEST(ja4_of_nothing_is_zeroes)
{
	hello.legacy_version = 0x0300;
	expect_ja4("ts3i000000_000000000000_000000000000");
	PUT(extensions, 0, 16);
	expect_ja4("ts3d000200_000000000000_000000000000");
}
END_TEST

/* The table of JA4's section "ALPN Extension Value". */
static const struct {
	const char *name;
	size_t length;
	const char *ends;
} protocols[] = {
	{"h2", 2, "h2"},
	{"http/1.1", 8, "h1"},
	{"x", 1, "xx"},
	{"\xab", 1, "ab"},
	{"\x20", 1, "20"},
	{"\xab\xcd", 2, "ad"},
	{"\x20\x61", 2, "21"},
	{"\x30\xab", 2, "3b"},
	{"\x61\x20", 2, "60"},
	{"\x30\x31\xab\xcd", 4, "3d"},
	{"\x30\xab\xcd\x31", 4, "01"},
};

START_TEST(ja4_shows_the_ends_of_the_first_protocol)
{
	char out[37];

	put_alpn(protocols[_i].name, protocols[_i].length);
	ck_assert_int_eq(fingerprint_ja4(&hello, out), 0);
	ck_assert_int_eq(memcmp(out + 8, protocols[_i].ends, 2), 0);
}
END_TEST

static const struct {
	uint16_t legacy, offered[3];
	size_t count;
	const char *name;
} versions[] = {
	{0x0303, {0x0304, 0x0303}, 2, "13"},
	{0x0303, {0x0302, 0x0303}, 2, "12"},
	{0x0303, {0}, 0, "12"},
	{0x0302, {0}, 0, "11"},
	{0x0301, {0}, 0, "10"},
	{0x0002, {0}, 0, "s2"},
	{0x0303, {0x7f1c}, 1, "00"}, /* a draft of TLS 1.3 */
};

START_TEST(ja4_names_the_highest_version)
{
	char out[37];

	hello.legacy_version = versions[_i].legacy;
	put(&hello.versions, versions[_i].offered, versions[_i].count);
	ck_assert_int_eq(fingerprint_ja4(&hello, out), 0);
	ck_assert_int_eq(memcmp(out + 1, versions[_i].name, 2), 0);
}
END_TEST

START_TEST(a_hello_that_was_not_kept_whole_has_no_fingerprint)
{
	char out[37];

	hello.offers_cut = true;
	ck_assert_int_eq(fingerprint_ja3(&hello, out), E_LIMIT);
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(fingerprint_ja4(&hello, out), E_LIMIT);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(the_fullest_hello_fits)
{
	struct fingerprint_text text;
	char out[37];

	for (size_t i = 0; i < HELLO_OFFERS_MAX; i++)
		hello.offers[i] = 0xffff;
	hello.suites.count = HELLO_OFFERS_MAX;
	fingerprint_ja3_text(&hello, &text);
	/* "771" and four commas; five digits each, and what joins them. */
	ck_assert_uint_eq(text.length, 7 + HELLO_OFFERS_MAX * 6 - 1);
	ck_assert_int_eq(fingerprint_ja4(&hello, out), 0);
	ck_assert_int_eq(memcmp(out, "t12i9900", 8), 0);
}
END_TEST

/* --- real clients --- */

static const struct {
	const char *client, *ja3, *ja4;
} captured[] = {
	{"chromium", "07e481c9901b4fb44c998b4493abd7fd",
	    "t13d1517h2_8daaf6152771_cb7bf5808d99"},
	{"curl-address", "78f0dc5ac5b19daf131a133cfdee9691",
	    "t13i3111h2_e8f1e7e78f70_b26ce05bbdd6"},
	{"curl-h1", "0149f47eabf9a20d0893e2a44e5a6323",
	    "t13d3112h1_e8f1e7e78f70_b26ce05bbdd6"},
	{"curl-h2", "0149f47eabf9a20d0893e2a44e5a6323",
	    "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6"},
	{"gnutls", "6af33c9e05452609f615c60bfdef7ce7",
	    "t13d2914h2_723694b0fccc_2cc26d266019"},
	{"node", "1a28e69016765d92e3b381168d68922c",
	    "t13d5911h2_a33745022dd6_1f22a2ca17c4"},
	{"openssl", "a3afc2c46ba4a7d7fbe1cfb7a3031c2f",
	    "t13d311000_e8f1e7e78f70_1f22a2ca17c4"},
	{"openssl-12", "871a754af286dfb70c1b53c6887c62e0",
	    "t12d280700_d943125447b4_e7e480e5a997"},
	{"openssl-ecdsa", "fabfe623c7c73a9c6ec94b19ef5a8535",
	    "t12i020600_6d4732649639_d0212ebfd738"},
	{"openssl-nosni", "eb28ec148ca5e2e906234d15d3a1d3f0",
	    "t13i3110h2_e8f1e7e78f70_1f22a2ca17c4"},
	{"openssl-pha", "ba80cfda1a47d03ec3b589666f70e41e",
	    "t13i311000_e8f1e7e78f70_fb8d5ffd48c1"},
	{"python", "93c7d42c0df602fb91589311534831f5",
	    "t13d181100_85036bcba153_d41ae481755e"},
	{"wget", "bb4f9fef542ff6b4b29aa653bf0c1d31",
	    "t13d291300_723694b0fccc_899037bd0b8c"},
};

START_TEST(real_clients_have_their_fingerprints)
{
	char path[128];
	size_t length;

	(void)snprintf(path, sizeof(path), "t/corpus/hello/%s",
	    captured[_i].client);
	uint8_t *bytes = (uint8_t *)corpus_read(path, &length);
	ck_assert_int_gt(hello_parse(bytes, length, &hello), 0);
	char ja3[33];
	ck_assert_int_eq(fingerprint_ja3(&hello, ja3), 0);
	ck_assert_str_eq(ja3, captured[_i].ja3);
	expect_ja4(captured[_i].ja4);
	free(bytes);
}
END_TEST

START_TEST(every_captured_hello_holds_the_invariants)
{
	ck_assert_uint_ge(corpus_run("fingerprint"), 3);
	ck_assert_uint_ge(corpus_run("hello"), 13);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("fingerprint");
	TCase *t = tcase_create("fingerprint");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, ja3_is_what_its_authors_publish);
	tcase_add_test(t, ja3_keeps_the_commas_of_empty_lists);
	tcase_add_test(t, ja3s_is_what_others_compute);
	tcase_add_test(t, ja4_is_what_its_authors_publish);
	tcase_add_test(t, ja4_without_schemes_has_no_second_underscore);
	tcase_add_test(t, ja4_of_a_firefox);
	tcase_add_test(t, ja4_of_nothing_is_zeroes);
	tcase_add_loop_test(t, ja4_shows_the_ends_of_the_first_protocol, 0,
	    ARRAY_LENGTH(protocols));
	tcase_add_loop_test(t, ja4_names_the_highest_version, 0,
	    ARRAY_LENGTH(versions));
	tcase_add_test(t, a_hello_that_was_not_kept_whole_has_no_fingerprint);
	tcase_add_test(t, the_fullest_hello_fits);
	tcase_add_loop_test(t, real_clients_have_their_fingerprints, 0,
	    ARRAY_LENGTH(captured));
	tcase_add_test(t, every_captured_hello_holds_the_invariants);
	suite_add_tcase(s, t);
	return s;
}
