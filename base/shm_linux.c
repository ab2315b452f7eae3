/* SPDX-License-Identifier: ISC */
/*
 * Shared memory on Linux: memfd_create(2), sealed so that nobody can shrink it
 * under a peer that reads. Made by the parent.
 */
#include "base/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/err.h"

int
shm_create(const char *name, size_t bytes, int *fd)
{
	int made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (made < 0)
		return E_SYS;
	if (ftruncate(made, (off_t)bytes) != 0 ||
	    fcntl(made, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
		int saved = errno;
		(void)close(made);
		errno = saved;
		return E_SYS;
	}
	*fd = made;
	return 0;
}
