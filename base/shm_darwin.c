/* SPDX-License-Identifier: ISC */
/*
 * Shared memory on macOS: shm_open(2) under a name that is gone before anyone
 * can use it. Its size can be set only once there. Made by the parent.
 */
#include "base/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/err.h"

int
shm_create(const char *name, size_t bytes, int *fd)
{
	char unique[31]; /* PSHMNAMLEN */

	(void)snprintf(unique, sizeof(unique), "/%.10s.%08x", name,
	    (unsigned)arc4random());
	int made = shm_open(unique, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (made < 0)
		return E_SYS;
	(void)shm_unlink(unique);
	if (ftruncate(made, (off_t)bytes) != 0 ||
	    fcntl(made, F_SETFD, FD_CLOEXEC) < 0) {
		int saved = errno;
		(void)close(made);
		errno = saved;
		return E_SYS;
	}
	*fd = made;
	return 0;
}
