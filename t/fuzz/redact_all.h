/* SPDX-License-Identifier: ISC */
/* A text through a redactor, by pieces. Fuzz targets and unit suites only. */
#ifndef SIGHTGLASS_T_FUZZ_REDACT_ALL_H
#define SIGHTGLASS_T_FUZZ_REDACT_ALL_H

#include <stddef.h>

#include "base/buf.h"
#include "mitm/redact.h"

/* Rules for fields of these names, which the caller unrefs. */
struct redact_rules *redact_fields(const char *const *names, size_t count);

/* Appends to `out` what may be shown of the text, feeding piece_bytes at a time, and
 * says which rules were met. Of REDACT_MULTIPART that is the boundary. */
#define REDACT_ALL_BOUNDARY "b"
struct redacted redact_all(const struct redact_rules *rules, enum redact_form form,
    struct bytes text, size_t piece_bytes, struct buf *out);

#endif
