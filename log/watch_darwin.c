/* SPDX-License-Identifier: ISC */
/*
 * watch.h by kqueue(2): a directory's descriptor tells of new and renamed files, each
 * file's own of its growth. CLI, parent.
 */
#include "log/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/event.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"

struct directory {
	struct directory *next;
	int fd;
	dev_t device;
	ino_t inode;
};

struct watch {
	int queue;
	struct directory *directories; /* owned: they are few */
};

struct watch *
watch_new(void)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->queue = kqueue();
	if (w->queue >= 0)
		return w;
	int saved = errno;
	watch_free(w);
	errno = saved;
	return NULL;
}

void
watch_free(struct watch *w)
{
	struct directory *next;

	if (w == NULL)
		return;
	for (struct directory *d = w->directories; d != NULL; d = next) {
		next = d->next;
		(void)close(d->fd);
		free(d);
	}
	if (w->queue >= 0)
		(void)close(w->queue);
	free(w);
}

static bool
is_watched(const struct watch *w, const struct stat *status)
{
	for (const struct directory *d = w->directories; d != NULL; d = d->next)
		if (d->device == status->st_dev && d->inode == status->st_ino)
			return true;
	return false;
}

/* Takes the descriptor over. */
static int
add_open(struct watch *w, int fd, const struct stat *status)
{
	struct directory *d = calloc(1, sizeof(*d));

	if (d == NULL || watch_file(w, fd) != 0) {
		int saved = errno;
		free(d);
		(void)close(fd);
		errno = saved;
		return E_SYS;
	}
	*d = (struct directory){w->directories, fd, status->st_dev, status->st_ino};
	w->directories = d;
	return 1;
}

static int
add(struct watch *w, const char *path)
{
	struct stat status;
	int fd = open(path, O_EVTONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return E_SYS;
	if (fstat(fd, &status) == 0 && !is_watched(w, &status))
		return add_open(w, fd, &status);
	(void)close(fd);
	return 0;
}

int
watch_directory(struct watch *w, const char *path)
{
	char parent[PATH_MAX];

	file_parent(path, parent);
	int above = add(w, parent);
	int itself = add(w, path);

	if (itself == E_SYS && (errno != ENOENT || above == E_SYS))
		return E_SYS;
	return above == 1 || itself == 1;
}

int
watch_file(struct watch *w, int fd)
{
	struct kevent change;

	EV_SET(&change, (uintptr_t)fd, EVFILT_VNODE, EV_ADD | EV_CLEAR,
	    NOTE_WRITE | NOTE_EXTEND | NOTE_RENAME | NOTE_DELETE, 0, NULL);
	return kevent(w->queue, &change, 1, NULL, 0, NULL) == 0 ? 0 : E_SYS;
}

int
watch_fd(const struct watch *w)
{
	return w->queue;
}

int
watch_wait(struct watch *w, int timeout_ms, const sigset_t *signals)
{
	const struct timespec timeout = {timeout_ms / 1000,
	    (long)(timeout_ms % 1000) * 1000000};
	const struct timespec at_once = {0};
	struct kevent event;
	fd_set queue;

	if (w->queue >= FD_SETSIZE) {
		errno = EMFILE;
		return E_SYS;
	}
	FD_ZERO(&queue);
	FD_SET(w->queue, &queue);
	/* kevent(2) takes no mask. */
	int n = pselect(w->queue + 1, &queue, NULL, NULL,
	    timeout_ms < 0 ? NULL : &timeout, signals);
	if (n > 0)
		n = kevent(w->queue, NULL, 0, &event, 1, &at_once);
	return n < 0 ? E_SYS : n;
}
