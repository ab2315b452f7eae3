/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of cli/bundle: which blocks of a file are certificates, that each
 * is in the bundle once, and which files of a directory count.
 */
#include "cli/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define BYTES_MAX 65536
#define PEM(label, body)                                                      \
	"-----BEGIN " label "-----\n" body "\n-----END " label "-----\n"
#define ROW "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ONE PEM("CERTIFICATE", "b25l")
#define TWO PEM("CERTIFICATE", "dHdv")

static void
feed(struct bundle *b, const char *text)
{
	(void)LLVMFuzzerTestOneInput((const uint8_t *)text, strlen(text));
	ck_assert_int_eq(bundle_feed(b, text, strlen(text)), 0);
	ck_assert_int_eq(bundle_end_file(b), 0);
}

static void
check_text(const struct bundle *b, const char *text)
{
	ck_assert_uint_eq(buf_length(&b->text), strlen(text));
	if (text[0] != '\0')
		ck_assert_mem_eq(buf_data(&b->text), text, strlen(text));
}

static const struct {
	const char *file, *text;
} files[] = {
    {"", ""},
    {ONE, ONE},
    {ONE TWO ONE, ONE TWO},
    /* Written otherwise, and the same. */
    {ONE "-----BEGIN CERTIFICATE-----\r\n  b2\r\n 5l \r\n-----END CERTIFICATE-----",
	ONE},
    {PEM("X509 CERTIFICATE", "b25l"), ONE},
    {PEM("CERTIFICATE", ROW "AAAA"), PEM("CERTIFICATE", ROW "\nAAAA")},
    {PEM("CERTIFICATE", ROW), PEM("CERTIFICATE", ROW)},
    {"subject=one\n" ONE "\nissuer: two\n" TWO "trailer", ONE TWO},
    /* More than a certificate is in it. */
    {PEM("TRUSTED CERTIFICATE", "b25l") ONE,
	PEM("TRUSTED CERTIFICATE", "b25l") ONE},
    /* Not for a bundle. */
    {PEM("PRIVATE " "KEY", "bm90IGEga2V5") ONE, ONE},
    {PEM("X509 CRL", "b25l"), ""},
    {PEM("CERTIFICATE REQUEST", "b25l"), ""},
    /* No certificate. */
    {"-----BEGIN CERTIFICATE-----\nb25l\n", ""},
    {"-----BEGIN CERTIFICATE-----\nb2\n" ONE, ONE},
    {"-----BEGIN CERTIFICATE-----\nb25l\n-----END X509 CRL-----\n", ""},
    {"-----END CERTIFICATE-----\n" TWO, TWO},
    {PEM("CERTIFICATE", ""), ""},
    {PEM("CERTIFICATE", "b25lb") TWO, TWO},
    {PEM("CERTIFICATE", "b2.5") TWO, TWO},
    {PEM("CERTIFICATE", "Proc-Type: 4,ENCRYPTED\n\nb25l") TWO, TWO},
};

START_TEST(what_of_a_file_gets_in)
{
	struct bundle b;

	bundle_init(&b, BYTES_MAX);
	feed(&b, files[_i].file);
	check_text(&b, files[_i].text);
	bundle_free(&b);
}
END_TEST

START_TEST(each_is_there_once_over_all_files)
{
	struct bundle b;

	bundle_init(&b, BYTES_MAX);
	feed(&b, ONE);
	feed(&b, TWO ONE);
	feed(&b, ONE);
	check_text(&b, ONE TWO);
	bundle_free(&b);
}
END_TEST

START_TEST(a_file_that_ends_early_does_not_spoil_the_next)
{
	struct bundle b;

	bundle_init(&b, BYTES_MAX);
	feed(&b, "-----BEGIN CERTIFICATE-----\nb25l");
	feed(&b, TWO);
	check_text(&b, TWO);
	bundle_free(&b);
}
END_TEST

START_TEST(a_line_or_block_without_an_end_is_no_certificate)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
	const size_t length = 1024 * 1024;
	char *text = malloc(length + 1);
	struct bundle b;

	ck_assert_ptr_nonnull(text);
	for (int newlines = 0; newlines < 2; newlines++) {
		bundle_init(&b, BYTES_MAX);
		memset(text, 'A', length);
		memcpy(text, begin, strlen(begin));
		for (size_t i = 1000; newlines && i < length; i += 1000)
			text[i] = '\n';
		text[length] = '\0';
		ck_assert_int_eq(bundle_feed(&b, text, length), 0);
		ck_assert_int_eq(bundle_feed(&b, "\n", 1), 0);
		feed(&b, "-----END CERTIFICATE-----\n" ONE);
		check_text(&b, ONE);
		bundle_free(&b);
	}
	free(text);
}
END_TEST

START_TEST(a_text_over_its_limit_is_an_error)
{
	struct bundle b;

	bundle_init(&b, strlen(ONE));
	feed(&b, ONE ONE);
	ck_assert_int_eq(bundle_feed(&b, TWO, strlen(TWO)), E_LIMIT);
	check_text(&b, ONE);
	bundle_free(&b);
}
END_TEST

static const struct {
	const char *name;
	bool is;
} names[] = {
    {"5cd81ad7.0", true}, {"00000000.12", true}, {"5cd81ad7.r0", false},
    {"5cd81ad7.", false}, {"5cd81ad7", false}, {"5CD81AD7.0", false},
    {"5cd81ad.0", false}, {"5cd81ad70.0", false}, {"5cd81ad7.0~", false},
    {"5cd81ad7.0.pem", false}, {"ca-certificates.crt", false}, {"..", false},
    {"", false},
};

START_TEST(openssl_finds_certificates_by_such_names)
{
	ck_assert_int_eq(bundle_is_hash_name(names[_i].name), names[_i].is);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("bundle"), 7);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("bundle");
	TCase *t = tcase_create("bundle");

	tcase_add_loop_test(t, what_of_a_file_gets_in, 0, (int)ARRAY_LENGTH(files));
	tcase_add_test(t, each_is_there_once_over_all_files);
	tcase_add_test(t, a_file_that_ends_early_does_not_spoil_the_next);
	tcase_add_test(t, a_line_or_block_without_an_end_is_no_certificate);
	tcase_add_test(t, a_text_over_its_limit_is_an_error);
	tcase_add_loop_test(t, openssl_finds_certificates_by_such_names, 0,
	    (int)ARRAY_LENGTH(names));
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
