/* SPDX-License-Identifier: ISC */
/* watch.h by inotify(7), which tells of a directory's files by itself. CLI, parent. */
#include "log/watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"

#define IN_ITSELF (IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_DELETE)
#define IN_PARENT (IN_CREATE | IN_MOVED_TO | IN_MASK_ADD)

struct watch {
	int fd;
	int newest; /* of what is watched; their numbers only grow */
};

struct watch *
watch_new(void)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd >= 0)
		return w;
	int saved = errno;
	watch_free(w);
	errno = saved;
	return NULL;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	if (w->fd >= 0)
		(void)close(w->fd);
	free(w);
}

static int
add(struct watch *w, const char *path, uint32_t mask)
{
	int number = inotify_add_watch(w->fd, path, mask | IN_ONLYDIR);

	if (number < 0)
		return E_SYS;
	if (number <= w->newest)
		return 0;
	w->newest = number;
	return 1;
}

int
watch_directory(struct watch *w, const char *path)
{
	char parent[PATH_MAX];

	file_parent(path, parent);
	int above = add(w, parent, IN_PARENT);
	int itself = add(w, path, IN_ITSELF | IN_MASK_ADD);

	if (itself == E_SYS && (errno != ENOENT || above == E_SYS))
		return E_SYS;
	return above == 1 || itself == 1;
}

int
watch_file(struct watch *w UNUSED, int fd UNUSED)
{
	return 0;
}

int
watch_fd(const struct watch *w)
{
	return w->fd;
}

int
watch_wait(struct watch *w, int timeout_ms, const sigset_t *signals)
{
	const struct timespec timeout = {timeout_ms / 1000,
	    (long)(timeout_ms % 1000) * 1000000};
	struct pollfd poller = {.fd = w->fd, .events = POLLIN};
	char events[4096];

	int n = ppoll(&poller, 1, timeout_ms < 0 ? NULL : &timeout, signals);
	if (n <= 0)
		return n < 0 ? E_SYS : 0;
	while (read(w->fd, events, sizeof(events)) > 0)
		; /* what it was does not matter */
	return 1;
}
