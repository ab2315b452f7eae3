/* SPDX-License-Identifier: ISC */
/*
 * `sightglass fields`: what the fields of records mean, from the table that their
 * writers use. CLI; reads no log and asks no daemon.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/glob.h"
#include "base/json.h"
#include "cli/command.h"
#include "log/fields.h"

#define OUT_BYTES_MAX (1024u * 1024)
#define NAME_COLUMNS 44
#define WIDTH 78u
#define TEXT_INDENT "    "
#define VALUE_INDENT "        "

static const struct option_row rows[] = {
    {'o', "output", "FORMAT", "text, or json: a line a field", ARGUMENT_WORDS,
        "text json"},
    OPTIONS_END};

static struct buf out = {.limit_bytes = OUT_BYTES_MAX};
static int error;

static void
put(const char *text)
{
	if (error == 0)
		error = buf_puts(&out, text);
}

/* --- which --- */

static bool
is_wanted(const char *name, char *const *patterns, int count)
{
	for (int i = 0; i < count; i++) {
		if (strpbrk(patterns[i], "*?") != NULL
		        ? glob_matches(patterns[i], name)
		        : strstr(name, patterns[i]) != NULL)
			return true;
	}
	return count == 0;
}

/* --- as text --- */

/* With line breaks and their indent, none of them inside a word. */
static void
put_text(const char *indent, const char *text)
{
	size_t room = WIDTH - strlen(indent);

	while (*text != '\0') {
		size_t length = strlen(text);
		if (length > room) {
			length = room;
			while (length > 0 && text[length] != ' ')
				length--;
		}
		if (length == 0)
			length = strcspn(text, " ");
		if (error == 0)
			error = buf_printf(&out, "%s%.*s\n", indent, (int)length,
			    text);
		text += length;
		text += strspn(text, " ");
	}
}

static void
put_datasets(unsigned datasets)
{
	if (datasets == IN_ALL || datasets == IN_FLOWS) {
		put(datasets == IN_ALL ? "all" : "all of flows");
		return;
	}
	bool any = false;
	for (unsigned i = 0; i < DATASET_COUNT; i++) {
		if ((datasets & 1u << i) == 0)
			continue;
		put(any ? ", " : "");
		put(dataset_rows[i].name);
		any = true;
	}
}

static void
put_values(enum field field)
{
	for (size_t i = 0; i < field_value_count; i++) {
		if (field_values[i].field != field)
			continue;
		put(TEXT_INDENT);
		put(strcmp(field_values[i].value, "*") == 0 ? "anything else"
		                                            : field_values[i].value);
		put("\n");
		put_text(VALUE_INDENT, field_values[i].text);
	}
}

static void
put_line(enum field field, const char *name, bool whole)
{
	const struct field_row *row = &field_rows[field];
	const char *unit = field_unit_name(row->unit);

	if (error == 0)
		error = buf_printf(&out, "%-*s %s%s%s; ", NAME_COLUMNS, name,
		    field_kind_name(row->kind), unit[0] == '\0' ? "" : ", ", unit);
	put_datasets(field_datasets(field, name));
	put("\n");
	if (!whole)
		return;
	put_text(TEXT_INDENT, row->text);
	put_values(field);
	put("\n");
}

/* --- as JSON --- */

static void
put_json_values(struct json *j, enum field field)
{
	bool any = false;

	for (size_t i = 0; i < field_value_count; i++) {
		if (field_values[i].field != field)
			continue;
		if (!any)
			json_array_begin(j, "values");
		any = true;
		json_object_begin(j, NULL);
		json_text(j, "value", field_values[i].value);
		if (field_values[i].text[0] != '\0')
			json_text(j, "text", field_values[i].text);
		json_object_end(j);
	}
	if (any)
		json_array_end(j);
}

static void
put_json(enum field field, const char *name)
{
	const struct field_row *row = &field_rows[field];
	unsigned datasets = field_datasets(field, name);
	struct json j;

	json_init(&j, &out);
	json_object_begin(&j, NULL);
	json_text(&j, "name", name);
	json_text(&j, "type", field_kind_name(row->kind));
	if (row->unit != UNIT_NONE)
		json_text(&j, "unit", field_unit_name(row->unit));
	json_array_begin(&j, "datasets");
	for (unsigned i = 0; i < DATASET_COUNT; i++) {
		if ((datasets & 1u << i) != 0)
			json_text(&j, NULL, dataset_rows[i].word);
	}
	json_array_end(&j);
	if (row->text[0] != '\0')
		json_text(&j, "text", row->text);
	put_json_values(&j, field);
	json_object_end(&j);
	if (error == 0)
		error = json_error(&j);
	put("\n");
}

/* --- the command --- */

static int
list(bool json, char *const *patterns, int count)
{
	char name[FIELD_NAME_MAX];

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		for (unsigned i = 0; field_name(f, i, name); i++) {
			if (!is_wanted(name, patterns, count))
				continue;
			if (json)
				put_json(f, name);
			else if (count > 0 || field_rows[f].text[0] != '\0')
				put_line(f, name, count > 0);
		}
	}
	if (error != 0) {
		diag_error("%s", err_text(error));
		return CLI_CANNOT_READ;
	}
	if (buf_length(&out) == 0) {
		diag_error("no record has a field '%s'", patterns[0]);
		return CLI_NO_MATCH;
	}
	(void)fwrite(buf_data(&out), 1, buf_length(&out), stdout);
	return CLI_OK;
}

static bool
set_format(const char *name, bool *json)
{
	*json = strcmp(name, "json") == 0;
	if (*json || strcmp(name, "text") == 0)
		return true;
	diag_error("-o is text or json, not '%s'", name);
	return false;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	bool json = false;
	int option, status;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (option == 'o') {
			if (!set_format(optarg, &json))
				return CLI_USAGE;
		} else if (!cli_option(cli, option, &status)) {
			return status;
		}
	}
	status = list(json, argv + optind, argc - optind);
	buf_free(&out);
	return status;
}

const struct command command_fields = {.name = "fields",
    .summary = "say what the fields of records mean",
    .synopsis = "sightglass fields [-o text|json] [PATTERN]...",
    .about =
        "Lists the fields that records may have: name, type and datasets. Of those that "
        "a\nPATTERN names, what they mean and which values they may have, too. A PATTERN "
        "is a\npart of a name, or with * and ? all of it.\n",
    .options = {rows, cli_options},
    .operand = OPERAND_TEXT, .run = run};
