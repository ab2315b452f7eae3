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

static const struct command commands[] = {
    {"exec", "run a program and see what it sends", command_exec_usage,
        command_exec},
    {"proxy", "forward to the daemon as a CONNECT and SOCKS5 proxy",
        command_proxy_usage, command_proxy},
    {"tail", "follow the log", command_tail_usage, command_tail},
    {"show", "print the log", command_show_usage, command_show},
    {"get", "print one record, flow or request", command_get_usage, command_get},
    {"body", "write what was said in an exchange", command_body_usage,
        command_body},
    {"export", "write the log for other programs: har, curl, raw, csv",
        command_export_usage, command_export},
    {"stats", "sum the log up, by host and whatever else", command_stats_usage,
        command_stats},
    {"segments", "list, verify, repair and print the files of a log",
        command_segments_usage, command_segments},
    {"ca", "make, show or export the CA certificate", command_ca_usage,
        command_ca},
    {"profile", "write the profile by which device management sets Macs up",
        command_profile_usage, command_profile},
    {"status", "how the running daemon is", command_status_usage,
        command_status},
    {"bypass", "list, add and remove what is not opened for having failed",
        command_bypass_usage, command_bypass},
    {"check", "find what is wrong with settings, CA and log",
        command_check_usage, command_check},
    {"doctor", "find why traffic is not seen, and who does not trust the CA",
        command_doctor_usage, command_doctor},
    {"verify", "judge a server's chain as the daemon would",
        command_verify_usage, command_verify},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void
print_usage(FILE *out)
{
	(void)fputs("usage: sightglass [-d DIR] [-c FILE] COMMAND [...]\n\n"
	            "What this machine's TLS traffic says, in plain text.\n\n",
	    out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)fprintf(out, "  %-8s %s\n", commands[i].name,
		    commands[i].summary);
	(void)fputs("\n"
	            "  -d, --directory DIR  a state directory, as exec makes it\n"
	            "  -c, --config FILE    the configuration of a daemon\n"
	            "  -V, --version        print the version\n"
	            "  -h, --help           this text; COMMAND --help says more\n",
	    out);
}

/* --- what subcommands share --- */

void
cli_options_begin(void)
{
#ifdef __GLIBC__
	optind = 0; /* looks at the first characters of the options anew */
#else
	optreset = 1;
	optind = 1;
#endif
}

bool
cli_option(struct cli *cli, int option, const char *usage, int *status)
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
		(void)fputs(usage, stdout);
		*status = CLI_OK;
		return false;
	default:
		*status = CLI_USAGE;
		return false;
	}
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
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
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
		if (strncmp(commands[i].name, name, length) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = &commands[i];
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
		(void)fputs(command->usage, stdout);
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
	return command->run(cli, argc, argv);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {CLI_LONG,
	    {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
	struct cli cli = {0};
	int option, status;

	diag_open("sightglass", DIAG_INFO);
	/* "+": what stands behind the command's name is the command's. */
	while ((option = getopt_long(argc, argv, "+V" CLI_SHORT, options,
	            NULL)) != -1) {
		if (option == 'V') {
			(void)printf("sightglass %s\n", SIGHTGLASS_VERSION);
			return CLI_OK;
		}
		if (option == 'h')
			return help(NULL);
		if (!cli_option(&cli, option, "", &status))
			return status;
	}
	status = dispatch(&cli, argc - optind, argv + optind);
	if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE) {
		diag_error("writing to standard output: %s", err_text(E_SYS));
		return status == CLI_OK ? CLI_CANNOT_READ : status;
	}
	return status;
}
