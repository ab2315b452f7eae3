/* SPDX-License-Identifier: ISC */
/*
 * Where systems keep the roots that they trust in one file (PEM). Parent and
 * CLI.
 */
#ifndef SIGHTGLASS_BASE_ROOTS_H
#define SIGHTGLASS_BASE_ROOTS_H

/* The likeliest first; NULL ends them. */
extern const char *const roots_system_files[];

/* The first that can be read here. NULL: none. */
const char *roots_system_file(void);

#endif
