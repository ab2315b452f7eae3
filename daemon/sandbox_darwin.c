/* SPDX-License-Identifier: ISC */
/*
 * macOS: sandbox_init(3) with a profile of our own, as browsers do it. Its header calls
 * it deprecated, in favour of entitlements that a daemon of several roles cannot have,
 * and names no flag for a text; 0 is what all pass. All roles.
 */
#include "daemon/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "daemon/sandbox_profile.h"

extern int sandbox_init(const char *profile, uint64_t flags, char **error);

/* What it says is good until the next call. */
static bool
try_profile(enum sandbox_kind kind, const char *directory, unsigned without,
    const char **said)
{
	struct buf profile;
	char *words = NULL;

	buf_init(&profile, SANDBOX_PROFILE_BYTES_MAX);
	int error = sandbox_profile(kind, directory, without, &profile);
	if (error == 0)
		error = buf_append(&profile, "", 1);
	if (error != 0)
		diag_fatal("cannot enter the sandbox: %s: %s",
		    directory == NULL ? "its profile" : directory, err_text(error));
	bool entered = sandbox_init((const char *)buf_data(&profile), 0, &words) == 0;
	*said = words != NULL ? words : strerror(errno);
	buf_free(&profile);
	return entered;
}

/* A profile that is taken holds from then on: so a child tries it. */
static bool
is_understood(const char *profile)
{
	char *words = NULL;
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(sandbox_init(profile, 0, &words) == 0 ? 0 : 1);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A release may have given a word up. A rule that the role can do without is left out
 * then, which is said: it forbids what it would have allowed. */
static void
enter_without(enum sandbox_kind kind, const char *directory)
{
	unsigned without = sandbox_not_understood(kind, is_understood);
	const char *said;

	if (!try_profile(kind, directory, without, &said))
		diag_fatal("cannot enter the sandbox: %s", said);
	for (unsigned i = 0; sandbox_rule_text(i) != NULL; i++)
		if ((without & 1u << i) != 0)
			diag_warning("this macOS does not understand a rule of the "
			    "sandbox, and forbids what it allows: %.40s",
			    sandbox_rule_text(i));
}

void
sandbox_enter(enum sandbox_kind kind, const char *directory)
{
	char real[PATH_MAX];
	const char *said, *place = directory == NULL ? NULL : real;

	if (directory != NULL && realpath(directory, real) == NULL)
		diag_fatal("%s cannot be used: %s", directory, strerror(errno));
	if (try_profile(kind, place, 0, &said))
		return;
	diag_warning("the sandbox's profile is refused: %s", said);
	enter_without(kind, place);
}
