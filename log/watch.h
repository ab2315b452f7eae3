/* SPDX-License-Identifier: ISC */
/*
 * Waiting until something is written in one of several directories, or in a file of
 * them: watch_linux.c (inotify) and watch_darwin.c (kqueue). Wakes nobody while
 * nothing happens. CLI, and the parent for the roots.
 */
#ifndef SIGHTGLASS_LOG_WATCH_H
#define SIGHTGLASS_LOG_WATCH_H

#include <signal.h>

#include "base/attr.h"

struct watch;

/* NULL with errno. */
struct watch *watch_new(void) WUNRES;
void watch_free(struct watch *w);

/* The directory of that name, and, should it not be there or be replaced, when there is
 * one again. To be said anew before each wait, at little cost. 1: it was not watched
 * until now, so that what came before has to be looked for; 0: it was; E_SYS. */
int watch_directory(struct watch *w, const char *path) WUNRES NONNULL(1, 2);

/* That open file too, until it is closed, where the directory does not tell of
 * its files. E_SYS. */
int watch_file(struct watch *w, int fd) WUNRES NONNULL(1);

/* A descriptor that can be read when watch_wait would not wait; the watch's. */
int watch_fd(const struct watch *w) NONNULL(1);

/* 1: something changed since the last call; 0: timeout_ms (-1: none) is over;
 * E_SYS, with EINTR after a signal. `signals`: those that are blocked meanwhile, as in
 * pselect(2); NULL: as they are. */
int watch_wait(struct watch *w, int timeout_ms, const sigset_t *signals)
    WUNRES NONNULL(1);

#endif
