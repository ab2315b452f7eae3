/* SPDX-License-Identifier: ISC */
/* Content out of records. Pure; CLI only. */
#include "log/payload.h"

#include <string.h>

#include "base/err.h"

/* What a digit stands for, or -1. */
static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int
payload_base64(const char *text, size_t length, struct buf *out)
{
	uint32_t held = 0;
	unsigned bits = 0;
	uint8_t *room;

	while (length > 0 && text[length - 1] == '=')
		length--;
	int error = buf_reserve(out, length / 4 * 3 + 3, &room);
	if (error != 0)
		return error;
	size_t n = 0;
	for (size_t i = 0; i < length; i++) {
		int value = digit(text[i]);
		if (value < 0)
			return E_SYNTAX;
		held = held << 6 | (uint32_t)value;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		room[n++] = (uint8_t)(held >> bits);
	}
	buf_commit(out, n);
	return 0;
}

int
payload_read(yyjson_val *holder, struct buf *decoded, struct payload *out)
{
	yyjson_val *content = yyjson_obj_get(holder, "content");
	const char *encoding = yyjson_get_str(yyjson_obj_get(holder, "encoding"));

	*out = (struct payload){0};
	if (content == NULL)
		return E_NOTFOUND;
	if (!yyjson_is_str(content))
		return E_SYNTAX;
	if (encoding == NULL || strcmp(encoding, "base64") != 0) {
		out->bytes = (const uint8_t *)yyjson_get_str(content);
		out->length = yyjson_get_len(content);
		out->is_text = true;
		return 0;
	}
	buf_clear(decoded);
	int error = payload_base64(yyjson_get_str(content),
	    yyjson_get_len(content), decoded);
	out->bytes = buf_data(decoded);
	out->length = buf_length(decoded);
	return error;
}
