/* SPDX-License-Identifier: ISC */
/* Text and pieces of conversations. Fuzz targets and unit suites only. */
#include "t/fuzz/conversation.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES_MAX 61u /* of those that are cut at random */
#define OUT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define SMALL_BYTES 300u

/* --- text --- */

size_t
conversation_line(const uint8_t *text, size_t length)
{
	const uint8_t *end = length == 0 ? NULL : memchr(text, '\n', length);

	return end == NULL ? length : (size_t)(end - text);
}

int
conversation_hex(uint8_t digit)
{
	return digit >= '0' && digit <= '9' ? digit - '0'
	    : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The escape behind a backslash; returns how long it is. */
static size_t
read_escape(const uint8_t *at, size_t length, uint8_t *byte)
{
	if (*at == 'x' && length > 2 && conversation_hex(at[1]) >= 0 &&
	    conversation_hex(at[2]) >= 0) {
		*byte = (uint8_t)(conversation_hex(at[1]) * 16 +
		    conversation_hex(at[2]));
		return 3;
	}
	*byte = *at == 'r' ? '\r' : *at == 'n' ? '\n' : *at == 't' ? '\t' : *at;
	return 1;
}

void
conversation_unescape(const uint8_t *at, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length;) {
		uint8_t byte = at[i++];
		if (byte == '\\' && i < length)
			i += read_escape(at + i, length - i, &byte);
		if (buf_append(out, &byte, 1) != 0)
			return;
	}
}

void
conversation_add(const uint8_t *line, size_t length, struct buf *out)
{
	size_t at = 1;
	unsigned times = 1;

	if (at < length && line[at] == '*') {
		times = 0;
		for (at++; at < length && line[at] >= '0' && line[at] <= '9'; at++)
			times = times < 10000 ? times * 10 + line[at] - '0' : times;
	}
	if (at < length && line[at] == ' ')
		at++;
	for (unsigned i = 0; i < times; i++)
		conversation_unescape(line + at, length - at, out);
}

void
conversation_expected(const uint8_t *text, size_t length, struct buf *out)
{
	for (size_t at = 0; at < length;) {
		size_t line = conversation_line(text + at, length - at);
		if (line >= 2 && text[at] == '=') {
			must(buf_append(out, text + at + 2, line - 2) == 0);
			must(buf_puts(out, "\n") == 0);
		}
		at += line + 1;
	}
}

/* --- cutting --- */

static size_t
next_piece(struct cutter *c)
{
	if (c->how.step != 0)
		return c->how.step;
	if (c->how.seed == 0)
		return SIZE_MAX;
	c->random = c->random * 1664525u + 1013904223u;
	return 1 + (c->random >> 24) % PIECE_BYTES_MAX;
}

static void
feed_copy(struct cutter *c, enum direction direction, const uint8_t *bytes,
    size_t length)
{
	uint8_t *copy = malloc(length);

	must(copy != NULL);
	memcpy(copy, bytes, length);
	c->feed(c->context, direction, copy, length);
	free(copy);
	c->played += length;
	c->bytes[direction] += length;
}

void
cutter_feed(struct cutter *c, enum direction direction, const uint8_t *bytes,
    size_t length)
{
	while (length > 0 && cutter_stands(c)) {
		size_t piece = next_piece(c), left = c->how.stop - c->played;
		if (piece > length)
			piece = length;
		if (piece > left)
			piece = left;
		feed_copy(c, direction, bytes, piece);
		bytes += piece;
		length -= piece;
	}
}

bool
cutter_stands(const struct cutter *c)
{
	return c->played < c->how.stop;
}

/* --- playing --- */

void
conversation_check_cuts(conversation_player *play, const uint8_t *input,
    size_t length)
{
	const struct cut ways[] = {{.step = 1, .stop = CUT_NEVER},
	    {.seed = 1, .stop = CUT_NEVER}, {.seed = 2, .stop = CUT_NEVER},
	    {.seed = 3, .stop = CUT_NEVER}};
	struct cut uncut = {.stop = CUT_NEVER};
	struct buf whole, out;

	buf_init(&whole, OUT_BYTES_MAX);
	buf_init(&out, OUT_BYTES_MAX);
	size_t payload = play(input, length, &uncut, &whole);
	for (size_t i = 0; i < ARRAY_LENGTH(ways); i++) {
		buf_clear(&out);
		(void)play(input, length, &ways[i], &out);
		must(buf_length(&out) == buf_length(&whole));
		must(buf_length(&out) == 0 || memcmp(buf_data(&out),
		    buf_data(&whole), buf_length(&whole)) == 0);
	}
	for (size_t stop = 0; payload < SMALL_BYTES && stop < payload; stop++) {
		buf_clear(&out);
		(void)play(input, length, &(struct cut){.stop = stop}, &out);
	}
	buf_free(&whole);
	buf_free(&out);
}
