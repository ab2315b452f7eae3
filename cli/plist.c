/* SPDX-License-Identifier: ISC */
/* Elements of a property list, a line each. Pure; CLI. Reads none. */
#include "cli/plist.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <mbedtls/base64.h>

#include "base/err.h"
#include "base/utf8.h"

/* Bytes that make a line of base64 of 64 characters. */
#define DATA_LINE_BYTES 48u
#define DATA_LINE_CHARACTERS 64u

static void
put(struct plist *p, const char *text)
{
	if (p->error == 0)
		p->error = buf_puts(p->out, text);
}

static void
indent(struct plist *p)
{
	for (unsigned i = 0; i < p->depth; i++)
		put(p, "\t");
}

/* --- text (XML 1.0 sections 2.2 and 2.4) --- */

static const char *
reference(char c)
{
	return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : NULL;
}

/* U+FFFE and U+FFFF are no characters of XML; nor are the controls, but for tab
 * and line feed. Carriage return would be read as a line feed. */
static bool
is_allowed(const uint8_t *p, int length)
{
	if (length == 1)
		return p[0] >= ' ' || p[0] == '\t' || p[0] == '\n';
	return length != 3 || p[0] != 0xef || p[1] != 0xbf || p[2] < 0xbe;
}

static void
escaped(struct plist *p, const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t left = strlen(text);

	while (left > 0 && p->error == 0) {
		int length = utf8_length(at, left);
		if (length <= 0 || !is_allowed(at, length)) {
			p->error = E_SYNTAX;
			return;
		}
		const char *other = length == 1 ? reference((char)*at) : NULL;
		p->error = other != NULL ? buf_puts(p->out, other)
		    : buf_append(p->out, at, (size_t)length);
		at += length;
		left -= (size_t)length;
	}
}

/* --- elements --- */

static void
element(struct plist *p, const char *name, const char *text)
{
	indent(p);
	put(p, "<");
	put(p, name);
	put(p, ">");
	escaped(p, text);
	put(p, "</");
	put(p, name);
	put(p, ">\n");
}

static void
key_of(struct plist *p, const char *key)
{
	if (key != NULL)
		element(p, "key", key);
}

static void
open_element(struct plist *p, const char *key, const char *tag)
{
	key_of(p, key);
	indent(p);
	put(p, tag);
	p->depth++;
}

static void
close_element(struct plist *p, const char *tag)
{
	p->depth--;
	indent(p);
	put(p, tag);
}

void
plist_begin(struct plist *p, struct buf *out)
{
	*p = (struct plist){.out = out};
	put(p, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
	    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
	    "<plist version=\"1.0\">\n");
}

int
plist_end(struct plist *p)
{
	put(p, "</plist>\n");
	return p->error;
}

void
plist_dict_begin(struct plist *p, const char *key)
{
	open_element(p, key, "<dict>\n");
}

void
plist_dict_end(struct plist *p)
{
	close_element(p, "</dict>\n");
}

void
plist_array_begin(struct plist *p, const char *key)
{
	open_element(p, key, "<array>\n");
}

void
plist_array_end(struct plist *p)
{
	close_element(p, "</array>\n");
}

void
plist_text(struct plist *p, const char *key, const char *text)
{
	key_of(p, key);
	element(p, "string", text);
}

void
plist_number(struct plist *p, const char *key, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	key_of(p, key);
	element(p, "integer", text);
}

void
plist_bool(struct plist *p, const char *key, bool value)
{
	key_of(p, key);
	indent(p);
	put(p, value ? "<true/>\n" : "<false/>\n");
}

void
plist_data(struct plist *p, const char *key, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	unsigned char line[DATA_LINE_CHARACTERS + 1];
	size_t written;

	open_element(p, key, "<data>\n");
	for (size_t done = 0; done < length; done += DATA_LINE_BYTES) {
		size_t n = length - done < DATA_LINE_BYTES ? length - done
		                                           : DATA_LINE_BYTES;
		if (mbedtls_base64_encode(line, sizeof(line), &written, at + done,
		        n) != 0)
			p->error = p->error != 0 ? p->error : E_LIMIT;
		else {
			indent(p);
			put(p, (const char *)line);
			put(p, "\n");
		}
	}
	close_element(p, "</data>\n");
}
