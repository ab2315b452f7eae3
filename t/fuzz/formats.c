/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of the formats that programs read; the unit suite calls it too. What
 * must hold: whatever the lines of a log are, an archive is one JSON text, commands
 * have no byte that steers a terminal, and no line makes the writing fail.
 */
#include <stdio.h>

#include <yyjson.h>

#include "base/err.h"
#include "cli/view.h"
#include "t/fuzz/target.h"

/* Every line in the format; *text is to be freed. */
static void
write_in(const char *format, const uint8_t *bytes, size_t length, char **text,
    size_t *written)
{
	FILE *out = open_memstream(text, written);
	struct view v = {.fields = NULL};

	must(out != NULL);
	view_open(&v, out);
	must(view_set_format(&v, format));
	must(view_begin(&v) == 0);
	for (size_t at = 0; at < length;) {
		const uint8_t *newline = memchr(bytes + at, '\n', length - at);
		size_t n = newline == NULL ? length - at
		                           : (size_t)(newline - (bytes + at));
		const struct reader_line line = {(const char *)bytes + at, n, false};
		must(view_print(&v, &line) == 0);
		at += n + 1;
	}
	must(view_end(&v) == 0);
	view_close(&v);
	must(fclose(out) == 0);
}

static void
is_archive(const char *text, size_t length)
{
	yyjson_doc *doc = yyjson_read(text, length, 0);

	must(yyjson_is_arr(yyjson_ptr_get(yyjson_doc_get_root(doc), "/log/entries")));
	yyjson_doc_free(doc);
}

static void
is_harmless(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		must((uint8_t)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\t');
		must(text[i] != 0x7f);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const char *const formats[] = {"har", "curl", "raw", "csv"};

	for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
		char *text = NULL;
		size_t written = 0;
		write_in(formats[i], bytes, length, &text, &written);
		if (i == 0)
			is_archive(text, written);
		if (i == 1)
			is_harmless(text, written);
		free(text);
	}
	return 0;
}
