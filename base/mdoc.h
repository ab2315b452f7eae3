/* SPDX-License-Identifier: ISC */
/*
 * Sentences of our tables as text of a manual page (mdoc(7)). Pure; tools of the
 * build and tests.
 */
#ifndef SIGHTGLASS_BASE_MDOC_H
#define SIGHTGLASS_BASE_MDOC_H

#include "base/attr.h"
#include "base/buf.h"

/* Appends the text, a line a sentence and none longer than the eye likes, with a
 * newline at its end. What stands in `backquotes` becomes literal. */
int mdoc_text(struct buf *out, const char *text) WUNRES NONNULL(1, 2);

#endif
