/* SPDX-License-Identifier: ISC */
/*
 * Landlock (landlock(7)) and no_new_privs: the worker and the signer keep no
 * access to any file, the logger only to its directory. Where the kernel can forbid
 * it nobody may bind TCP, and only the worker connect (6.7), nor signal whoever is
 * outside, another role of the same user say, nor reach its abstract sockets (6.12).
 * All roles.
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

/* What later ones know besides. Older headers do not have it. */
#define TRUNCATE_ABI 3 /* until then truncate(2) asked nobody */
#define TRUNCATE_RIGHT (1ull << 14)
#define NET_ABI 4
#define BIND_TCP 1ull
#define CONNECT_TCP 2ull
#define SCOPE_ABI 6
#define ABSTRACT_SOCKETS 1ull
#define SIGNALS 2ull

/* As the kernel has it; one that does not know all of it wants the rest to be 0. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

static int
landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

static struct ruleset
what_to_forbid(enum sandbox_kind kind, int abi)
{
	struct ruleset rights = {.fs = FILE_RIGHTS};

	if (abi >= TRUNCATE_ABI)
		rights.fs |= TRUNCATE_RIGHT;
	if (abi >= NET_ABI)
		rights.net = kind == SANDBOX_WORKER ? BIND_TCP : BIND_TCP | CONNECT_TCP;
	if (abi >= SCOPE_ABI)
		rights.scoped = ABSTRACT_SOCKETS | SIGNALS;
	return rights;
}

static int
allow_directory(int ruleset, const char *directory, int abi)
{
	int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	struct landlock_path_beneath_attr rule = {
	    .allowed_access = LOG_RIGHTS | (abi >= TRUNCATE_ABI ? TRUNCATE_RIGHT : 0),
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

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (abi < 1) {
		diag_debug("this kernel has no Landlock: running without a sandbox");
		return;
	}
	const struct ruleset rights = what_to_forbid(kind, abi);
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights,
	    sizeof(rights), 0);
	if (ruleset >= 0 && directory != NULL &&
	    allow_directory(ruleset, directory, abi) != 0)
		diag_fatal("%s cannot be used: %s", directory, strerror(errno));
	if (ruleset < 0 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		diag_fatal("cannot enter the sandbox: %s", strerror(errno));
	(void)close(ruleset);
}
