/* SPDX-License-Identifier: ISC */
/* Fields of a record by their dotted names. Pure; CLI only. */
#ifndef SIGHTGLASS_CLI_FIELD_H
#define SIGHTGLASS_CLI_FIELD_H

#include <stddef.h>

#include <yyjson.h>

#include "base/attr.h"
#include "base/buf.h"

/* What is at "url.full", or NULL; `length` bytes of the name count. */
yyjson_val *field_at(yyjson_val *record, const char *name, size_t length)
    NONNULL(2);

/* Appends a value for a person, safe for a terminal: text as it is, "-" for what is
 * not there, anything else as JSON. E_LIMIT, E_NOMEM. */
int field_write(struct buf *out, yyjson_val *value) WUNRES NONNULL(1);

#endif
