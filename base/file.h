/* SPDX-License-Identifier: ISC */
/* Whole files. */
#ifndef SIGHTGLASS_BASE_FILE_H
#define SIGHTGLASS_BASE_FILE_H

#include <stddef.h>

#include <limits.h>

#include "base/attr.h"
#include "base/buf.h"

/* Appends what is left of a blocking descriptor. E_LIMIT (more than `out` may
 * hold), E_NOMEM, E_SYS. */
int file_read_rest(int fd, struct buf *out) WUNRES NONNULL(2);

/* Appends a regular file. Does not wait for the writer of a pipe: that is refused.
 * E_LIMIT, E_NOMEM, E_SYS (EINVAL: not a regular file). */
int file_read(const char *path, struct buf *out) WUNRES NONNULL(1, 2);

/* Whether the open file is a regular one that nobody but its owner, who is root or
 * we, can read or could have written. E_DENIED, E_SYS, with what is wrong and what
 * mends it. */
int file_check_secret(int fd, char error[256]) WUNRES NONNULL(2);

/* E_SYS: part of it may have been written. */
int file_write(int fd, const void *bytes, size_t length) WUNRES;

/* The directory in which the file or directory of that path stands, "." where it names
 * none; cut short where it is longer than any path can be. */
void file_parent(const char *path, char out[PATH_MAX]) NONNULL(1, 2);

#endif
