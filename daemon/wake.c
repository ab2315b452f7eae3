/* SPDX-License-Identifier: ISC */
/* A byte there and all bytes back. Worker, signer, logger. */
#include "daemon/wake.h"

#include <errno.h>
#include <sys/socket.h>

void
wake_send(int fd)
{
	if (send(fd, "", 1, 0) < 0) {
		/* Its buffer is full of wake-ups: that will do. */
	}
}

bool
wake_take(int fd)
{
	char bytes[4096];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	return n > 0 || (n < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}
