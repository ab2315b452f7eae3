/* SPDX-License-Identifier: ISC */
/*
 * Which segments there are, and taking one away. Logger only. Counts regular files
 * that are called as segments are and nothing else; never follows a link.
 */
#include "log/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/err.h"

#define FEW_SEGMENTS 64u

/* Room for one more. NULL: out of memory. */
static struct store_sealed *
add(struct store_census *census, size_t *room)
{
	if (census->count == *room) {
		size_t more = *room == 0 ? FEW_SEGMENTS : 2 * *room;
		struct store_sealed *grown =
		    realloc(census->sealed, more * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		census->sealed = grown;
		*room = more;
	}
	return &census->sealed[census->count++];
}

/* One entry of the directory; what is no segment is passed over. */
static int
count_entry(int directory, const char *name, struct store_census *census,
    size_t *room)
{
	struct stat status;
	size_t length = strlen(name);
	unsigned long number;
	bool open;

	if (!segment_parse_name(name, &number, &open) ||
	    fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(status.st_mode))
		return 0;
	census->bytes += (uint64_t)status.st_size;
	if (open || length >= sizeof(census->sealed->name))
		return 0;
	struct store_sealed *sealed = add(census, room);
	if (sealed == NULL)
		return E_NOMEM;
	*sealed = (struct store_sealed){.bytes = (uint64_t)status.st_size,
	    .written_us = (uint64_t)status.st_mtime * 1000000};
	memcpy(sealed->name, name, length + 1);
	return 0;
}

static int
count_all(DIR *listing, struct store_census *census)
{
	struct dirent *entry;
	struct statvfs system;
	size_t room = 0;
	int error = 0;

	while (error == 0 && (entry = readdir(listing)) != NULL)
		error = count_entry(dirfd(listing), entry->d_name, census, &room);
	if (error != 0)
		return error;
	if (fstatvfs(dirfd(listing), &system) != 0)
		return E_SYS;
	census->free_bytes = (uint64_t)system.f_bavail * system.f_frsize;
	census->size_bytes = (uint64_t)system.f_blocks * system.f_frsize;
	return 0;
}

/* Names begin with the time at which the segment was opened. */
static int
by_age(const void *a, const void *b)
{
	const struct store_sealed *x = a, *y = b;

	if (x->written_us != y->written_us)
		return x->written_us < y->written_us ? -1 : 1;
	return strcmp(x->name, y->name);
}

int
store_count(const char *directory, struct store_census *out)
{
	DIR *listing = opendir(directory);

	*out = (struct store_census){0};
	if (listing == NULL)
		return E_SYS;
	int error = count_all(listing, out);
	int saved = errno;
	(void)closedir(listing);
	if (error != 0)
		store_census_free(out);
	else if (out->count > 0)
		qsort(out->sealed, out->count, sizeof(*out->sealed), by_age);
	errno = saved;
	return error;
}

void
store_census_free(struct store_census *census)
{
	free(census->sealed);
	*census = (struct store_census){0};
}

int
store_remove(const char *directory, const char *name)
{
	int fd = store_open_directory(directory);

	if (fd < 0)
		return E_SYS;
	int error = unlinkat(fd, name, 0) == 0 || errno == ENOENT ? 0 : E_SYS;
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return error;
}
