/* SPDX-License-Identifier: ISC */
/*
 * macOS's ways: getpeereid(3), unix(4), getdtablesize(2), launch(3). Any role. There, a
 * hardened runtime (the signature's business) keeps debuggers off, not a call of ours.
 */
#include "daemon/os.h"

#include <launch.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"

void
os_close_from(int first)
{
	int most = getdtablesize();

	for (int fd = first; fd < most; fd++)
		(void)close(fd);
}

void
os_hide_memory(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
}

/* The kernel notes who connects when it does; LOCAL_PEERTOKEN below is looked up when it
 * is asked for, by the number of the process that used the socket last (XNU,
 * uipc_ctloutput). So the user is taken from here. */
int
os_peer(int fd, uid_t *uid, gid_t *gid)
{
	return getpeereid(fd, uid, gid) == 0 ? 0 : E_SYS;
}

/* Should the process be another by the second call, its token is not that of this pid,
 * and the kernel says so to whoever asks about both. */
int
os_peer_token(int fd, uint32_t *pid, uint8_t token[OS_TOKEN_BYTES])
{
	pid_t process = 0;
	socklen_t size = sizeof(process), token_size = OS_TOKEN_BYTES;

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &process, &size) != 0 ||
	    getsockopt(fd, SOL_LOCAL, LOCAL_PEERTOKEN, token, &token_size) != 0 ||
	    token_size != OS_TOKEN_BYTES)
		return E_SYS;
	*pid = (uint32_t)process;
	return 0;
}

bool
os_has_signatures(void)
{
	return true;
}

int
os_init_groups(const char *user, gid_t gid)
{
	return initgroups(user, (int)gid) == 0 ? 0 : E_SYS;
}

static bool given; /* parent only, before it starts any other */

/* A name of the plist can stand for several sockets; ours are one each. */
int
os_given_socket(const char *name)
{
	int *fds = NULL;
	size_t count = 0;

	if (launch_activate_socket(name, &fds, &count) != 0 || count == 0) {
		free(fds);
		return E_NOTFOUND;
	}
	int fd = fds[0];
	for (size_t i = 1; i < count; i++)
		(void)close(fds[i]);
	free(fds);
	given = true;
	return fd;
}

bool
os_was_given_sockets(void)
{
	return given;
}

unsigned
os_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}
