/* SPDX-License-Identifier: ISC */
/*
 * A text is looked at until its charset is known, and converted from then on. glibc's
 * iconv loads a charset's tables from files when the first converter is opened:
 * charset_load_all has that done, after which opening one is a matter of memory.
 * Worker only.
 */
#include "mitm/charset.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "mitm/charset_names.h"
#include "mitm/http_fields.h"

#define OUT_BYTES 2048u
#define BOM_BYTES_MAX 3u
#define NO_CONVERTER ((iconv_t)-1)

void
charset_load_all(void)
{
	static iconv_t kept[64];

	for (size_t i = 0; i < charset_row_count && i < ARRAY_LENGTH(kept); i++) {
		if (charset_rows[i].iconv != NULL && kept[i] == NULL)
			kept[i] = iconv_open("UTF-8", charset_rows[i].iconv);
	}
}

/* --- by the type --- */

/* RFC 6839 section 3, RFC 7303, and what is text though it is not called so. */
static enum charset_kind
kind_of(struct bytes type, bool says)
{
	static const struct {
		const char *word;
		enum charset_kind kind;
	} kinds[] = {
	    {"multipart/", CHARSET_BINARY}, {"json", CHARSET_UTF8},
	    {"event-stream", CHARSET_UTF8}, {"form-urlencoded", CHARSET_UTF8},
	    {"text/html", CHARSET_MARKUP}, {"xhtml", CHARSET_MARKUP},
	    {"/xml", CHARSET_MARKUP}, {"+xml", CHARSET_MARKUP},
	    {"text/", CHARSET_TEXT}, {"javascript", CHARSET_TEXT},
	    {"ecmascript", CHARSET_TEXT}};
	struct bytes media = type;
	const uint8_t *end = type.length == 0 ? NULL
	    : memchr(type.data, ';', type.length);

	if (end != NULL)
		media.length = (size_t)(end - type.data);
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		if (http_has_word(media, kinds[i].word))
			return kinds[i].kind;
	}
	return says ? CHARSET_TEXT : CHARSET_BINARY;
}

void
charset_init(struct charset *c, struct bytes type)
{
	const struct charset_row *row =
	    charset_find(http_parameter(type, "charset"));

	*c = (struct charset){.kind = kind_of(type, row != NULL),
	    .said = row != NULL ? row->name : NULL,
	    .converter = NO_CONVERTER};
	buf_init(&c->held, CHARSET_LOOK_BYTES);
	if (c->kind == CHARSET_BINARY)
		c->state = CHARSET_PASSING;
}

void
charset_free(struct charset *c)
{
	if (c->converter != NO_CONVERTER)
		(void)iconv_close(c->converter);
	c->converter = NO_CONVERTER;
	buf_free(&c->held);
}

/* --- putting --- */

static void
put(struct charset *c, struct buf *out, const void *bytes, size_t length)
{
	if (!c->cut && !buf_append_some(out, bytes, length))
		c->cut = true;
}

static void
put_replacement(struct charset *c, struct buf *out)
{
	c->replaced++;
	put(c, out, UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT));
}

/* Keeps a character of which not all is there. */
static void
keep_rest(struct charset *c, struct bytes text)
{
	c->rest_length = 0;
	while (c->rest_length < sizeof(c->rest) && c->rest_length < text.length) {
		c->rest[c->rest_length] = text.data[c->rest_length];
		c->rest_length++;
	}
}

/* --- conversion --- */

static bool
begin_converting(struct charset *c, const struct charset_row *row)
{
	c->converter = iconv_open("UTF-8", row->iconv);
	if (c->converter == NO_CONVERTER)
		return false;
	c->name = row->name;
	c->state = CHARSET_CONVERTING;
	return true;
}

static size_t
unit_bytes(const struct charset *c)
{
	return strncmp(c->name, "utf-16", 6) == 0 ? 2 : 1;
}

/* What is not in the charset goes, a unit at a time. */
static void
skip_unit(struct charset *c, struct bytes *text, struct buf *out)
{
	size_t unit = unit_bytes(c);

	if (unit > text->length)
		unit = text->length;
	text->data += unit;
	text->length -= unit;
	put_replacement(c, out);
}

