/* SPDX-License-Identifier: ISC */
/* Text that cannot steer a terminal. Pure; CLI only. */
#include "cli/safe.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* How many bytes of UTF-8 stand there (the emitter lets no other through, but a
 * file may come from anywhere), and which character. 0: not UTF-8. */
static size_t
character(const uint8_t *p, size_t left, uint32_t *code)
{
	size_t length = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3
	    : p[0] >= 0xc2 ? 2 : 0;

	if (length == 0 || length > left)
		return 0;
	*code = length == 1 ? p[0] : p[0] & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	return length;
}

/* C0, DEL and C1 controls; marks and overrides of direction. */
static bool
is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e ||
	    code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static bool
may_stand(uint32_t code, const char *keep)
{
	return !is_unsafe(code) ||
	    (code > 0 && code < 0x20 && strchr(keep, (int)code) != NULL);
}

static int
escape(struct buf *out, const char *text, size_t length, const char *keep,
    bool json)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + length, *run = p;
	int error = 0;

	while (p < end && error == 0) {
		uint32_t code = *p;
		size_t n = character(p, (size_t)(end - p), &code);
		if (n > 0 && may_stand(code, keep)) {
			p += n;
			continue;
		}
		error = buf_append(out, run, (size_t)(p - run));
		if (error == 0)
			error = buf_printf(out, code < 0x100 && !json
			        ? "\\x%02" PRIx32 : "\\u%04" PRIx32, code);
		p += n == 0 ? 1 : n;
		run = p;
	}
	return error != 0 ? error : buf_append(out, run, (size_t)(p - run));
}

int
safe_text(struct buf *out, const char *text, size_t length, const char *keep)
{
	return escape(out, text, length, keep, false);
}

int
safe_json(struct buf *out, const char *text, size_t length, const char *keep)
{
	return escape(out, text, length, keep, true);
}

/* Behind a sequence of ours that sets a colour, which has no width. */
static size_t
skip_colour(const char *text, size_t length)
{
	const char *end = length > 0 && text[0] == '\033'
	    ? memchr(text, 'm', length) : NULL;

	return end == NULL ? 0 : (size_t)(end - text) + 1;
}

/* Bytes up to where the columns are used up; *columns is what is left of them. */
static size_t
walk(const char *text, size_t length, size_t *columns)
{
	size_t at = 0;

	while (at < length) {
		size_t colour = skip_colour(text + at, length - at);
		if (colour == 0 && *columns == 0)
			break;
		if (colour == 0) {
			(*columns)--;
			colour = 1;
			while (at + colour < length &&
			    (text[at + colour] & 0xc0) == 0x80)
				colour++;
		}
		at += colour;
	}
	return at;
}

size_t
safe_width(const char *text, size_t length)
{
	size_t columns = SIZE_MAX;

	(void)walk(text, length, &columns);
	return SIZE_MAX - columns;
}

size_t
safe_fit(const char *text, size_t length, size_t columns)
{
	return walk(text, length, &columns);
}
