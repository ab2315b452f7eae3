/* SPDX-License-Identifier: ISC */
/* Completion for zsh: specifications of _arguments, one an option. */
#include "cli/command.h"
#include "cli/completion.h"

#define SPECIAL "[]:\\" /* to _arguments */

static const char head[] =
    "#compdef sightglass\n"
    "# zsh completion for sightglass(1), by sightglass completion zsh\n"
    "_sightglass_list() {\n"
    "\tlocal -a fields=(";

static const char middle[] =
    ")\n"
    "\t_sequence compadd - $@ $fields\n"
    "}\n"
    "_sightglass() {\n"
    "\tlocal curcontext=$curcontext state\n"
    "\tlocal -a commands line\n";

static const char tail[] =
    "\tesac\n"
    "}\n"
    "_sightglass \"$@\"\n";

static void
print_argument(FILE *out, const struct option_row *row)
{
	(void)fprintf(out, ":%s:", row->value[0] == 'A' && row->value[1] == ','
	    ? "fields" : "value");
	switch (row->kind) {
	case ARGUMENT_WORDS:
		(void)fprintf(out, "(%s)", row->words);
		break;
	case ARGUMENT_FILE:
		(void)fputs("_files", out);
		break;
	case ARGUMENT_DIRECTORY:
		(void)fputs("_files -/", out);
		break;
	case ARGUMENT_FIELDS:
		(void)fprintf(out, "{_sightglass_list %s}",
		    row->words != NULL ? row->words : "");
		break;
	case ARGUMENT_TEXT:
		break;
	}
}

/* '(-o --output)'{-o+,--output=}'[words]:value:(a b)' */
static void
print_option(FILE *out, const struct option_row *row)
{
	bool both = row->id < 0x100 && row->name != NULL;

	(void)fputs(" \\\n\t\t\t'*'", out);
	if (both)
		(void)fputc('{', out);
	if (row->id < 0x100)
		(void)fprintf(out, "-%c%s", row->id, row->value != NULL ? "+" : "");
	if (both)
		(void)fputc(',', out);
	if (row->name != NULL)
		(void)fprintf(out, "--%s%s", row->name, row->value != NULL ? "=" : "");
	if (both)
		(void)fputc('}', out);
	(void)fputs("'[", out);
	completion_words(out, row->help, SPECIAL);
	(void)fputc(']', out);
	if (row->value != NULL)
		print_argument(out, row);
	(void)fputc('\'', out);
}

/* What stands behind the "--" of a subcommand that runs another is that one's. */
static const char behind_dashes[] =
    "\t\tlocal dashes=$words[(i)--]\n"
    "\t\tif [[ $words[2] = -* ]] && (( dashes < CURRENT )); then\n"
    "\t\t\tshift $dashes words\n"
    "\t\t\t(( CURRENT -= dashes ))\n"
    "\t\t\t_normal\n"
    "\t\t\treturn\n"
    "\t\tfi\n";

static void
print_options(FILE *out, const struct command *command)
{
	const struct option_row *row;

	for (size_t i = 0; (row = options_at(command, i)) != NULL; i++)
		print_option(out, row);
}

static void
print_operand(FILE *out, const struct command *command)
{
	if (command->verbs != NULL)
		(void)fprintf(out, " \\\n\t\t\t'1:verb:(%s)'", command->verbs);
	if (command->operand == OPERAND_FILES)
		(void)fputs(" \\\n\t\t\t'*:file:_files'", out);
	else if (command->operand == OPERAND_COMMAND)
		(void)fputs(" \\\n\t\t\t'*:: :_normal'", out);
}

static void
print_commands(FILE *out)
{
	const struct command *command;

	(void)fputs("\tcommands=(\n", out);
	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		(void)fprintf(out, "\t\t'%s:", command->name);
		completion_words(out, command->summary, ":\\");
		(void)fputs("'\n", out);
	}
	(void)fputs("\t\t'help:how a command is used')\n", out);
}

void
completion_zsh(FILE *out)
{
	const struct command *command;

	(void)fputs(head, out);
	completion_fields(out);
	(void)fputs(middle, out);
	print_commands(out);
	(void)fputs("\t_arguments -C", out);
	print_options(out, &cli_program);
	(void)fputs(" \\\n\t\t\t'1: :->command' '*:: :->rest' && return\n"
	    "\tif [[ $state = command || $line[1] = help ]]; then\n"
	    "\t\t_describe -t commands command commands\n"
	    "\t\treturn\n"
	    "\tfi\n"
	    "\tcase $line[1] in\n", out);
	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		bool runs = command->operand == OPERAND_COMMAND;
		(void)fprintf(out, "\t%s)\n%s\t\t_arguments -s -S%s", command->name,
		    runs ? behind_dashes : "", runs ? " -A \"-*\"" : "");
		print_options(out, command);
		print_operand(out, command);
		(void)fputs(" ;;\n", out);
	}
	(void)fputs(tail, out);
}
