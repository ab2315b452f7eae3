/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of the formats that programs read (t/e2e/test_export.py has the programs):
 * the table, runs of bytes in a file, and logs that nobody would write.
 */
#include "cli/formats.h"

#include <stdlib.h>
#include <string.h>

#include "cli/spool.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define RUNS 7
#define RUN_BYTES_MAX 200000
#define ROUNDS 4000

START_TEST(each_row_has_what_it_needs)
{
	const struct format *f;

	for (size_t i = 0; (f = format_at(i)) != NULL; i++) {
		ck_assert_ptr_eq(format_find(f->name), f);
		ck_assert_ptr_nonnull(f->summary);
		ck_assert_ptr_nonnull(f->datasets);
		ck_assert((f->writer->record == NULL) != (f->writer->exchange == NULL));
	}
	ck_assert_str_eq(format_find("text")->name, "pretty");
	ck_assert_ptr_null(format_find("nope"));
}
END_TEST

static uint8_t
random_byte(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (uint8_t)(*seed >> 24);
}

static void
check_run(struct spool *s, const struct spool_run *run, const uint8_t *expected,
    size_t length)
{
	struct spool_reader reader;
	uint8_t piece[5000];
	size_t done = 0;

	spool_read_begin(s, run, &reader);
	for (ssize_t n; (n = spool_read(&reader, piece, sizeof(piece))) != 0;) {
		ck_assert_int_gt(n, 0);
		ck_assert_mem_eq(piece, expected + done, (size_t)n);
		done += (size_t)n;
	}
	ck_assert_uint_eq(done, length);
}

/* Against plain memory. */
START_TEST(runs_are_what_was_appended)
{
	static uint8_t memory[RUNS][RUN_BYTES_MAX];
	struct spool_run runs[RUNS] = {{0}};
	struct spool spool;
	uint32_t seed = (uint32_t)_i + 1, used = 0;

	spool_init(&spool);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned r = random_byte(&seed) % RUNS;
		size_t length = (size_t)random_byte(&seed) * random_byte(&seed);
		size_t at = (size_t)runs[r].length;
		if (at + length > RUN_BYTES_MAX || random_byte(&seed) < 8) {
			check_run(&spool, &runs[r], memory[r], at);
			ck_assert_int_eq(spool_drop(&spool, &runs[r]), 0);
			continue;
		}
		for (size_t i = 0; i < length; i++)
			memory[r][at + i] = random_byte(&seed);
		ck_assert_int_eq(spool_append(&spool, &runs[r], memory[r] + at,
		    length), 0);
		used = spool.used;
	}
	/* Blocks were used again: it has no more than all runs at their longest. */
	ck_assert_uint_le(used, RUNS * (RUN_BYTES_MAX / 16000 + 1));
	spool_close(&spool);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("formats"), 3);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("formats");
	TCase *t = tcase_create("format");

	tcase_add_test(t, each_row_has_what_it_needs);
	tcase_add_loop_test(t, runs_are_what_was_appended, 0, 3);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
