/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/starttls: of a dialogue (t/fuzz/starttls_play.h) comes the
 * same in whole segments, byte by byte and cut at random, and nothing waits but
 * what may be a hello. Runs in the fuzzer and in the unit suite.
 */
#include "t/fuzz/starttls_play.h"

#include "t/fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	conversation_check_cuts(starttls_play, bytes, length);
	return 0;
}
