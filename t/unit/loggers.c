/* SPDX-License-Identifier: ISC */
/* A logger in a directory of its own. Unit suites only. */
#include "t/unit/loggers.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "log/reader.h"

#define TURNS_MAX 10000

/* --- syncing --- */

unsigned rig_syncs;
bool rig_sync_fails;

int
fsync(int fd UNUSED)
{
	rig_syncs++;
	errno = EIO;
	return rig_sync_fails ? -1 : 0;
}

int
fdatasync(int fildes)
{
	return fsync(fildes);
}

/* --- writing --- */

unsigned rig_writes_left = UINT_MAX;
unsigned rig_last_write;

static size_t
part_of(size_t length)
{
	return length * rig_last_write / RIG_WRITE_WHOLE;
}

ssize_t
pwrite(int fd, const void *buf, size_t nbytes, off_t offset)
{
	bool dies = rig_writes_left-- == 0;
	size_t part = dies ? part_of(nbytes) : nbytes;

	if (lseek(fd, offset, SEEK_SET) < 0)
		return -1;
	ssize_t n = write(fd, buf, part);
	if (dies)
		_exit(0);
	return n;
}

/* --- life --- */

/* Shared with the children of a test, as roles share it. */
static void *
pages(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(memory, MAP_FAILED);
	return memory;
}

static void
format(struct rig *r)
{
	memset(r->ledger, 0, LOGGER_LEDGER_BYTES);
	for (unsigned i = 0; i < RIG_RINGS; i++) {
		ck_assert_int_eq(ring_format(r->memory[i], r->ring_bytes), 0);
		ck_assert_int_eq(ring_attach(&r->producers[i], r->memory[i],
		    r->ring_bytes), 0);
	}
}

void
rig_open(struct rig *r, size_t ring_bytes)
{
	*r = (struct rig){.ring_bytes = ring_bytes, .now_us = RIG_NOW_US};
	suite_make_directory(r->directory, "logger");
	r->ledger = pages(LOGGER_LEDGER_BYTES);
	for (unsigned i = 0; i < RIG_RINGS; i++)
		r->memory[i] = pages(ring_bytes);
	format(r);
	r->options = (struct logger_options){.directory = r->directory, .level = 3,
	    .flush_ms = 100, .sync_ms = 1000, .rotate_bytes = 64u * 1024 * 1024,
	    .rotate_ms = 900000, .full_wait_ms = 2000, .group = (gid_t)-1,
	    .writer = {.run_id = "testruns", .hostname = "box"}};
}

static void
empty_directory(const struct rig *r)
{
	DIR *listing = opendir(r->directory);
	struct dirent *entry;
	char path[512];

	ck_assert_ptr_nonnull(listing);
	while ((entry = readdir(listing)) != NULL) {
		rig_path(r, entry->d_name, path);
		if (entry->d_name[0] != '.')
			(void)unlink(path);
	}
	(void)closedir(listing);
}

void
rig_close(struct rig *r)
{
	rig_kill(r);
	(void)chmod(r->directory, 0700);
	empty_directory(r);
	(void)rmdir(r->directory);
	(void)munmap(r->ledger, LOGGER_LEDGER_BYTES);
	for (unsigned i = 0; i < RIG_RINGS; i++)
		(void)munmap(r->memory[i], r->ring_bytes);
}

bool
rig_start(struct rig *r)
{
	char words[256];

	r->options.ledger = r->ledger;
	r->logger = logger_new(&r->options, r->now_us, words);
	if (r->logger == NULL) {
		(void)fprintf(stderr, "%s\n", words);
		return false;
	}
	for (unsigned i = 0; i < RIG_RINGS; i++)
		ck_assert_int_eq(logger_add_ring(r->logger, i, r->memory[i],
		    r->ring_bytes), 0);
	return true;
}

void
rig_kill(struct rig *r)
{
	logger_free(r->logger);
	r->logger = NULL;
}

void
rig_forget(struct rig *r)
{
	rig_kill(r);
	format(r);
}

int
rig_finish(struct rig *r)
{
	int outcome = logger_finish(r->logger, r->now_us);

	rig_kill(r);
	return outcome;
}

/* --- records --- */

int
rig_put_bytes(struct rig *r, unsigned index, const void *bytes, size_t length)
{
	int outcome = ring_put(&r->producers[index], bytes, length);

	r->lines += outcome >= 0;
	return outcome;
}

