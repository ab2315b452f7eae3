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

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "daemon/sandbox_profile.h"

#define PROFILE_BYTES_MAX (16u * 1024)

extern int sandbox_init(const char *profile, uint64_t flags, char **error);

void
sandbox_enter(enum sandbox_kind kind, const char *directory)
{
	char real[PATH_MAX], *words = NULL;
	struct buf profile;

	if (directory != NULL && realpath(directory, real) == NULL)
		diag_fatal("%s cannot be used: %s", directory, strerror(errno));
	buf_init(&profile, PROFILE_BYTES_MAX);
	int error = sandbox_profile(kind, directory == NULL ? NULL : real, &profile);
	if (error == 0)
		error = buf_append(&profile, "", 1);
	if (error != 0)
		diag_fatal("cannot enter the sandbox: %s: %s",
		    directory == NULL ? "its profile" : real, err_text(error));
	if (sandbox_init((const char *)buf_data(&profile), 0, &words) != 0)
		diag_fatal("cannot enter the sandbox: %s",
		    words != NULL ? words : strerror(errno));
	buf_free(&profile);
}
