/* SPDX-License-Identifier: ISC */
/* Which records, and how they are written. CLI. */
#include "cli/view.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <yyjson.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/field.h"
#include "cli/safe.h"

#define PAGE_BYTES_MAX (64u * 1024 * 1024)
#define HEAD_BYTES 400u /* @timestamp and event stand within */

/* --- formats --- */

static int
write_pretty(struct view *v, const char *line, size_t length, struct buf *out)
{
	return pretty_record(&v->pretty, line, length, out);
}

static int
write_short(struct view *v, const char *line, size_t length, struct buf *out)
{
	struct pretty p = v->pretty;

	p.dated = true;
	p.width = 0;
	int error = pretty_record(&p, line, length, out);
	v->pretty.tls = p.tls;
	return error;
}

/* As it is logged; for a terminal with what could steer it escaped. */
static int
write_json(struct view *v, const char *line, size_t length, struct buf *out)
{
	int error = v->terminal ? safe_json(out, line, length, "")
	                        : buf_append(out, line, length);

	return error != 0 ? error : buf_puts(out, "\n");
}

static int
write_json_pretty(struct view *v, const char *line, size_t length,
    struct buf *out)
{
	yyjson_doc *doc = yyjson_read(line, length, 0);
	size_t written;
	char *text = yyjson_write(doc, YYJSON_WRITE_PRETTY, &written);

	yyjson_doc_free(doc);
	if (text == NULL)
		return write_json(v, line, length, out);
	int error = safe_json(out, text, written, "\n");
	free(text);
	return error != 0 ? error : buf_puts(out, "\n");
}

static const struct view_format formats[] = {
    {"pretty", "for a person: a line a record, as wide as the terminal",
        write_pretty},
    {"text", NULL, write_pretty},
    {"short", "a line a record, with the date, never cut", write_short},
    {"json", "as it is logged", write_json},
    {"json-pretty", "as it is logged, indented", write_json_pretty},
};

/* The fields of -F with tabs between them. */
static int
write_fields(struct view *v, const char *line, size_t length, struct buf *out)
{
	yyjson_doc *doc = yyjson_read(line, length, 0);
	yyjson_val *record = yyjson_doc_get_root(doc);
	int error = 0;

	for (const char *name = v->fields; error == 0;) {
		size_t n = strcspn(name, ",");
		error = field_write(out, field_at(record, name, n));
		if (error == 0)
			error = buf_puts(out, name[n] == ',' ? "\t" : "\n");
		if (name[n] == '\0')
			break;
		name += n + 1;
	}
	yyjson_doc_free(doc);
	return error;
}

static const struct view_format columns = {"fields", NULL, write_fields};

/* --- options --- */

bool
view_set_format(struct view *v, const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
		if (strcmp(formats[i].name, name) != 0)
			continue;
		if (v->fields == NULL)
			v->format = &formats[i];
		return true;
	}
	diag_error("-o knows pretty, short, json and json-pretty, not '%s'", name);
	return false;
}

bool
view_set_colour(struct view *v, const char *when)
{
	if (strcmp(when, "always") == 0)
		v->pretty.colour = true;
	else if (strcmp(when, "never") == 0)
		v->pretty.colour = false;
	else if (strcmp(when, "auto") != 0) {
		diag_error("--color knows auto, always and never, not '%s'", when);
		return false;
	}
	return true;
}

bool
view_set_parts(struct view *v, const char *parts)
{
	static const char letters[] = "HBhb"; /* the bits of enum pretty_part */

	for (; *parts != '\0'; parts++) {
		const char *letter = strchr(letters, *parts);
		if (letter == NULL) {
			diag_error("--print knows H, B, h and b, not '%c'", *parts);
			return false;
		}
		v->pretty.parts |= 1u << (letter - letters);
	}
	return true;
}

bool
view_set_fields(struct view *v, const char *names)
{
	size_t length = strlen(names);

	if (length == 0 || names[0] == ',' || names[length - 1] == ',' ||
	    strstr(names, ",,") != NULL) {
		diag_error("-F takes names of fields with commas between them, not "
		    "'%s'", names);
		return false;
	}
	v->fields = names;
	v->format = &columns;
	return true;
}

/* --- records --- */

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

/* Asked anew for each record: a person may pull at the window. */
static unsigned
terminal_width(const struct view *v)
{
	struct winsize size;
	const char *columns_text = getenv("COLUMNS");

	if (!v->terminal)
		return 0;
	/* Standard output may lead to a pager by now, standard error not. */
	if (ioctl(fileno(v->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	unsigned long width =
	    columns_text == NULL ? 0 : strtoul(columns_text, NULL, 10);
	return width > 0 && width < 10000 ? (unsigned)width : 80;
}

int
view_print(struct view *v, const char *line, size_t length)
{
	v->pretty.width = terminal_width(v);
	buf_clear(&v->page);
	int error = v->format->record(v, line, length, &v->page);
	size_t n = buf_length(&v->page);
	v->shown += n > 0;
	/* A page without a byte has no address either. */
	if (n > 0 && fwrite(buf_data(&v->page), 1, n, v->out) != n)
		return E_SYS;
	return error == E_SYNTAX ? 0 : error;
}

void
view_open(struct view *v, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");

	v->out = out;
	v->format = &formats[0];
	v->terminal = isatty(fileno(out)) == 1;
	v->pretty.colour = v->terminal &&
	    (no_colour == NULL || no_colour[0] == '\0');
	buf_init(&v->page, PAGE_BYTES_MAX);
}

void
view_close(struct view *v)
{
	buf_free(&v->page);
}