static void
fill(uint8_t *room, size_t length, unsigned noise, unsigned number)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEF";
	uint32_t random = number * 2654435761u + 1;

	memset(room, 'a' + (int)(number % 26), length);
	for (size_t i = 0; noise > 0 && i < length; i += noise)
		room[i] = (uint8_t)letters[rig_random(&random) % 32];
}

int
rig_put(struct rig *r, unsigned index, size_t filler, unsigned noise,
    struct buf *copy)
{
	uint64_t us = r->now_us % 60000000;
	struct buf line;
	uint8_t *room;

	buf_init(&line, RIG_FILE_MAX);
	ck_assert_int_eq(buf_printf(&line, "{\"@timestamp\":\"2026-11-23T10:15:%02"
	    PRIu64 ".%06" PRIu64 "Z\",\"n\":%u,\"body\":\"", us / 1000000,
	    us % 1000000, r->lines), 0);
	ck_assert_int_eq(buf_reserve(&line, filler + 1, &room), 0);
	fill(room, filler, noise, r->lines);
	buf_commit(&line, filler);
	ck_assert_int_eq(buf_puts(&line, "\"}\n"), 0);
	int outcome = rig_put_bytes(r, index, buf_data(&line), buf_length(&line));
	if (outcome >= 0 && copy != NULL)
		ck_assert_int_eq(buf_append(copy, buf_data(&line),
		    buf_length(&line)), 0);
	buf_free(&line);
	return outcome;
}

void
rig_turn(struct rig *r)
{
	struct logger_turn turn = {0};

	for (unsigned i = 0; i < TURNS_MAX; i++) {
		logger_turn(r->logger, r->now_us, &turn);
		r->wake_rings |= turn.wake_rings;
		r->sleep_ms = turn.sleep_ms;
		if (turn.sleep_ms != 0)
			return;
	}
	ck_abort_msg("the logger does not come to rest");
}

void
rig_wait(struct rig *r, uint64_t ms)
{
	r->now_us += ms * 1000;
	rig_turn(r);
}

/* --- files --- */

void
rig_path(const struct rig *r, const char *name, char out[512])
{
	(void)snprintf(out, 512, "%s/%s", r->directory, name);
}

/* How many end so; `name` is the last of them. */
static unsigned
find(const struct rig *r, const char *suffix, char name[256])
{
	DIR *listing = opendir(r->directory);
	struct dirent *entry;
	unsigned count = 0;

	ck_assert_ptr_nonnull(listing);
	while ((entry = readdir(listing)) != NULL) {
		size_t length = strlen(entry->d_name);
		if (length < strlen(suffix) ||
		    strcmp(entry->d_name + length - strlen(suffix), suffix) != 0)
			continue;
		(void)snprintf(name, 256, "%s", entry->d_name);
		count++;
	}
	(void)closedir(listing);
	return count;
}

unsigned
rig_count(const struct rig *r, const char *suffix)
{
	char name[256];

	return find(r, suffix, name);
}

void
rig_read(const struct rig *r, const char *suffix, struct buf *out)
{
	char name[256], path[512];
	uint8_t *room;
	size_t n;

	ck_assert_uint_eq(find(r, suffix, name), 1);
	rig_path(r, name, path);
	FILE *file = fopen(path, "rb");
	ck_assert_ptr_nonnull(file);
	buf_init(out, RIG_FILE_MAX);
	do {
		ck_assert_int_eq(buf_reserve(out, 65536, &room), 0);
		n = fread(room, 1, 65536, file);
		buf_commit(out, n);
	} while (n > 0);
	(void)fclose(file);
}

void
rig_write(const struct rig *r, const char *name, const void *bytes, size_t length)
{
	char path[512];

	rig_path(r, name, path);
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

bool
rig_lines(const struct rig *r, struct buf *out)
{
	struct reader_line line;
	char words[256];
	bool whole = true;
	int error = 0;
	struct reader *reader = reader_open(r->directory, false, words);

	ck_assert_msg(reader != NULL, "%s", words);
	buf_init(out, RIG_FILE_MAX);
	while (error == 0 || error == E_CORRUPT) {
		error = reader_next(reader, &line);
		whole = whole && error != E_CORRUPT;
		if (error != 0)
			continue;
		ck_assert_int_eq(buf_append(out, line.text, line.length), 0);
		ck_assert_int_eq(buf_puts(out, "\n"), 0);
	}
	ck_assert_int_eq(error, E_AGAIN);
	reader_close(reader);
	return whole;
}
