/* SPDX-License-Identifier: ISC */
/*
 * What "it is on the disk" means on each system: sync_linux.c and
 * sync_darwin.c. Any process.
 */
#ifndef SIGHTGLASS_BASE_SYNC_H
#define SIGHTGLASS_BASE_SYNC_H

#include "base/attr.h"

/* Returns once the file's content and size would survive a power cut. E_SYS. */
int sync_file(int fd) WUNRES;

/* ... and all else that is known of it; of a directory, its names. E_SYS. */
int sync_whole(int fd) WUNRES;

#endif
