/* SPDX-License-Identifier: ISC */
/* Running a program of the system's for what it does or prints. CLI. */
#ifndef SIGHTGLASS_CLI_TOOL_H
#define SIGHTGLASS_CLI_TOOL_H

#include <limits.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"

/* The real path of a program on PATH, or in a directory of the administrator's
 * programs, which PATH often lacks; of a name with a slash in it, that file's. */
bool tool_find(const char *name, char path[PATH_MAX]) WUNRES NONNULL(1, 2);

/* Runs it and waits. It reads `input` (NULL: nothing; some KiB at most); what it
 * says on either output is appended to `said`, as far as that has room (NULL: is
 * thrown away). argv ends with NULL. True: it ran, and its status was 0. */
bool tool_run(const char *path, char *const argv[], const struct buf *input,
    struct buf *said) NONNULL(1, 2);

#endif
