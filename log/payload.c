/* SPDX-License-Identifier: ISC */
/* Content out of records. Pure; CLI only. */
#include "log/payload.h"

#include <string.h>

#include "base/digits.h"
#include "base/err.h"

static int
decode_base64(const char *text, size_t length, struct buf *out)
{
	uint8_t *room;
	size_t used;

	while (length > 0 && text[length - 1] == '=')
		length--;
	int error = buf_reserve(out, length / 4 * 3 + 3, &room);
	if (error != 0)
		return error;
	if (!digits_to_bytes(digit_base64, (const uint8_t *)text, length, room, &used))
		return E_SYNTAX;
	buf_commit(out, used);
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
	int error = decode_base64(yyjson_get_str(content),
	    yyjson_get_len(content), decoded);
	out->bytes = buf_data(decoded);
	out->length = buf_length(decoded);
	return error;
}

/* Whether the content is something else than what passed. */
static bool
was_changed(yyjson_val *body)
{
	static const char *const signs[] = {"decoded_bytes", "charset", "compressed"};

	for (size_t i = 0; i < ARRAY_LENGTH(signs); i++) {
		if (yyjson_obj_get(body, signs[i]) != NULL)
			return true;
	}
	return false;
}

int
payload_read_as_sent(yyjson_val *body, struct buf *decoded, struct payload *out)
{
	yyjson_val *sent = yyjson_obj_get(body, "as_sent");

	if (!was_changed(body))
		return payload_read(body, decoded, out);
	*out = (struct payload){0};
	if (!yyjson_is_str(sent))
		return E_NOTFOUND;
	buf_clear(decoded);
	int error = decode_base64(yyjson_get_str(sent), yyjson_get_len(sent), decoded);
	out->bytes = buf_data(decoded);
	out->length = buf_length(decoded);
	return error;
}
