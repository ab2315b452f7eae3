/* SPDX-License-Identifier: ISC */
/*
 * Options of subcommands: a row each, in the one place from which getopt_long, the
 * help and the completion of shells come. CLI.
 */
#ifndef SIGHTGLASS_CLI_OPTIONS_H
#define SIGHTGLASS_CLI_OPTIONS_H

#include <stdio.h>

#include "base/attr.h"

struct command;

/* What an argument is, for those who complete it. */
enum argument {
	ARGUMENT_TEXT, /* nobody knows */
	ARGUMENT_WORDS,
	ARGUMENT_FILE,
	ARGUMENT_DIRECTORY,
	ARGUMENT_FIELDS /* dotted names of fields of records, with commas */
};

struct option_row {
	int id;               /* of getopt: a letter, which is its short form, or, from
	                       * 0x100 on, a number: it has none */
	const char *name;     /* its long form; NULL: it has none */
	const char *value;    /* what the help calls its argument; NULL: it takes none */
	const char *help;     /* without a newline at its end */
	enum argument kind;   /* of the value */
	const char *words;    /* all of ARGUMENT_WORDS, besides ARGUMENT_FIELDS */
};

/* Behind the last row of a list, whose id is 0. */
#define OPTIONS_END {0}

#define OPTION_LISTS_MAX 4u
#define OPTIONS_MAX 48u /* of a subcommand */

/* Before a loop over options_next: main has run one already. `command` is static. */
void options_begin(const struct command *command) NONNULL(1);

/* As getopt_long, of the subcommand's rows: an id, '?', or -1. */
int options_next(int argc, char **argv) WUNRES NONNULL(2);

/* The row, by its place among all of the subcommand's; NULL behind the last. */
const struct option_row *options_at(const struct command *command, size_t index)
    NONNULL(1);

/* Its options as the help has them, and the whole --help text. */
void options_print_rows(FILE *out, const struct command *command) NONNULL(1, 2);
void options_print_help(FILE *out, const struct command *command) NONNULL(1, 2);

#endif
