/* SPDX-License-Identifier: ISC */
/*
 * Completion for bash, from 3.2 on: by itself, with the package bash-completion only
 * for the command that exec runs. A case of the script is an option of a subcommand.
 */
#include "cli/command.h"
#include "cli/completion.h"

static const char head[] =
    "# bash completion for sightglass(1), by sightglass completion bash\n";

static const char words[] =
    "_sightglass_words() {\n"
    "\tCOMPREPLY=($(compgen -W \"$1\" -- \"$cur\"))\n"
    "}\n"
    "_sightglass_files() {\n"
    "\tlocal IFS=$'\\n'\n"
    "\tCOMPREPLY=($(compgen \"$1\" -- \"$cur\"))\n"
    "\tcompopt -o filenames 2>/dev/null\n"
    "}\n"
    "# Several with commas: the last of them.\n"
    "_sightglass_list() {\n"
    "\tlocal front=\n"
    "\tcase $cur in *,*) front=${cur%,*}, ;; esac\n"
    "\tCOMPREPLY=($(compgen -P \"$front\" -W \"$1\" -- \"${cur##*,}\"))\n"
    "\tcompopt -o nospace 2>/dev/null\n"
    "}\n"
    "_sightglass_command() {\n"
    "\tif declare -F _command_offset >/dev/null; then\n"
    "\t\t_command_offset \"$1\"\n"
    "\telif [ \"$1\" -eq \"$COMP_CWORD\" ]; then\n"
    "\t\tCOMPREPLY=($(compgen -c -- \"$cur\"))\n"
    "\telse\n"
    "\t\t_sightglass_files -f\n"
    "\tfi\n"
    "}\n"
    "_sightglass() {\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "\tlocal command= operands=0 first=0 i\n"
    "\tCOMPREPLY=()\n"
    "\t# --option=value are three words here.\n"
    "\tif [ \"$cur\" = = ]; then\n"
    "\t\tcur=\n"
    "\telif [ \"$prev\" = = ]; then\n"
    "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
    "\tfi\n"
    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
    "\t\tcase $command:${COMP_WORDS[i]} in\n";

static const char middle[] =
    "\t\t*:=) ((i++)) ;;\n"
    "\t\t*:-*) ;;\n"
    "\t\t:*) command=${COMP_WORDS[i]} ;;\n"
    "\t\t*) ((operands++)); [ $first -gt 0 ] || first=$i ;;\n"
    "\t\tesac\n"
    "\t\tif [ \"$command\" = exec ] && [ $operands -gt 0 ]; then\n"
    "\t\t\t_sightglass_command \"$first\"\n"
    "\t\t\treturn\n"
    "\t\tfi\n"
    "\tdone\n"
    "\tcase $command:$prev in\n";

static const char tail[] =
    "\tesac\n"
    "}\n"
    "complete -F _sightglass sightglass\n";

/* "show:-o|show:--output": the forms of one option. */
static void
print_forms(FILE *out, const struct command *command, const struct option_row *row)
{
	const char *name = command == &cli_program ? "" : command->name;

	if (row->id < 0x100)
		(void)fprintf(out, "%s:-%c", name, row->id);
	if (row->id < 0x100 && row->name != NULL)
		(void)fputc('|', out);
	if (row->name != NULL)
		(void)fprintf(out, "%s:--%s", name, row->name);
}

/* Options whose argument is another word, so that it is no operand. */
static void
print_skips(FILE *out, const struct command *command)
{
	const struct option_row *row;
	const char *gap = "\t\t";

	for (size_t i = 0; (row = options_at(command, i)) != NULL; i++) {
		if (row->value == NULL)
			continue;
		(void)fputs(gap, out);
		print_forms(out, command, row);
		gap = "|";
	}
	(void)fputs(")\n\t\t\t[ \"${COMP_WORDS[i+1]}\" = = ] || ((i++)) ;;\n", out);
}

