/* SPDX-License-Identifier: ISC */
/*
 * The directories of `exec`: the state that all its runs share, and the place of
 * one run, which is removed with it. CLI. Whoever lives holds a lock on its
 * place; one without was left by a run that was killed, and the next clears it
 * away. Nothing else that lies in the state directory is touched.
 */
#include "cli/exec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/path.h"
#include "cli/control.h"

/* What must fit a socket's address behind the run's directory. */
#define LONGEST_SOCKET "/control.sock"
#define RUN_TEMPLATE CONTROL_RUN_PREFIX "XXXXXX"

static int
fail(char error[EXEC_ERROR_BYTES], const char *path)
{
	(void)snprintf(error, EXEC_ERROR_BYTES, "%.300s: %s", path,
	    strerror(errno));
	return E_SYS;
}

/* --- removing --- */

static int
open_directory(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void
empty_directory(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *directory = own < 0 ? NULL : fdopendir(own);

	if (directory == NULL) {
		if (own >= 0)
			(void)close(own);
		return;
	}
	for (struct dirent *e; (e = readdir(directory)) != NULL;)
		(void)unlinkat(fd, e->d_name, 0);
	(void)closedir(directory);
}

/* Where the place of a run is: the entry itself, or what it links to, which then
 * has the same name. NULL: it is neither. */
static const char *
resolve(int at, const char *name, char target[PATH_MAX])
{
	ssize_t length = readlinkat(at, name, target, PATH_MAX - 1);

	if (length < 0)
		return errno == EINVAL ? name : NULL;
	target[length] = '\0';
	const char *slash = strrchr(target, '/');
	return target[0] == '/' && strcmp(slash + 1, name) == 0 ? target : NULL;
}

/* Removes the place of a run that no longer lives. */
static void
remove_stale(int at, const char *name)
{
	char target[PATH_MAX];
	struct stat st;
	const char *path = resolve(at, name, target);
	int fd = path == NULL ? -1 : open_directory(at, path);

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0) {
		empty_directory(fd);
		(void)unlinkat(at, path, AT_REMOVEDIR);
		if (path == target)
			(void)unlinkat(at, name, 0);
	} else if (fd < 0 && path == target && errno == ENOENT) {
		(void)unlinkat(at, name, 0);
	}
	if (fd >= 0)
		(void)close(fd);
}

static void
sweep(const char *runs)
{
	DIR *directory = opendir(runs);

	if (directory == NULL)
		return;
	for (struct dirent *e; (e = readdir(directory)) != NULL;) {
		if (strlen(e->d_name) == strlen(RUN_TEMPLATE) &&
		    control_is_run(e->d_name))
			remove_stale(dirfd(directory), e->d_name);
	}
	(void)closedir(directory);
}

/* --- making --- */

/* The link is what `sightglass status -d DIR` finds it by. */
static int
make_run_elsewhere(struct exec_places *p, char error[EXEC_ERROR_BYTES])
{
	const char *base = getenv("XDG_RUNTIME_DIR");

	if (base == NULL || base[0] != '/' || strlen(base) > 40)
		base = "/tmp";
	(void)snprintf(p->run, sizeof(p->run), "%s/" RUN_TEMPLATE, base);
	if (mkdtemp(p->run) == NULL)
		return fail(error, p->run);
	(void)snprintf(p->link, sizeof(p->link), "%.*s/run%s",
	    PATH_MAX - 64, p->state, strrchr(p->run, '/'));
	if (symlink(p->run, p->link) == 0)
		return 0;
	(void)fail(error, p->link);
	(void)rmdir(p->run);
	return E_SYS;
}

static int
make_run(struct exec_places *p, char error[EXEC_ERROR_BYTES])
{
	const struct sockaddr_un *address = NULL;
	int length = snprintf(p->run, sizeof(p->run), "%.*s/run/" RUN_TEMPLATE,
	    PATH_MAX - 64, p->state);

	if (length < 0 || (size_t)length + sizeof(LONGEST_SOCKET) >
	        sizeof(address->sun_path))
		return make_run_elsewhere(p, error);
	return mkdtemp(p->run) != NULL ? 0 : fail(error, p->run);
}

/* Under the lock of what all runs share, so that no other run takes the new
 * place for a stale one before it is locked. */
static int
make_run_locked(struct exec_places *p, char error[EXEC_ERROR_BYTES])
{
	char runs[PATH_MAX];

	(void)snprintf(runs, sizeof(runs), "%.*s/run", PATH_MAX - 64, p->state);
	if (path_make(runs, 0700, NULL) != 0)
		return fail(error, runs);
	int all = open_directory(AT_FDCWD, runs);
	if (all < 0)
		return fail(error, runs);
	/* Where a file system has no locks, nothing is swept. */
	if (flock(all, LOCK_EX) == 0)
		sweep(runs);
	int outcome = make_run(p, error);
	if (outcome == 0) {
		p->lock = open_directory(AT_FDCWD, p->run);
		if (p->lock >= 0)
			(void)flock(p->lock, LOCK_EX | LOCK_NB);
	}
	(void)close(all);
	return outcome;
}

int
exec_places_make(struct exec_places *places, const char *directory,
    char error[EXEC_ERROR_BYTES])
{
	*places = (struct exec_places){.lock = -1};
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
	return make_run_locked(places, error);
}

void
exec_places_remove(struct exec_places *places)
{
	int fd = open_directory(AT_FDCWD, places->run);

	if (fd >= 0) {
		empty_directory(fd);
		(void)close(fd);
	}
	(void)rmdir(places->run);
	if (places->link[0] != '\0')
		(void)unlink(places->link);
	if (places->lock >= 0)
		(void)close(places->lock);
	places->lock = -1;
}
