/* SPDX-License-Identifier: ISC */
/*
 * What a role may do on macOS, as the text that sandbox_init(3) takes (sandbox-exec(1)
 * takes the same). Pure: it is written and tested on any system; sandbox_darwin.c hands
 * it to the kernel. t/corpus/sandbox_profile has all three.
 */
#ifndef SIGHTGLASS_DAEMON_SANDBOX_PROFILE_H
#define SIGHTGLASS_DAEMON_SANDBOX_PROFILE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "daemon/sandbox.h"

#define SANDBOX_PROFILE_BYTES_MAX (16u * 1024)

/* Appends the profile, without the rules whose bits are set. `directory` is the
 * logger's, NULL for the others: as realpath(3) gives it, since the kernel compares paths
 * without links. E_SYNTAX (it is not absolute, or has a control character), E_LIMIT,
 * E_NOMEM. */
int sandbox_profile(enum sandbox_kind kind, const char *directory, unsigned without,
    struct buf *out) WUNRES NONNULL(4);

/* Whether the system would take that profile. */
typedef bool sandbox_understood(const char *profile);

/* The bits of rules that the system does not understand and the role can do without,
 * each asked about by itself. A profile without them is no looser than one with them. */
unsigned sandbox_not_understood(enum sandbox_kind kind, sandbox_understood *understood)
    WUNRES NONNULL(2);

/* For a message; NULL: there is none of that number. Static. */
const char *sandbox_rule_text(unsigned rule) WUNRES;

#endif
