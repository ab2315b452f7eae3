/* SPDX-License-Identifier: ISC */
/* The running program's own file: self_linux.c and self_darwin.c. Any process. */
#ifndef SIGHTGLASS_BASE_SELF_H
#define SIGHTGLASS_BASE_SELF_H

#include <stddef.h>

#include "base/attr.h"

/* Its absolute path. E_SYS, E_LIMIT. */
int self_path(char *out, size_t capacity) WUNRES NONNULL(1);

#endif
