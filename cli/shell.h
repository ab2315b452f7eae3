/* SPDX-License-Identifier: ISC */
/*
 * Words and bytes for sh (POSIX.1, without what only some shells have): whatever the
 * bytes are, the shell takes them for that and for nothing else, and no terminal is
 * steered by what is written. Pure; CLI only.
 */
#ifndef SIGHTGLASS_CLI_SHELL_H
#define SIGHTGLASS_CLI_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"

/* Whether the text can stand in quotes as it is: UTF-8 without controls but for
 * newlines and tabs. */
bool shell_is_plain(const char *text, size_t length) WUNRES;

/* Appends one word: 'in quotes', or "$(printf '...')". It has no NUL and ends in no
 * newline, unless it is plain. E_LIMIT, E_NOMEM. */
int shell_word(struct buf *out, const char *text, size_t length)
    WUNRES NONNULL(1);

/* Appends a command that prints the bytes, and a newline. As above. */
int shell_printf(struct buf *out, const void *bytes, size_t length)
    WUNRES NONNULL(1);

#endif
