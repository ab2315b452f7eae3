/* SPDX-License-Identifier: ISC */
/* Quoting for sh. Pure; CLI only. */
#include "cli/shell.h"

#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "cli/safe.h"

/* What the terminal's own rules leave as it is can stand in a line, too. */
bool
shell_is_plain(const char *text, size_t length)
{
	struct buf safe;

	if (length == 0)
		return true;
	buf_init(&safe, 8 * length);
	bool plain = safe_text(&safe, text, length, "\n\t") == 0 &&
	    buf_length(&safe) == length &&
	    memcmp(buf_data(&safe), text, length) == 0;
	buf_free(&safe);
	return plain;
}

static int
put_quoted(struct buf *out, const char *text, size_t length)
{
	int error = buf_puts(out, "'");

	while (length > 0 && error == 0) {
		const char *quote = memchr(text, '\'', length);
		size_t n = quote == NULL ? length : (size_t)(quote - text);
		error = buf_append(out, text, n);
		if (error == 0 && quote != NULL)
			error = buf_puts(out, "'\\''");
		n += quote != NULL;
		text += n;
		length -= n;
	}
	return error != 0 ? error : buf_puts(out, "'");
}

/* Whether it means itself in a format of printf(1) that stands in quotes. A dash at the
 * begin would be an option. */
static bool
stands(uint8_t byte, bool first)
{
	return byte >= 0x20 && byte < 0x7f && byte != '\'' && byte != '\\' &&
	    byte != '%' && !(first && byte == '-');
}

static int
put_format(struct buf *out, const uint8_t *bytes, size_t length)
{
	int error = buf_puts(out, "printf '");

	for (size_t i = 0; i < length && error == 0; i++)
		error = stands(bytes[i], i == 0) ? buf_append(out, &bytes[i], 1)
		    : buf_printf(out, "\\%03o", bytes[i]);
	return error != 0 ? error : buf_puts(out, "'");
}

int
shell_word(struct buf *out, const char *text, size_t length)
{
	if (shell_is_plain(text, length))
		return put_quoted(out, text, length);
	int error = buf_puts(out, "\"$(");
	if (error == 0)
		error = put_format(out, (const uint8_t *)text, length);
	return error != 0 ? error : buf_puts(out, ")\"");
}

int
shell_printf(struct buf *out, const void *bytes, size_t length)
{
	int error = put_format(out, bytes, length);

	return error != 0 ? error : buf_puts(out, "\n");
}
