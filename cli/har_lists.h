/* SPDX-License-Identifier: ISC */
/*
 * The lists of an HTTP Archive that are read out of fields: cookies (RFC 6265) and the
 * pairs of queries and forms. Pure; CLI only.
 */
#ifndef SIGHTGLASS_CLI_HAR_LISTS_H
#define SIGHTGLASS_CLI_HAR_LISTS_H

#include <stddef.h>

#include <yyjson.h>

#include "base/attr.h"
#include "base/json.h"

/* Member `key`: objects with name and value, of "a=b&c=d"; escapes are undone where that
 * gives UTF-8 (application/x-www-form-urlencoded). */
void har_pairs(struct json *j, const char *key, const char *text, size_t length)
    NONNULL(1, 2);

/* Member "cookies" of http.request: all that its fields Cookie have. */
void har_cookies_sent(struct json *j, yyjson_val *message) NONNULL(1);

/* Member "cookies" of http.response: one a field Set-Cookie, with its attributes. */
void har_cookies_set(struct json *j, yyjson_val *message) NONNULL(1);

#endif
