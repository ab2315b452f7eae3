/* SPDX-License-Identifier: ISC */
/*
 * Linux has no audit token. A process id alone is no name for a process, and what /proc
 * says of another process a worker in its Landlock domain may not read; so here the
 * forwarder's own words stand. It may read /proc and does (extension-bridge/linux).
 */
#include "daemon/process.h"

#include <errno.h>

#include "base/err.h"

int
process_signature(uint32_t pid UNUSED,
    const uint8_t token[FLOW_AUDIT_TOKEN_BYTES] UNUSED,
    struct process_signature *out UNUSED)
{
	errno = ENOSYS;
	return E_SYS;
}

int
process_look_up(uint32_t pid UNUSED,
    const uint8_t token[FLOW_AUDIT_TOKEN_BYTES] UNUSED,
    struct process_facts *out UNUSED)
{
	errno = ENOSYS;
	return E_SYS;
}
