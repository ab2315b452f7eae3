/* SPDX-License-Identifier: ISC */
/*
 * Two scanners that find a name, and how far its value goes. They do not parse: JSON
 * that is broken or cut has its members found as far as they stand there. Names are
 * compared as they mean, with their percent or \u escapes undone. Worker only.
 */
#include "mitm/redact.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "mitm/http_fields.h"

#define NAME_BYTES_MAX 128u
#define MARK "[redacted]"

/* --- names --- */

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

/* What an escape at the front of `text` stands for; *used: its length. Other
 * characters stand for themselves. */
static char
unescape(struct bytes text, bool json, size_t *used)
{
	const uint8_t *p = text.data;
	int number = -1;

	*used = 1;
	if (json && text.length >= 6 && p[0] == '\\' && p[1] == 'u') {
		number = hex(p + 2, 4);
		*used = number < 0 ? 1 : 6;
	} else if (!json && text.length >= 3 && p[0] == '%') {
		number = hex(p + 1, 2);
		*used = number < 0 ? 1 : 3;
	}
	return number < 0 ? (char)p[0] : number < 0x80 ? (char)number : '?';
}

/* The bit of a name; 0: it is none of them. */
static uint64_t
find(const struct redact *r, struct bytes name, bool json)
{
	char text[NAME_BYTES_MAX];
	size_t length = 0, used;

	while (name.length > 0 && length < sizeof(text) - 1) {
		text[length++] = unescape(name, json, &used);
		name.data += used;
		name.length -= used;
	}
	text[length] = '\0';
	for (size_t i = 0; name.length == 0 && i < r->count; i++) {
		if (strcasecmp(text, r->names[i]) == 0)
			return UINT64_C(1) << i;
	}
	return 0;
}

/* --- copying --- */

/* A text on its way to another: what stands before `at` is there already. */
struct copy {
	struct bytes text;
	size_t at;
	struct buf *out;
	uint64_t met;
	bool failed;
};

static void
put(struct copy *c, const void *bytes, size_t length)
{
	if (buf_append(c->out, bytes, length) != 0)
		c->failed = true;
}

/* Up to `end`, as it stands. */
static void
copy_to(struct copy *c, size_t end)
{
	put(c, c->text.data + c->at, end - c->at);
	c->at = end;
}

static uint64_t
end_copy(struct copy *c)
{
	if (c->met == 0)
		return 0;
	copy_to(c, c->text.length);
	return c->failed ? UINT64_MAX : c->met;
}

/* --- pairs --- */

static size_t
find_byte(struct bytes text, size_t from, const char *set)
{
	while (from < text.length && (text.data[from] == '\0' ||
	           strchr(set, text.data[from]) == NULL))
		from++;
	return from;
}

uint64_t
redact_pairs(const struct redact *r, struct bytes text, struct buf *out)
{
	struct copy c = {.text = text, .out = out};

	for (size_t begin = 0; begin < text.length;) {
		size_t end = find_byte(text, begin, "&;");
		size_t equal = find_byte((struct bytes){text.data, end}, begin, "=");
		uint64_t bit = equal == end ? 0 : find(r, (struct bytes){
		    text.data + begin, equal - begin}, false);
		if (bit != 0) {
			c.met |= bit;
			copy_to(&c, equal + 1);
			put(&c, MARK, strlen(MARK));
			c.at = end;
		}
		begin = end + 1;
	}
	return end_copy(&c);
}

/* --- JSON --- */

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t
skip_blanks(struct bytes text, size_t at)
{
	while (at < text.length && is_blank(text.data[at]))
		at++;
	return at;
}

/* Behind the quote that ends the string which begins at `at`. */
static size_t
skip_string(struct bytes text, size_t at)
{
	for (at++; at < text.length && text.data[at] != '"'; at++) {
		if (text.data[at] == '\\')
			at++;
	}
	return at < text.length ? at + 1 : text.length;
}

/* Behind the value that begins at `at`: a string, a structure, or a word. */
static size_t
skip_value(struct bytes text, size_t at)
{
	size_t depth = 0;

	do {
		uint8_t c = at < text.length ? text.data[at] : '\0';
		if (at >= text.length)
			break;
		if (c == '"') {
			at = skip_string(text, at);
		} else if (c == '{' || c == '[') {
			depth++;
			at++;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				break;
			depth--;
			at++;
		} else if (depth == 0) {
			return find_byte(text, at, ",}] \t\r\n");
		} else {
			at++;
		}
	} while (depth > 0);
	return at;
}

