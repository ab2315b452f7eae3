/* SPDX-License-Identifier: ISC */
/* Which records, and where they go. CLI. */
#include "cli/view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define PAGE_BYTES_MAX (64u * 1024 * 1024)
#define HEAD_BYTES 400u /* @timestamp and event stand within */

/* Whether the line's event.id begins with this run, where our own writer puts it. */
static bool
is_of_run(const char *run, const char *line, size_t length)
{
	char wanted[128];
	int n = snprintf(wanted, sizeof(wanted), "\"id\":\"%s-", run);

	return n > 0 && (size_t)n < sizeof(wanted) &&
	    memmem(line, length < HEAD_BYTES ? length : HEAD_BYTES, wanted,
	        (size_t)n) != NULL;
}

bool
view_wants(struct view *v, const char *line, size_t length)
{
	if (v->run != NULL && !is_of_run(v->run, line, length))
		return false;
	return v->filter == NULL || filter_passes(v->filter, line, length, true);
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
