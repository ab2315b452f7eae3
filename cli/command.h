/* SPDX-License-Identifier: ISC */
/*
 * The subcommands of sightglass(1): one table, in main.c, from which the
 * dispatch, the help and the completion come. One file a subcommand.
 */
#ifndef SIGHTGLASS_CLI_COMMAND_H
#define SIGHTGLASS_CLI_COMMAND_H

#include <stdbool.h>

#include "base/attr.h"
#include "cli/options.h"
#include "conf/conf.h"

/* Exit statuses (sightglass(1)). exec exits with its command's own. */
enum cli_exit {
	CLI_OK = 0,
	CLI_NO_MATCH = 1, /* or: the thing asked about is not so */
	CLI_USAGE = 2,
	CLI_CANNOT_READ = 3,
	CLI_CORRUPT = 4,
	CLI_INTERRUPTED = 130
};

/* What stands before a subcommand, or among its own options. */
struct cli {
	const struct command *command; /* static */
	const char *directory; /* -d: a state directory as exec makes it, or NULL */
	const char *file;      /* -c: a configuration file, or NULL */
	bool machine;          /* without either: the machine's, whoever asks */
};

/* What stands behind the options and, where there are some, one of the verbs. */
enum operand {
	OPERAND_NONE,
	OPERAND_FILTER,
	OPERAND_FILES,
	OPERAND_COMMAND, /* of the machine */
	OPERAND_TEXT     /* something that no shell knows */
};

struct command {
	const char *name;
	const char *summary;  /* a line, lower case, no full stop */
	const char *synopsis; /* behind "usage: "; lines, without the last one's end */
	const char *about;    /* lines of the help */
	/* In the order of the help, the shared ones last. */
	const struct option_row *options[OPTION_LISTS_MAX];
	const char *verbs;    /* with blanks; NULL: none */
	enum operand operand;
	int (*run)(struct cli *cli, int argc, char **argv);
};

extern const struct command command_exec, command_proxy, command_tail, command_show,
    command_get, command_body, command_export, command_stats, command_segments,
    command_ca, command_status, command_verify, command_bypass,
    command_profile, command_doctor, command_completion, command_fields;

/* What stands before a subcommand. */
extern const struct command cli_program;

/* Row `index` of the table, from 0; NULL behind the last. */
const struct command *command_at(size_t index);

/* Those that all subcommands have, -d, -c and -h. */
extern const struct option_row cli_options[];

/* Takes one of cli_options; for -h prints the subcommand's help. True: go on; false:
 * stop, with *status. Anything else is a mistake that getopt has told of. */
bool cli_option(struct cli *cli, int option, int *status) WUNRES NONNULL(1, 3);

/* Prints the subcommand's help where a mistake is told. Returns CLI_USAGE. */
int cli_usage(const struct cli *cli) NONNULL(1);

/* Says that `argument` is one too many for the subcommand. Returns CLI_USAGE. */
int cli_too_many(const char *command, const char *argument) NONNULL(1, 2);

/* "directory/name" in a new string; NULL after a message. */
char *cli_path(const char *directory, const char *name) WUNRES NONNULL(1, 2);

/* The settings that apply: those of -d's directory and of -c's file when they
 * are given. Else the machine's for cli->machine, and for root where a daemon
 * was set up; else those of exec's default directory. NULL after a message on
 * standard error. */
struct conf *cli_conf(const struct cli *cli) WUNRES NONNULL(1);

#define CLI_PLACE_BYTES 8192u

/* What, behind a subcommand's name in a shell, leads it to the same settings: " -d DIR",
 * " -c FILE", both, or "" where it comes to them by itself. `other`: it is given by
 * another user, as with sudo, or is sightglassd: they come to the machine's alone. */
void cli_place(const struct cli *cli, bool other, char out[CLI_PLACE_BYTES])
    NONNULL(1, 3);

/* What to say behind "no daemon runs there" of one that was not named: static. */
const char *cli_no_daemon(const struct cli *cli) WUNRES NONNULL(1);

/* What to do when nothing is in the log that applies, or whose it is: static. */
const char *cli_remedy(const struct cli *cli) WUNRES NONNULL(1);

/* A daemon for the whole machine was set up: its sightglass.yaml or its CA is
 * there. */
bool cli_has_system(void) WUNRES;

/* exec's default state directory, as an absolute path the caller frees. NULL:
 * neither XDG_STATE_HOME nor HOME is set. */
char *cli_state_directory(void) WUNRES;

#endif
