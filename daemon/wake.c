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
	char bytes[256];
	ssize_t n;

	do
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (n == (ssize_t)sizeof(bytes) || (n < 0 && errno == EINTR));
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}
