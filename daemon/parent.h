/* SPDX-License-Identifier: ISC */
/*
 * The parent: it binds the sockets, makes the shared memory, starts the roles
 * and restarts those that die, and parses nothing that comes from outside.
 */
#ifndef SIGHTGLASS_DAEMON_PARENT_H
#define SIGHTGLASS_DAEMON_PARENT_H

#include "base/attr.h"
#include "conf/conf.h"
#include "daemon/lists.h"
#include "daemon/settings.h"

/* Serves until SIGTERM or SIGINT. Takes over conf and what is in lists; both are
 * read again on SIGHUP. Returns the exit status. */
int parent_run(const struct settings *settings, struct conf *conf,
    const struct lists *lists) WUNRES NONNULL(1, 2, 3);

#endif
