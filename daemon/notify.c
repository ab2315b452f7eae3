/* SPDX-License-Identifier: ISC */
/* One datagram to NOTIFY_SOCKET. Parent only. */
#include "daemon/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/diag.h"

void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	size_t length = strlen(path);
	if (length >= sizeof(to.sun_path)) {
		diag_warning("NOTIFY_SOCKET is too long: '%s'", path);
		return;
	}
	memcpy(to.sun_path, path, length);
	if (path[0] == '@')
		to.sun_path[0] = '\0'; /* Linux's abstract names */
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), 0, (struct sockaddr *)&to,
	        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		diag_debug("nobody listens on NOTIFY_SOCKET '%s'", path);
	(void)close(fd);
}
