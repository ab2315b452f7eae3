/* SPDX-License-Identifier: ISC */
/*
 * Text for mdoc(7): a macro has a line of its own, so what is literal ends the line
 * before it. Pure; tools of the build and tests.
 */
#include "base/mdoc.h"

#include <string.h>

#define WIDTH 78u
#define CLOSING ".,:;)?!" /* mdoc sets what of these stands behind a word close to it */

struct mdoc {
	struct buf *out;
	size_t column; /* 0: at the beginning of a line */
	int error;
};

static void
put(struct mdoc *m, const char *text, size_t length)
{
	if (m->error == 0)
		m->error = buf_append(m->out, text, length);
	m->column += length;
}

/* A backslash would begin an escape. */
static void
put_escaped(struct mdoc *m, const char *text, size_t length)
{
	for (; length > 0; text++, length--)
		put(m, *text == '\\' ? "\\e" : text, *text == '\\' ? 2 : 1);
}

static void
end_line(struct mdoc *m)
{
	if (m->column > 0)
		put(m, "\n", 1);
	m->column = 0;
}

/* What stands between backquotes, the first of which is at `text` or behind the
 * parenthesis there; where it ends. */
static const char *
put_literal(struct mdoc *m, const char *text)
{
	const char *start = text + strcspn(text, "`") + 1;
	const char *end = start + strcspn(start, "`");

	end_line(m);
	put(m, ".Ql ", 4);
	if (*text == '(')
		put(m, "( ", 2);
	put_escaped(m, start, (size_t)(end - start));
	end += *end != '\0';
	for (; *end != '\0' && strchr(CLOSING, *end) != NULL; end++) {
		put(m, " ", 1);
		put(m, end, 1);
	}
	end_line(m);
	return end + strspn(end, " ");
}

/* A word, on the next line when a sentence begins or this line is full. */
static const char *
put_word(struct mdoc *m, const char *text, bool sentence)
{
	size_t length = strcspn(text, " `");

	if (length > 0 && text[length] == '`' && text[length - 1] == '(')
		length--; /* it is the literal's */
	if (sentence || m->column + 1 + length >= WIDTH)
		end_line(m);
	if (m->column > 0)
		put(m, " ", 1);
	put_escaped(m, text, length);
	text += length;
	return text + strspn(text, " ");
}

int
mdoc_text(struct buf *out, const char *text)
{
	struct mdoc m = {.out = out};
	bool sentence = false;

	while (*text != '\0') {
		if (*text == '`' || strncmp(text, "(`", 2) == 0) {
			text = put_literal(&m, text);
			sentence = false;
			continue;
		}
		const char *next = put_word(&m, text, sentence);
		const char *last = next;
		while (last > text && last[-1] == ' ')
			last--;
		sentence = last > text && last[-1] == '.';
		text = next;
	}
	end_line(&m);
	return m.error;
}