/* The string that begins at `at` and ends before `end`: where it is the name of a
 * member that is wanted, its value is replaced. Returns where to go on. */
static size_t
read_string(const struct redact *r, struct copy *c, size_t at, size_t end)
{
	size_t colon = skip_blanks(c->text, end);
	struct bytes name = {c->text.data + at + 1, end - at - 2};

	if (end - at < 2 || colon >= c->text.length ||
	    c->text.data[colon] != ':')
		return end;
	uint64_t bit = find(r, name, true);
	if (bit == 0)
		return colon + 1;
	size_t value = skip_blanks(c->text, colon + 1);
	c->met |= bit;
	copy_to(c, value);
	put(c, "\"" MARK "\"", strlen(MARK) + 2);
	c->at = skip_value(c->text, value);
	return c->at;
}

uint64_t
redact_json(const struct redact *r, struct bytes text, struct buf *out)
{
	struct copy c = {.text = text, .out = out};

	for (size_t at = 0; at < text.length;) {
		if (text.data[at] != '"')
			at++;
		else
			at = read_string(r, &c, at, skip_string(text, at));
	}
	return end_copy(&c);
}

/* --- exchanges --- */

static bool
looks_like_json(struct bytes text)
{
	size_t first = skip_blanks(text, 0);

	return first < text.length &&
	    (text.data[first] == '{' || text.data[first] == '[');
}

/* What is not said to be JSON may be it all the same; a form is always said. */
static uint64_t
redact_content(const struct redact *r, const struct http_message *m,
    struct buf *out)
{
	const struct bytes *named =
	    http_fields_find(m->fields, m->field_count, "content-type");
	struct bytes type = named != NULL ? *named : (struct bytes){0};
	struct bytes content = m->body.content;

	if (http_has_word(type, "x-www-form-urlencoded"))
		return redact_pairs(r, content, out);
	return http_has_word(type, "json") || looks_like_json(content)
	    ? redact_json(r, content, out) : 0;
}

/* What may be shown of a text in which names were met. */
static struct bytes
in_room(uint64_t met, const struct buf *room)
{
	if (met == UINT64_MAX)
		return (struct bytes){0};
	return (struct bytes){buf_data(room), buf_length(room)};
}

static void
redact_body(const struct redact *r, struct http_message *m, struct buf *room)
{
	m->body.redacted = redact_content(r, m, room);
	if (m->body.redacted == 0)
		return;
	m->body.content = in_room(m->body.redacted, room);
}

static void
redact_target(const struct redact *r, struct http_exchange *e, struct buf *room)
{
	size_t query = find_byte(e->target, 0, "?");
	struct buf pairs;

	if (query == e->target.length)
		return;
	query++;
	buf_init(&pairs, SIZE_MAX);
	e->redacted = redact_pairs(r, (struct bytes){e->target.data + query,
	    e->target.length - query}, &pairs);
	if (e->redacted != 0) {
		if (e->redacted == UINT64_MAX ||
		    buf_append(room, e->target.data, query) != 0 ||
		    buf_append(room, buf_data(&pairs), buf_length(&pairs)) != 0)
			buf_clear(room);
		e->target = (struct bytes){buf_data(room), buf_length(room)};
	}
	buf_free(&pairs);
}

void
redact_exchange(const struct redact *r, struct http_exchange *e,
    struct redact_room *room)
{
	buf_init(&room->target, SIZE_MAX);
	buf_init(&room->request, SIZE_MAX);
	buf_init(&room->response, SIZE_MAX);
	if (r->count == 0)
		return;
	redact_target(r, e, &room->target);
	redact_body(r, &e->request, &room->request);
	redact_body(r, &e->response, &room->response);
}

void
redact_room_free(struct redact_room *room)
{
	buf_free(&room->target);
	buf_free(&room->request);
	buf_free(&room->response);
}

void
redact_message(const struct redact *r, struct websocket_message *m,
    struct buf *room)
{
	buf_init(room, SIZE_MAX);
	if (r->count == 0 || !looks_like_json(m->content))
		return;
	m->redacted = redact_json(r, m->content, room);
	if (m->redacted != 0)
		m->content = in_room(m->redacted, room);
}
