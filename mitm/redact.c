/* SPDX-License-Identifier: ISC */
/*
 * Two scanners that find a name, and how far its value goes, a byte at a time. They
 * do not parse: JSON that is broken or cut has its members found as far as they
 * stand there. Names are compared as they mean, with their percent or \u escapes
 * undone. Worker only.
 */
#include "mitm/redact.h"

#include <string.h>

#include "base/err.h"

#define MARK "[redacted]"
#define JSON_MARK "\"" MARK "\""

/* What becomes of a byte. */
enum fate {
	KEEP,
	DROP,
	MARK_AND_AGAIN, /* the mark stands in front of it, and it is looked at anew */
	KEEP_AND_MARK
};

/* --- names --- */

static void
name_begin(struct redact_name *n)
{
	n->length = 0;
	n->too_long = false;
}

static void
name_add(struct redact_name *n, uint8_t c)
{
	if (n->length < sizeof(n->raw))
		n->raw[n->length++] = c;
	else
		n->too_long = true;
}

static int
digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'a' && c <= 'f' ? c - 'a' + 10
	    : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The number of `count` hexadecimal digits; -1: they are not that. */
static int
hex(const uint8_t *at, size_t count)
{
	int number = 0;

	for (size_t i = 0; i < count; i++) {
		int d = digit(at[i]);
		if (d < 0)
			return -1;
		number = number * 16 + d;
	}
	return number;
}

