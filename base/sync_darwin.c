/* SPDX-License-Identifier: ISC */
/*
 * macOS: fsync(2) leaves what was written in the device's cache; F_FULLFSYNC does not.
 * File systems that do not know it (network ones) get the former.
 */
#include "base/sync.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"

int
sync_file(int fd)
{
	return sync_whole(fd);
}

int
sync_whole(int fd)
{
	if (fcntl(fd, F_FULLFSYNC) == 0)
		return 0;
	return fsync(fd) == 0 ? 0 : E_SYS;
}