static void
print_argument(FILE *out, const struct option_row *row)
{
	switch (row->kind) {
	case ARGUMENT_WORDS:
		(void)fprintf(out, "_sightglass_words '%s'", row->words);
		break;
	case ARGUMENT_FILE:
		(void)fputs("_sightglass_files -f", out);
		break;
	case ARGUMENT_DIRECTORY:
		(void)fputs("_sightglass_files -d", out);
		break;
	case ARGUMENT_FIELDS:
		(void)fprintf(out, "_sightglass_list \"%s $_sightglass_fields\"",
		    row->words != NULL ? row->words : "");
		break;
	case ARGUMENT_TEXT:
		(void)fputc(':', out);
		break;
	}
}

static void
print_arguments(FILE *out, const struct command *command)
{
	const struct option_row *row;

	for (size_t i = 0; (row = options_at(command, i)) != NULL; i++) {
		if (row->value == NULL)
			continue;
		(void)fputc('\t', out);
		print_forms(out, command, row);
		(void)fputs(") ", out);
		print_argument(out, row);
		(void)fputs(" ;;\n", out);
	}
}

static void
print_options(FILE *out, const struct command *command)
{
	const struct option_row *row;
	const char *gap = "";

	for (size_t i = 0; (row = options_at(command, i)) != NULL; i++) {
		if (row->name != NULL)
			(void)fprintf(out, "%s--%s", gap, row->name);
		else
			(void)fprintf(out, "%s-%c", gap, row->id);
		gap = " ";
	}
}

static void
print_operand(FILE *out, const struct command *command)
{
	if (command->verbs != NULL)
		(void)fprintf(out, "\t\tif [ $operands -eq 0 ]; then\n"
		    "\t\t\t_sightglass_words '%s'\n"
		    "\t\t\treturn\n"
		    "\t\tfi\n", command->verbs);
	if (command->operand == OPERAND_FILES)
		(void)fputs("\t\t_sightglass_files -f\n", out);
	else if (command->operand == OPERAND_COMMAND)
		(void)fputs("\t\t_sightglass_command \"$COMP_CWORD\"\n", out);
}

/* What stands there is no option's argument: an option, a verb or an operand. */
static void
print_rest(FILE *out, const struct command *command)
{
	(void)fprintf(out, "\t%s:*)\n\t\tcase $cur in -*)\n\t\t\t_sightglass_words '",
	    command->name);
	print_options(out, command);
	(void)fputs("'\n\t\t\treturn ;;\n\t\tesac\n", out);
	print_operand(out, command);
	(void)fputs("\t\t;;\n", out);
}

static void
print_program(FILE *out)
{
	const struct command *command;

	(void)fputs("\thelp:*|:*)\n\t\tcase $cur in -*)\n\t\t\t_sightglass_words '", out);
	print_options(out, &cli_program);
	(void)fputs("'\n\t\t\treturn ;;\n\t\tesac\n\t\t_sightglass_words 'help", out);
	for (size_t i = 0; (command = command_at(i)) != NULL; i++)
		(void)fprintf(out, " %s", command->name);
	(void)fputs("' ;;\n", out);
}

void
completion_bash(FILE *out)
{
	const struct command *command;

	(void)fputs(head, out);
	(void)fputs("_sightglass_fields='", out);
	completion_fields(out);
	(void)fputs("'\n", out);
	(void)fputs(words, out);
	print_skips(out, &cli_program);
	for (size_t i = 0; (command = command_at(i)) != NULL; i++)
		print_skips(out, command);
	(void)fputs(middle, out);
	print_arguments(out, &cli_program);
	for (size_t i = 0; (command = command_at(i)) != NULL; i++)
		print_arguments(out, command);
	for (size_t i = 0; (command = command_at(i)) != NULL; i++)
		print_rest(out, command);
	print_program(out);
	(void)fputs(tail, out);
}
