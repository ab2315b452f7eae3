/* SPDX-License-Identifier: ISC */
/* Without a table: each digit is looked at once. Pure. */
#include "base/digits.h"

int
digit_hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int
digit_64(uint8_t c, uint8_t digit_62, uint8_t digit_63)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == digit_62 ? 62 : c == digit_63 ? 63 : -1;
}

int
digit_base64(uint8_t c)
{
	return digit_64(c, '+', '/');
}

int
digit_base64url(uint8_t c)
{
	return digit_64(c, '-', '_');
}

bool
digits_to_bytes(int (*digit)(uint8_t), const uint8_t *text, size_t length,
    uint8_t *out, size_t *out_length)
{
	uint32_t held = 0;
	unsigned bits = 0;

	*out_length = 0;
	for (size_t i = 0; i < length; i++) {
		int value = digit(text[i]);
		if (value < 0)
			return false;
		held = held << 6 | (uint32_t)value;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		out[(*out_length)++] = (uint8_t)(held >> bits);
	}
	return true;
}
