/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/decode: the first byte chooses the codings, the second the
 * limit, the rest is the body. What comes out keeps within its limit, and a body
 * that is cut gives a beginning of what the whole one gives, unless that is
 * corrupt: zstd gives less then than of its sound beginning. Runs in the fuzzer and
 * in the unit suite.
 */
#include <stdlib.h>
#include <string.h>

#include "mitm/decode.h"

#define LIMIT_UNIT 512u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char *const codings[] = {"gzip", "deflate", "br", "zstd", "identity",
    "gzip, br", " zstd ,, GZIP", "x-gzip,identity,deflate", "compress", ""};

static enum decode_outcome
decode(const char *coding, struct bytes in, size_t limit, struct buf *out)
{
	struct bytes list = {(const uint8_t *)coding, strlen(coding)};

	buf_init(out, limit);
	return decode_body(list, in, out);
}

static void
check_beginning(const struct buf *part, const struct buf *whole)
{
	size_t length = buf_length(part);

	if (length > buf_length(whole) || (length > 0 &&
	    memcmp(buf_data(part), buf_data(whole), length) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buf whole, part;

	if (length < 2)
		return 0;
	const char *coding = codings[bytes[0] % ARRAY_LENGTH(codings)];
	size_t limit = bytes[1] * LIMIT_UNIT;
	struct bytes in = {bytes + 2, length - 2};
	enum decode_outcome outcome = decode(coding, in, limit, &whole);
	if (buf_length(&whole) > limit ||
	    (outcome == DECODE_UNKNOWN && buf_length(&whole) > 0))
		abort();
	in.length /= 2;
	(void)decode(coding, in, limit, &part);
	if (strchr(coding, ',') == NULL && outcome != DECODE_CORRUPT)
		check_beginning(&part, &whole);
	buf_free(&whole);
	buf_free(&part);
	return 0;
}
