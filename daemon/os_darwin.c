/* SPDX-License-Identifier: ISC */
/*
 * macOS's ways: getpeereid(3), getdtablesize(2). Any role. There, a hardened
 * runtime (the signature's business) keeps debuggers off, not a call of ours.
 */
#include "daemon/os.h"

#include <sys/resource.h>
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

int
os_peer(int fd, uid_t *uid, gid_t *gid)
{
	return getpeereid(fd, uid, gid) == 0 ? 0 : E_SYS;
}

int
os_init_groups(const char *user, gid_t gid)
{
	return initgroups(user, (int)gid) == 0 ? 0 : E_SYS;
}

unsigned
os_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}
