/* SPDX-License-Identifier: ISC */
/* Texts to UTF-8, by pieces. Fuzz targets and unit suites only. */
#include "t/fuzz/charset_all.h"

#include <string.h>

struct charset
charset_all(const char *type, struct bytes text, size_t piece_bytes,
    struct buf *out)
{
	struct charset c;

	charset_init(&c, (struct bytes){(const uint8_t *)type, strlen(type)});
	while (text.length > 0) {
		size_t length = text.length < piece_bytes ? text.length : piece_bytes;
		charset_feed(&c, (struct bytes){text.data, length}, out);
		text.data += length;
		text.length -= length;
	}
	charset_end(&c, false, out);
	charset_free(&c);
	return c;
}
