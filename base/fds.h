/* SPDX-License-Identifier: ISC */
/*
 * Descriptors that came along with a message (SCM_RIGHTS, unix(7)). Any process
 * that takes descriptors from another.
 */
#ifndef SIGHTGLASS_BASE_FDS_H
#define SIGHTGLASS_BASE_FDS_H

#include <stddef.h>
#include <sys/socket.h>

#include "base/attr.h"

/* Room in msg_control for one descriptor; a sender may squeeze in more. */
union fds_room {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* Takes what recvmsg(2) brought: the first `most` go to out, close-on-exec, and
 * all others are closed. Returns how many were taken. */
size_t fds_take(struct msghdr *message, int *out, size_t most)
    WUNRES NONNULL(1, 2);

#endif
