/* SPDX-License-Identifier: ISC */
/* Becoming the configured user, for good. Parent (checks) and roles. */
#ifndef SIGHTGLASS_DAEMON_PRIVILEGES_H
#define SIGHTGLASS_DAEMON_PRIVILEGES_H

#include <sys/types.h>

#include "base/attr.h"
#include "conf/conf.h"

/* The roles that may have a user of their own. */
enum privileges_role {
	PRIVILEGES_WORKER, /* user */
	PRIVILEGES_SIGNER, /* ca.user, else user */
	PRIVILEGES_LOGGER, /* log.user, else user */
	PRIVILEGES_ROLES
};

/* Whom a role becomes, as the settings say; theirs. *key, unless NULL: the setting
 * that said it. */
const char *privileges_user(const struct conf *conf, enum privileges_role role,
    const char **key) WUNRES NONNULL(1);

/* The ids that a role will run with: `user`'s when we are root, else our own.
 * E_NOTFOUND: no such user. */
int privileges_of(const char *user, uid_t *uid, gid_t *gid)
    WUNRES NONNULL(1, 2, 3);

/* Becomes `user` when we are root (its groups too), and makes sure that it
 * cannot be undone. Exits on failure. Does nothing for other users. */
void privileges_drop(const char *user) NONNULL(1);

/* The gid of a group by name. E_NOTFOUND. */
int privileges_group(const char *name, gid_t *gid) WUNRES NONNULL(1, 2);

#endif
