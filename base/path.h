/* SPDX-License-Identifier: ISC */
/* Directories by their path. Any process, any thread. */
#ifndef SIGHTGLASS_BASE_PATH_H
#define SIGHTGLASS_BASE_PATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"

#define PATH_BYTES 1024

/* As mkdir -p: makes a directory and those above it that are missing, these with
 * mode 0755. What is there already stays as it is; *made tells if the last part
 * is new (NULL: nobody asks). 0, or E_SYS with errno, ENAMETOOLONG for a path of
 * PATH_BYTES and more. */
int path_make(const char *path, mode_t mode, bool *made) WUNRES NONNULL(1);

#endif
