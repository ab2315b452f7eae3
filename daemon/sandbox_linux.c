/* SPDX-License-Identifier: ISC */
/*
 * Landlock (landlock(7)) and no_new_privs: the worker and the signer keep no
 * access to any file, the logger only to its directory; signer and logger may
 * neither bind nor connect TCP where the kernel can forbid it (6.7). All roles.
 */
#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/diag.h"

/* The rights of Landlock ABI 1, which every kernel with Landlock knows. */
#define FILE_RIGHTS                                                           \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |         \
	    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |      \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |  \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |      \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |      \
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |    \
	    LANDLOCK_ACCESS_FS_MAKE_SYM)
#define LOG_RIGHTS                                                            \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |       \
	    LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |    \
	    LANDLOCK_ACCESS_FS_MAKE_REG)

/* Since ABI 4; older headers do not have them. */
#define NET_ABI 4
#define NET_RIGHTS 3ull /* bind and connect TCP */

struct ruleset {
	uint64_t fs;
	uint64_t net;
};

static int
landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

static int
allow_directory(int ruleset, const char *directory)
{
	int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	struct landlock_path_beneath_attr rule = {.allowed_access = LOG_RIGHTS,
	    .parent_fd = fd};
	int error = (int)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	(void)close(fd);
	return error;
}

void
sandbox_enter(enum sandbox_kind kind, const char *directory)
{
	int abi = landlock_abi();
	struct ruleset rights = {.fs = FILE_RIGHTS};

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (abi < 1) {
		diag_debug("this kernel has no Landlock: running without a sandbox");
		return;
	}
	if (abi >= NET_ABI && kind != SANDBOX_WORKER)
		rights.net = NET_RIGHTS;
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights,
	    abi >= NET_ABI ? sizeof(rights) : sizeof(rights.fs), 0);
	if (ruleset >= 0 && directory != NULL &&
	    allow_directory(ruleset, directory) != 0)
		diag_fatal("%s cannot be used: %s", directory, strerror(errno));
	if (ruleset < 0 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		diag_fatal("cannot enter the sandbox: %s", strerror(errno));
	(void)close(ruleset);
}
