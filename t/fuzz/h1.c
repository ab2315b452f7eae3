/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/h1: a conversation (t/fuzz/h1_play.h) says the same in
 * whole segments, byte by byte and cut at random, and breaks no promise when
 * the connection breaks. Runs in the fuzzer and in the unit suite.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mitm/h1.h"
#include "t/fuzz/h1_play.h"

#define OUT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define SMALL_BYTES 300u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static size_t
play(struct play how, struct buf *out)
{
	buf_init(out, OUT_BYTES_MAX);
	return h1_play(&how, out);
}

static void
check_same(struct play how, const struct buf *whole)
{
	struct buf out;

	(void)play(how, &out);
	if (buf_length(&out) != buf_length(whole) || (buf_length(&out) > 0 &&
	    memcmp(buf_data(&out), buf_data(whole), buf_length(whole)) != 0))
		abort();
	buf_free(&out);
}

/* Once it has an opinion, more bytes do not change it. */
static void
check_sniff(const uint8_t *bytes, size_t length)
{
	int before = E_MORE;

	for (size_t i = 0; i <= length && i < SMALL_BYTES; i++) {
		int verdict = h1_sniff(bytes, i);
		if (before != E_MORE && verdict != before)
			abort();
		before = verdict;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct play how = {.text = bytes, .length = length, .stop = PLAY_ALL};
	struct buf whole, cut;
	size_t payload = play(how, &whole);

	check_sniff(bytes, length);
	how.step = 1;
	check_same(how, &whole);
	how.step = 0;
	for (how.seed = 1; how.seed < 4; how.seed++)
		check_same(how, &whole);
	for (how.stop = 0; payload < SMALL_BYTES && how.stop < payload; how.stop++) {
		(void)play(how, &cut);
		buf_free(&cut);
	}
	buf_free(&whole);
	return 0;
}
