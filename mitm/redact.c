/* SPDX-License-Identifier: ISC */
/*
 * Scanners that find a name, and how far its value goes, a byte at a time. They do not
 * parse: JSON that is broken or cut has its members found as far as they stand there.
 * Names are compared as they mean, with their percent or \u escapes undone. Worker
 * only.
 */
#include "mitm/redact.h"

#include <string.h>
#include <strings.h>

#include "base/digits.h"
#include "base/err.h"

#define MARK "[redacted]"
#define JSON_MARK "\"" MARK "\""

/* What becomes of a byte. */
enum fate {
	KEEP,
	DROP,
	MARK_AND_AGAIN, /* the mark stands in front of it, and it is looked at anew */
	KEEP_AND_MARK,
	DELIMIT         /* with it ends a delimiter, of which the rest was dropped */
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

/* The number of `count` hexadecimal digits; -1: they are not that. */
static int
hex(const uint8_t *at, size_t count)
{
	int number = 0;

	for (size_t i = 0; i < count; i++) {
		int d = digit_hex(at[i]);
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

/* The name as it means. False: it is longer than any that is looked for. */
static bool
name_text(const struct redactor *r, char text[REDACT_NAME_BYTES_MAX + 1])
{
	struct bytes raw = {r->name.raw, r->name.length};
	size_t length = 0;

	while (raw.length > 0 && length + 3 < REDACT_NAME_BYTES_MAX + 1)
		length += unescape(&raw, r->form == REDACT_JSON, text + length);
	text[length] = '\0';
	return raw.length == 0 && !r->name.too_long;
}

/* --- forms --- */

/* A field's name tells its path: "user[cards][][number]" or "user.cards[].number",
 * as frameworks read them. The last part is a name of its own. */
static bool
is_hidden_path(struct redactor *r, char *text)
{
	struct redact_set set;
	size_t depth = 0;
	const char *last = text;

	redact_rules_top(r->rules, &set);
	while (*text != '\0') {
		size_t length = strcspn(text, "[].");
		char end = text[length];
		bool element = length == 0 && end == ']';
		text[length] = '\0';
		if (length > 0 || element) {
			last = element ? last : text;
			redact_rules_step(r->rules, &set, depth++,
			    element ? NULL : text, &set);
		}
		text += length + (end != '\0' ? 1 : 0);
	}
	return redact_rules_end(r->rules, &set, depth, &r->met) ||
	    redact_rules_name(r->rules, REDACT_FIELD, last, &r->met);
}

static bool
is_hidden_field(struct redactor *r)
{
	char text[REDACT_NAME_BYTES_MAX + 1];

	if (!name_text(r, text))
		return false;
	return redact_rules_name(r->rules, REDACT_FIELD, text, &r->met) ||
	    (strpbrk(text, "[.") != NULL && is_hidden_path(r, text));
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
	bool hidden = is_hidden_field(r);
	r->state = hidden ? REDACT_DROP_WORD : REDACT_IN_VALUE;
	return hidden ? KEEP_AND_MARK : KEEP;
}

/* --- multipart --- */

/* A part's head tells its name: Content-Disposition: form-data; name="…" (RFC 7578
 * section 4.2). */
static bool
find_part_name(struct redact_name *n)
{
	static const char field[] = "content-disposition:", key[] = "name=\"";
	const char *line = (const char *)n->raw;
	size_t at = sizeof(field) - 1, begin = 0, end;

	if (n->length < at || strncasecmp(line, field, at) != 0)
		return false;
	for (; begin == 0 && at + sizeof(key) - 1 <= n->length; at++) {
		if (strncasecmp(line + at, key, sizeof(key) - 1) == 0 &&
		    (line[at - 1] == ' ' || line[at - 1] == ';'))
			begin = at + sizeof(key) - 1;
	}
	for (end = begin; end < n->length && line[end] != '"'; end++)
		continue;
	if (begin == 0 || end == n->length)
		return false;
	memmove(n->raw, n->raw + begin, end - begin);
	n->length = end - begin;
	n->too_long = false;
	return true;
}

/* A line of a part's head has ended; behind an empty one its value begins. */
static enum fate
head_line(struct redactor *r)
{
	bool empty = r->name.length == 0;
	enum fate fate = KEEP;

	if (find_part_name(&r->name))
		r->hides_part = is_hidden_field(r);
	name_begin(&r->name);
	if (empty) {
		r->state = r->hides_part ? REDACT_DROP_PART : REDACT_IN_VALUE;
		r->delimiter.matched = 2; /* the value may be empty */
		fate = r->hides_part ? KEEP_AND_MARK : KEEP;
	}
	return fate;
}

/* Whether a delimiter ends with this byte. */
static bool
ends_delimiter(struct redact_delimiter *d, uint8_t c)
{
	/* A line break begins it, and stands nowhere else in it. */
	if (c != (uint8_t)d->text[d->matched])
		d->matched = 0;
	if (c == (uint8_t)d->text[d->matched])
		d->matched++;
	if (d->matched < d->length)
		return false;
	d->matched = 0;
	return true;
}

static enum fate
multipart_byte(struct redactor *r, uint8_t c)
{
	bool drops = r->state == REDACT_DROP_PART;

	if (r->state == REDACT_BEHIND_DELIMITER) {
		if (c == '\n') {
			r->hides_part = false;
			name_begin(&r->name);
			r->state = REDACT_IN_HEAD;
		}
		return KEEP;
	}
	if (r->state == REDACT_IN_HEAD) {
		if (c == '\n')
			return head_line(r);
		if (c != '\r')
			name_add(&r->name, c);
		return KEEP;
	}
	if (!ends_delimiter(&r->delimiter, c))
		return drops ? DROP : KEEP;
	r->state = REDACT_BEHIND_DELIMITER;
	return drops ? DELIMIT : KEEP;
}

/* --- the structure of JSON --- */

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

/* Whether what is innermost is an array whose elements a path may lead to. */
static bool
in_array(const struct redact_structure *s)
{
	return s->depth > 0 && s->depth <= REDACT_PATH_MAX &&
	    (s->arrays >> s->depth & 1) != 0;
}

static void
enter(struct redactor *r, bool array)
{
	struct redact_structure *s = &r->around;

	if (s->depth == 0)
		redact_rules_top(r->rules, &s->next);
	s->depth++;
	if (s->depth > REDACT_PATH_MAX)
		return;
	s->sets[s->depth] = s->next;
	s->arrays &= ~(UINT32_C(1) << s->depth);
	s->arrays |= (uint32_t)array << s->depth;
	s->element_follows = array;
}

static void
leave(struct redactor *r)
{
	struct redact_structure *s = &r->around;

	if (s->depth > 0)
		s->depth--;
	s->element_follows = false;
	s->next = (struct redact_set){{0}};
}

/* From what is innermost to one of its members, or (NULL) its elements. Whether the
 * value there is to be hidden. */
static bool
lead_on(struct redactor *r, const char *name)
{
	struct redact_structure *s = &r->around;

	if (s->depth == 0 || s->depth > REDACT_PATH_MAX) {
		s->next = (struct redact_set){{0}};
		return false;
	}
	redact_rules_step(r->rules, &s->sets[s->depth], s->depth - 1, name, &s->next);
	return redact_rules_end(r->rules, &s->next, s->depth, &r->met);
}

/* Outside of strings and values that go. */
static void
note_structure(struct redactor *r, uint8_t c)
{
	if (!r->rules->has_paths)
		return;
	if (begins_structure(c))
		enter(r, c == '[');
	else if (ends_structure(c))
		leave(r);
	else if (c == ',')
		r->around.element_follows = in_array(&r->around);
}

/* --- JSON --- */

static bool
is_hidden_member(struct redactor *r)
{
	char text[REDACT_NAME_BYTES_MAX + 1];

	if (!name_text(r, text))
		text[0] = '\0'; /* but an array may still be in an array */
	bool by_path = r->rules->has_paths && lead_on(r, text);
	return redact_rules_name(r->rules, REDACT_FIELD, text, &r->met) || by_path;
}

/* The first byte of a value that goes. */
static void
begin_drop(struct redactor *r, uint8_t c)
{
	r->dropped = begins_structure(c) ? 1 : 0;
	r->state = c == '"' ? REDACT_DROP_STRING
	    : r->dropped > 0 ? REDACT_DROP_STRUCTURE : REDACT_DROP_WORD;
}

static void
drop_string_byte(struct redactor *r, uint8_t c)
{
	if (r->state == REDACT_DROP_ESCAPED || (c != '\\' && c != '"'))
		r->state = REDACT_DROP_STRING;
	else if (c == '\\')
		r->state = REDACT_DROP_ESCAPED;
	else
		r->state = r->dropped > 0 ? REDACT_DROP_STRUCTURE : REDACT_BETWEEN;
}

static void
drop_structure_byte(struct redactor *r, uint8_t c)
{
	if (c == '"')
		r->state = REDACT_DROP_STRING;
	else if (begins_structure(c))
		r->dropped++;
	else if (ends_structure(c) && --r->dropped == 0)
		r->state = REDACT_BETWEEN;
}

/* Whether an element begins here that is to be hidden. */
static bool
begins_hidden_element(struct redactor *r, uint8_t c)
{
	if (!r->around.element_follows || is_blank(c))
		return false;
	r->around.element_follows = false;
	return c != ',' && !ends_structure(c) && lead_on(r, NULL);
}

static enum fate
between_byte(struct redactor *r, uint8_t c)
{
	r->state = REDACT_BETWEEN;
	if (begins_hidden_element(r, c)) {
		r->state = REDACT_IN_VALUE;
		return MARK_AND_AGAIN;
	}
	note_structure(r, c);
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
		r->state = is_hidden_member(r) ? REDACT_BEFORE_VALUE
		                               : REDACT_BETWEEN;
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
	default:
		return between_byte(r, c);
	}
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
	*r = (struct redactor){.rules = rules,
	    .form = rules == NULL || rules->count == 0 ? REDACT_PLAIN : form};
}

void
redactor_init_multipart(struct redactor *r, const struct redact_rules *rules,
    struct bytes boundary)
{
	struct redact_delimiter *d = &r->delimiter;

	redactor_init(r, rules, boundary.length == 0 ||
	    boundary.length > REDACT_BOUNDARY_MAX ? REDACT_PLAIN : REDACT_MULTIPART);
	if (r->form == REDACT_PLAIN)
		return;
	memcpy(d->text, "\r\n--", 4);
	memcpy(d->text + 4, boundary.data, boundary.length);
	d->length = 4 + boundary.length;
	d->matched = 2; /* nothing need stand in front of the first */
	r->state = REDACT_IN_VALUE;
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

static enum fate
step(struct redactor *r, uint8_t c)
{
	return r->form == REDACT_JSON ? json_byte(r, c)
	    : r->form == REDACT_PAIRS ? pairs_byte(r, c) : multipart_byte(r, c);
}

void
redactor_feed(struct redactor *r, struct bytes text, struct buf *out)
{
	size_t from = 0;

	if (r->form == REDACT_GUESS)
		guess(r, text);
	for (size_t i = 0; r->form > REDACT_GUESS && i < text.length;) {
		uint8_t c = text.data[i];
		enum fate fate = step(r, c);
		size_t end = fate == KEEP_AND_MARK ? i + 1 : i;
		if (fate != KEEP && from < end)
			put(r, out, text.data + from, end - from);
		if (fate == MARK_AND_AGAIN || fate == KEEP_AND_MARK)
			put_mark(r, out);
		if (fate == DELIMIT)
			put(r, out, r->delimiter.text, r->delimiter.length);
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
