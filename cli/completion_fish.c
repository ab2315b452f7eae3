/* SPDX-License-Identifier: ISC */
/* Completion for fish: a line an option, under the condition of its subcommand. */
#include "cli/command.h"
#include "cli/completion.h"

#define SPECIAL "\\" /* between single quotes */

/* The subcommand is the first word that is no option and no argument of one. */
static const char head[] =
    "# fish completion for sightglass(1), by sightglass completion fish\n"
    "function __sightglass_words\n"
    "\tset -l words (commandline -opc)\n"
    "\tset -e words[1]\n"
    "\twhile set -q words[1]\n"
    "\t\tswitch $words[1]\n"
    "\t\t\tcase -d --directory -c --config\n"
    "\t\t\t\tset -e words[1]\n"
    "\t\t\tcase '-*'\n"
    "\t\t\tcase '*'\n"
    "\t\t\t\tprintf '%s\\n' $words\n"
    "\t\t\t\treturn\n"
    "\t\tend\n"
    "\t\tset -q words[1]; and set -e words[1]\n"
    "\tend\n"
    "end\n"
    "function __sightglass_in\n"
    "\tset -l words (__sightglass_words)\n"
    "\ttest \"$words[1]\" = \"$argv[1]\"\n"
    "end\n"
    "# No verb yet: nothing but options behind the subcommand.\n"
    "function __sightglass_verb\n"
    "\tset -l words (__sightglass_words)\n"
    "\ttest \"$words[1]\" = $argv[1]; and not string match -qv -- '-*' $words[2..-1]\n"
    "end\n"
    "# Several fields with commas: the last of them.\n"
    "function __sightglass_list\n"
    "\tset -l front (string match -r '.*,' -- (commandline -ct))\n"
    "\tset -q front[1]; or set front ''\n"
    "\tset -l fields ";

static const char middle[] =
    "\n"
    "\tprintf '%s\\n' $front$argv $front$fields\n"
    "end\n"
    "complete -c sightglass -f\n";

static void
print_condition(FILE *out, const char *function, const char *command)
{
	(void)fprintf(out, "complete -c sightglass -n '%s %s'", function, command);
}

static void
print_argument(FILE *out, const struct option_row *row)
{
	switch (row->kind) {
	case ARGUMENT_WORDS:
		(void)fprintf(out, " -x -a '%s'", row->words);
		break;
	case ARGUMENT_FILE:
		(void)fputs(" -r -F", out);
		break;
	case ARGUMENT_DIRECTORY:
		(void)fputs(" -x -a '(__fish_complete_directories)'", out);
		break;
	case ARGUMENT_FIELDS:
		(void)fprintf(out, " -x -a '(__sightglass_list %s)'",
		    row->words != NULL ? row->words : "");
		break;
	case ARGUMENT_TEXT:
		(void)fputs(" -x", out);
		break;
	}
}

static void
print_options(FILE *out, const struct command *command, const char *name)
{
	const struct option_row *row;

	for (size_t i = 0; (row = options_at(command, i)) != NULL; i++) {
		print_condition(out, "__sightglass_in", name);
		if (row->id < 0x100)
			(void)fprintf(out, " -s %c", row->id);
		if (row->name != NULL)
			(void)fprintf(out, " -l %s", row->name);
		if (row->value != NULL)
			print_argument(out, row);
		(void)fputs(" -d '", out);
		completion_words(out, row->help, SPECIAL);
		(void)fputs("'\n", out);
	}
}

static void
print_operand(FILE *out, const struct command *command)
{
	if (command->verbs != NULL) {
		print_condition(out, "__sightglass_verb", command->name);
		(void)fprintf(out, " -a '%s'\n", command->verbs);
	}
	if (command->operand == OPERAND_NONE || command->operand == OPERAND_FILTER ||
	    command->operand == OPERAND_TEXT)
		return;
	print_condition(out, "__sightglass_in", command->name);
	(void)fputs(command->operand == OPERAND_FILES ? " -F\n"
	    : " -x -a '(__fish_complete_subcommand)'\n", out);
}

void
completion_fish(FILE *out)
{
	const struct command *command;

	(void)fputs(head, out);
	completion_fields(out);
	(void)fputs(middle, out);
	print_options(out, &cli_program, "\"\"");
	print_condition(out, "__sightglass_in", "\"\"");
	(void)fputs(" -a help -d 'how a command is used'\n", out);
	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		print_condition(out, "__sightglass_in", "\"\"");
		(void)fprintf(out, " -a %s -d '", command->name);
		completion_words(out, command->summary, SPECIAL);
		(void)fputs("'\n", out);
		print_condition(out, "__sightglass_verb", "help");
		(void)fprintf(out, " -a %s\n", command->name);
	}
	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		print_options(out, command, command->name);
		print_operand(out, command);
	}
}
