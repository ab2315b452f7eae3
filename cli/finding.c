/* SPDX-License-Identifier: ISC */
/* The two forms of a finding. CLI. */
#include "cli/finding.h"

#include <stdarg.h>
#include <string.h>

#include "base/diag.h"
#include "base/path.h"
#include "cli/safe.h"

#define TEXT_BYTES (4 * PATH_BYTES)
#define LINE_BYTES_MAX (16u * TEXT_BYTES) /* escaped, and a remedy too */

static const char *const ids[] = {
#define FINDING_ID(symbol, id) [symbol] = (id),
    FINDING_TABLE(FINDING_ID)
#undef FINDING_ID
};

void
findings_begin(struct findings *f, FILE *out, bool as_json)
{
	*f = (struct findings){.out = out, .as_json = as_json};
	buf_init(&f->line, LINE_BYTES_MAX);
}

/* The remedy would have come by now. */
static void
finish(struct findings *f)
{
	if (buf_length(&f->line) == 0)
		return;
	json_object_end(&f->json);
	if (json_error(&f->json) != 0)
		diag_fatal("out of memory");
	(void)fwrite(buf_data(&f->line), 1, buf_length(&f->line), f->out);
	(void)fputc('\n', f->out);
	buf_clear(&f->line);
}

void
findings_end(struct findings *f)
{
	finish(f);
	buf_free(&f->line);
}

/* Words of ours, with names in them that others gave. */
static void
print(struct findings *f, const char *text)
{
	if (safe_text(&f->line, text, strlen(text), "") != 0)
		diag_fatal("out of memory");
	(void)fwrite(buf_data(&f->line), 1, buf_length(&f->line), f->out);
	(void)fputc('\n', f->out);
	buf_clear(&f->line);
}

static void
tell(struct findings *f, const char *state, enum finding_id id, const char *format,
    va_list arguments)
{
	char text[TEXT_BYTES];

	(void)vsnprintf(text, sizeof(text), format, arguments);
	if (!f->as_json) {
		(void)fprintf(f->out, "%-7s %-12s ", state, ids[id]);
		print(f, text);
		return;
	}
	finish(f);
	json_init(&f->json, &f->line);
	json_object_begin(&f->json, NULL);
	json_text(&f->json, "id", ids[id]);
	json_text(&f->json, "state", state);
	json_text(&f->json, "text", text);
}

void
finding_ok(struct findings *f, enum finding_id id, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell(f, "ok", id, format, arguments);
	va_end(arguments);
}

void
finding_warning(struct findings *f, enum finding_id id, const char *format, ...)
{
	va_list arguments;

	f->warnings++;
	va_start(arguments, format);
	tell(f, "warning", id, format, arguments);
	va_end(arguments);
}

void
finding_failure(struct findings *f, enum finding_id id, const char *format, ...)
{
	va_list arguments;

	f->failures++;
	va_start(arguments, format);
	tell(f, f->as_json ? "failure" : "FAILURE", id, format, arguments);
	va_end(arguments);
}

void
finding_remedy(struct findings *f, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (f->as_json) {
		json_text(&f->json, "remedy", text);
	} else {
		(void)fprintf(f->out, "%21s", "");
		print(f, text);
	}
}
