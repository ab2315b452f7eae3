/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/greeting: the first byte says how many of the rest the client
 * sent. Whatever stands behind the first 64 bytes changes nothing that is known.
 * Runs in the fuzzer and in the unit suite.
 */
#include <stdlib.h>

#include "mitm/greeting.h"
#include "t/fuzz/target.h"

#define FIRST_BYTES 64u

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length == 0)
		return 0;
	size_t client = bytes[0] < length - 1 ? bytes[0] : length - 1;
	struct bytes first[2] = {{bytes + 1, client},
	    {bytes + 1 + client, length - 1 - client}};
	const char *all = greeting_protocol(first);
	for (int d = 0; d < 2; d++) {
		if (first[d].length > FIRST_BYTES)
			first[d].length = FIRST_BYTES;
	}
	if (greeting_protocol(first) != NULL && all == NULL)
		abort();
	return 0;
}
