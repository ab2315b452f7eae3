/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/decode: the first byte chooses the codings, the second the
 * limit, the rest is the body. What comes out keeps within its limit, is the same
 * when the body comes a byte at a time, and of a body that is cut is a beginning of
 * what the whole one gives. Where a limit is met or the body is corrupt, both may
 * stop at another place: zstd gives less of a block that turns out to be corrupt.
 * Runs in the fuzzer and in the unit suite.
 */
#include <stdlib.h>
#include <string.h>

#include "t/fuzz/decode_all.h"
#include "t/fuzz/target.h"

#define LIMIT_UNIT 512u

static const char *const codings[] = {"gzip", "deflate", "br", "zstd", "identity",
    "gzip, br", " zstd ,, GZIP", "x-gzip,identity,deflate", "compress", ""};

static void
check_beginning(const struct buf *part, const struct buf *whole)
{
	size_t length = buf_length(part);

	if (length > buf_length(whole) || (length > 0 &&
	    memcmp(buf_data(part), buf_data(whole), length) != 0))
		abort();
}

static bool
stops_anywhere(enum decode_outcome outcome)
{
	return outcome == DECODE_CORRUPT || outcome == DECODE_LIMIT;
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
	buf_init(&whole, SIZE_MAX);
	buf_init(&part, SIZE_MAX);
	enum decode_outcome outcome = decode_all(coding, in, limit, SIZE_MAX, &whole);
	if (buf_length(&whole) > limit ||
	    (outcome == DECODE_UNKNOWN && buf_length(&whole) > 0))
		abort();
	enum decode_outcome same = decode_all(coding, in, limit, 1, &part);
	if (same != outcome && !(stops_anywhere(same) && stops_anywhere(outcome)))
		abort();
	if (!stops_anywhere(outcome) && buf_length(&part) != buf_length(&whole))
		abort();
	if (!stops_anywhere(outcome))
		check_beginning(&part, &whole);
	buf_clear(&part);
	in.length /= 2;
	(void)decode_all(coding, in, limit, SIZE_MAX, &part);
	if (!stops_anywhere(outcome))
		check_beginning(&part, &whole);
	buf_free(&whole);
	buf_free(&part);
	return 0;
}
