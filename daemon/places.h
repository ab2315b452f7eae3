/* SPDX-License-Identifier: ISC */
/*
 * The daemon's places in the file system: its directories, its two listening
 * sockets, single files. Parent only, before anything is started and on reload.
 */
#ifndef SIGHTGLASS_DAEMON_PLACES_H
#define SIGHTGLASS_DAEMON_PLACES_H

#include <stdbool.h>

#include "base/attr.h"
#include "conf/conf.h"

/* Makes the directories that are missing, with the modes and owners that the
 * roles need. Started by root, one that is there and root's (as systemd makes
 * them) becomes the owner's, with the segments in it; a link, a stranger's
 * directory and one with other files in it are refused. E_SYS, E_DENIED,
 * E_NOTFOUND (no such user) with words in error[256]. */
int places_make(const struct conf *conf, char error[256]) WUNRES NONNULL(1, 2);

/* Binds and listens on run_dir/name, unless whoever started us has. The descriptor,
 * or E_DENIED (another daemon serves there), E_LIMIT (the path is too long), E_SYS;
 * with words. */
int places_listen(const struct conf *conf, const char *name, char error[256])
    WUNRES NONNULL(1, 2, 3);

/* Removes run_dir/name, if we made it. */
void places_remove(const struct conf *conf, const char *name) NONNULL(1, 2);

/* Opens the key log for appending, and makes it (0600) when `make` is set. It is a
 * regular file, no link, and nobody else's to read. The descriptor; E_NOTFOUND (not
 * made yet), E_SYNTAX, E_DENIED, E_SYS, with words. */
int places_open_keylog(const char *path, bool make, char error[256])
    WUNRES NONNULL(1, 3);

/* Opens a file of upstream.crl. E_NOTFOUND with words. */
int places_open_crl(const char *path, char error[256]) WUNRES NONNULL(1, 2);

#endif
