/* SPDX-License-Identifier: ISC */
/*
 * The certificates of many files, each once. CLI, pure. It looks at labels and
 * at the alphabet of base64 and decodes nothing: what is in a certificate is for
 * those to judge who trust the bundle.
 */
#include "cli/bundle.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define LINE_BYTES_MAX (128u * 1024) /* some write a certificate in one line */
#define BLOCK_BYTES_MAX (256u * 1024)
#define COLUMNS 64u /* RFC 7468 section 2 */
#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"

/* What a certificate is called, and what we call it (RFC 7468 section 5.1).
 * OpenSSL's own kind has more in it than the certificate. */
static const struct {
	const char *found, *written;
} labels[] = {{"CERTIFICATE", "CERTIFICATE"}, {"X509 CERTIFICATE", "CERTIFICATE"},
    {"TRUSTED CERTIFICATE", "TRUSTED CERTIFICATE"}};

void
bundle_init(struct bundle *b, size_t limit_bytes)
{
	*b = (struct bundle){.label = NULL};
	buf_init(&b->text, limit_bytes);
	buf_init(&b->line, LINE_BYTES_MAX);
	buf_init(&b->block, BLOCK_BYTES_MAX);
}

void
bundle_free(struct bundle *b)
{
	buf_free(&b->text);
	buf_free(&b->line);
	buf_free(&b->block);
	free(b->blocks);
	b->blocks = NULL;
	b->count = b->room = 0;
	b->label = NULL;
}

/* --- the text --- */

static bool
has_block(const struct bundle *b)
{
	for (size_t i = 0; i < b->count; i++) {
		if (b->blocks[i].length == buf_length(&b->block) &&
		    memcmp(buf_data(&b->text) + b->blocks[i].at,
		        buf_data(&b->block), buf_length(&b->block)) == 0)
			return true;
	}
	return false;
}

static int
make_room(struct bundle *b)
{
	size_t room = b->room == 0 ? 64 : 2 * b->room;

	if (b->count < b->room)
		return 0;
	struct bundle_span *grown = realloc(b->blocks, room * sizeof(*grown));
	if (grown == NULL)
		return E_NOMEM;
	b->blocks = grown;
	b->room = room;
	return 0;
}

static int
add_block(struct bundle *b)
{
	struct bundle_span span = {buf_length(&b->text), buf_length(&b->block)};

	if (has_block(b))
		return 0;
	int error = make_room(b);
	if (error == 0)
		error = buf_append(&b->text, buf_data(&b->block), span.length);
	if (error == 0)
		b->blocks[b->count++] = span;
	return error;
}

/* --- a certificate --- */

/* The text between `prefix` and the dashes at the line's end, or false. */
static bool
is_boundary(const char *line, size_t length, const char *prefix,
    const char **label, size_t *label_length)
{
	size_t before = strlen(prefix), behind = strlen(DASHES);

	if (length < before + behind || memcmp(line, prefix, before) != 0 ||
	    memcmp(line + length - behind, DASHES, behind) != 0)
		return false;
	*label = line + before;
	*label_length = length - before - behind;
	return true;
}

static const char *
find_label(const char *text, size_t length)
{
	for (size_t i = 0; i < ARRAY_LENGTH(labels); i++) {
		if (strlen(labels[i].found) == length &&
		    memcmp(labels[i].found, text, length) == 0)
			return labels[i].written;
	}
	return NULL;
}

static int
open_block(struct bundle *b, const char *label)
{
	b->label = label;
	b->column = 0;
	buf_clear(&b->block);
	return label == NULL ? 0
	    : buf_printf(&b->block, BEGIN "%s" DASHES "\n", label);
}

/* Whether what was collected begins with the label's line, and has content of
 * whole groups of four (RFC 4648 section 4). */
static bool
is_complete(const struct bundle *b)
{
	return b->column % 4 == 0 &&
	    buf_length(&b->block) > strlen(b->label) + strlen(BEGIN DASHES "\n");
}

static int
close_block(struct bundle *b, const char *label)
{
	int error = 0;

	if (b->label != NULL && label != NULL && strcmp(b->label, label) == 0 &&
	    is_complete(b)) {
		error = buf_printf(&b->block, "%s" END "%s" DASHES "\n",
		    b->column > 0 ? "\n" : "", label);
		if (error == 0)
			error = add_block(b);
	}
	b->label = NULL;
	return error;
}

static bool
is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}

static int
append_character(struct bundle *b, char c)
{
	int error = buf_append(&b->block, &c, 1);

	if (error == 0 && ++b->column == COLUMNS) {
		b->column = 0;
		error = buf_append(&b->block, "\n", 1);
	}
	return error;
}

/* A line between the boundaries, in lines of our own length. What is too long or
 * not base64 is no certificate. */
static int
append_body(struct bundle *b, const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		int error = isspace((unsigned char)line[i]) ? 0
		    : is_base64(line[i]) ? append_character(b, line[i]) : E_SYNTAX;
		if (error == E_NOMEM)
			return error;
		if (error != 0) {
			b->label = NULL;
			return 0;
		}
	}
	return 0;
}

/* --- a file --- */

/* White space around a line is none of it (RFC 7468 section 3). */
static void
trim(const char **line, size_t *length)
{
	while (*length > 0 && isspace((unsigned char)(*line)[*length - 1]))
		--*length;
	while (*length > 0 && isspace((unsigned char)**line)) {
		++*line;
		--*length;
	}
}

static int
end_line(struct bundle *b)
{
	const char *line = (const char *)buf_data(&b->line), *label;
	size_t length = buf_length(&b->line), label_length;
	int error = 0;

	trim(&line, &length);
	if (b->overlong)
		b->label = NULL;
	else if (is_boundary(line, length, BEGIN, &label, &label_length))
		error = open_block(b, find_label(label, label_length));
	else if (is_boundary(line, length, END, &label, &label_length))
		error = close_block(b, find_label(label, label_length));
	else if (b->label != NULL)
		error = append_body(b, line, length);
	buf_clear(&b->line);
	b->overlong = false;
	return error;
}

static int
append_line(struct bundle *b, const char *bytes, size_t length)
{
	int error = b->overlong ? E_LIMIT : buf_append(&b->line, bytes, length);

	if (error == E_LIMIT) {
		b->overlong = true;
		error = 0;
	}
	return error;
}

int
bundle_feed(struct bundle *b, const void *bytes, size_t length)
{
	const char *p = bytes, *end = p + length;
	int error = 0;

	while (error == 0 && p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t part = (size_t)((newline == NULL ? end : newline) - p);
		error = append_line(b, p, part);
		if (error == 0 && newline != NULL)
			error = end_line(b);
		p += part + (newline != NULL);
	}
	return error;
}

int
bundle_end_file(struct bundle *b)
{
	int error = end_line(b);

	b->label = NULL;
	return error;
}

bool
bundle_is_hash_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
	    name[9] != '\0' && strspn(name + 9, "0123456789") == strlen(name + 9);
}
