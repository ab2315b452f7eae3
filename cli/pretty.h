/* SPDX-License-Identifier: ISC */
/*
 * A record as a line for a person. Pure: JSON in, text out; whatever comes from
 * the wire is made safe for a terminal.
 */
#ifndef SIGHTGLASS_CLI_PRETTY_H
#define SIGHTGLASS_CLI_PRETTY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"

struct pretty {
	bool colour;
	bool utc;
	unsigned detail; /* 0 a line; 1 heads too; 2 bodies too */
	bool requests_only; /* only http records, and flows that were not opened */
};

/* Appends the text of one record, newlines included, or nothing when it is not
 * to be shown. E_SYNTAX: not a JSON object (the line is appended made safe). */
int pretty_record(const struct pretty *p, const char *line, size_t length,
    struct buf *out) WUNRES NONNULL(1, 2, 4);

#endif
