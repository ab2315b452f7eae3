/* SPDX-License-Identifier: ISC */
/*
 * What `show`, `tail` and `exec` have in common: records from the reader, chosen
 * and printed. CLI.
 */
#ifndef SIGHTGLASS_CLI_VIEW_H
#define SIGHTGLASS_CLI_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "cli/pretty.h"
#include "log/filter.h"

struct view {
	FILE *out;
	bool json; /* lines as they stand in the log */
	struct pretty pretty;
	struct filter *filter; /* borrowed; NULL: all pass */
	const char *run; /* only of this run of a daemon, or NULL */
	uint64_t shown;  /* lines so far */
};

/* Whether the record is one of those that are wanted. */
bool view_wants(struct view *v, const char *line, size_t length)
    WUNRES NONNULL(1, 2);

/* Prints it. E_SYS: the output cannot be written. */
int view_print(struct view *v, const char *line, size_t length)
    WUNRES NONNULL(1, 2);

/* Sets colour from what `out` is and from NO_COLOR. */
void view_open(struct view *v, FILE *out) NONNULL(1, 2);

#endif
