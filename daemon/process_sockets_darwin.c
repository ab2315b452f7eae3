/* SPDX-License-Identifier: ISC */
/*
 * macOS: libproc. XNU lets root look at anybody's descriptors, others at their own
 * user's only (proc_security_policy). Parent.
 */
#include "daemon/process_sockets.h"

#include <arpa/inet.h>
#include <libproc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/proc_info.h>

#include "base/err.h"

/* A connection that goes through a proxy of NetworkExtension has no TCP of its own, so
 * the state of the socket tells, not that of TCP. */
static bool
is_connection(const struct socket_info *s)
{
	return s->soi_kind == SOCKINFO_TCP &&
	    (s->soi_state & (SOI_S_ISCONNECTED | SOI_S_ISCONNECTING)) != 0;
}

/* The ports are in the order of the network, in an int. */
static void
read_end(struct endpoint *out, bool is_ipv4, const struct in4in6_addr *v4,
    const struct in6_addr *v6, int port)
{
	uint16_t number = ntohs((uint16_t)port);

	if (is_ipv4) {
		endpoint_set_ipv4(out, &v4->i46a_addr4, number);
		return;
	}
	*out = (struct endpoint){.port = number};
	memcpy(out->address, v6, sizeof(out->address));
}

static void
take(const struct in_sockinfo *in, const struct endpoint *remote,
    struct process_sockets *out)
{
	bool is_ipv4 = (in->insi_vflag & INI_IPV4) != 0;
	struct endpoint far;

	read_end(&far, is_ipv4, &in->insi_faddr.ina_46, &in->insi_faddr.ina_6,
	    in->insi_fport);
	if (!endpoint_is(&far, remote))
		return;
	if (out->count == PROCESS_SOCKETS_MAX) {
		out->cut = true;
		return;
	}
	read_end(&out->local[out->count++], is_ipv4, &in->insi_laddr.ina_46,
	    &in->insi_laddr.ina_6, in->insi_lport);
}

/* One that was closed meanwhile is passed over. */
static void
look_at(pid_t pid, int fd, const struct endpoint *remote,
    struct process_sockets *out)
{
	struct socket_fdinfo socket;

	if (proc_pidfdinfo(pid, fd, PROC_PIDFDSOCKETINFO, &socket, sizeof(socket)) ==
	        (int)sizeof(socket) &&
	    is_connection(&socket.psi))
		take(&socket.psi.soi_proto.pri_tcp.tcpsi_ini, remote, out);
}

int
process_sockets(uint32_t pid, const struct endpoint *remote, size_t most,
    struct process_sockets *out)
{
	size_t size = most * sizeof(struct proc_fdinfo);
	struct proc_fdinfo *fds = malloc(size);

	*out = (struct process_sockets){.count = 0};
	if (fds == NULL)
		return E_NOMEM;
	int used = proc_pidinfo((int)pid, PROC_PIDLISTFDS, 0, fds, (int)size);
	if (used <= 0) {
		int error = err_of_errno();
		free(fds);
		return error;
	}
	out->cut = (size_t)used == size;
	for (size_t i = 0; i < (size_t)used / sizeof(*fds); i++) {
		out->looked++;
		if (fds[i].proc_fdtype == PROX_FDTYPE_SOCKET)
			look_at((pid_t)pid, fds[i].proc_fd, remote, out);
	}
	free(fds);
	return 0;
}
