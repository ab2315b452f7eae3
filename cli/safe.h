/* SPDX-License-Identifier: ISC */
/*
 * Text from outside for a terminal: controls, which could steer it, and the
 * characters that turn text around are written as escapes. Pure; CLI only.
 */
#ifndef SIGHTGLASS_CLI_SAFE_H
#define SIGHTGLASS_CLI_SAFE_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"

/* Appends the text made safe; a byte that is no UTF-8 is an escape too. `keep` are
 * the controls that may stand, "\n" in a body. E_LIMIT, E_NOMEM. */
int safe_text(struct buf *out, const char *text, size_t length, const char *keep)
    WUNRES NONNULL(1, 2, 4);

/* As safe_text, of JSON: the escapes are those of JSON (RFC 8259 section 7), so that
 * it stays what it was. */
int safe_json(struct buf *out, const char *text, size_t length, const char *keep)
    WUNRES NONNULL(1, 2, 4);

/* How many columns of a terminal the text takes, escape sequences of colours
 * aside, each character one; and how many of its bytes fit into `columns`. */
size_t safe_width(const char *text, size_t length) NONNULL(1);
size_t safe_fit(const char *text, size_t length, size_t columns) NONNULL(1);

#endif
