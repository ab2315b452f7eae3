/* SPDX-License-Identifier: ISC */
/*
 * Sending to a socket whose other end may be gone without a SIGPIPE, on systems
 * that have a flag for send(2) and on those that have a socket option.
 */
#ifndef SIGHTGLASS_BASE_NOSIGNAL_H
#define SIGHTGLASS_BASE_NOSIGNAL_H

#include <sys/socket.h>

#include "base/attr.h"

#ifdef MSG_NOSIGNAL
#define SEND_NO_SIGNAL MSG_NOSIGNAL
#else
#define SEND_NO_SIGNAL 0
#endif

/* To be called once for each socket that is sent to with SEND_NO_SIGNAL. 0, or
 * -1 with errno. */
static inline int
socket_no_signal(int fd UNUSED)
{
#ifdef SO_NOSIGPIPE
	const int one = 1;
	return setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof(one));
#else
	return 0;
#endif
}

#endif
