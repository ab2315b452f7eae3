/* SPDX-License-Identifier: ISC */
/*
 * Every descriptor of every control message is looked at: one that is passed
 * over stays open for good. Any process. It waits for nothing.
 */
#include "base/fds.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

size_t
fds_take(struct msghdr *message, int *out, size_t most)
{
	size_t taken = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL;
	     c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (taken < most &&
			    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
				out[taken++] = fd;
			else
				(void)close(fd);
		}
	}
	return taken;
}
