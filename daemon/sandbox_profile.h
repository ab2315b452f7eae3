/* SPDX-License-Identifier: ISC */
/*
 * What a role may do on macOS, as the text that sandbox_init(3) takes (sandbox-exec(1)
 * takes the same). Pure: it is written and tested on any system; sandbox_darwin.c hands
 * it to the kernel. t/corpus/sandbox_profile has all three.
 */
#ifndef SIGHTGLASS_DAEMON_SANDBOX_PROFILE_H
#define SIGHTGLASS_DAEMON_SANDBOX_PROFILE_H

#include "base/attr.h"
#include "base/buf.h"
#include "daemon/sandbox.h"

/* Appends the profile. `directory` is the logger's, NULL for the others: as realpath(3)
 * gives it, since the kernel compares paths without links. E_SYNTAX (it is not absolute,
 * or has a control character), E_LIMIT, E_NOMEM. */
int sandbox_profile(enum sandbox_kind kind, const char *directory, struct buf *out)
    WUNRES NONNULL(3);

#endif
