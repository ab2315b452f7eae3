/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/keylog: the lines, and where they go. */
#include "mitm/keylog.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/unit/suite.h"

#define RANDOM_HEX                                                            \
	"00010203040506070809fafbfcfdfeff" "00010203040506070809fafbfcfdfeff"

static const uint8_t random_bytes[KEYLOG_RANDOM_BYTES] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};

static const struct {
	mbedtls_ssl_key_export_type type;
	const char *line;
} lines[] = {
    {MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET,
        "CLIENT_RANDOM " RANDOM_HEX " a0b1\n"},
    {MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_HANDSHAKE_TRAFFIC_SECRET,
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET " RANDOM_HEX " a0b1\n"},
    {MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_HANDSHAKE_TRAFFIC_SECRET,
        "SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM_HEX " a0b1\n"},
    {MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET,
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_HEX " a0b1\n"},
    {MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET,
        "SERVER_TRAFFIC_SECRET_0 " RANDOM_HEX " a0b1\n"},
};

START_TEST(each_secret_has_its_label)
{
	static const uint8_t secret[] = {0xa0, 0xb1};
	char line[KEYLOG_LINE_BYTES];
	size_t length = keylog_line(lines[_i].type, secret, sizeof(secret),
	    random_bytes, line);

	ck_assert_uint_eq(length, strlen(lines[_i].line));
	ck_assert_mem_eq(line, lines[_i].line, length);
}
END_TEST

START_TEST(the_longest_secret_fits_and_a_longer_one_is_left_out)
{
	static const uint8_t secret[65];
	char line[KEYLOG_LINE_BYTES];
	mbedtls_ssl_key_export_type type =
	    MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_HANDSHAKE_TRAFFIC_SECRET;

	ck_assert_uint_le(keylog_line(type, secret, 64, random_bytes, line),
	    sizeof(line));
	ck_assert_uint_eq(keylog_line(type, secret, 65, random_bytes, line), 0);
}
END_TEST

START_TEST(lines_are_appended_to_the_file_that_counts)
{
	static const uint8_t secret[] = {0xa0, 0xb1};
	struct keylog k = {.fd = -1};
	char read_back[512];
	char path[] = "keylog.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(path), 0);
	int copy = dup(fd);
	keylog_write(&k, lines[0].type, secret, sizeof(secret), random_bytes);
	keylog_use(&k, fd);
	keylog_write(&k, lines[0].type, secret, sizeof(secret), random_bytes);
	keylog_write(&k, lines[1].type, secret, sizeof(secret), random_bytes);
	keylog_use(&k, -1);
	keylog_write(&k, lines[0].type, secret, sizeof(secret), random_bytes);
	ssize_t n = pread(copy, read_back, sizeof(read_back) - 1, 0);
	ck_assert_int_gt(n, 0);
	read_back[n] = '\0';
	ck_assert_msg(strncmp(read_back, lines[0].line, strlen(lines[0].line)) == 0 &&
	    strcmp(read_back + strlen(lines[0].line), lines[1].line) == 0, "%s",
	    read_back);
	(void)close(copy);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("keylog");
	TCase *t = tcase_create("keylog");

	tcase_add_loop_test(t, each_secret_has_its_label, 0,
	    (int)ARRAY_LENGTH(lines));
	tcase_add_test(t, the_longest_secret_fits_and_a_longer_one_is_left_out);
	tcase_add_test(t, lines_are_appended_to_the_file_that_counts);
	suite_add_tcase(s, t);
	return s;
}
