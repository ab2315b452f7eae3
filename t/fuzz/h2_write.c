/* SPDX-License-Identifier: ISC */
/* HTTP/2 conversations as bytes. Unit suites only. */
#include "t/fuzz/h2_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include "t/fuzz/conversation.h"
#include "t/fuzz/tap_play.h"

#define BLOCK_BYTES_MAX ((size_t)256 * 1024)
#define SEGMENT_BYTES_MAX 65535u
#define TABLE_BYTES_MAX ((size_t)2 * 1024 * 1024) /* more than the tap takes */
#define FIELDS_MAX 64u
#define NOT_SAID UINT32_MAX

struct end {
	nghttp2_hd_deflater *deflater;
	struct buf block; /* what was cut off of it, for CONTINUATION */
};

struct writer {
	struct buf *out;
	uint8_t header[TAP_PLAY_HEADER_BYTES];
	bool header_written;
	struct end ends[2]; /* by enum direction */
	enum direction direction;
	struct buf segment;
};

struct field {
	struct buf name, value;
};

/* A frame as its line says it. */
struct said {
	uint8_t type, flags;
	uint32_t stream, error, last, promised, padded, pad_length, length;
	uint32_t table, cut, times;
	bool priority;
	struct buf prefix, content;
	struct field fields[FIELDS_MAX];
	size_t field_count;
};

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY,
	WINDOW_UPDATE, CONTINUATION };

static const char *const types[] = {"DATA", "HEADERS", "PRIORITY", "RST_STREAM",
    "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"};

/* --- the line --- */

static _Noreturn void
refuse(const char *word, size_t length)
{
	(void)fprintf(stderr, "h2_write: what is \"%.*s\"?\n", (int)length, word);
	abort();
}

static uint32_t
read_number(const char *word, size_t length)
{
	char text[16] = "", *end;

	if (length == 0 || length >= sizeof(text))
		refuse(word, length);
	memcpy(text, word, length);
	unsigned long number = strtoul(text, &end, 0);
	if (*end != '\0' || number > UINT32_MAX)
		refuse(word, length);
	return (uint32_t)number;
}

static bool
is_word(const char *word, size_t length, const char *other)
{
	return length == strlen(other) && memcmp(word, other, length) == 0;
}

static uint8_t
read_type(const char *word, size_t length)
{
	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		if (is_word(word, length, types[i]))
			return (uint8_t)i;
	}
	return (uint8_t)read_number(word, length);
}

static struct buf
unescaped(const char *at, size_t length)
{
	struct buf out;

	buf_init(&out, BLOCK_BYTES_MAX);
	conversation_unescape((const uint8_t *)at, length, &out);
	return out;
}

/* ":name=value" or "+name=value"; the name may have a colon as its first. */
static void
read_field(struct said *said, const char *word, size_t length)
{
	size_t begins = word[0] == '+' ? 1 : 0;
	const char *equals = memchr(word, '=', length);

	if (equals == NULL || said->field_count == FIELDS_MAX)
		refuse(word, length);
	size_t name = (size_t)(equals - word);
	struct field *field = &said->fields[said->field_count++];
	field->name = unescaped(word + begins, name - begins);
	field->value = unescaped(equals + 1, length - name - 1);
}

static void
read_option(struct said *said, const char *word, size_t length)
{
	const struct {
		const char *name;
		uint32_t *number;
	} options[] = {{"error", &said->error}, {"last", &said->last},
	    {"promised", &said->promised}, {"padded", &said->padded},
	    {"pad_length", &said->pad_length}, {"length", &said->length},
	    {"table", &said->table}, {"cut", &said->cut}, {"times", &said->times}};
	const char *equals = memchr(word, '=', length);

	if (equals == NULL)
		refuse(word, length);
	size_t name = (size_t)(equals - word), value = length - name - 1;
	if (is_word(word, name, "prefix")) {
		said->prefix = unescaped(equals + 1, value);
		return;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
		if (is_word(word, name, options[i].name)) {
			*options[i].number = read_number(equals + 1, value);
			return;
		}
	}
	refuse(word, length);
}

static void
read_word(struct said *said, const char *word, size_t length)
{
	if (word[0] == ':' || word[0] == '+')
		read_field(said, word, length);
	else if (is_word(word, length, "end_stream") || is_word(word, length, "ack"))
		said->flags |= 0x01;
	else if (is_word(word, length, "end_headers"))
		said->flags |= 0x04;
	else if (is_word(word, length, "priority"))
		said->priority = true;
	else
		read_option(said, word, length);
}

/* Takes the next word from the front of the line; 0: there is none. */
static size_t
next_word(const char **line, size_t *left, const char **word)
{
	while (*left > 0 && **line == ' ') {
		(*line)++;
		(*left)--;
	}
	size_t length = 0;
	while (length < *left && (*line)[length] != ' ')
		length++;
	*word = *line;
	*line += length;
	*left -= length;
	return length;
}

