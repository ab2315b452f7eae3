/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/early_data: what a client sends early is left out, and
 * nothing else. */
#include "mitm/early_data.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

/* Records: type, version, length, body. */
#define HELLO "\x16\x03\x01\x00\x02" "h1"
#define CHANGE "\x14\x03\x03\x00\x01\x01"
#define EARLY "\x17\x03\x03\x00\x03" "abc"
#define EMPTY "\x17\x03\x03\x00\x00"
#define SECOND "\x16\x03\x03\x00\x02" "h2"
#define LATER "\x17\x03\x03\x00\x02" "ok"
#define ALERT "\x15\x03\x03\x00\x02\x02\x28"

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
	const char *sent;
	size_t sent_length;
	const char *left;
	size_t left_length;
} streams[] = {
    {BYTES(HELLO), BYTES(HELLO)},
    {BYTES(HELLO EARLY), BYTES(HELLO)},
    {BYTES(HELLO CHANGE EARLY EARLY SECOND LATER),
        BYTES(HELLO CHANGE SECOND LATER)},
    {BYTES(HELLO EARLY EMPTY CHANGE SECOND CHANGE LATER LATER),
        BYTES(HELLO CHANGE SECOND CHANGE LATER LATER)},
    /* It gives up in the clear. */
    {BYTES(HELLO EARLY ALERT), BYTES(HELLO ALERT)},
    {BYTES(HELLO SECOND EARLY), BYTES(HELLO SECOND EARLY)},
};

START_TEST(only_early_data_is_left_out)
{
	uint8_t bytes[256];

	for (size_t piece = 1; piece <= streams[_i].sent_length; piece++) {
		struct early_data e;
		size_t kept = 0;

		early_data_begin(&e, sizeof(HELLO) - 1);
		for (size_t at = 0; at < streams[_i].sent_length; at += piece) {
			size_t n = streams[_i].sent_length - at;
			if (n > piece)
				n = piece;
			memcpy(bytes + kept, streams[_i].sent + at, n);
			int left = early_data_skip(&e, bytes + kept, n);
			ck_assert_int_ge(left, 0);
			kept += (size_t)left;
		}
		ck_assert_mem_eq(bytes, streams[_i].left, kept);
		ck_assert_uint_eq(kept, streams[_i].left_length);
	}
}
END_TEST

START_TEST(too_much_is_an_error)
{
	static uint8_t bytes[EARLY_DATA_BYTES_MAX + 8];
	struct early_data e;
	int left = 0;

	early_data_begin(&e, 1);
	/* Behind the hello, records of 65,535 bytes and their headers. */
	bytes[0] = 'h';
	for (size_t at = 1; at + 5 < sizeof(bytes); at += 5 + 65535)
		memcpy(bytes + at, "\x17\x03\x03\xff\xff", 5);
	left = early_data_skip(&e, bytes, EARLY_DATA_BYTES_MAX + 1);
	ck_assert_int_eq(left, 1);
	bytes[0] = 'x';
	ck_assert_int_eq(early_data_skip(&e, bytes, 1), E_LIMIT);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("early_data"), 4);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("early_data");
	TCase *t = tcase_create("skip");

	tcase_add_loop_test(t, only_early_data_is_left_out, 0,
	    (int)ARRAY_LENGTH(streams));
	tcase_add_test(t, too_much_is_an_error);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
