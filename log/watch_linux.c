/* SPDX-License-Identifier: ISC */
/* watch.h by inotify(7), which tells of a directory's files by itself. CLI. */
#include "log/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/err.h"

struct watch {
	int fd;
};

struct watch *
watch_new(const char *directory)
{
	struct watch *w = malloc(sizeof(*w));

	if (w == NULL)
		return NULL;
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd >= 0 && inotify_add_watch(w->fd, directory,
	        IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_DELETE) >= 0)
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

int
watch_file(struct watch *w UNUSED, int fd UNUSED)
{
	return 0;
}

int
watch_wait(struct watch *w, int timeout_ms)
{
	struct pollfd poller = {.fd = w->fd, .events = POLLIN};
	char events[4096];

	int n = poll(&poller, 1, timeout_ms);
	if (n <= 0)
		return n < 0 ? E_SYS : 0;
	while (read(w->fd, events, sizeof(events)) > 0)
		; /* what it was does not matter */
	return 1;
}
