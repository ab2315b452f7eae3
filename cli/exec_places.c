/* SPDX-License-Identifier: ISC */
/*
 * The directories of `exec`: the state that all its runs share, and the place of
 * one run, which is removed with it. CLI.
 */
#include "cli/exec.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/path.h"

/* What must fit a socket's address behind the run's directory. */
#define LONGEST_SOCKET "/control.sock"

static int
fail(char error[EXEC_ERROR_BYTES], const char *path)
{
	(void)snprintf(error, EXEC_ERROR_BYTES, "%.300s: %s", path,
	    strerror(errno));
	return E_SYS;
}

static int
make_run_elsewhere(struct exec_places *p, char error[EXEC_ERROR_BYTES])
{
	const char *base = getenv("XDG_RUNTIME_DIR");

	if (base == NULL || base[0] != '/' || strlen(base) > 40)
		base = "/tmp";
	(void)snprintf(p->run, sizeof(p->run), "%s/sightglass-XXXXXX", base);
	p->run_elsewhere = true;
	return mkdtemp(p->run) != NULL ? 0 : fail(error, p->run);
}

static int
make_run(struct exec_places *p, char error[EXEC_ERROR_BYTES])
{
	const struct sockaddr_un *address = NULL;
	int length = snprintf(p->run, sizeof(p->run), "%s/run/%d", p->state,
	    (int)getpid());

	if (length < 0 || (size_t)length + sizeof(LONGEST_SOCKET) >
	        sizeof(address->sun_path))
		return make_run_elsewhere(p, error);
	if (path_make(p->run, 0700, NULL) == 0)
		return 0;
	return fail(error, p->run);
}

int
exec_places_make(struct exec_places *places, const char *directory,
    char error[EXEC_ERROR_BYTES])
{
	*places = (struct exec_places){.run_elsewhere = false};
	if (strlen(directory) >= sizeof(places->state) - 64) {
		errno = ENAMETOOLONG;
		return fail(error, directory);
	}
	(void)snprintf(places->state, sizeof(places->state), "%s", directory);
	if (path_make(places->state, 0700, NULL) != 0)
		return fail(error, places->state);
	/* Relative paths would not survive the daemon's change of directory. */
	char *real = realpath(places->state, NULL);
	if (real == NULL || strlen(real) >= sizeof(places->state) - 64) {
		free(real);
		return fail(error, places->state);
	}
	memcpy(places->state, real, strlen(real) + 1);
	free(real);
	return make_run(places, error);
}

void
exec_places_remove(const struct exec_places *places)
{
	DIR *directory = opendir(places->run);

	if (directory == NULL)
		return;
	for (struct dirent *e; (e = readdir(directory)) != NULL;)
		(void)unlinkat(dirfd(directory), e->d_name, 0);
	(void)closedir(directory);
	(void)rmdir(places->run);
}
