/* SPDX-License-Identifier: ISC */
/*
 * What an earlier run left in the directory: the write that the ledger knows of
 * is settled, then every open segment that nobody writes any more is repaired
 * and sealed. Logger, at its start and after it lost a segment. Removes nothing
 * but empty files; leaves alone what another process holds locked.
 */
#include "log/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/err.h"
#include "base/sync.h"

#define OPEN_NAME_BYTES (SEGMENT_NAME_BYTES + 8)
#define LOCK_TRIES 100
#define LOCK_PAUSE_MS 20

/* Reads a part of the file; *bytes is freed by the caller. E_SYS, E_NOMEM,
 * E_MORE: the file ends earlier. */
static int
read_part(int fd, uint64_t offset, size_t length, uint8_t **bytes)
{
	size_t done = 0;

	*bytes = malloc(length + 1);
	if (*bytes == NULL)
		return E_NOMEM;
	while (done < length) {
		ssize_t n = pread(fd, *bytes + done, length - done,
		    (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? E_MORE : E_SYS;
		done += (size_t)n;
	}
	return 0;
}

/* --- the ledger's write --- */

static int
is_written(int fd, const struct ledger_write *write, bool *answer)
{
	uint8_t *bytes;

	*answer = false;
	if (write->bytes > STORE_REPAIR_BYTES_MAX)
		return 0;
	int error = read_part(fd, write->offset, write->bytes, &bytes);
	if (error == 0)
		*answer = XXH64(bytes, write->bytes, 0) == write->hash;
	free(bytes);
	return error == E_MORE ? 0 : error;
}

/* Waits a while for a daemon that is just repairing this file. */
static bool
lock_patiently(int fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

/* The segment of that write, ".part" or sealed by another daemon since. */
static int
open_either(int directory, const char *sealed_name, bool *open)
{
	char name[OPEN_NAME_BYTES];

	(void)snprintf(name, sizeof(name), "%s.part", sealed_name);
	*open = true;
	int fd = openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	*open = false;
	return openat(directory, sealed_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static int
settle_file(int fd, bool open, const struct ledger_write *write, bool *written)
{
	struct stat status;
	bool locked = open && lock_patiently(fd);
	int error = is_written(fd, write, written);

	if (error != 0 || *written || !locked)
		return error;
	if (fstat(fd, &status) != 0)
		return E_SYS;
	if ((uint64_t)status.st_size > write->offset &&
	    ftruncate(fd, (off_t)write->offset) != 0)
		return E_SYS;
	return 0;
}

int
store_settle(const char *directory, struct ledger_page *ledger)
{
	struct ledger_write write;
	unsigned long number;
	bool written = false, open;
	int error = 0;

	if (!ledger_unsettled(ledger, &write))
		return 0;
	int dir = store_open_directory(directory);
	if (dir < 0)
		return E_SYS;
	int fd = -1;
	if (segment_parse_name(write.name, &number, &open))
		fd = open_either(dir, write.name, &open);
	if (fd >= 0)
		error = settle_file(fd, open, &write, &written);
	else if (errno != ENOENT) /* removed: then nothing is written */
		error = E_SYS;
	if (fd >= 0)
		(void)close(fd);
	(void)close(dir);
	if (error == 0)
		ledger_settle(ledger, written);
	return error;
}

/* --- repair --- */

static int
write_tail(int fd, const struct segment_repair *repair)
{
	size_t tail = buf_length(&repair->tail);

	if (tail > 0 && store_write_at(fd, repair->keep_bytes,
	        buf_data(&repair->tail), tail) != 0)
		return E_SYS;
	if (ftruncate(fd, (off_t)(repair->keep_bytes + tail)) != 0)
		return E_SYS;
	return sync_file(fd);
}

static int
repair_content(int fd, size_t length, struct store_repaired *what)
{
	struct segment_repair repair;
	uint8_t *bytes;

	if (length > STORE_REPAIR_BYTES_MAX)
		return E_LIMIT;
	int error = read_part(fd, 0, length, &bytes);
	if (error == 0) {
		error = segment_repair(bytes, length, &repair);
		if (error == 0)
			error = write_tail(fd, &repair);
		what->records = repair.records;
		what->lost_bytes = repair.lost_bytes;
		what->bad_frames = repair.bad_frames;
		buf_free(&repair.tail);
	}
	free(bytes);
	return error;
}

/* The name without its ".part". */
static void
sealed_name(const char *name, char out[OPEN_NAME_BYTES])
{
	(void)snprintf(out, OPEN_NAME_BYTES, "%.*s",
	    (int)(strlen(name) - strlen(".part")), name);
}

/* Whether the file was sealed or removed before we had it locked. */
static bool
is_still_named(int directory, const char *name, const struct stat *status)
{
	struct stat now;

	return fstatat(directory, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_ino == status->st_ino && now.st_dev == status->st_dev;
}

/* Repairs and seals the locked file. *told: there is something to tell. */
static int
repair_locked(int directory, const char *name, int fd,
    struct store_repaired *what, bool *told)
{
	char sealed[OPEN_NAME_BYTES];
	struct stat status;

	*told = false;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
	    !is_still_named(directory, name, &status))
		return 0;
	if (status.st_size == 0)
		return unlinkat(directory, name, 0) == 0 ? 0 : E_SYS;
	*told = true;
	int error = repair_content(fd, (size_t)status.st_size, what);
	if (error != 0)
		return error;
	sealed_name(name, sealed);
	return renameat(directory, name, directory, sealed) == 0 ? 0 : E_SYS;
}

static void
repair_named(int directory, const char *name,
    void (*tell)(void *, const struct store_repaired *), void *context)
{
	struct store_repaired what = {.name = name};
	char sealed[OPEN_NAME_BYTES];
	bool told = false;

	int fd = openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		if (errno == ENOENT)
			return;
		what.error = E_SYS;
		tell(context, &what);
		return;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		what.error = repair_locked(directory, name, fd, &what, &told);
	sealed_name(name, sealed);
	if (what.error == 0)
		what.name = sealed;
	if (told || what.error != 0)
		tell(context, &what);
	(void)close(fd);
}

int
store_repair(const char *directory,
    void (*tell)(void *, const struct store_repaired *), void *context)
{
	DIR *listing = opendir(directory);
	struct dirent *entry;

	if (listing == NULL)
		return E_SYS;
	while ((entry = readdir(listing)) != NULL) {
		unsigned long number;
		bool open;
		if (segment_parse_name(entry->d_name, &number, &open) && open)
			repair_named(dirfd(listing), entry->d_name, tell, context);
	}
	if (sync_whole(dirfd(listing)) != 0) {
		/* Some file systems cannot; the files are synced anyway. */
	}
	(void)closedir(listing);
	return 0;
}
