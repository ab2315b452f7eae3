/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/ftp_data: the replies say the same whole and a byte at a time.
 * Runs in the fuzzer and in the unit suite.
 */
#include <stdlib.h>

#include "mitm/ftp_data.h"
#include "t/fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct ftp_data whole = {.length = 0}, pieces = {.length = 0};
	bool refused = false;

	for (size_t i = 0; i < length; i++)
		refused |= ftp_data_refused(&pieces, bytes + i, 1);
	if (ftp_data_refused(&whole, bytes, length) != refused)
		abort();
	return 0;
}