static void
read_frame(struct said *said, const char *line, size_t left)
{
	const char *word;
	size_t length = next_word(&line, &left, &word);

	*said = (struct said){.padded = NOT_SAID, .pad_length = NOT_SAID,
	    .length = NOT_SAID, .table = NOT_SAID, .cut = NOT_SAID, .times = 1};
	said->type = read_type(word, length);
	length = next_word(&line, &left, &word);
	said->stream = read_number(word, length);
	while ((length = next_word(&line, &left, &word)) > 0) {
		if (!is_word(word, length, "-")) {
			read_word(said, word, length);
		} else if (left > 0) {
			said->content = unescaped(line + 1, left - 1);
			return;
		}
	}
}

static void
free_said(struct said *said)
{
	for (size_t i = 0; i < said->field_count; i++) {
		buf_free(&said->fields[i].name);
		buf_free(&said->fields[i].value);
	}
	buf_free(&said->prefix);
	buf_free(&said->content);
}

/* --- the bytes --- */

static void
put_bytes(struct buf *out, const void *bytes, size_t length)
{
	must(buf_append(out, bytes, length) == 0);
}

/* `size` bytes of the number, big-endian. */
static void
put_number(struct buf *out, uint32_t number, unsigned size)
{
	while (size-- > 0) {
		uint8_t byte = (uint8_t)(number >> 8 * size);
		put_bytes(out, &byte, 1);
	}
}

static void
put_zeros(struct buf *out, uint32_t count)
{
	while (count-- > 0)
		put_number(out, 0, 1);
}

static void
encode_block(struct end *end, const struct said *said)
{
	nghttp2_nv nv[FIELDS_MAX];
	uint8_t *room;

	for (size_t i = 0; i < said->field_count; i++) {
		const struct field *field = &said->fields[i];
		nv[i] = (nghttp2_nv){.name = buf_data(&field->name),
		    .namelen = buf_length(&field->name),
		    .value = buf_data(&field->value),
		    .valuelen = buf_length(&field->value)};
		if (nv[i].value == NULL)
			nv[i].value = (uint8_t *)"";
	}
	put_bytes(&end->block, buf_data(&said->prefix), buf_length(&said->prefix));
	if (said->table != NOT_SAID)
		must(nghttp2_hd_deflate_change_table_size(end->deflater,
		    said->table) == 0);
	size_t bound = nghttp2_hd_deflate_bound(end->deflater, nv, said->field_count);
	must(buf_reserve(&end->block, bound, &room) == 0);
	ssize_t used = nghttp2_hd_deflate_hd(end->deflater, room, bound, nv,
	    said->field_count);
	must(used >= 0);
	buf_commit(&end->block, (size_t)used);
}

static bool
carries_block(const struct said *said)
{
	return said->type == HEADERS || said->type == PUSH_PROMISE ||
	    said->type == CONTINUATION;
}

/* What stands between the frame's header and its content. */
static void
put_fixed(struct buf *out, const struct said *said)
{
	if (said->padded != NOT_SAID)
		put_number(out, said->pad_length != NOT_SAID ? said->pad_length
		                                             : said->padded, 1);
	if (said->type == PUSH_PROMISE)
		put_number(out, said->promised, 4);
	if (said->type == GOAWAY)
		put_number(out, said->last, 4);
	if (said->type == GOAWAY || said->type == RST_STREAM)
		put_number(out, said->error, 4);
	if (said->priority)
		put_zeros(out, 5);
}

static void
put_content(struct buf *out, struct end *end, const struct said *said)
{
	if (carries_block(said)) {
		size_t length = buf_length(&end->block);
		if (said->cut < length)
			length = said->cut;
		put_bytes(out, buf_data(&end->block), length);
		buf_consume(&end->block, length);
	}
	for (uint32_t i = 0; i < said->times; i++)
		put_bytes(out, buf_data(&said->content), buf_length(&said->content));
	if (said->padded != NOT_SAID)
		put_zeros(out, said->padded);
}

static void
put_frame(struct writer *w, const struct said *said)
{
	struct end *end = &w->ends[w->direction];
	struct buf payload;
	uint8_t flags = said->flags;

	buf_init(&payload, BLOCK_BYTES_MAX);
	if (said->padded != NOT_SAID)
		flags |= 0x08;
	if (said->priority)
		flags |= 0x20;
	if (carries_block(said) && said->type != CONTINUATION)
		encode_block(end, said);
	put_fixed(&payload, said);
	put_content(&payload, end, said);
	put_number(&w->segment, said->length != NOT_SAID ? said->length
	    : (uint32_t)buf_length(&payload), 3);
	put_number(&w->segment, said->type, 1);
	put_number(&w->segment, flags, 1);
	put_number(&w->segment, said->stream, 4);
	put_bytes(&w->segment, buf_data(&payload), buf_length(&payload));
	buf_free(&payload);
}

