/* SPDX-License-Identifier: ISC */
/*
 * The subcommands of sightglass(1): one table, in main.c, from which the
 * dispatch, the help and (later) the completion come. One file a subcommand.
 */
#ifndef SIGHTGLASS_CLI_COMMAND_H
#define SIGHTGLASS_CLI_COMMAND_H

#include <stdbool.h>

#include "base/attr.h"
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

/* What stands before or among a subcommand's own options: -d DIR, -c FILE,
 * -o KEY=VALUE is the subcommand's business. */
struct cli {
	const char *directory; /* -d: a state directory as exec makes it, or NULL */
	const char *file;      /* -c: a configuration file, or NULL */
	bool machine;          /* without either: the machine's, whoever asks */
};

struct command {
	const char *name;
	const char *summary;   /* a line, lower case, no full stop */
	const char *usage;     /* the whole --help text */
	int (*run)(struct cli *cli, int argc, char **argv);
};

int command_exec(struct cli *cli, int argc, char **argv);
int command_proxy(struct cli *cli, int argc, char **argv);
int command_tail(struct cli *cli, int argc, char **argv);
int command_show(struct cli *cli, int argc, char **argv);
int command_get(struct cli *cli, int argc, char **argv);
int command_body(struct cli *cli, int argc, char **argv);
int command_export(struct cli *cli, int argc, char **argv);
int command_stats(struct cli *cli, int argc, char **argv);
int command_segments(struct cli *cli, int argc, char **argv);
int command_ca(struct cli *cli, int argc, char **argv);
int command_status(struct cli *cli, int argc, char **argv);
int command_check(struct cli *cli, int argc, char **argv);
int command_verify(struct cli *cli, int argc, char **argv);
int command_bypass(struct cli *cli, int argc, char **argv);
int command_profile(struct cli *cli, int argc, char **argv);
int command_doctor(struct cli *cli, int argc, char **argv);

/* The help texts, each beside its command. */
extern const char command_exec_usage[], command_proxy_usage[],
    command_tail_usage[], command_show_usage[], command_ca_usage[],
    command_status_usage[], command_check_usage[], command_verify_usage[],
    command_bypass_usage[], command_get_usage[], command_body_usage[],
    command_export_usage[], command_segments_usage[], command_profile_usage[],
    command_stats_usage[], command_doctor_usage[];

/* The options that all subcommands have: for their tables and their loops. */
#define CLI_SHORT "d:c:h"
#define CLI_LONG                                                              \
	{"directory", required_argument, NULL, 'd'},                          \
	    {"config", required_argument, NULL, 'c'},                         \
	    {"help", no_argument, NULL, 'h'}

/* Before a loop over getopt_long: main has run one already. */
void cli_options_begin(void);

/* Takes one of these; prints `usage` for -h. True: go on; false: stop, with
 * *status. Anything else is a mistake that getopt has told of. */
bool cli_option(struct cli *cli, int option, const char *usage, int *status)
    WUNRES NONNULL(1, 3, 4);

/* Says that `argument` is one too many for the subcommand. Returns CLI_USAGE. */
int cli_too_many(const char *command, const char *argument) NONNULL(1, 2);

/* "directory/name" in a new string; NULL after a message. */
char *cli_path(const char *directory, const char *name) WUNRES NONNULL(1, 2);

/* The settings that apply: those of -d's directory and of -c's file when they
 * are given. Else the machine's for cli->machine, and for root where a daemon
 * was set up; else those of exec's default directory. NULL after a message on
 * standard error. */
struct conf *cli_conf(const struct cli *cli) WUNRES NONNULL(1);

/* What to do when nothing is in the log that applies, or whose it is: static. */
const char *cli_remedy(const struct cli *cli) WUNRES NONNULL(1);

/* A daemon for the whole machine was set up: its sightglass.yaml or its CA is
 * there. */
bool cli_has_system(void) WUNRES;

/* exec's default state directory, as an absolute path the caller frees. NULL:
 * neither XDG_STATE_HOME nor HOME is set. */
char *cli_state_directory(void) WUNRES;

#endif
