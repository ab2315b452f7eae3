/* SPDX-License-Identifier: ISC */
/* Users, groups, and the one-way road from root. Parent and roles. */
#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "daemon/os.h"

const char *
privileges_user(const struct conf *conf, enum privileges_role role, const char **key)
{
	const struct {
		const char *key, *user;
	} own[PRIVILEGES_ROLES] = {
	    [PRIVILEGES_WORKER] = {"user", conf->user},
	    [PRIVILEGES_SIGNER] = {"ca.user", conf->ca_user},
	    [PRIVILEGES_LOGGER] = {"log.user", conf->log_user},
	};

	if (own[role].user[0] == '\0')
		role = PRIVILEGES_WORKER;
	if (key != NULL)
		*key = own[role].key;
	return own[role].user;
}

int
privileges_of(const char *user, uid_t *uid, gid_t *gid)
{
	*uid = geteuid();
	*gid = getegid();
	if (geteuid() != 0)
		return 0;
	const struct passwd *pw = getpwnam(user);
	if (pw == NULL)
		return E_NOTFOUND;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}

void
privileges_drop(const char *user)
{
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0)
		return;
	if (privileges_of(user, &uid, &gid) != 0)
		diag_fatal("user '%s' does not exist: create it or name another with "
		    "'user:' in the configuration", user);
	if (uid == 0)
		return; /* "user: root" was asked for */
	if (os_init_groups(user, gid) != 0 || setgid(gid) != 0 || setuid(uid) != 0)
		diag_fatal("cannot become user '%s': %s", user, strerror(errno));
	if (setuid(0) == 0)
		diag_fatal("privileges could be had back after dropping them");
}

int
privileges_group(const char *name, gid_t *gid)
{
	const struct group *group = getgrnam(name);

	if (group == NULL)
		return E_NOTFOUND;
	*gid = group->gr_gid;
	return 0;
}
