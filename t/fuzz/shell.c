/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of quoting for sh; the unit suite calls it too. What must hold: read as
 * POSIX.1 says a shell does, a word is the bytes that were given and nothing more, and
 * no byte of it steers a terminal.
 */
#include "cli/shell.h"

#include "t/fuzz/target.h"

#define TEXT_BYTES_MAX ((size_t)64 * 1024)

/* The next byte of the text. */
static uint8_t
take(const uint8_t **p, const uint8_t *end)
{
	must(*p < end);
	return *(*p)++;
}

static void
expect(const uint8_t **p, const uint8_t *end, const char *text)
{
	for (; *text != '\0'; text++)
		must(take(p, end) == (uint8_t)*text);
}

static void
keep(struct buf *out, uint8_t byte)
{
	must(buf_append(out, &byte, 1) == 0);
}

/* A format of printf in quotes (XCU printf, XBD 5): three digits a byte, no other
 * escape and no conversion. */
static void
read_format(const uint8_t **p, const uint8_t *end, struct buf *out)
{
	expect(p, end, "printf '");
	must(*p < end && **p != '-');
	for (uint8_t c; (c = take(p, end)) != '\'';) {
		unsigned byte = c;
		must(c >= 0x20 && c < 0x7f && c != '%');
		for (unsigned i = 0; c == '\\' && i < 3; i++) {
			uint8_t digit = take(p, end);
			must(digit >= '0' && digit <= '7');
			byte = (i == 0 ? 0 : byte * 8) + (unsigned)(digit - '0');
		}
		keep(out, (uint8_t)byte);
	}
}

/* One word: quotes, with \' between them (XCU 2.2). */
static void
read_word(const uint8_t **p, const uint8_t *end, struct buf *out)
{
	if (**p == '"') {
		expect(p, end, "\"$(");
		read_format(p, end, out);
		expect(p, end, ")\"");
		return;
	}
	for (;;) {
		expect(p, end, "'");
		for (uint8_t c; (c = take(p, end)) != '\'';) {
			must((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t');
			keep(out, c);
		}
		if (*p == end)
			return;
		expect(p, end, "\\'");
		keep(out, '\'');
	}
}

static void
is_read_as(const struct buf *text, const uint8_t *bytes, size_t length,
    void (*read)(const uint8_t **p, const uint8_t *end, struct buf *out),
    const char *behind)
{
	const uint8_t *p = buf_data(text), *end = p + buf_length(text);
	struct buf back;

	buf_init(&back, TEXT_BYTES_MAX);
	read(&p, end, &back);
	expect(&p, end, behind);
	must(p == end);
	must(buf_length(&back) == length);
	must(length == 0 || memcmp(buf_data(&back), bytes, length) == 0);
	buf_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buf text;

	if (length > TEXT_BYTES_MAX)
		return 0;
	buf_init(&text, 8 * TEXT_BYTES_MAX);
	must(shell_word(&text, (const char *)bytes, length) == 0);
	is_read_as(&text, bytes, length, read_word, "");
	buf_clear(&text);
	must(shell_printf(&text, bytes, length) == 0);
	is_read_as(&text, bytes, length, read_format, "\n");
	buf_free(&text);
	return 0;
}