/* Converts all but a character that is not whole, which stays in *text. */
static void
convert_run(struct charset *c, struct bytes *text, struct buf *out)
{
	while (text->length > 0 && !c->cut) {
		char room[OUT_BYTES], *to = room;
		/* POSIX has it char **, though it changes no byte of it. */
		union {
			const uint8_t *data;
			char *text;
		} from = {.data = text->data};
		size_t left = sizeof(room);
		size_t result = iconv(c->converter, &from.text, &text->length, &to,
		    &left);
		int error = result == (size_t)-1 ? errno : 0;
		text->data = from.data;
		put(c, out, room, sizeof(room) - left);
		if (error == EILSEQ)
			skip_unit(c, text, out);
		else if (error == EINVAL)
			return;
		else if (error != 0 && error != E2BIG)
			c->cut = true;
	}
}

/* --- UTF-8 --- */

/* The length of what is UTF-8 from the beginning; *bad: what follows is none. */
static size_t
sound_length(struct bytes text, bool *beyond_ascii, bool *bad)
{
	size_t at = 0;

	*bad = false;
	while (at < text.length) {
		int length = utf8_length(text.data + at, text.length - at);
		*bad = length == 0;
		if (length <= 0)
			break;
		*beyond_ascii |= length > 1;
		at += (size_t)length;
	}
	return at;
}

static void
take_off(struct bytes *text, size_t length)
{
	text->data += length;
	text->length -= length;
}

/* Nothing has said that it is UTF-8, and it is not: all before was ASCII. */
static bool
turn_to_1252(struct charset *c)
{
	static const uint8_t name[] = "windows-1252";

	return begin_converting(c,
	    charset_find((struct bytes){name, sizeof(name) - 1}));
}

static void
check_run(struct charset *c, struct bytes *text, struct buf *out)
{
	while (text->length > 0 && c->state == CHARSET_CHECKING) {
		bool bad, beyond_ascii = false;
		size_t length = sound_length(*text, &beyond_ascii, &bad);
		put(c, out, text->data, length);
		take_off(text, length);
		c->may_be_1252 &= !beyond_ascii;
		if (!bad)
			return;
		if (c->may_be_1252 && turn_to_1252(c))
			return;
		put_replacement(c, out);
		take_off(text, 1);
	}
}

/* --- looking --- */

static bool
is_binary(struct bytes text)
{
	for (size_t i = 0; i < text.length; i++) {
		uint8_t b = text.data[i];
		if (b < 0x20 && b != '\t' && b != '\n' && b != '\f' && b != '\r' &&
		    b != 0x1b)
			return true;
	}
	return false;
}

/* The charset that a byte order mark tells; *length: the mark's. NULL: none. */
static const char *
marked(struct bytes text, size_t *length)
{
	static const struct {
		const char *mark, *name;
	} marks[] = {{"\xef\xbb\xbf", "utf-8"}, {"\xff\xfe", "utf-16le"},
	    {"\xfe\xff", "utf-16be"}};

	for (size_t i = 0; i < ARRAY_LENGTH(marks); i++) {
		*length = strlen(marks[i].mark);
		if (text.length >= *length &&
		    memcmp(text.data, marks[i].mark, *length) == 0)
			return marks[i].name;
	}
	*length = 0;
	return NULL;
}

/* A declaration that can be read is not in UTF-16 (HTML section 13.2.3.2). */
static const char *
declared(struct bytes text)
{
	const struct charset_row *row = charset_find(charset_declared(text));

	if (row == NULL)
		return NULL;
	return strncmp(row->name, "utf-16", 6) == 0 ? "utf-8" : row->name;
}

/* Two bytes a character, as XML begins in UTF-16 without a mark. */
static const char *
undeclared_utf16(struct bytes text)
{
	if (text.length >= 4 && memcmp(text.data, "<\0?\0", 4) == 0)
		return "utf-16le";
	return text.length >= 4 && memcmp(text.data, "\0<\0?", 4) == 0 ? "utf-16be"
	                                                                : NULL;
}

static const char *
told_by(const struct charset *c, struct bytes text, size_t *mark)
{
	const char *name = marked(text, mark);

	if (name == NULL)
		name = c->said;
	if (name == NULL && c->kind == CHARSET_MARKUP)
		name = undeclared_utf16(text);
	if (name == NULL && c->kind == CHARSET_MARKUP)
		name = declared(text);
	return name;
}

