/* SPDX-License-Identifier: ISC */
/* A field is written anew, and put in the place of the old one if it differs. */
#include "mitm/redact_head.h"

#include <string.h>

#include "mitm/http_fields.h"
#include "mitm/redact.h"

#define MARK "[redacted]"
/* What a value may become longer by being written anew. */
#define GROWTH_MAX 8u
#define GROWTH_LEAST_BYTES 64u

/* --- texts --- */

/* Where one of the characters stands, or the end. */
static size_t
find_any(struct bytes text, size_t from, const char *set)
{
	while (from < text.length && (text.data[from] == '\0' ||
	           strchr(set, text.data[from]) == NULL))
		from++;
	return from;
}

static struct bytes
part(struct bytes text, size_t from, size_t to)
{
	return (struct bytes){text.data + from, to - from};
}

/* Where there is no room the text ends. */
static void
put(struct buf *out, struct bytes text)
{
	(void)buf_append_some(out, text.data, text.length);
}

static void
put_mark(struct buf *out)
{
	(void)buf_append_some(out, MARK, strlen(MARK));
}

static void
add_met(struct redacted *to, const struct redacted *met)
{
	if (met->names == NULL)
		return;
	to->names = met->names;
	for (size_t i = 0; i < ARRAY_LENGTH(met->bits); i++)
		to->bits[i] |= met->bits[i];
}

/* --- URLs --- */

/* RFC 3986 section 3.2: "//" behind the scheme, and what stands there before the
 * last "@" of the authority. Returns where to go on. */
static size_t
put_userinfo(const struct redact_rules *rules, struct bytes url, struct buf *out,
    struct redacted *met)
{
	size_t colon = find_any(url, 0, ":/?#"), begin = colon + 3;

	if (begin > url.length || memcmp(url.data + colon, "://", 3) != 0)
		return 0;
	size_t at = find_any(url, begin, "/?#");
	while (at > begin && url.data[at - 1] != '@')
		at--;
	if (at == begin || !redact_rules_userinfo(rules, met))
		return 0;
	put(out, part(url, 0, begin));
	put_mark(out);
	return at - 1;
}

static void
put_pairs(const struct redact_rules *rules, struct bytes pairs, struct buf *out,
    struct redacted *met)
{
	struct redactor r;

	redactor_init(&r, rules, REDACT_PAIRS);
	redactor_feed(&r, pairs, out);
	redactor_end(&r, out);
	add_met(met, &r.met);
}

void
redact_url(const struct redact_rules *rules, struct bytes url, struct buf *out,
    struct redacted *fields, struct redacted *userinfo)
{
	size_t at = put_userinfo(rules, url, out, userinfo);
	size_t end = find_any(url, at, "?#");

	put(out, part(url, at, end));
	while (end < url.length) { /* the query, and the fragment */
		at = end;
		end = find_any(url, at + 1, "#");
		put(out, part(url, at, at + 1));
		put_pairs(rules, part(url, at + 1, end), out, fields);
	}
}

/* --- cookies --- */

static bool
is_hidden_cookie(const struct redact_rules *rules, struct bytes name,
    struct redacted *met)
{
	char text[REDACT_NAME_BYTES_MAX];

	while (name.length > 0 && (name.data[0] == ' ' || name.data[0] == '\t')) {
		name.data++;
		name.length--;
	}
	if (name.length >= sizeof(text))
		return false;
	if (name.length > 0)
		memcpy(text, name.data, name.length);
	text[name.length] = '\0';
	return redact_rules_name(rules, REDACT_COOKIE, text, met);
}

/* "a=1; b=2" (RFC 6265 section 4.2.1). */
static void
put_cookies(const struct redact_rules *rules, struct bytes value, struct buf *out,
    struct redacted *met)
{
	for (size_t at = 0; at < value.length;) {
		size_t end = find_any(value, at, ";");
		size_t equals = find_any(part(value, 0, end), at, "=");
		bool hidden = equals < end &&
		    is_hidden_cookie(rules, part(value, at, equals), met);
		put(out, part(value, at, hidden ? equals + 1 : end));
		if (hidden)
			put_mark(out);
		if (end < value.length)
			put(out, part(value, end, end + 1));
		at = end + 1;
	}
}

/* Of Set-Cookie: one, and its attributes (section 4.1.1). */
static void
put_set_cookie(const struct redact_rules *rules, struct bytes value,
    struct buf *out, struct redacted *met)
{
	size_t end = find_any(value, 0, ";");

	put_cookies(rules, part(value, 0, end), out, met);
	put(out, part(value, end, value.length));
}

/* --- heads --- */

static void
put_link(const struct redact_rules *rules, struct bytes value, struct buf *out,
    struct redacted *met)
{
	redact_url(rules, value, out, met, met);
}

typedef void putter(const struct redact_rules *rules, struct bytes value,
    struct buf *out, struct redacted *met);

static putter *
putter_for(const struct http_field *field)
{
	static const struct {
		const char *name;
		putter *put;
	} putters[] = {{"cookie", put_cookies}, {"set-cookie", put_set_cookie},
	    {"referer", put_link}, {"origin", put_link}, {"location", put_link},
	    {"content-location", put_link}};

	for (size_t i = 0; i < ARRAY_LENGTH(putters); i++) {
		if (http_field_is(field, putters[i].name))
			return putters[i].put;
	}
	return NULL;
}

static struct bytes
copy_of(struct arena *arena, const struct buf *text)
{
	static const uint8_t mark[] = MARK;
	const char *copy = arena_copy(arena, buf_data(text), buf_length(text));

	if (copy == NULL)
		return (struct bytes){mark, sizeof(mark) - 1};
	return (struct bytes){(const uint8_t *)copy, buf_length(text)};
}

/* False: no memory to change a field in. */
static bool
change_field(struct http_message *m, size_t i, struct bytes value,
    struct http_field **copies, struct arena *arena)
{
	if (*copies == NULL) {
		*copies = arena_alloc(arena, m->field_count * sizeof(**copies));
		if (*copies == NULL)
			return false;
		memcpy(*copies, m->fields, m->field_count * sizeof(**copies));
		m->fields = *copies;
	}
	(*copies)[i].value = value;
	return true;
}

void
redact_head(const struct redact_rules *rules, struct http_message *m,
    struct arena *arena)
{
	struct http_field *copies = NULL;

	for (size_t i = 0; rules->count > 0 && i < m->field_count; i++) {
		putter *put_value = putter_for(&m->fields[i]);
		struct bytes value = m->fields[i].value;
		struct redacted met = {0};
		struct buf text;
		if (put_value == NULL)
			continue;
		buf_init(&text, GROWTH_MAX * value.length + GROWTH_LEAST_BYTES);
		put_value(rules, value, &text, &met);
		add_met(&m->redacted, &met);
		if (met.names != NULL &&
		    !change_field(m, i, copy_of(arena, &text), &copies, arena))
			m->field_count = 0; /* rather none than one too many */
		buf_free(&text);
	}
}
