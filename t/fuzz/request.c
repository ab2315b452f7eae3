/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of the proxy's request heads; the unit suite calls it too. What
 * must hold: cut anywhere before its end, a head asks for more; nothing behind
 * the given length is read; a rewritten head is within its bound, ends where a
 * head ends, holds one Host, and says "close".
 */
#include "extension-bridge/proxy/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

static int
parse_exact(const uint8_t *bytes, size_t length, struct request *r)
{
	uint8_t *copy = malloc(length > 0 ? length : 1);

	must(copy != NULL);
	memcpy(copy, bytes, length);
	int used = request_parse(copy, length, r);
	free(copy);
	return used;
}

/* Found step by step, the end is where it is found at once. */
static void
end_byte_by_byte(const uint8_t *bytes, size_t length)
{
	int whole = request_head_end(bytes, length, 0);

	for (size_t cut = 0; cut <= length; cut++) {
		int end = request_head_end(bytes, cut, cut > 0 ? cut - 1 : 0);
		if (end == E_MORE)
			continue;
		must(end == whole);
		return;
	}
	must(whole == E_MORE);
}

static void
rewrite(const uint8_t *bytes, size_t length, size_t used)
{
	struct buf out;

	buf_init(&out, used + REQUEST_GROWTH_BYTES_MAX);
	must(request_rewrite(bytes, length, &out) == (int)used);

	const uint8_t *head = buf_data(&out);
	int end = request_head_end(head, buf_length(&out), 0);
	must(end == (int)buf_length(&out) ||
	    (end == E_LIMIT && buf_length(&out) > REQUEST_HEAD_BYTES_MAX));
	must(memmem(head, buf_length(&out), "\r\nHost: ", 8) != NULL);
	must(memmem(head, buf_length(&out), "\r\nConnection: close", 19) != NULL);

	struct request again;
	int error = request_parse(head, buf_length(&out), &again);
	must(error == E_DENIED || error == E_LIMIT);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct request r;

	int used = parse_exact(bytes, length, &r);
	must(used != 0 && (used < 0 || (size_t)used <= length));
	end_byte_by_byte(bytes, length);
	if (used < 0)
		return 0;
	for (size_t cut = 0; cut < (size_t)used && cut < 512; cut++) {
		struct request unused;
		must(parse_exact(bytes, cut, &unused) == E_MORE);
	}
	must(r.target.port != 0 && r.target.host[0] != '\0');
	if (r.form == REQUEST_ABSOLUTE)
		rewrite(bytes, length, (size_t)used);
	return 0;
}
