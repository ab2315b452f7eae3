/* SPDX-License-Identifier: ISC */
/*
 * watch.h by kqueue(2): the directory's descriptor tells of new and renamed
 * files, each file's own of its growth. CLI.
 */
#include "log/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/event.h>
#include <unistd.h>

#include "base/err.h"

struct watch {
	int queue;
	int directory;
};

struct watch *
watch_new(const char *directory)
{
	struct watch *w = malloc(sizeof(*w));

	if (w == NULL)
		return NULL;
	w->queue = kqueue();
	w->directory = open(directory, O_EVTONLY | O_CLOEXEC);
	if (w->queue >= 0 && w->directory >= 0 &&
	    watch_file(w, w->directory) == 0)
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
	if (w->directory >= 0)
		(void)close(w->directory);
	if (w->queue >= 0)
		(void)close(w->queue);
	free(w);
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
watch_wait(struct watch *w, int timeout_ms)
{
	struct timespec timeout = {timeout_ms / 1000,
	    (long)(timeout_ms % 1000) * 1000000};
	struct kevent event;

	int n = kevent(w->queue, NULL, 0, &event, 1,
	    timeout_ms < 0 ? NULL : &timeout);
	return n < 0 ? E_SYS : n;
}
