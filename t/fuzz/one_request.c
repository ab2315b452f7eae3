/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of the end of the proxy's one request; the unit suite calls it
 * too. However the bytes are cut, as many of them pass, and nothing passes
 * behind the first that does not.
 */
#include "extension-bridge/proxy/one_request.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "t/fuzz/target.h"

/* How many pass when they come in pieces of `piece` bytes. */
static size_t
passed(const uint8_t *bytes, size_t length, size_t piece)
{
	struct one_request *r = one_request_new();
	size_t total = 0;
	bool ended = false;

	must(r != NULL);
	for (size_t at = 0; at < length; at += piece) {
		size_t n = length - at < piece ? length - at : piece;
		uint8_t *copy = malloc(n);

		must(copy != NULL);
		memcpy(copy, bytes + at, n);
		size_t used = one_request_take(r, copy, n);
		free(copy);
		must(used <= n && (!ended || used == 0));
		ended |= used < n;
		total += used;
	}
	one_request_free(r);
	return total;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	size_t whole = passed(bytes, length, length > 0 ? length : 1);

	must(passed(bytes, length, 1) == whole);
	must(passed(bytes, length, 7) == whole);
	/* What did not pass plays no part in what did. */
	must(passed(bytes, whole, whole > 0 ? whole : 1) == whole);
	return 0;
}
