/* SPDX-License-Identifier: ISC */
/*
 * Completion of sightglass in shells, made from the tables of subcommands, options and
 * fields: a script a shell. CLI.
 */
#ifndef SIGHTGLASS_CLI_COMPLETION_H
#define SIGHTGLASS_CLI_COMPLETION_H

#include <stdio.h>

#include "base/attr.h"
#include "cli/options.h"

/* Each prints the script for its shell. */
void completion_bash(FILE *out) NONNULL(1);
void completion_zsh(FILE *out) NONNULL(1);
void completion_fish(FILE *out) NONNULL(1);

/* For them: the dotted names of all fields that are no objects, with blanks. */
void completion_fields(FILE *out) NONNULL(1);

/* The first line of a help as a description, between single quotes of the shell; the
 * characters of `escaped` get a backslash in front. */
void completion_words(FILE *out, const char *help, const char *escaped)
    NONNULL(1, 2, 3);

#endif
