/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/redact: what is redacted once has nothing left to redact, what
 * holds no name stays as it is, and no value of a wanted name is left in a query.
 * Runs in the fuzzer and in the unit suite.
 */
#include <stdlib.h>
#include <string.h>

#include "mitm/redact.h"

#define OUT_BYTES_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

typedef uint64_t redactor(const struct redact *r, struct bytes text,
    struct buf *out);

static const char *const names[] = {"token", "password", "a"};

static void
check(redactor *redact, struct bytes text)
{
	const struct redact r = {.names = names, .count = ARRAY_LENGTH(names)};
	struct buf once, twice;

	buf_init(&once, OUT_BYTES_MAX);
	buf_init(&twice, OUT_BYTES_MAX);
	uint64_t met = redact(&r, text, &once);
	if (met >> ARRAY_LENGTH(names) != 0)
		abort();
	if (met != 0) {
		struct bytes redacted = {buf_data(&once), buf_length(&once)};
		uint64_t again = redact(&r, redacted, &twice);
		struct bytes same = {buf_data(&twice), buf_length(&twice)};
		if (again != met || redacted.data == NULL || same.data == NULL ||
		    same.length != redacted.length ||
		    memcmp(same.data, redacted.data, same.length) != 0)
			abort();
	}
	buf_free(&once);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	check(redact_pairs, (struct bytes){bytes, length});
	check(redact_json, (struct bytes){bytes, length});
	return 0;
}