/* --- the conversation --- */

static void
set_limit(struct writer *w, const char *line, size_t left)
{
	static const struct {
		const char *name;
		unsigned at, size;
	} limits[] = {{"head", 1, 2}, {"body", 3, 2}, {"streams", 5, 1},
	    {"pending", 6, 2}};
	const char *word;
	size_t length = next_word(&line, &left, &word);

	must(!w->header_written);
	if (is_word(word, length, "http1")) {
		w->header[0] |= TAP_PLAY_HTTP1;
		return;
	}
	if (is_word(word, length, "all")) {
		w->header[0] |= TAP_PLAY_ALL;
		return;
	}
	if (is_word(word, length, "capture")) {
		w->header[0] |= TAP_PLAY_CAPTURE;
		return;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(limits); i++) {
		if (!is_word(word, length, limits[i].name))
			continue;
		length = next_word(&line, &left, &word);
		uint32_t number = read_number(word, length);
		for (unsigned j = 0; j < limits[i].size; j++)
			w->header[limits[i].at + j] = (uint8_t)(number >>
			    8 * (limits[i].size - 1 - j));
		return;
	}
	refuse(word, length);
}

/* What was collected of a direction goes out as a segment, or as several, and what
 * is to happen behind the last one. */
static void
flush(struct writer *w, uint8_t behind)
{
	uint8_t mark = w->direction == FROM_SERVER ? TAP_PLAY_FROM_SERVER : 0;
	size_t left = buf_length(&w->segment);

	if (!w->header_written)
		put_bytes(w->out, w->header, sizeof(w->header));
	w->header_written = true;
	while (left > 0 || behind != 0) {
		size_t length = left < SEGMENT_BYTES_MAX ? left : SEGMENT_BYTES_MAX;
		left -= length;
		put_number(w->out, mark | (left == 0 ? behind : 0), 1);
		put_number(w->out, (uint32_t)length, 2);
		put_bytes(w->out, buf_data(&w->segment), length);
		buf_consume(&w->segment, length);
		behind = left > 0 ? behind : 0;
	}
}

static void
write_bytes(struct writer *w, const char *line, size_t left)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	const char *rest = line, *word;
	size_t rest_left = left, length = next_word(&rest, &rest_left, &word);

	if (is_word(word, length, "PREFACE")) {
		put_bytes(&w->segment, preface, sizeof(preface) - 1);
	} else if (is_word(word, length, "TEXT")) {
		conversation_unescape((const uint8_t *)rest + 1,
		    rest_left > 0 ? rest_left - 1 : 0, &w->segment);
	} else {
		struct said said;
		read_frame(&said, line, left);
		put_frame(w, &said);
		free_said(&said);
	}
}

static void
write_line(struct writer *w, const char *line, size_t length)
{
	if (length > 1 && line[0] == '%')
		set_limit(w, line + 1, length - 1);
	if (is_word(line, length, "!tick")) {
		flush(w, TAP_PLAY_TICK);
		return;
	}
	bool ends = length > 1 && line[0] == '!';
	char mark = length == 0 ? '\0' : ends ? line[1] : line[0];
	if (mark != '>' && mark != '<')
		return;
	enum direction mine = mark == '>' ? FROM_CLIENT : FROM_SERVER;
	if (mine != w->direction)
		flush(w, 0);
	w->direction = mine;
	if (ends)
		flush(w, TAP_PLAY_EOF);
	else
		write_bytes(w, line + 1, length - 1);
}

void
h2_write(const uint8_t *text, size_t length, struct buf *out)
{
	/* head 4096, body 256, 16 streams, pending 65535 */
	struct writer w = {.out = out,
	    .header = {0, 0x10, 0, 0x01, 0, 16, 0xff, 0xff}};

	buf_init(&w.segment, SIZE_MAX / 2);
	for (int i = 0; i < 2; i++) {
		buf_init(&w.ends[i].block, BLOCK_BYTES_MAX);
		must(nghttp2_hd_deflate_new(&w.ends[i].deflater, TABLE_BYTES_MAX) == 0);
	}
	for (size_t at = 0; at < length;) {
		size_t line = conversation_line(text + at, length - at);
		write_line(&w, (const char *)text + at, line);
		at += line + 1;
	}
	flush(&w, 0);
	buf_free(&w.segment);
	for (int i = 0; i < 2; i++) {
		buf_free(&w.ends[i].block);
		nghttp2_hd_deflate_del(w.ends[i].deflater);
	}
}
