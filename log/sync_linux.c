/* SPDX-License-Identifier: ISC */
/* Linux: fdatasync(2) waits for the device's own cache. Logger only. */
#include "log/sync.h"

#include <unistd.h>

#include "base/err.h"

int
sync_file(int fd)
{
	return fdatasync(fd) == 0 ? 0 : E_SYS;
}
