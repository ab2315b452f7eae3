/* SPDX-License-Identifier: ISC */
/*
 * Waiting until something is written in a directory or in a file of it:
 * watch_linux.c (inotify) and watch_darwin.c (kqueue). CLI only.
 */
#ifndef SIGHTGLASS_LOG_WATCH_H
#define SIGHTGLASS_LOG_WATCH_H

#include "base/attr.h"

struct watch;

/* NULL with errno. */
struct watch *watch_new(const char *directory) WUNRES NONNULL(1);
void watch_free(struct watch *w);

/* That open file too, until it is closed, where the directory does not tell of
 * its files. E_SYS. */
int watch_file(struct watch *w, int fd) WUNRES NONNULL(1);

/* 1: something changed since the last call; 0: timeout_ms (-1: none) is over;
 * E_SYS, with EINTR after a signal. */
int watch_wait(struct watch *w, int timeout_ms) WUNRES NONNULL(1);

#endif
