/* SPDX-License-Identifier: ISC */
/*
 * What each operating system does in its own way: os_linux.c, os_darwin.c. Any
 * role.
 */
#ifndef SIGHTGLASS_DAEMON_OS_H
#define SIGHTGLASS_DAEMON_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

/* Closes every descriptor from `first` up. */
void os_close_from(int first);

/* No other process of the same user may read our memory, and no core of it is
 * written. For those that hold keys or what was said. */
void os_hide_memory(void);

/* Who was at the other end of a UNIX socket when it was connected. E_SYS. */
int os_peer(int fd, uid_t *uid, gid_t *gid) WUNRES NONNULL(2, 3);

/* The program that is at the other end now: its process and its audit token. E_SYS; no
 * other where there are no such tokens (Linux). */
#define OS_TOKEN_BYTES 32u
int os_peer_token(int fd, uint32_t *pid, uint8_t token[OS_TOKEN_BYTES]) WUNRES
    NONNULL(2, 3);

/* Whether there are, and processes have signatures. */
bool os_has_signatures(void);

/* initgroups(3), whose second argument is not of one type everywhere. E_SYS. */
int os_init_groups(const char *user, gid_t gid) WUNRES NONNULL(1);

/* The listening socket of that name which whoever started us has made, taken over
 * (launchd's plist, "Sockets"): it is not ours to unlink. Once a name. E_NOTFOUND:
 * there is none, and we make our own. */
int os_given_socket(const char *name) WUNRES NONNULL(1);

/* Whether os_given_socket has given one. */
bool os_was_given_sockets(void);

/* Processors to use; at least 1. */
unsigned os_processors(void);

#endif
