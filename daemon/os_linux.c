/* SPDX-License-Identifier: ISC */
/* Linux's ways: close_range(2), prctl(2), SO_PEERCRED. Any role. */
#include "daemon/os.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

void
os_close_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, ~0u, 0u) == 0)
		return;
	/* A kernel before 5.9. */
	long most = sysconf(_SC_OPEN_MAX);
	for (int fd = first; fd < most; fd++)
		(void)close(fd);
}

void
os_hide_memory(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
os_peer(int fd, uid_t *uid, gid_t *gid)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
		return E_SYS;
	*uid = peer.uid;
	*gid = peer.gid;
	return 0;
}

int
os_peer_token(int fd UNUSED, uint32_t *pid UNUSED, uint8_t token[OS_TOKEN_BYTES] UNUSED)
{
	errno = ENOSYS;
	return E_SYS;
}

bool
os_has_signatures(void)
{
	return false;
}

int
os_init_groups(const char *user, gid_t gid)
{
	return initgroups(user, gid) == 0 ? 0 : E_SYS;
}

/* The unit of systemd has no socket: the parent is never restarted in place. */
int
os_given_socket(const char *name UNUSED)
{
	return E_NOTFOUND;
}

bool
os_was_given_sockets(void)
{
	return false;
}

unsigned
os_processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return (unsigned)CPU_COUNT(&set);
	return 1;
}
