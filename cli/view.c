/* SPDX-License-Identifier: ISC */
/* Which records, and how they are written. CLI. */
#include "cli/view.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "log/fields.h"

#define PAGE_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define PAGE_BYTES_ENOUGH ((size_t)64 * 1024)
#define HEAD_BYTES 400u /* @timestamp and event stand within */

/* --- options --- */

const struct option_row view_options[] = {
    {'o', "output", "FORMAT", "in which form:" FORMAT_LINES, ARGUMENT_WORDS,
        FORMAT_WORDS},
    {'F', "fields", "A,B", "only these fields, as columns: url.full,process.name",
        ARGUMENT_FIELDS, NULL},
    {'v', NULL, NULL, "heads too; -vv: bodies too", ARGUMENT_TEXT, NULL},
    {VIEW_PARTS, "print", "PARTS", "of H and B, head and body of the request, h and "
        "b,\nthose of the response", ARGUMENT_TEXT, NULL},
    VIEW_COLOUR_ROW, OPTIONS_END};

bool
view_take(struct view *v, int option, const char *argument, bool *good)
{
	*good = true;
	switch (option) {
	case 'o':
		*good = view_set_format(v, argument);
		return true;
	case 'F':
		*good = view_set_fields(v, argument);
		return true;
	case 'v':
		v->pretty.detail++;
		return true;
	case VIEW_PARTS:
		*good = view_set_parts(v, argument);
		return true;
	case VIEW_COLOUR:
		*good = view_set_colour(v, argument);
		return true;
	default:
		return false;
	}
}

/* -F alone means columns, whatever else was said; with a format that has some, its. */
static void
choose_writer(struct view *v)
{
	v->writer = v->fields != NULL && !v->format->writer->columns
	    ? &format_columns : v->format->writer;
}

bool
view_set_format(struct view *v, const char *name)
{
	const struct format *format = format_find(name);

	if (format == NULL)
		return false;
	v->format = format;
	choose_writer(v);
	return true;
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

void
view_warn_of_unknown(const char *option, const char *name, size_t length)
{
	char words[FIELD_WORDS_MAX];
	bool inside;

	if (field_resolve(name, length, &inside) != FIELD_COUNT)
		return;
	field_unknown(name, length, words);
	diag_warning("%s: %s", option, words);
}

static void
warn_of_unknown(const char *names)
{
	while (*names != '\0') {
		size_t length = strcspn(names, ",");
		view_warn_of_unknown("-F", names, length);
		names += length;
		names += *names == ',';
	}
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
	warn_of_unknown(names);
	v->fields = names;
	choose_writer(v);
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
view_wants(struct view *v, const struct reader_line *line)
{
	if (v->run != NULL && !is_of_run(v->run, line->text, line->length))
		return false;
	return v->filter == NULL ||
	    filter_passes(v->filter, line->text, line->length, line->own);
}

/* Asked anew for each record: a person may pull at the window. */
unsigned
view_width(const struct view *v)
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

/* --- the page --- */

static int
write_out(struct view *v, const struct buf *text)
{
	size_t n = buf_length(text);

	/* A page without a byte has no address either. */
	return n == 0 || fwrite(buf_data(text), 1, n, v->out) == n ? 0 : E_SYS;
}

static int
write_safe(struct view *v)
{
	struct buf safe;

	buf_init(&safe, 8 * PAGE_BYTES_MAX);
	int error = v->writer->escape(&safe, (const char *)buf_data(&v->page),
	    buf_length(&v->page), v->writer->keep);
	if (error == 0)
		error = write_out(v, &safe);
	buf_free(&safe);
	return error;
}

static int
flush_page(struct view *v)
{
	int error = buf_length(&v->page) == 0 ? 0
	    : v->terminal && v->writer->escape != NULL
	    ? write_safe(v) : write_out(v, &v->page);

	buf_clear(&v->page);
	return error;
}

int
view_flush_some(struct view *v)
{
	return buf_length(&v->page) < PAGE_BYTES_ENOUGH ? 0 : flush_page(v);
}

static int
take_exchange(void *context, const struct exchange *e)
{
	struct view *v = context;
	int error = v->writer->exchange(v, e);

	if (error == 0) {
		v->shown++;
		error = flush_page(v);
	}
	return error;
}

int
view_begin(struct view *v)
{
	if (v->writer->exchange != NULL) {
		v->exchanges = exchanges_new(take_exchange, v);
		if (v->exchanges == NULL)
			return E_NOMEM;
	}
	int error = v->writer->begin != NULL ? v->writer->begin(v) : 0;
	return error != 0 ? error : flush_page(v);
}

/* Where it was not the output that failed, it was the file in which records wait. */
static int
explain(const struct view *v, int error)
{
	if (error != E_SYS || ferror(v->out))
		return error;
	diag_error("what waits for the rest of its exchange cannot be kept in a "
	    "temporary file: %s", err_text(error));
	return E_FULL;
}

int
view_print(struct view *v, const struct reader_line *line)
{
	if (v->exchanges != NULL)
		return explain(v, exchanges_add(v->exchanges, line,
		    view_wants(v, line)));
	v->pretty.width = view_width(v);
	int error = v->writer->record(v, line->text, line->length);
	v->shown += buf_length(&v->page) > 0;
	if (error == 0 || error == E_SYNTAX)
		error = flush_page(v);
	return error;
}

int
view_end(struct view *v)
{
	int error = v->exchanges != NULL ? explain(v, exchanges_end(v->exchanges)) : 0;

	if (error == 0 && v->writer->end != NULL)
		error = v->writer->end(v);
	return error != 0 ? error : flush_page(v);
}

void
view_set_output(struct view *v, FILE *out)
{
	v->out = out;
	v->terminal = isatty(fileno(out)) == 1;
}

/* Of a terminal: NO_COLOR keeps them away (no-color.org), and one that has none. */
static bool
wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no_colour == NULL || no_colour[0] == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}

void
view_open(struct view *v, FILE *out)
{
	view_set_output(v, out);
	v->format = format_at(0);
	v->writer = v->format->writer;
	v->pretty.colour = v->terminal && wants_colour();
	buf_init(&v->page, PAGE_BYTES_MAX);
}

void
view_close(struct view *v)
{
	exchanges_free(v->exchanges);
	buf_free(&v->page);
}
