/* SPDX-License-Identifier: ISC */
/* The head of a message out of its record, field by field. Pure; CLI only. */
#ifndef SIGHTGLASS_CLI_HEADS_H
#define SIGHTGLASS_CLI_HEADS_H

#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

#include "base/attr.h"

/* One field; borrowed from the record. */
struct head_field {
	const char *name;
	size_t name_length;
	const char *value;
	size_t value_length;
};

/* A walk over the fields. */
struct head_walk {
	yyjson_obj_iter members;
	yyjson_arr_iter values;
	yyjson_val *name; /* of `values`; NULL: before the first member */
	yyjson_val *headers, *names; /* where `names` say in which order; else NULL */
	size_t index;
};

/* The header fields of http.request or http.response (NULL: none), as they came where
 * the record has that; else in the order in which their names first came, those of
 * one name together. */
void head_begin(struct head_walk *w, yyjson_val *message) NONNULL(1);

/* The next one. False: there is none. */
bool head_next(struct head_walk *w, struct head_field *field) WUNRES NONNULL(1, 2);

/* The first value of that lower-case name, or NULL. */
const char *head_find(yyjson_val *message, const char *name) NONNULL(2);

/* Whether the field has this lower-case name. */
bool head_is(const struct head_field *field, const char *name) WUNRES NONNULL(1, 2);

/* "HTTP/1.1" of http.version, "HTTP/2" as `two` has it; "" when it is not known. */
const char *head_version(yyjson_val *record, const char *two) NONNULL(2);

#endif
