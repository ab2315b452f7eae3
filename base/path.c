/* SPDX-License-Identifier: ISC */
#include "base/path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"

int
path_make(const char *path, mode_t mode, bool *made)
{
	char part[PATH_BYTES];
	size_t length = strlen(path);

	if (made != NULL)
		*made = false;
	if (length == 0 || length >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return E_SYS;
	}
	memcpy(part, path, length + 1);
	for (char *slash = strchr(part + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return E_SYS;
		*slash = '/';
	}
	if (mkdir(part, mode) != 0)
		return errno == EEXIST ? 0 : E_SYS;
	if (made != NULL)
		*made = true;
	return 0;
}
