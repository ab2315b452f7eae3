/* SPDX-License-Identifier: ISC */
/* The table of formats, and those that take a record as it stands. CLI. */
#include "cli/formats.h"

#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

#include "base/diag.h"
#include "cli/field.h"
#include "cli/safe.h"
#include "cli/view.h"

#define NAMES_BYTES_MAX 4096u

static const struct format formats[] = {
#define FORMAT_ROW(writer, name, summary, datasets)                           \
	{name, summary, datasets, &format_##writer},
    FORMAT_TABLE(FORMAT_ROW)
#undef FORMAT_ROW
};

const struct format *
format_at(size_t index)
{
	return index < ARRAY_LENGTH(formats) ? &formats[index] : NULL;
}

/* "pretty, short, ... or csv". */
static void
tell_names(const char *wrong)
{
	struct buf names;
	int error = 0;

	buf_init(&names, NAMES_BYTES_MAX);
	for (size_t i = 0; i < ARRAY_LENGTH(formats) && error == 0; i++)
		error = buf_printf(&names, "%s%s",
		    i == 0 ? "" : i + 1 < ARRAY_LENGTH(formats) ? ", " : " or ",
		    formats[i].name);
	if (error == 0)
		error = buf_append(&names, "", 1);
	if (error == 0)
		diag_error("a format is %s, not '%s'",
		    (const char *)buf_data(&names), wrong);
	buf_free(&names);
}

const struct format *
format_find(const char *name)
{
	if (strcmp(name, "text") == 0)
		return &formats[0];
	for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	tell_names(name);
	return NULL;
}

/* --- for a person --- */

static int
write_pretty(struct view *v, const char *line, size_t length)
{
	return pretty_record(&v->pretty, line, length, &v->page);
}

static int
write_short(struct view *v, const char *line, size_t length)
{
	struct pretty p = v->pretty;

	p.dated = true;
	p.width = 0;
	int error = pretty_record(&p, line, length, &v->page);
	v->pretty.tls = p.tls;
	return error;
}

/* --- as it is logged --- */

static int
write_json(struct view *v, const char *line, size_t length)
{
	int error = buf_append(&v->page, line, length);

	return error != 0 ? error : buf_puts(&v->page, "\n");
}

static int
write_json_pretty(struct view *v, const char *line, size_t length)
{
	yyjson_doc *doc = yyjson_read(line, length, 0);
	size_t written;
	char *text = yyjson_write(doc, YYJSON_WRITE_PRETTY, &written);

	yyjson_doc_free(doc);
	if (text == NULL)
		return write_json(v, line, length);
	int error = safe_json(&v->page, text, written, "\n");
	free(text);
	return error != 0 ? error : buf_puts(&v->page, "\n");
}

/* The fields of -F with tabs between them. */
static int
write_columns(struct view *v, const char *line, size_t length)
{
	yyjson_doc *doc = yyjson_read(line, length, 0);
	yyjson_val *record = yyjson_doc_get_root(doc);
	int error = 0;

	for (const char *name = v->fields; error == 0;) {
		size_t n = strcspn(name, ",");
		error = field_write(&v->page, field_at(record, name, n));
		if (error == 0)
			error = buf_puts(&v->page, name[n] == ',' ? "\t" : "\n");
		if (name[n] == '\0')
			break;
		name += n + 1;
	}
	yyjson_doc_free(doc);
	return error;
}

const struct format_writer format_pretty = {.record = write_pretty};
const struct format_writer format_short = {.record = write_short};
const struct format_writer format_json = {.record = write_json,
    .escape = safe_json, .keep = "\n"};
const struct format_writer format_json_pretty = {.record = write_json_pretty};
const struct format_writer format_columns = {.columns = true,
    .record = write_columns};
