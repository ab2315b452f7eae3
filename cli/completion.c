/* SPDX-License-Identifier: ISC */
/*
 * `sightglass completion SHELL`: prints what a shell needs to complete the rest. CLI;
 * asks no daemon and reads nothing.
 */
#include "cli/completion.h"

#include <getopt.h>
#include <string.h>

#include "base/diag.h"
#include "cli/command.h"
#include "log/fields.h"

static const struct {
	const char *name;
	void (*print)(FILE *out);
} shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh},
    {"fish", completion_fish}};

void
completion_fields(FILE *out)
{
	char name[FIELD_NAME_MAX];
	const char *gap = "";

	for (int field = 0; field < FIELD_COUNT; field++) {
		enum field_kind kind = field_rows[field].kind;
		if (kind == KIND_OBJECT || kind == KIND_OBJECTS)
			continue;
		for (unsigned i = 0; field_name((enum field)field, i, name); i++) {
			(void)fprintf(out, "%s%s", gap, name);
			gap = " ";
		}
	}
}

void
completion_words(FILE *out, const char *help, const char *escaped)
{
	size_t length = strcspn(help, "\n");

	while (length > 0 && strchr(",:;", help[length - 1]) != NULL)
		length--;
	for (size_t i = 0; i < length; i++) {
		if (help[i] == '\'')
			(void)fputs("'\\'", out);
		else if (strchr(escaped, help[i]) != NULL)
			(void)fputc('\\', out);
		(void)fputc(help[i], out);
	}
}

static int
completion(struct cli *cli, int argc, char **argv)
{
	int option, status;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (!cli_option(cli, option, &status))
			return status;
	}
	if (optind == argc)
		return cli_usage(cli);
	if (optind + 1 < argc)
		return cli_too_many("completion", argv[optind + 1]);
	for (size_t i = 0; i < ARRAY_LENGTH(shells); i++) {
		if (strcmp(shells[i].name, argv[optind]) != 0)
			continue;
		shells[i].print(stdout);
		return CLI_OK;
	}
	diag_error("completion knows bash, zsh and fish, not '%s'", argv[optind]);
	return CLI_USAGE;
}

const struct command command_completion = {.name = "completion",
    .summary = "print what completes all this in a shell",
    .synopsis = "sightglass completion bash | zsh | fish",
    .about = "Prints a script for the shell. 'make install' has put it where the shell\n"
        "finds it; else: source <(sightglass completion bash)\n",
    .options = {cli_options},
    .verbs = "bash zsh fish",
    .operand = OPERAND_NONE, .run = completion};
