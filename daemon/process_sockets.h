/* SPDX-License-Identifier: ISC */
/*
 * The connections of another process. Parent: it takes root's rights to look into
 * processes of other users. process_sockets_darwin.c, process_sockets_linux.c.
 */
#ifndef SIGHTGLASS_DAEMON_PROCESS_SOCKETS_H
#define SIGHTGLASS_DAEMON_PROCESS_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/endpoint.h"

#define PROCESS_SOCKETS_MAX 64u

struct process_sockets {
	struct endpoint local[PROCESS_SOCKETS_MAX];
	size_t count;
	size_t looked; /* descriptors and entries of tables that were looked at */
	bool cut;      /* that was not all there is, or there is no room for all */
};

/* Fills *out with the near ends of those of its TCP connections that stand or are being
 * made and go to `remote`. Looks at `most` things and then leaves it. 0, or E_NOTFOUND,
 * E_DENIED, E_SYS (see errno): nothing was found out. */
int process_sockets(uint32_t pid, const struct endpoint *remote, size_t most,
    struct process_sockets *out) WUNRES NONNULL(2, 4);

#endif
