/* SPDX-License-Identifier: ISC */
/*
 * bridge.signed_by: by whom a process must be signed that hands over flows or commands.
 * An item is a team, "ABCDE12345", or one program of it, "ABCDE12345:com.example.tool".
 * Pure; parent (checks) and worker.
 */
#ifndef SIGHTGLASS_DAEMON_SIGNED_BY_H
#define SIGHTGLASS_DAEMON_SIGNED_BY_H

#include <stdbool.h>

#include "base/attr.h"
#include "conf/conf.h"
#include "daemon/process.h"

/* NULL: the item is one; else what is wrong with it. Static. */
const char *signed_by_trouble(const char *item) WUNRES NONNULL(1);

/* Whether one of the items admits a process with that signature. None does when its
 * signature does not hold, whatever it says. */
bool signed_by_admits(const struct conf_list *items,
    const struct process_signature *signature) WUNRES NONNULL(1, 2);

#endif
