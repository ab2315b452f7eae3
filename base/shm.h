/* SPDX-License-Identifier: ISC */
/*
 * Memory that processes share through a descriptor and that has no name in any
 * file system. Made by the parent, handed to the roles, mapped by each.
 * shm_linux.c (memfd_create(2), sealed against shrinking, so that a peer can
 * not turn a read into SIGBUS) and shm_darwin.c (shm_open(2), unlinked at once).
 */
#ifndef SIGHTGLASS_BASE_SHM_H
#define SIGHTGLASS_BASE_SHM_H

#include <stddef.h>

#include "base/attr.h"

/* A new descriptor (close-on-exec) for `bytes` zero bytes. `name` is for
 * people who look at /proc. E_SYS with errno. */
int shm_create(const char *name, size_t bytes, int *fd) WUNRES NONNULL(1, 3);

/* Maps it shared, read and write. NULL with errno on failure. The descriptor
 * may be closed afterwards. */
void *shm_map(int fd, size_t bytes) WUNRES;

void shm_unmap(void *memory, size_t bytes);

#endif
