/* SPDX-License-Identifier: ISC */
/*
 * A block begins with the number of the one behind it. CLI; the file has no name and
 * is nobody's but this process's.
 */
#include "cli/spool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define BLOCK_BYTES 16384u
#define LINK_BYTES sizeof(uint32_t)
#define ROOM_BYTES (BLOCK_BYTES - LINK_BYTES)

void
spool_init(struct spool *s)
{
	*s = (struct spool){.fd = -1};
}

void
spool_close(struct spool *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

static int
open_file(struct spool *s)
{
	if (s->fd >= 0)
		return 0;
	FILE *file = tmpfile();
	if (file != NULL)
		s->fd = dup(fileno(file));
	if (file != NULL)
		(void)fclose(file);
	return s->fd < 0 ? E_SYS : 0;
}

static off_t
place(uint32_t block, size_t offset)
{
	return (off_t)(block - 1) * (off_t)BLOCK_BYTES + (off_t)offset;
}

static int
write_at(const struct spool *s, uint32_t block, size_t offset, const void *bytes,
    size_t length)
{
	const uint8_t *p = bytes;

	while (length > 0) {
		ssize_t n = pwrite(s->fd, p, length, place(block, offset));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return E_SYS;
		p += n;
		offset += (size_t)n;
		length -= (size_t)n;
	}
	return 0;
}

static int
read_at(const struct spool *s, uint32_t block, size_t offset, void *bytes,
    size_t length)
{
	uint8_t *p = bytes;

	while (length > 0) {
		ssize_t n = pread(s->fd, p, length, place(block, offset));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return E_SYS;
		p += n;
		offset += (size_t)n;
		length -= (size_t)n;
	}
	return 0;
}

static int
set_link(const struct spool *s, uint32_t block, uint32_t next)
{
	return write_at(s, block, 0, &next, sizeof(next));
}

static int
get_link(const struct spool *s, uint32_t block, uint32_t *next)
{
	return read_at(s, block, 0, next, sizeof(*next));
}

/* A block behind the run's last. */
static int
extend(struct spool *s, struct spool_run *run)
{
	uint32_t block = s->free;
	int error = 0;

	if (block != 0)
		error = get_link(s, block, &s->free);
	else if (s->used == UINT32_MAX)
		error = E_LIMIT;
	else
		block = ++s->used;
	if (error == 0)
		error = set_link(s, block, 0);
	if (error == 0 && run->last != 0)
		error = set_link(s, run->last, block);
	if (error != 0)
		return error;
	if (run->last == 0)
		run->first = block;
	run->last = block;
	return 0;
}

int
spool_append(struct spool *s, struct spool_run *run, const void *bytes,
    size_t length)
{
	const uint8_t *p = bytes;
	int error = length > 0 ? open_file(s) : 0;

	while (length > 0 && error == 0) {
		size_t used = (size_t)(run->length % ROOM_BYTES);
		size_t n = ROOM_BYTES - used < length ? ROOM_BYTES - used : length;
		if (used == 0)
			error = extend(s, run);
		if (error == 0)
			error = write_at(s, run->last, LINK_BYTES + used, p, n);
		if (error != 0)
			break;
		run->length += n;
		p += n;
		length -= n;
	}
	return error;
}

void
spool_read_begin(struct spool *s, const struct spool_run *run,
    struct spool_reader *reader)
{
	*reader = (struct spool_reader){s, run->first, 0, run->length};
}

ssize_t
spool_read(struct spool_reader *reader, void *bytes, size_t size)
{
	uint8_t *p = bytes;
	size_t done = 0;
	int error = 0;

	while (done < size && reader->left > 0 && error == 0) {
		size_t n = ROOM_BYTES - reader->offset;
		n = n < size - done ? n : size - done;
		n = n < reader->left ? n : (size_t)reader->left;
		error = read_at(reader->spool, reader->block,
		    LINK_BYTES + reader->offset, p + done, n);
		done += n;
		reader->offset += n;
		reader->left -= n;
		if (error == 0 && reader->offset == ROOM_BYTES && reader->left > 0) {
			error = get_link(reader->spool, reader->block,
			    &reader->block);
			reader->offset = 0;
		}
	}
	return error != 0 ? error : (ssize_t)done;
}

int
spool_drop(struct spool *s, struct spool_run *run)
{
	int error = 0;

	if (run->last != 0)
		error = set_link(s, run->last, s->free);
	if (run->last != 0 && error == 0)
		s->free = run->first;
	*run = (struct spool_run){0};
	return error;
}