/* It is UTF-8, or as good as that. */
static void
begin_checking(struct charset *c, const char *name)
{
	c->state = c->kind == CHARSET_UTF8 ? CHARSET_PASSING : CHARSET_CHECKING;
	c->name = "utf-8";
	c->may_be_1252 = name == NULL;
}

/* What is held, if only nothing. */
static struct bytes
held_text(const struct charset *c)
{
	static const uint8_t nothing[1];
	const uint8_t *data = buf_data(&c->held);

	if (data == NULL)
		return (struct bytes){nothing, 0};
	return (struct bytes){data, buf_length(&c->held)};
}

/* Enough has been seen: of what is held all but a mark is read. */
static void
decide(struct charset *c)
{
	struct bytes text = held_text(c);
	size_t mark;
	const char *name = told_by(c, text, &mark);
	const struct charset_row *row = name == NULL ? NULL
	    : charset_find((struct bytes){(const uint8_t *)name, strlen(name)});
	bool wide = row != NULL && strncmp(row->name, "utf-16", 6) == 0;

	bool binary = c->kind != CHARSET_UTF8 && !wide && is_binary(text);

	buf_consume(&c->held, mark);
	if (!binary && (row == NULL || row->iconv == NULL))
		begin_checking(c, name);
	else if (binary || !begin_converting(c, row))
		c->state = CHARSET_PASSING;
}

static size_t
look_bytes(const struct charset *c)
{
	return c->kind == CHARSET_UTF8 ? BOM_BYTES_MAX : CHARSET_LOOK_BYTES;
}

static void
look(struct charset *c, struct bytes *text)
{
	size_t want = look_bytes(c) - buf_length(&c->held);
	size_t some = text->length < want ? text->length : want;

	c->cut |= !buf_append_some(&c->held, text->data, some);
	take_off(text, some);
	if (buf_length(&c->held) >= look_bytes(c))
		decide(c);
}

/* --- texts --- */

/* What is not read of it is the rest of a character. */
static void
read_run(struct charset *c, struct bytes *text, struct buf *out)
{
	if (c->state == CHARSET_CHECKING)
		check_run(c, text, out);
	if (c->state == CHARSET_CONVERTING)
		convert_run(c, text, out);
	if (c->state != CHARSET_PASSING)
		return;
	put(c, out, text->data, text->length);
	take_off(text, text->length);
}

/* First the character whose beginning came before, byte by byte. */
static void
read_joined(struct charset *c, struct bytes *text, struct buf *out)
{
	while (c->rest_length > 0 && text->length > 0 &&
	    c->rest_length < sizeof(c->rest)) {
		uint8_t joined[CHARSET_REST_BYTES];
		c->rest[c->rest_length++] = *text->data;
		take_off(text, 1);
		memcpy(joined, c->rest, c->rest_length);
		struct bytes rest = {joined, c->rest_length};
		read_run(c, &rest, out);
		keep_rest(c, rest);
	}
}

static void
read_text(struct charset *c, struct bytes text, struct buf *out)
{
	read_joined(c, &text, out);
	if (text.length == 0)
		return;
	read_run(c, &text, out);
	keep_rest(c, text);
}

static void
read_held(struct charset *c, struct buf *out)
{
	read_text(c, held_text(c), out);
	buf_free(&c->held);
}

void
charset_feed(struct charset *c, struct bytes text, struct buf *out)
{
	if (c->state == CHARSET_LOOKING && text.length > 0) {
		look(c, &text);
		if (c->state == CHARSET_LOOKING)
			return;
		read_held(c, out);
	}
	if (text.length > 0)
		read_text(c, text, out);
}

void
charset_end(struct charset *c, bool cut, struct buf *out)
{
	if (c->state == CHARSET_LOOKING) {
		if (buf_length(&c->held) == 0)
			return;
		decide(c);
		read_held(c, out);
	}
	if (c->rest_length == 0 || cut)
		return;
	if (c->state == CHARSET_CHECKING && c->may_be_1252 && turn_to_1252(c)) {
		struct bytes rest = {c->rest, c->rest_length};
		convert_run(c, &rest, out);
	} else {
		put_replacement(c, out);
	}
	c->rest_length = 0;
}
