/* SPDX-License-Identifier: ISC */
/*
 * What a role may still do once it has begun, enforced by the kernel:
 * sandbox_linux.c (Landlock), sandbox_darwin.c. A kernel that cannot is said
 * once and accepted; a role that cannot enter a sandbox that exists ends.
 */
#ifndef SIGHTGLASS_DAEMON_SANDBOX_H
#define SIGHTGLASS_DAEMON_SANDBOX_H

#include "base/attr.h"

enum sandbox_kind {
	SANDBOX_WORKER, /* sockets; no file at all */
	SANDBOX_SIGNER, /* no file, no network */
	SANDBOX_LOGGER  /* files below `directory`, no network */
};

void sandbox_enter(enum sandbox_kind kind, const char *directory);

#endif
