/* SPDX-License-Identifier: ISC */
/*
 * Prints what sightglass-log(5) says of fields, from their table: "describe every" are
 * those of every record, "describe flows" those of every record of a flow, "describe
 * http" those of that dataset besides. A tool of the build; never installed.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mdoc.h"
#include "log/fields.h"

#define PAGE_BYTES_MAX (1024u * 1024)

/* Of which list a field is: of its dataset's, or of one of these. */
enum { LIST_EVERY = DATASET_COUNT, LIST_FLOWS };

static struct buf page = {.limit_bytes = PAGE_BYTES_MAX};
static int error;

static void
put(const char *text)
{
	if (error == 0)
		error = buf_puts(&page, text);
}

/* A line of a macro. */
static void
put_macro(const char *macro, const char *word, const char *behind)
{
	if (error == 0)
		error = buf_printf(&page, ".%s %s%s\n", macro, word, behind);
}

/* In records of several datasets it is described with the first of them. */
static unsigned
list_of(unsigned datasets)
{
	unsigned first = 0;

	if ((datasets & IN_MINT) != 0 && (datasets & IN_DNS) != 0)
		return LIST_EVERY;
	if (datasets == IN_FLOWS)
		return LIST_FLOWS;
	while ((datasets >> first & 1) == 0)
		first++;
	return first;
}

/* --- one field --- */

static void
put_kind(const struct field_row *row)
{
	put(".Pq ");
	put(field_kind_name(row->kind));
	put(row->unit == UNIT_NONE ? "" : ", ");
	put(field_unit_name(row->unit));
	put("\n");
}

static void
put_head(enum field field)
{
	char name[FIELD_NAME_MAX], next[FIELD_NAME_MAX];
	bool more = field_name(field, 0, name);

	put(".It Xo\n");
	for (unsigned i = 1; more; i++) {
		more = field_name(field, i, next);
		put_macro("Ic", name, more ? " ," : "");
		memcpy(name, next, sizeof(name));
	}
	put_kind(&field_rows[field]);
	put(".Xc\n");
}

static size_t
first_value(enum field field)
{
	size_t i = 0;

	while (i < field_value_count && field_values[i].field != field)
		i++;
	return i;
}

static bool
is_value(size_t i, enum field field)
{
	return i < field_value_count && field_values[i].field == field;
}

/* "One of a, b or c." */
static void
put_value_words(enum field field, size_t i)
{
	if (!is_value(i + 1, field)) {
		put("Always\n");
		put_macro("Ql", field_values[i].value, " .");
		return;
	}
	put("One of\n");
	for (; is_value(i, field); i++) {
		if (!is_value(i + 1, field))
			put("and\n");
		put_macro("Ql", field_values[i].value, !is_value(i + 1, field) ? " ."
		    : is_value(i + 2, field) ? " ," : "");
	}
}

static void
put_values(enum field field)
{
	size_t i = first_value(field);

	if (!is_value(i, field))
		return;
	if (field_values[i].text[0] == '\0') {
		put_value_words(field, i);
		return;
	}
	put(".Bl -tag -width Ds -compact\n");
	for (; is_value(i, field); i++) {
		if (strcmp(field_values[i].value, "*") == 0)
			put(".It anything else\n");
		else
			put_macro("It Ql", field_values[i].value, "");
		if (error == 0)
			error = mdoc_text(&page, field_values[i].text);
	}
	put(".El\n");
}

static void
put_field(enum field field)
{
	put_head(field);
	if (error == 0)
		error = mdoc_text(&page, field_rows[field].text);
	put_values(field);
}

/* --- a list --- */

/* Names of fields that an earlier list describes, a list a paragraph. */
static void
put_others(unsigned list, unsigned other)
{
	char name[FIELD_NAME_MAX];
	bool any = false;

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		if (list_of(field_rows[f].datasets) != other ||
		    field_rows[f].text[0] == '\0')
			continue;
		for (unsigned i = 0; field_name(f, i, name); i++) {
			if ((field_datasets(f, name) & 1u << list) == 0)
				continue;
			if (!any) {
				put(".Pp\nAs in records of dataset\n");
				put_macro("Ql", dataset_rows[other].name, " :");
			} else {
				page.length--; /* the newline */
				put(" ,\n");
			}
			any = true;
			put_macro("Ic", name, "");
		}
	}
	if (!any)
		return;
	page.length--;
	put(" .\n");
}

static void
put_list(unsigned list)
{
	put(".Bl -tag -width Ds\n");
	for (enum field f = 0; f < FIELD_COUNT; f++) {
		if (list_of(field_rows[f].datasets) == list &&
		    field_rows[f].text[0] != '\0')
			put_field(f);
	}
	put(".El\n");
	for (unsigned other = 0; list < DATASET_COUNT && other < list; other++)
		put_others(list, other);
}

static unsigned
find_list(const char *name)
{
	unsigned list = 0;

	if (strcmp(name, "every") == 0)
		return LIST_EVERY;
	if (strcmp(name, "flows") == 0)
		return LIST_FLOWS;
	while (list < DATASET_COUNT && strcmp(dataset_rows[list].name, name) != 0)
		list++;
	return list == DATASET_COUNT ? LIST_FLOWS + 1 : list;
}

int
main(int argc, char **argv)
{
	unsigned list = argc == 2 ? find_list(argv[1]) : LIST_FLOWS + 1;

	if (list > LIST_FLOWS) {
		(void)fprintf(stderr, "usage: describe every | flows | DATASET\n");
		return 2;
	}
	put_list(list);
	if (error == 0)
		(void)fwrite(buf_data(&page), 1, buf_length(&page), stdout);
	else
		(void)fprintf(stderr, "describe: %s\n", err_text(error));
	buf_free(&page);
	return error == 0 && fflush(stdout) == 0 ? 0 : 2;
}
