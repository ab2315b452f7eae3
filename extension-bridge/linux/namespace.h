/* SPDX-License-Identifier: ISC */
/*
 * Runs one command in a user and network namespace of its own, in which every
 * address is local, and forwards each TCP connection that it makes, and each
 * datagram to the ports named, to the daemon's flow.sock. The caller's process
 * only starts and reaps: the command and the forwarder are two children. Linux
 * only; CLI only.
 */
#ifndef SIGHTGLASS_EXTENSION_BRIDGE_LINUX_NAMESPACE_H
#define SIGHTGLASS_EXTENSION_BRIDGE_LINUX_NAMESPACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "extension-bridge/udp_ports.h"

struct namespace_options {
	const char *flow_socket; /* path of the daemon's flow.sock */
	const char *forwarder;   /* the name it gives in its TLV, "exec" */
	const struct udp_ports *udp_ports; /* to which datagrams are forwarded */
	char *const *argv;       /* the command; searched in PATH */
	char *const *envp;       /* its environment */
};

struct namespace_run {
	pid_t command;   /* running it already; in the caller's process group */
	pid_t forwarder; /* ends by itself when the command's namespace has no
	                  * process left, or by SIGTERM: its open flows end then */
};

/* Returns once the forwarder listens and the command has been executed. 0, or:
 * E_DENIED: user or network namespaces are closed on this machine, and `error`
 * says which setting closes them; E_NOTFOUND: no such command (exit 127);
 * E_SYNTAX: it cannot be executed (exit 126); E_SYS: anything else. No child is
 * left after an error. Both children die with the caller. */
int namespace_run(const struct namespace_options *options,
    struct namespace_run *run, char error[512]) WUNRES NONNULL(1, 2, 3);

#endif
