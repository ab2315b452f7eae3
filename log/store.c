/* SPDX-License-Identifier: ISC */
/*
 * The open segment as a file. Logger only. The directory is opened by its path
 * each time, so that one which was replaced meanwhile is found again. Never
 * opens a file that it did not make, never follows a link.
 */
#include "log/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/sync.h"

#define OPEN_NAME_BYTES (SEGMENT_NAME_BYTES + 8)
#define CREATE_TRIES 100
#define NUMBER_MAX 999999999ul

static void
open_name(const struct store *s, char out[OPEN_NAME_BYTES])
{
	(void)snprintf(out, OPEN_NAME_BYTES, "%s.part", s->name);
}

int
store_open_directory(const char *directory)
{
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
store_check(const char *directory)
{
	return faccessat(AT_FDCWD, directory, R_OK | W_OK | X_OK, AT_EACCESS) == 0
	    ? 0 : E_SYS;
}

/* The highest number in use, 0 for none. Takes directory_fd over. */
static int
highest_number(int directory_fd, unsigned long *highest)
{
	DIR *directory = fdopendir(directory_fd);
	struct dirent *entry;

	*highest = 0;
	if (directory == NULL) {
		(void)close(directory_fd);
		return E_SYS;
	}
	while ((entry = readdir(directory)) != NULL) {
		unsigned long number;
		bool open;
		if (segment_parse_name(entry->d_name, &number, &open) &&
		    number > *highest)
			*highest = number;
	}
	(void)closedir(directory);
	return 0;
}

static int
set_reader_group(const struct store *s, int fd)
{
	if (s->group == (gid_t)-1)
		return 0;
	if (fchown(fd, (uid_t)-1, s->group) != 0 || fchmod(fd, 0640) != 0)
		return E_SYS;
	return 0;
}

/* Makes the file of s->name and locks it. *taken: that name, or the file
 * before it could be locked, is another daemon's. */
static int
create_named(struct store *s, int directory_fd, bool *taken)
{
	char name[OPEN_NAME_BYTES];
	struct stat status;

	open_name(s, name);
	*taken = false;
	int fd = openat(directory_fd, name,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		*taken = errno == EEXIST;
		return E_SYS;
	}
	/* A daemon that starts now may have found it empty, and removed it. */
	*taken = flock(fd, LOCK_EX | LOCK_NB) != 0 ||
	    fstat(fd, &status) != 0 || status.st_nlink == 0;
	if (*taken || set_reader_group(s, fd) != 0) {
		int saved = errno;
		if (!*taken)
			(void)unlinkat(directory_fd, name, 0);
		(void)close(fd);
		errno = saved;
		return E_SYS;
	}
	s->fd = fd;
	s->bytes = 0;
	return 0;
}

static int
create_next(struct store *s, int directory_fd, unsigned long number,
    uint64_t now_us)
{
	bool taken = true;
	int error = E_SYS;

	for (int i = 0; taken && i < CREATE_TRIES; i++) {
		number = number < NUMBER_MAX ? number + 1 : 1;
		segment_name(s->name, (int64_t)(now_us / 1000000), number);
		error = create_named(s, directory_fd, &taken);
	}
	return error;
}

int
store_create(struct store *s, uint64_t now_us)
{
	unsigned long number;
	int directory = store_open_directory(s->directory);

	if (directory < 0)
		return E_SYS;
	int error = E_SYS;
	int listing = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	if (listing >= 0)
		error = highest_number(listing, &number);
	if (error == 0)
		error = create_next(s, directory, number, now_us);
	if (error == 0 && sync_whole(directory) != 0) {
		/* Some file systems cannot; the file itself is synced anyway. */
	}
	int saved = errno;
	(void)close(directory);
	errno = saved;
	return error;
}

int
store_write_at(int fd, uint64_t offset, const void *bytes, size_t length)
{
	const uint8_t *p = bytes;
	size_t done = 0;

	while (done < length) {
		ssize_t n = pwrite(fd, p + done, length - done,
		    (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return E_SYS;
		done += (size_t)n;
	}
	return 0;
}

int
store_write(struct store *s, const void *bytes, size_t length)
{
	int error = store_write_at(s->fd, s->bytes, bytes, length);

	if (error != 0) {
		int saved = errno;
		if (ftruncate(s->fd, (off_t)s->bytes) != 0) {
			/* The next try overwrites it all the same. */
		}
		errno = saved;
		return error;
	}
	s->bytes += length;
	return 0;
}

int
store_sync(struct store *s)
{
	return sync_file(s->fd);
}

bool
store_is_gone(const struct store *s)
{
	struct stat status;

	return fstat(s->fd, &status) == 0 && status.st_nlink == 0;
}

static int
rename_sealed(const struct store *s)
{
	char name[OPEN_NAME_BYTES];
	int directory = store_open_directory(s->directory);

	if (directory < 0)
		return E_SYS;
	open_name(s, name);
	int error = renameat(directory, name, directory, s->name) == 0 ? 0 : E_SYS;
	int saved = errno;
	if (sync_whole(directory) != 0) {
		/* As above. */
	}
	(void)close(directory);
	errno = saved;
	return error;
}

int
store_seal(struct store *s)
{
	int error = store_sync(s);

	if (error == 0)
		error = rename_sealed(s);
	int saved = errno;
	store_close(s);
	errno = saved;
	return error;
}

static void
remove_open(const struct store *s)
{
	char name[OPEN_NAME_BYTES];
	int directory = store_open_directory(s->directory);

	if (directory < 0)
		return;
	open_name(s, name);
	/* Left there, it would be removed at the next start. */
	(void)unlinkat(directory, name, 0);
	(void)close(directory);
}

int
store_abandon(struct store *s)
{
	int error = ftruncate(s->fd, (off_t)s->bytes) == 0 ? 0 : E_SYS;
	int saved = errno;

	if (error == 0 && s->bytes == 0)
		remove_open(s);
	store_close(s);
	errno = saved;
	return error;
}

void
store_close(struct store *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}
