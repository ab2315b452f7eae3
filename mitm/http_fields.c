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

static void
advance(struct bytes *text, size_t length)
{
	if (length > 0) /* what is empty may have no address */
		text->data += length;
	text->length -= length;
}

static void
skip_blanks(struct bytes *text)
{
	while (text->length > 0 && (text->data[0] == ' ' || text->data[0] == '\t'))
		advance(text, 1);
}

static size_t
length_to(struct bytes text, const char *set)
{
	size_t length = 0;

	while (length < text.length && (text.data[length] == '\0' ||
	           strchr(set, text.data[length]) == NULL))
		length++;
	return length;
}

/* Behind "=": a token, or what stands in quotes. */
static struct bytes
take_value(struct bytes text)
{
	skip_blanks(&text);
	bool quoted = text.length > 0 && text.data[0] == '"';
	if (quoted)
		advance(&text, 1);
	text.length = length_to(text, quoted ? "\"" : "; \t");
	return text;
}

struct bytes
http_parameter(struct bytes value, const char *name)
{
	size_t length = strlen(name);

	for (;;) {
		advance(&value, length_to(value, ";"));
		if (value.length == 0)
			return value;
		advance(&value, 1);
		skip_blanks(&value);
		if (value.length <= length ||
		    strncasecmp((const char *)value.data, name, length) != 0)
			continue;
		advance(&value, length);
		skip_blanks(&value);
		if (value.length == 0 || value.data[0] != '=')
			continue;
		advance(&value, 1);
		return take_value(value);
	}
}
