/* SPDX-License-Identifier: ISC */
/* exec on macOS, where a single program is seen through the proxy. CLI. */
#include "cli/exec.h"

#include <stdio.h>

#include "base/err.h"

int
exec_isolated(const char *flow_socket UNUSED,
    const struct udp_ports *udp_ports UNUSED, char *const *argv UNUSED,
    struct exec_children *children UNUSED, char error[EXEC_ERROR_BYTES])
{
	(void)snprintf(error, EXEC_ERROR_BYTES, "macOS has no network of one "
	    "program's own: use sightglass exec --proxy, or the extension for the "
	    "whole machine");
	return E_DENIED;
}

/* There is no such signal here. */
void
exec_die_with_parent(pid_t parent UNUSED, int number UNUSED)
{
}