/* A character of the basic plane in UTF-8; returns its length. */
static size_t
utf8(unsigned number, char out[3])
{
	if (number < 0x80) {
		out[0] = (char)number;
		return 1;
	}
	if (number < 0x800) {
		out[0] = (char)(0xc0 | number >> 6);
		out[1] = (char)(0x80 | (number & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | number >> 12);
	out[1] = (char)(0x80 | (number >> 6 & 0x3f));
	out[2] = (char)(0x80 | (number & 0x3f));
	return 3;
}

/* What stands at the front of `text`, an escape or a character, is taken off it;
 * returns the length of what it means. */
static size_t
unescape(struct bytes *text, bool json, char out[3])
{
	const uint8_t *p = text->data;
	size_t used = json ? 6 : 3;
	int number = -1;

	if (text->length >= used && json && p[0] == '\\' && p[1] == 'u')
		number = hex(p + 2, 4);
	else if (text->length >= used && !json && p[0] == '%')
		number = hex(p + 1, 2);
	if (number < 0) {
		number = p[0];
		used = 1;
	}
	text->data += used;
	text->length -= used;
	if (json && used > 1)
		return utf8((unsigned)number, out);
	out[0] = (char)number;
	return 1;
}

static bool
is_hidden(struct redactor *r)
{
	struct bytes raw = {r->name.raw, r->name.length};
	char text[REDACT_NAME_BYTES_MAX + 1];
	size_t length = 0;

	while (raw.length > 0 && length + 3 < sizeof(text))
		length += unescape(&raw, r->form == REDACT_JSON, text + length);
	text[length] = '\0';
	return raw.length == 0 && !r->name.too_long &&
	    redact_rules_name(r->rules, text, &r->met);
}

/* --- pairs --- */

static bool
ends_pair(uint8_t c)
{
	return c == '&' || c == ';';
}

static enum fate
pairs_byte(struct redactor *r, uint8_t c)
{
	if (ends_pair(c)) {
		name_begin(&r->name);
		r->state = REDACT_BETWEEN;
		return KEEP;
	}
	if (r->state == REDACT_DROP_WORD)
		return DROP;
	if (r->state == REDACT_IN_VALUE)
		return KEEP;
	if (c != '=') {
		name_add(&r->name, c);
		return KEEP;
	}
	bool hidden = is_hidden(r);
	r->state = hidden ? REDACT_DROP_WORD : REDACT_IN_VALUE;
	return hidden ? KEEP_AND_MARK : KEEP;
}

/* --- JSON --- */

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
begins_structure(uint8_t c)
{
	return c == '{' || c == '[';
}

static bool
ends_structure(uint8_t c)
{
	return c == '}' || c == ']';
}

/* The first byte of a value that goes. */
static void
begin_drop(struct redactor *r, uint8_t c)
{
	r->depth = begins_structure(c) ? 1 : 0;
	r->state = c == '"' ? REDACT_DROP_STRING
	    : r->depth > 0 ? REDACT_DROP_STRUCTURE : REDACT_DROP_WORD;
}

static void
drop_string_byte(struct redactor *r, uint8_t c)
{
	if (r->state == REDACT_DROP_ESCAPED || (c != '\\' && c != '"'))
		r->state = REDACT_DROP_STRING;
	else if (c == '\\')
		r->state = REDACT_DROP_ESCAPED;
	else
		r->state = r->depth > 0 ? REDACT_DROP_STRUCTURE : REDACT_BETWEEN;
}

static void
drop_structure_byte(struct redactor *r, uint8_t c)
{
	if (c == '"')
		r->state = REDACT_DROP_STRING;
	else if (begins_structure(c))
		r->depth++;
	else if (ends_structure(c) && --r->depth == 0)
		r->state = REDACT_BETWEEN;
}

/* Outside of strings. */
static enum fate
between_byte(struct redactor *r, uint8_t c)
{
	r->state = REDACT_BETWEEN;
	if (c == '"') {
		name_begin(&r->name);
		r->state = REDACT_IN_NAME;
	}
	return KEEP;
}

/* In a string, which is a name if a colon follows. */
static enum fate
name_byte(struct redactor *r, uint8_t c)
{
	if (r->state == REDACT_IN_NAME && c == '"') {
		r->state = REDACT_BEHIND_NAME;
		return KEEP;
	}
	r->state = r->state == REDACT_IN_NAME && c == '\\' ? REDACT_ESCAPED
	                                                   : REDACT_IN_NAME;
	name_add(&r->name, c);
	return KEEP;
}

static enum fate
json_byte(struct redactor *r, uint8_t c)
{
	switch (r->state) {
	case REDACT_IN_NAME:
	case REDACT_ESCAPED:
		return name_byte(r, c);
	case REDACT_BEHIND_NAME:
		if (c != ':')
			return is_blank(c) ? KEEP : between_byte(r, c);
		r->state = is_hidden(r) ? REDACT_BEFORE_VALUE : REDACT_BETWEEN;
		return KEEP;
	case REDACT_BEFORE_VALUE:
		if (is_blank(c))
			return KEEP;
		r->state = REDACT_IN_VALUE;
		return MARK_AND_AGAIN;
	case REDACT_IN_VALUE: /* at its first byte */
		if (c == ',' || ends_structure(c))
			return between_byte(r, c);
		begin_drop(r, c);
		return DROP;
	case REDACT_DROP_WORD:
		return c == ',' || ends_structure(c) || is_blank(c)
		    ? between_byte(r, c) : DROP;
	case REDACT_DROP_STRUCTURE:
		drop_structure_byte(r, c);
		return DROP;
	case REDACT_DROP_STRING:
	case REDACT_DROP_ESCAPED:
		drop_string_byte(r, c);
		return DROP;
	case REDACT_BETWEEN:
		break;
	}
	return between_byte(r, c);
}

/* --- texts --- */

static void
put(struct redactor *r, struct buf *out, const void *bytes, size_t length)
{
	if (!r->cut && !buf_append_some(out, bytes, length))
		r->cut = true;
}

static void
put_mark(struct redactor *r, struct buf *out)
{
	const char *mark = r->form == REDACT_JSON ? JSON_MARK : MARK;

	put(r, out, mark, strlen(mark));
}

void
redactor_init(struct redactor *r, const struct redact_rules *rules,
    enum redact_form form)
{
	r->rules = rules;
	r->form = rules == NULL || rules->count == 0 ? REDACT_PLAIN : form;
	r->state = REDACT_BETWEEN;
	r->depth = 0;
	r->met = (struct redacted){0};
	r->cut = false;
	name_begin(&r->name);
}

/* Blanks tell nothing. */
static void
guess(struct redactor *r, struct bytes text)
{
	size_t i = 0;

	while (i < text.length && is_blank(text.data[i]))
		i++;
	if (i < text.length)
		r->form = begins_structure(text.data[i]) ? REDACT_JSON : REDACT_PLAIN;
}

void
redactor_feed(struct redactor *r, struct bytes text, struct buf *out)
{
	size_t from = 0;

	if (r->form == REDACT_GUESS)
		guess(r, text);
	for (size_t i = 0; r->form > REDACT_GUESS && i < text.length;) {
		uint8_t c = text.data[i];
		enum fate fate = r->form == REDACT_JSON ? json_byte(r, c)
		                                        : pairs_byte(r, c);
		size_t end = fate == KEEP_AND_MARK ? i + 1 : i;
		if (fate != KEEP && from < end)
			put(r, out, text.data + from, end - from);
		if (fate == MARK_AND_AGAIN || fate == KEEP_AND_MARK)
			put_mark(r, out);
		if (fate != MARK_AND_AGAIN)
			i++;
		if (fate != KEEP)
			from = i;
	}
	if (from < text.length)
		put(r, out, text.data + from, text.length - from);
}

void
redactor_end(struct redactor *r, struct buf *out)
{
	if (r->form == REDACT_JSON && r->state == REDACT_BEFORE_VALUE)
		put_mark(r, out);
}
