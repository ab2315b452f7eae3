/* SPDX-License-Identifier: ISC */
/*
 * What the system's kernel says of a process that is named by its audit token. Worker:
 * none of it reads a file or needs a right that a worker gave up. process_darwin.c,
 * process_linux.c.
 */
#ifndef SIGHTGLASS_DAEMON_PROCESS_H
#define SIGHTGLASS_DAEMON_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/processes.h"

/* How a process's code is signed, as it runs now. */
struct process_signature {
	bool valid; /* all of its pages that were looked at match a signature */
	char signing_id[256]; /* "" unless valid, and where there is none */
	char team_id[64];     /* likewise; "" of the system's own and ad hoc ones, too */
};

/* E_NOTFOUND: the process has ended, has become another program, or is not the one
 * with that id. E_DENIED: we may not ask. E_SYS: other trouble, or no such system. */
int process_signature(uint32_t pid, const uint8_t token[FLOW_AUDIT_TOKEN_BYTES],
    struct process_signature *out) WUNRES NONNULL(2, 3);

/* All of it or an error, one of those: where we may not ask for one thing, nothing is
 * known. A process_ask. */
int process_look_up(uint32_t pid, const uint8_t token[FLOW_AUDIT_TOKEN_BYTES],
    struct process_facts *out) WUNRES NONNULL(2, 3);

#endif
