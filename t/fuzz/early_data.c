/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/early_data; the unit suite calls it too. The input's first
 * byte says how long the first hello is. However a client's bytes are cut, the
 * same of them is left, and no more than came.
 */
#include "mitm/early_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

#define INPUT_BYTES_MAX 65536u

/* What is left of the bytes, cut into pieces, in `out`; E_LIMIT. */
static int
skip_in_pieces(size_t first, const uint8_t *bytes, size_t length, size_t piece,
    uint8_t *out)
{
	struct early_data e;
	size_t kept = 0;

	early_data_begin(&e, first);
	for (size_t at = 0; at < length; at += piece) {
		size_t n = length - at < piece ? length - at : piece;
		memcpy(out + kept, bytes + at, n);
		int left = early_data_skip(&e, out + kept, n);
		if (left < 0) {
			must(left == E_LIMIT && e.skipped > EARLY_DATA_BYTES_MAX);
			return left;
		}
		must((size_t)left <= n);
		kept += (size_t)left;
	}
	must(e.skipped + kept == length);
	return (int)kept;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint8_t whole[INPUT_BYTES_MAX], cut[INPUT_BYTES_MAX];

	if (length == 0 || length > INPUT_BYTES_MAX)
		return 0;
	size_t first = bytes[0];
	int kept = skip_in_pieces(first, bytes + 1, length - 1, length, whole);
	for (size_t piece = 1; piece <= 7; piece += 2)
		must(skip_in_pieces(first, bytes + 1, length - 1, piece, cut) == kept &&
		    (kept <= 0 || memcmp(whole, cut, (size_t)kept) == 0));
	return 0;
}
