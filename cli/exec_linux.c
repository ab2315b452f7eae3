/* SPDX-License-Identifier: ISC */
/* exec on Linux: a namespace for the command. CLI. */
#include "cli/exec.h"

#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "extension-bridge/linux/namespace.h"

extern char **environ;

int
exec_isolated(const char *flow_socket, const struct udp_ports *udp_ports,
    char *const *argv, struct exec_children *children,
    char error[EXEC_ERROR_BYTES])
{
	const struct namespace_options options = {.flow_socket = flow_socket,
	    .forwarder = EXEC_FORWARDER, .udp_ports = udp_ports, .argv = argv,
	    .envp = environ};
	struct namespace_run run;

	int outcome = namespace_run(&options, &run, error);
	if (outcome == 0)
		*children = (struct exec_children){run.command, run.forwarder};
	return outcome;
}

void
exec_die_with_parent(pid_t parent, int number)
{
	if (prctl(PR_SET_PDEATHSIG, number) != 0 || getppid() != parent)
		_exit(126);
}
