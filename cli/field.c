/* SPDX-License-Identifier: ISC */
/* Dotted names into a record. Pure; CLI only. */
#include "cli/field.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/safe.h"

yyjson_val *
field_at(yyjson_val *record, const char *name, size_t length)
{
	const char *end = name + length;

	for (;;) {
		const char *dot = memchr(name, '.', (size_t)(end - name));
		size_t n = (size_t)((dot == NULL ? end : dot) - name);
		record = yyjson_obj_getn(record, name, n);
		if (record == NULL || dot == NULL)
			return record;
		name = dot + 1;
	}
}

static int
write_json(struct buf *out, yyjson_val *value)
{
	size_t length;
	char *text = yyjson_val_write(value, 0, &length);

	if (text == NULL)
		return E_NOMEM;
	int error = safe_json(out, text, length, "");
	free(text);
	return error;
}

int
field_write(struct buf *out, yyjson_val *value)
{
	/* An array of one, as header fields are, is as good as its element. */
	if (yyjson_is_arr(value) && yyjson_arr_size(value) == 1)
		value = yyjson_arr_get_first(value);
	if (value == NULL)
		return buf_puts(out, "-");
	if (yyjson_is_str(value))
		return safe_text(out, yyjson_get_str(value), yyjson_get_len(value),
		    "");
	return write_json(out, value);
}
