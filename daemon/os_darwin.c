/* SPDX-License-Identifier: ISC */
/* macOS's ways: dyld, ptrace(2) denial, getpeereid(3), sysctl. Any role. */
#include "daemon/os.h"

#include <mach-o/dyld.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"

int
os_self_path(char *out, size_t capacity)
{
	uint32_t size = (uint32_t)capacity;

	return _NSGetExecutablePath(out, &size) == 0 ? 0 : E_LIMIT;
}

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
	(void)ptrace(PT_DENY_ATTACH, 0, 0, 0);
}

int
os_peer(int fd, uid_t *uid, gid_t *gid)
{
	return getpeereid(fd, uid, gid) == 0 ? 0 : E_SYS;
}

unsigned
os_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}
