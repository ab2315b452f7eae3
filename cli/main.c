/* SPDX-License-Identifier: ISC */
/*
 * sightglass(1): the table of subcommands, and what they all share. Runs as the
 * person who typed it; does nothing by itself but dispatch.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/command.h"

static const struct command *const commands[] = {&command_exec, &command_proxy,
    &command_tail, &command_show, &command_get, &command_body, &command_export,
    &command_stats, &command_fields, &command_segments, &command_ca,
    &command_profile, &command_status,
    &command_bypass, &command_doctor, &command_verify,
    &command_completion};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const struct command *
command_at(size_t index)
{
	return index < COMMAND_COUNT ? commands[index] : NULL;
}

const struct option_row cli_options[] = {
    {'d', "directory", "DIR", "a state directory, as exec makes it",
        ARGUMENT_DIRECTORY, NULL},
    {'c', "config", "FILE", "the configuration of a daemon", ARGUMENT_FILE, NULL},
    {'h', "help", NULL, "this text", ARGUMENT_TEXT, NULL},
    OPTIONS_END};

static const struct option_row program_options[] = {
    {'V', "version", NULL, "print the version", ARGUMENT_TEXT, NULL}, OPTIONS_END};

const struct command cli_program = {.name = "sightglass",
    .options = {program_options, cli_options}, .operand = OPERAND_COMMAND};

static void
print_usage(FILE *out)
{
	(void)fputs("usage: sightglass [-d DIR] [-c FILE] COMMAND [...]\n\n"
	            "What this machine's TLS traffic says, in plain text.\n\n",
	    out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)fprintf(out, "  %-10s %s\n", commands[i]->name,
		    commands[i]->summary);
	(void)fputs("\n", out);
	options_print_rows(out, &cli_program);
	(void)fputs("\nCOMMAND --help says more.\n", out);
}

/* --- what subcommands share --- */

bool
cli_option(struct cli *cli, int option, int *status)
{
	if ((option == 'd' || option == 'c') && optarg[0] == '\0') {
		diag_error("-%c needs a %s, and was given an empty name", option,
		    option == 'd' ? "directory" : "file");
		*status = CLI_USAGE;
		return false;
	}
	switch (option) {
	case 'd':
		cli->directory = optarg;
		return true;
	case 'c':
		cli->file = optarg;
		return true;
	case 'h':
		options_print_help(stdout, cli->command);
		*status = CLI_OK;
		return false;
	default:
		diag_info("%s%s --help lists the options",
		    cli->command != NULL ? "sightglass " : "sightglass",
		    cli->command != NULL ? cli->command->name : "");
		*status = CLI_USAGE;
		return false;
	}
}

int
cli_usage(const struct cli *cli)
{
	options_print_help(stderr, cli->command);
	return CLI_USAGE;
}

int
cli_too_many(const char *command, const char *argument)
{
	diag_error("%s takes no argument '%s': see sightglass %s --help", command,
	    argument, command);
	return CLI_USAGE;
}

char *
cli_path(const char *directory, const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path = malloc(size);

	if (path == NULL)
		diag_error("%s", err_text(E_NOMEM));
	else
		(void)snprintf(path, size, "%s/%s", directory, name);
	return path;
}

/* --- dispatch --- */

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

/* The only command that begins as `name` does, or NULL. */
static const struct command *
guess(const char *name)
{
	const struct command *found = NULL;
	size_t length = strlen(name) > 2 ? 2 : strlen(name);

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strncmp(commands[i]->name, name, length) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = commands[i];
	}
	return found;
}

static int
unknown(const char *name)
{
	const struct command *likely = guess(name);

	if (likely != NULL)
		diag_error("there is no command '%s': did you mean '%s'?", name,
		    likely->name);
	else
		diag_error("there is no command '%s': sightglass --help lists "
		    "them", name);
	return CLI_USAGE;
}

static int
help(const char *name)
{
	const struct command *command = name == NULL ? NULL : find(name);

	if (name != NULL && command == NULL)
		return unknown(name);
	if (command == NULL)
		print_usage(stdout);
	else
		options_print_help(stdout, command);
	return CLI_OK;
}

static int
dispatch(struct cli *cli, int argc, char **argv)
{
	static char name[64];
	const struct command *command;

	if (argc == 0) {
		print_usage(stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[0], "help") == 0)
		return help(argc > 1 ? argv[1] : NULL);
	command = find(argv[0]);
	if (command == NULL)
		return unknown(argv[0]);
	/* Its messages say whose they are; getopt's are said with argv[0]. */
	(void)snprintf(name, sizeof(name), "sightglass: %s", command->name);
	diag_open(name, DIAG_INFO);
	argv[0] = name;
	cli->command = command;
	return command->run(cli, argc, argv);
}

int
main(int argc, char **argv)
{
	struct cli cli = {0};
	int option, status;

	diag_open("sightglass", DIAG_INFO);
	options_begin(&cli_program);
	while ((option = options_next(argc, argv)) != -1) {
		if (option == 'V') {
			(void)printf("sightglass %s\n", SIGHTGLASS_VERSION);
			return CLI_OK;
		}
		if (option == 'h')
			return help(NULL);
		if (!cli_option(&cli, option, &status))
			return status;
	}
	status = dispatch(&cli, argc - optind, argv + optind);
	if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE) {
		diag_error("writing to standard output: %s", err_text(E_SYS));
		return status == CLI_OK ? CLI_CANNOT_READ : status;
	}
	return status;
}
