/* SPDX-License-Identifier: ISC */
/*
 * Many growing runs of bytes in one file without a name, so that what waits for its
 * end costs no memory. Blocks of a run that was dropped are used again. CLI.
 */
#ifndef SIGHTGLASS_CLI_SPOOL_H
#define SIGHTGLASS_CLI_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

struct spool {
	int fd;        /* owned; -1: nothing was ever kept */
	uint32_t used; /* blocks that the file has */
	uint32_t free; /* the first of those that nobody holds; 0: none */
};

/* One run. All zero: an empty one. */
struct spool_run {
	uint32_t first, last; /* blocks, from 1; 0: none */
	uint64_t length;      /* bytes */
};

/* Where a run is read. */
struct spool_reader {
	struct spool *spool; /* borrowed */
	uint32_t block;
	size_t offset; /* in it */
	uint64_t left; /* bytes of the run */
};

void spool_init(struct spool *s) NONNULL(1);
void spool_close(struct spool *s) NONNULL(1);

/* Appends all of the bytes. E_SYS; E_LIMIT: the file is 64 TiB long. */
int spool_append(struct spool *s, struct spool_run *run, const void *bytes,
    size_t length) WUNRES NONNULL(1, 2);

/* From its first byte; the run must neither grow nor go until it is read. */
void spool_read_begin(struct spool *s, const struct spool_run *run,
    struct spool_reader *reader) NONNULL(1, 2, 3);

/* As many of the next `size` bytes as there are. Their number, or E_SYS. */
ssize_t spool_read(struct spool_reader *reader, void *bytes, size_t size)
    WUNRES NONNULL(1, 2);

/* Forgets the run. E_SYS: its blocks are not used again. */
int spool_drop(struct spool *s, struct spool_run *run) WUNRES NONNULL(1, 2);

#endif
