/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/tap as it reads HTTP/2, and of mitm/h2 behind it: the bytes of
 * both directions (t/fuzz/tap_play.h) say the same however they are cut up, and break
 * no promise when the connection breaks. Runs in the fuzzer and in the unit suite.
 */
#include "t/fuzz/tap_play.h"

#include "t/fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	conversation_check_cuts(tap_play, bytes, length);
	return 0;
}
