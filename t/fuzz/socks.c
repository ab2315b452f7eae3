/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of the proxy's SOCKS5 messages; the unit suite calls it too. The
 * input is read as a greeting and as a request, each cut at every point: the
 * answer is E_MORE or already the final one, and nothing behind the given
 * length is read.
 */
#include "extension-bridge/proxy/socks.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

static int
parse_exact(const uint8_t *bytes, size_t length, bool greeting)
{
	uint8_t *copy = malloc(length > 0 ? length : 1);
	struct socks_request r;
	bool none;

	must(copy != NULL);
	memcpy(copy, bytes, length);
	int used = greeting ? socks_greeting_parse(copy, length, &none) :
	    socks_request_parse(copy, length, &r);
	free(copy);
	must(used != 0 && (used < 0 || (size_t)used <= length));
	if (used > 0 && !greeting)
		must(r.command != SOCKS_CONNECT ||
		    (r.target.port != 0 && r.target.host[0] != '\0'));
	return used;
}

static void
cut_everywhere(const uint8_t *bytes, size_t length, bool greeting)
{
	int whole = parse_exact(bytes, length, greeting);
	size_t end = whole > 0 ? (size_t)whole : length;

	for (size_t cut = 0; cut < end && cut < 600; cut++) {
		int used = parse_exact(bytes, cut, greeting);
		must(used == E_MORE || (used < 0 && used == whole));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	cut_everywhere(bytes, length, true);
	cut_everywhere(bytes, length, false);
	return 0;
}
