/* SPDX-License-Identifier: ISC */
/* Rows of options for getopt_long and for a person. CLI. */
#include "cli/options.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

/* Where the words of the help begin: behind the longest forms that are no longer than
 * that. */
#define HELP_COLUMN_LEAST 23
#define HELP_COLUMN_MOST 27

/* Of the subcommand that runs: a process has one. */
static struct option longs[OPTIONS_MAX + 1];
static char shorts[2 * OPTIONS_MAX + 2];

const struct option_row *
options_at(const struct command *command, size_t index)
{
	for (size_t i = 0; i < OPTION_LISTS_MAX; i++) {
		const struct option_row *row = command->options[i];
		for (; row != NULL && row->id != 0; row++) {
			if (index-- == 0)
				return row;
		}
	}
	return NULL;
}

static size_t
add_short(size_t n, const struct option_row *row)
{
	if (row->id >= 0x100)
		return n;
	shorts[n++] = (char)row->id;
	if (row->value != NULL)
		shorts[n++] = ':';
	return n;
}

void
options_begin(const struct command *command)
{
	const struct option_row *row;
	size_t letters = 0, names = 0;

	/* What follows the command that is run is that command's. */
	if (command->operand == OPERAND_COMMAND)
		shorts[letters++] = '+';
	for (size_t i = 0; i < OPTIONS_MAX &&
	    (row = options_at(command, i)) != NULL; i++) {
		letters = add_short(letters, row);
		if (row->name != NULL)
			longs[names++] = (struct option){row->name,
			    row->value != NULL ? required_argument : no_argument,
			    NULL, row->id};
	}
	shorts[letters] = '\0';
	longs[names] = (struct option){NULL, 0, NULL, 0};
#ifdef __GLIBC__
	optind = 0; /* looks at the first characters of the options anew */
#else
	optreset = 1;
	optind = 1;
#endif
}

int
options_next(int argc, char **argv)
{
	return getopt_long(argc, argv, shorts, longs, NULL);
}

/* --- help --- */

/* "  -o, --output FORMAT" */
static int
format_forms(char forms[64], const struct option_row *row)
{
	char letter[] = {'-', (char)(row->id < 0x100 ? row->id : 0), '\0'};
	bool both = letter[1] != '\0' && row->name != NULL;

	return snprintf(forms, 64, "  %s%s%s%s%s%s", letter[1] != '\0' ? letter : "  ",
	    both ? ", " : row->name != NULL ? "  " : "",
	    row->name != NULL ? "--" : "", row->name != NULL ? row->name : "",
	    row->value != NULL ? " " : "", row->value != NULL ? row->value : "");
}

static int
find_column(const struct command *command)
{
	const struct option_row *row;
	int column = HELP_COLUMN_LEAST;
	char forms[64];

	for (size_t i = 0; (row = options_at(command, i)) != NULL; i++) {
		int behind = format_forms(forms, row) + 2;
		if (behind > column && behind <= HELP_COLUMN_MOST)
			column = behind;
	}
	return column;
}

static void
print_row(FILE *out, const struct option_row *row, int column)
{
	const char *text = row->help;
	char forms[64];
	int gap = column - format_forms(forms, row);

	(void)fprintf(out, "%s%*s", forms, gap < 2 ? 2 : gap, "");
	for (;;) {
		size_t length = strcspn(text, "\n");
		(void)fprintf(out, "%.*s\n", (int)length, text);
		if (text[length] == '\0')
			break;
		(void)fprintf(out, "%*s", column, "");
		text += length + 1;
	}
}

void
options_print_rows(FILE *out, const struct command *command)
{
	const struct option_row *row;
	int column = find_column(command);

	for (size_t i = 0; (row = options_at(command, i)) != NULL; i++)
		print_row(out, row, column);
}

void
options_print_help(FILE *out, const struct command *command)
{
	(void)fprintf(out, "usage: %s\n\n%s\n", command->synopsis, command->about);
	options_print_rows(out, command);
	if (command->operand == OPERAND_FILTER)
		(void)fputs("\n"
		    "FILTER is as mitmproxy's: ~u URL, ~d domain, ~m method, ~c "
		    "status,\n"
		    "~h header, ~b body, ~p program, ~q no response, ~e errors; ! & "
		    "| ( );\n"
		    "a word alone is looked for in the URL.\n", out);
}
