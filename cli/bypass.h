/* SPDX-License-Identifier: ISC */
/* The running daemon's list of bypasses, asked for page by page. CLI. */
#ifndef SIGHTGLASS_CLI_BYPASS_H
#define SIGHTGLASS_CLI_BYPASS_H

#include <yyjson.h>

#include "base/attr.h"

/* Calls visit with each entry of the daemon there (control.h), an object as in
 * PROTOCOL.md ("bypass"), borrowed for the call. CLI_OK; else a status after a
 * message. */
int bypass_walk(const char *place,
    void (*visit)(void *context, yyjson_val *entry), void *context) WUNRES NONNULL(1, 2);

#endif
