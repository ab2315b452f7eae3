/* SPDX-License-Identifier: ISC */
/*
 * What `check` and `doctor` find: a line each on standard output, ok, a warning or
 * a failure, with the remedy below it. CLI.
 */
#ifndef SIGHTGLASS_CLI_FINDING_H
#define SIGHTGLASS_CLI_FINDING_H

#include <stdbool.h>

#include "base/attr.h"

struct findings {
	unsigned warnings, failures;
};

/* About `what`, a word or two. */
void finding_ok(const char *what, const char *format, ...)
    NONNULL(1, 2) PRINTF_LIKE(2, 3);
void finding_warning(struct findings *f, const char *what, const char *format, ...)
    NONNULL(1, 2, 3) PRINTF_LIKE(3, 4);
void finding_failure(struct findings *f, const char *what, const char *format, ...)
    NONNULL(1, 2, 3) PRINTF_LIKE(3, 4);

/* What mends the finding just told of. */
void finding_remedy(const char *format, ...) NONNULL(1) PRINTF_LIKE(1, 2);

#endif
