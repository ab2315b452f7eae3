/* SPDX-License-Identifier: ISC */
/*
 * Segments as files of a directory: made, written, synced, sealed; and, at a
 * start, what an earlier run left there. An open segment is locked (flock(2))
 * by the process that writes it, so that daemons can share a directory. Logger
 * only; knows nothing of rings and frames.
 */
#ifndef SIGHTGLASS_LOG_STORE_H
#define SIGHTGLASS_LOG_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "log/ledger.h"
#include "log/segment.h"

/* The largest file that is repaired; of text and compressed at its worst, a
 * segment of half of it stays below. */
#define STORE_REPAIR_BYTES_MAX (1024u * 1024 * 1024)

struct store {
	const char *directory; /* borrowed */
	gid_t group;           /* that may read, or (gid_t)-1 */
	int fd;                /* of the open segment, or -1 */
	char name[SEGMENT_NAME_BYTES]; /* its name when sealed */
	uint64_t bytes;        /* its size */
};

/* Makes the next segment: empty, locked, 0600 or with the group 0640. E_SYS
 * with errno. */
int store_create(struct store *s, uint64_t now_us) WUNRES NONNULL(1);

/* Appends all of it; when that fails the file is as it was. E_SYS with errno. */
int store_write(struct store *s, const void *bytes, size_t length)
    WUNRES NONNULL(1, 2);

/* E_SYS with errno. */
int store_sync(struct store *s) WUNRES NONNULL(1);

/* Whether someone removed the open segment. */
bool store_is_gone(const struct store *s) WUNRES NONNULL(1);

/* Syncs the segment, gives it its final name and closes it, also when that
 * fails: E_SYS with errno, and the name still ends in ".part". */
int store_seal(struct store *s) WUNRES NONNULL(1);

/* Closes it as it stood before a write that failed; one in which nothing stands
 * is removed. E_SYS with errno: closed too, but what the failed write left is
 * still there. */
int store_abandon(struct store *s) WUNRES NONNULL(1);

/* Closes it as it is. */
void store_close(struct store *s) NONNULL(1);

/* Whether segments can be made in the directory. E_SYS with errno. */
int store_check(const char *directory) WUNRES NONNULL(1);

/* Shared with store_repair.c: the directory, to be closed; -1 with errno. */
int store_open_directory(const char *directory) WUNRES NONNULL(1);

/* Likewise: writes all of it at `offset`. E_SYS with errno: perhaps a part. */
int store_write_at(int fd, uint64_t offset, const void *bytes, size_t length)
    WUNRES NONNULL(3);

/* store_repair.c: decides what the ledger left open, and cuts an unfinished
 * write off. E_SYS: it can not be decided now. */
int store_settle(const char *directory, struct ledger_page *ledger)
    WUNRES NONNULL(1, 2);

/* What was done to one file. */
struct store_repaired {
	const char *name;      /* as it is called now */
	uint64_t records, lost_bytes, bad_frames;
	int error;             /* 0, or why it was left as it is (errno: E_SYS) */
};

/* Repairs and seals every ".part" that no process holds locked and tells of
 * each; empty ones are removed. E_SYS: the directory cannot be read. */
int store_repair(const char *directory,
    void (*tell)(void *context, const struct store_repaired *what),
    void *context) WUNRES NONNULL(1, 2);

/* store_census.c: a sealed segment. */
struct store_sealed {
	char name[SEGMENT_NAME_BYTES];
	uint64_t bytes;
	uint64_t written_us; /* when it was last written */
};

/* All that is in the directory. */
struct store_census {
	struct store_sealed *sealed; /* owned; the one written longest ago first */
	size_t count;
	uint64_t bytes;              /* of all segments, the open ones too */
	uint64_t free_bytes, size_bytes; /* of the file system */
};

/* Counts the segments, whoever made them. E_SYS with errno, E_NOMEM: there is
 * nothing to free then. */
int store_count(const char *directory, struct store_census *out)
    WUNRES NONNULL(1, 2);
void store_census_free(struct store_census *census) NONNULL(1);

/* Removes a sealed segment; that it is gone already is fine. E_SYS with errno. */
int store_remove(const char *directory, const char *name) WUNRES NONNULL(1, 2);

#endif
