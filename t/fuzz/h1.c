/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/h1: a conversation (t/fuzz/h1_play.h) says the same in
 * whole segments, byte by byte and cut at random, and breaks no promise when
 * the connection breaks. Runs in the fuzzer and in the unit suite.
 */
#include "base/err.h"
#include "mitm/h1.h"
#include "t/fuzz/h1_play.h"
#include "t/fuzz/target.h"

#define SNIFFED_BYTES 300u

/* Once it has an opinion, more bytes do not change it. */
static void
check_sniff(const uint8_t *bytes, size_t length)
{
	int before = E_MORE;

	for (size_t i = 0; i <= length && i < SNIFFED_BYTES; i++) {
		int verdict = h1_sniff(bytes, i);
		must(before == E_MORE || verdict == before);
		before = verdict;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	check_sniff(bytes, length);
	conversation_check_cuts(h1_play, bytes, length);
	return 0;
}
