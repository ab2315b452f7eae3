/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/h1: a conversation (t/fuzz/h1_play.h) says the same in
 * whole segments, byte by byte and cut at random, and breaks no promise when
 * the connection breaks. Runs in the fuzzer and in the unit suite.
 */
#include <string.h>

#include "base/err.h"
#include "mitm/h1.h"
#include "t/fuzz/h1_play.h"

#define OUT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define SMALL_BYTES 300u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

struct text {
	const uint8_t *bytes;
	size_t length;
};

static size_t
play(struct text text, struct cut how, struct buf *out)
{
	buf_init(out, OUT_BYTES_MAX);
	return h1_play(text.bytes, text.length, &how, out);
}

static void
check_same(struct text text, struct cut how, const struct buf *whole)
{
	struct buf out;

	(void)play(text, how, &out);
	must(buf_length(&out) == buf_length(whole));
	must(buf_length(&out) == 0 || memcmp(buf_data(&out), buf_data(whole),
	    buf_length(whole)) == 0);
	buf_free(&out);
}

/* Once it has an opinion, more bytes do not change it. */
static void
check_sniff(const uint8_t *bytes, size_t length)
{
	int before = E_MORE;

	for (size_t i = 0; i <= length && i < SMALL_BYTES; i++) {
		int verdict = h1_sniff(bytes, i);
		must(before == E_MORE || verdict == before);
		before = verdict;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct text text = {bytes, length};
	struct cut how = {.stop = CUT_NEVER};
	struct buf whole, broken;
	size_t payload = play(text, how, &whole);

	check_sniff(bytes, length);
	how.step = 1;
	check_same(text, how, &whole);
	how.step = 0;
	for (how.seed = 1; how.seed < 4; how.seed++)
		check_same(text, how, &whole);
	for (how.stop = 0; payload < SMALL_BYTES && how.stop < payload; how.stop++) {
		(void)play(text, how, &broken);
		buf_free(&broken);
	}
	buf_free(&whole);
	return 0;
}
