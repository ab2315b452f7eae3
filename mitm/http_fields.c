/* SPDX-License-Identifier: ISC */
#include "mitm/http_fields.h"

#include <string.h>
#include <strings.h>

bool
http_field_is(const struct http_field *field, const char *name)
{
	return field->name.length == strlen(name) &&
	    strncasecmp((const char *)field->name.data, name,
	        field->name.length) == 0;
}

const struct bytes *
http_fields_find(const struct http_field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (http_field_is(&fields[i], name))
			return &fields[i].value;
	}
	return NULL;
}

bool
http_has_word(struct bytes text, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= text.length; i++) {
		if (strncasecmp((const char *)text.data + i, word, length) == 0)
			return true;
	}
	return false;
}
