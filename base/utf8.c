/* SPDX-License-Identifier: ISC */
/* Which bytes are a character. Every process. */
#include "base/utf8.h"

#include "base/err.h"

/* By its first byte; 0: none begins so. */
static int
length_of(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

int
utf8_length(const uint8_t *p, size_t have)
{
	int length = length_of(p[0]);
	/* No overlong forms, no surrogates, nothing above U+10FFFF. */
	uint8_t low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	uint8_t high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;

	for (int i = 1; i < length; i++) {
		if ((size_t)i >= have)
			return E_MORE;
		if (p[i] < low || p[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

size_t
utf8_whole(const uint8_t *bytes, size_t length)
{
	for (size_t back = 1; back < UTF8_BYTES_MAX && back <= length; back++) {
		if ((bytes[length - back] & 0xc0) == 0x80)
			continue;
		return utf8_length(bytes + length - back, back) == E_MORE
		    ? length - back : length;
	}
	return length;
}
