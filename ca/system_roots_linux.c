/* SPDX-License-Identifier: ISC */
/* Linux: a file, which distributions make of the stores that they have. CLI. */
#include "ca/system_roots.h"

#include <stdio.h>

#include "base/err.h"
#include "base/file.h"
#include "base/roots.h"

const char *const system_roots_places[] = {NULL};

bool
system_roots_are_asked(void)
{
	return false;
}

int
system_roots_read(struct buf *out, char error[256])
{
	const char *path = roots_system_file();
	int outcome = path == NULL ? E_NOTFOUND : file_read(path, out);

	if (path == NULL)
		(void)snprintf(error, 256, "the system has no store of roots that we "
		    "know: install ca-certificates, or name a PEM file");
	else if (outcome != 0)
		(void)snprintf(error, 256, "cannot read '%s': %s", path,
		    err_text(outcome));
	return outcome;
}

int
system_roots_notice(void)
{
	return -1;
}
