/* SPDX-License-Identifier: ISC */
/*
 * The settings' table written out for people: as the annotated sightglass.yaml,
 * and as the list in sightglass.yaml(5). Pure; the program conf/describe and the
 * tests. What it says comes from params.h alone.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mdoc.h"
#include "conf/table.h"

#define WIDTH 78u

/* Appends `text` as comment lines behind `indent`. */
static int
comment(struct buf *out, const char *indent, const char *text)
{
	size_t room = WIDTH - strlen(indent) - 2;
	int error = 0;

	while (error == 0 && *text != '\0') {
		size_t length = strlen(text);
		if (length > room) {
			length = room;
			while (length > 0 && text[length] != ' ')
				length--;
			if (length == 0)
				length = strcspn(text, " ");
		}
		error = buf_printf(out, "%s# %.*s\n", indent, (int)length, text);
		text += length;
		text += strspn(text, " ");
	}
	return error;
}

/* The default as it would stand behind "key: ". */
static int
yaml_default(struct buf *out, const struct conf_row *row)
{
	const char *text = row->fallback;
	int error = 0;

	if (row->kind == CONF_KIND_TEXT)
		return buf_printf(out, strpbrk(text, "@") != NULL || *text == '\0'
		    ? "\"%s\"" : "%s", text);
	if (row->kind != CONF_KIND_LIST)
		return buf_puts(out, text);
	error = buf_puts(out, "[");
	for (bool first = true; error == 0 && *text != '\0'; first = false) {
		size_t length = strcspn(text, " ");
		error = buf_printf(out, "%s%.*s", first ? "" : ", ", (int)length,
		    text);
		text += length;
		text += strspn(text, " ");
	}
	return error != 0 ? error : buf_puts(out, "]");
}

static bool
has_range(const struct conf_row *row)
{
	return row->kind == CONF_KIND_COUNT || row->kind == CONF_KIND_BYTES ||
	    row->kind == CONF_KIND_BYTES_OR_ALL || row->kind == CONF_KIND_TIME;
}

static int
annotate_row(struct buf *out, const struct conf_row *row, const char *name,
    const char *indent)
{
	int error = comment(out, indent, row->text);

	if (error == 0 && has_range(row))
		error = buf_printf(out, "%s# (%s)\n", indent, value_range(row));
	if (error == 0)
		error = buf_printf(out, "%s#%s: ", indent, name);
	if (error == 0)
		error = yaml_default(out, row);
	return error != 0 ? error : buf_puts(out, "\n\n");
}

static size_t
section_length(const char *key)
{
	const char *dot = strchr(key, '.');

	return dot == NULL ? 0 : (size_t)(dot - key);
}

static bool
same_section(const char *a, const char *b)
{
	size_t length = section_length(a);

	return length == section_length(b) && strncmp(a, b, length) == 0;
}

int
conf_write_annotated(struct buf *out)
{
	int error = buf_puts(out,
	    "# sightglass.yaml: every setting with its default, commented out.\n"
	    "# sightglass.yaml(5) says more; \"sightglassd -n\" checks this file.\n"
	    "\n");

	for (size_t i = 0; error == 0 && i < conf_row_count; i++) {
		const struct conf_row *row = &conf_rows[i];
		size_t section = section_length(row->key);
		if (section > 0 &&
		    (i == 0 || !same_section(row->key, conf_rows[i - 1].key)))
			error = buf_printf(out, "%.*s:\n", (int)section, row->key);
		if (error == 0)
			error = annotate_row(out, row,
			    row->key + (section > 0 ? section + 1 : 0),
			    section > 0 ? "  " : "");
	}
	return error;
}

/* --- the manual page's list --- */

int
conf_write_mdoc(struct buf *out)
{
	int error = buf_puts(out, ".Bl -tag -width Ds\n");

	for (size_t i = 0; error == 0 && i < conf_row_count; i++) {
		const struct conf_row *row = &conf_rows[i];
		error = buf_printf(out, ".It Ic %s\n", row->key);
		if (error == 0)
			error = mdoc_text(out, row->text);
		if (error == 0 && has_range(row))
			error = buf_printf(out, "Range: %s.\n", value_range(row));
		if (error == 0)
			error = *row->fallback == '\0'
			    ? buf_puts(out, "Default: empty.\n")
			    : buf_printf(out, "Default:\n.Ql %s .\n", row->fallback);
	}
	return error != 0 ? error : buf_puts(out, ".El\n");
}
