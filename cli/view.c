/* SPDX-License-Identifier: ISC */
/*
 * Which records, and where they go. CLI. Parses only what it must: a dataset is
 * found by the text that our own writer puts at a line's beginning.
 */
#include "cli/view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define PAGE_BYTES_MAX (64u * 1024 * 1024)
#define HEAD_BYTES 400u /* @timestamp and event stand within */

/* Whether "key":"value…" stands in the line's head; value up to its end or, with
 * a dash behind it, up to the dash. */
static bool
head_has(const char *line, size_t length, const char *key, const char *prefix,
    const char *value, char end)
{
	char wanted[128];
	size_t n = strlen(key) + strlen(prefix) + strlen(value);

	if (n + 5 > sizeof(wanted))
		return false;
	char *p = stpcpy(wanted, "\"");
	p = stpcpy(p, key);
	p = stpcpy(p, "\":\"");
	p = stpcpy(p, prefix);
	p = stpcpy(p, value);
	*p++ = end;
	return memmem(line, length < HEAD_BYTES ? length : HEAD_BYTES, wanted,
	           (size_t)(p - wanted)) != NULL;
}

bool
view_wants(const struct view *v, const char *line, size_t length)
{
	if (v->run != NULL && !head_has(line, length, "id", "", v->run, '-'))
		return false;
	for (size_t i = 0; i < v->dataset_count; i++) {
		if (head_has(line, length, "dataset", "sightglass.",
		        v->datasets[i], '"'))
			return true;
	}
	return v->dataset_count == 0;
}

int
view_print(struct view *v, const char *line, size_t length)
{
	struct buf page;
	bool written;

	if (v->json) {
		v->shown++;
		written = fwrite(line, 1, length, v->out) == length &&
		    putc('\n', v->out) != EOF;
		return written ? 0 : E_SYS;
	}
	buf_init(&page, PAGE_BYTES_MAX);
	int error = pretty_record(&v->pretty, line, length, &page);
	/* A page without a byte has no address either. */
	written = buf_length(&page) == 0 || fwrite(buf_data(&page), 1,
	    buf_length(&page), v->out) == buf_length(&page);
	v->shown += buf_length(&page) > 0;
	buf_free(&page);
	if (!written)
		return E_SYS;
	return error == E_SYNTAX ? 0 : error;
}

void
view_open(struct view *v, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");

	v->out = out;
	v->pretty.colour = isatty(fileno(out)) == 1 &&
	    (no_colour == NULL || no_colour[0] == '\0');
}
