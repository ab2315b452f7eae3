/* SPDX-License-Identifier: ISC */
/* Becoming the configured user, for good. Parent (checks) and roles. */
#ifndef SIGHTGLASS_DAEMON_PRIVILEGES_H
#define SIGHTGLASS_DAEMON_PRIVILEGES_H

#include <sys/types.h>

#include "base/attr.h"

/* The ids that the roles will run with: `user`'s when we are root, else our
 * own. E_NOTFOUND: no such user. */
int privileges_of(const char *user, uid_t *uid, gid_t *gid)
    WUNRES NONNULL(1, 2, 3);

/* Becomes `user` when we are root (its groups too), and makes sure that it
 * cannot be undone. Exits on failure. Does nothing for other users. */
void privileges_drop(const char *user) NONNULL(1);

/* The gid of a group by name. E_NOTFOUND. */
int privileges_group(const char *name, gid_t *gid) WUNRES NONNULL(1, 2);

#endif
