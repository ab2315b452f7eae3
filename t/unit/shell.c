/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of cli/shell: what is written, and that a real sh reads it as what it
 * was.
 */
#include "cli/shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define TEXT_BYTES_MAX 65536

static void
check_word(const char *text, const char *expected)
{
	struct buf word;

	buf_init(&word, TEXT_BYTES_MAX);
	ck_assert_int_eq(shell_word(&word, text, strlen(text)), 0);
	ck_assert_int_eq(buf_append(&word, "", 1), 0);
	ck_assert_str_eq((const char *)buf_data(&word), expected);
	buf_free(&word);
}

START_TEST(words_stand_in_quotes)
{
	check_word("", "''");
	check_word("it's $HOME", "'it'\\''s $HOME'");
	check_word("gr\xc3\xbc\xc3\x9f" "e\n", "'gr\xc3\xbc\xc3\x9f" "e\n'");
}
END_TEST

START_TEST(what_could_steer_a_terminal_is_printed)
{
	check_word("\x1b[2J", "\"$(printf '\\033[2J')\"");
	check_word("-%\x01'\\", "\"$(printf '\\055\\045\\001\\047\\134')\"");
	check_word("caf\xe9", "\"$(printf 'caf\\351')\"");
}
END_TEST

/* All bytes but NUL, in each neighbourhood, by the sh that is installed. */
START_TEST(what_sh_reads_is_what_was_written)
{
	static const char ends[] = "'\"\\$`%-x\x01\xff";
	struct buf text;
	uint8_t bytes[3];
	char read[4];

	for (unsigned c = 1; c < 256; c++) {
		bytes[0] = bytes[2] = (uint8_t)ends[c % (sizeof(ends) - 1)];
		bytes[1] = (uint8_t)c;
		(void)LLVMFuzzerTestOneInput(bytes, sizeof(bytes));
		buf_init(&text, TEXT_BYTES_MAX);
		ck_assert_int_eq(buf_puts(&text, "printf %s "), 0);
		ck_assert_int_eq(shell_word(&text, (const char *)bytes, 3), 0);
		ck_assert_int_eq(buf_append(&text, "", 1), 0);
		FILE *sh = popen((const char *)buf_data(&text), "r");
		ck_assert_ptr_nonnull(sh);
		size_t n = fread(read, 1, sizeof(read), sh);
		ck_assert_int_eq(pclose(sh), 0);
		ck_assert_uint_eq(n, 3);
		ck_assert_mem_eq(read, bytes, 3);
		buf_free(&text);
	}
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("shell"), 2);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("shell");
	TCase *t = tcase_create("word");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, words_stand_in_quotes);
	tcase_add_test(t, what_could_steer_a_terminal_is_printed);
	tcase_add_test(t, what_sh_reads_is_what_was_written);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
