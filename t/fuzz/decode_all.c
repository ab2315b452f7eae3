/* SPDX-License-Identifier: ISC */
/* Bodies through a decoder, by pieces. Fuzz targets and unit suites only. */
#include "t/fuzz/decode_all.h"

#include <stdlib.h>
#include <string.h>

/* What comes out at once: less than of most, so that they have more to give. */
#define OUT_PIECE_BYTES 100u

static void
feed(struct decoder *d, struct bytes in, struct buf *out)
{
	uint8_t room[OUT_PIECE_BYTES];
	size_t length;

	while ((length = decoder_read(d, &in, room, sizeof(room))) > 0) {
		if (length > sizeof(room) || buf_append(out, room, length) != 0)
			abort();
	}
	if (in.length > 0 && !decoder_is_over(d))
		abort();
}

enum decode_outcome
decode_all(const char *codings, struct bytes in, uint64_t limit_bytes,
    size_t piece_bytes, struct buf *out)
{
	struct bytes list = {(const uint8_t *)codings, strlen(codings)};
	struct decoder *d;
	enum decode_outcome outcome = decoder_new(list, limit_bytes, &d);

	if (d == NULL)
		return outcome;
	while (in.length > 0) {
		size_t length = in.length < piece_bytes ? in.length : piece_bytes;
		feed(d, (struct bytes){in.data, length}, out);
		in.data += length;
		in.length -= length;
	}
	outcome = decoder_outcome(d);
	decoder_free(d);
	return outcome;
}
