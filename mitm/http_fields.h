/* SPDX-License-Identifier: ISC */
/* Finding one's way among the fields of a message (RFC 9110 section 5). Pure. */
#ifndef SIGHTGLASS_MITM_HTTP_FIELDS_H
#define SIGHTGLASS_MITM_HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "mitm/event.h"

/* Whether it has that name, without case. */
bool http_field_is(const struct http_field *field, const char *name) WUNRES
    NONNULL(1, 2);

/* The value of the first one with that name. NULL: there is none. */
const struct bytes *http_fields_find(const struct http_field *fields, size_t count,
    const char *name) WUNRES NONNULL(3);

/* Whether the word stands anywhere in the text, without case. */
bool http_has_word(struct bytes text, const char *word) WUNRES NONNULL(2);

/* The value of a parameter of a field such as Content-Type (RFC 9110 section 5.6.6),
 * by its name without case; without its quotes, its escapes as they are. Empty: it
 * has none. */
struct bytes http_parameter(struct bytes value, const char *name) WUNRES NONNULL(2);

#endif
