/* SPDX-License-Identifier: ISC */
/* Linux: fdatasync(2) and fsync(2) wait for the device's own cache. */
#include "base/sync.h"

#include <unistd.h>

#include "base/err.h"

int
sync_file(int fd)
{
	return fdatasync(fd) == 0 ? 0 : E_SYS;
}

int
sync_whole(int fd)
{
	return fsync(fd) == 0 ? 0 : E_SYS;
}
