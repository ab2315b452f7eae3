/* SPDX-License-Identifier: ISC */
/*
 * What the logger role does: takes records from the workers' rings, compresses
 * them into the open segment, flushes, syncs, rotates and repairs. The only
 * writer of segments. daemon/logger_role.c drives it from the event loop.
 *
 * Exactly once over kill -9: rings and the ledger live in shared memory that
 * outlives the logger. Before a flush is written to the file the ledger notes
 * the file, its size before and after, and where each ring's cursor will stand;
 * after the write the cursors move. A logger that starts over finds either a
 * file that has grown to the noted size (then it moves the cursors) or one that
 * has not (then it cuts it back), and neither loses nor doubles a record.
 */
#ifndef SIGHTGLASS_LOG_LOGGER_H
#define SIGHTGLASS_LOG_LOGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "log/record.h"
#include "log/retention.h"

#define LOGGER_RINGS_MAX 64u
#define LOGGER_LEDGER_BYTES 4096u
#define LOGGER_WAIT_FOREVER UINT64_MAX

struct logger_options {
	const char *directory; /* exists; copied */
	int level;             /* zstd */
	uint64_t flush_ms, sync_ms;
	uint64_t rotate_bytes, rotate_ms;
	uint64_t full_wait_ms; /* how long workers wait for room in a log that
	                        * cannot be written, or LOGGER_WAIT_FOREVER */
	struct retention retention; /* what sealed segments are kept */
	gid_t group;           /* that may read, or (gid_t)-1 */
	struct record_writer writer; /* for its own records; strings borrowed */
	void *ledger;          /* LOGGER_LEDGER_BYTES of shared memory, zero at the
	                        * daemon's start */
};

struct logger_counters {
	uint64_t records, text_bytes, file_bytes, segments_sealed,
	    segments_removed, write_errors, repaired, lost;
};

struct logger;

/* Opens the log: settles the ledger, repairs and seals what an earlier run left
 * open (not what another live daemon holds locked). Does not create a segment
 * before the first record. Rings must have been added with logger_add_ring before
 * the first logger_turn, since the ledger names them. NULL with words in `error`:
 * memory, or the directory cannot be written; the latter only for the first logger
 * of a ledger, a later one tries again. */
struct logger *logger_new(const struct logger_options *options, uint64_t now_us,
    char error[256]) WUNRES NONNULL(1, 3);

/* Takes records from this ring (index < LOGGER_RINGS_MAX, the same over the
 * logger's restarts) from now on; memory stays mapped for the logger's life. */
int logger_add_ring(struct logger *l, unsigned index, void *memory,
    size_t bytes) WUNRES NONNULL(1, 3);

/* Takes over what options say of flush, sync, rotation, retention, waiting, level
 * (from the next segment) and group. */
void logger_configure(struct logger *l, const struct logger_options *options)
    NONNULL(1, 2);

struct logger_turn {
	uint64_t wake_rings;  /* bit i: the producer of ring i waits for room */
	int64_t sleep_ms;     /* call again after this; -1: only when woken */
};

/* Does what is due at now_us (wall clock, µs): drains up to some hundred KiB,
 * flushes, syncs, rotates, removes old segments. Once it returns with sleep_ms !=
 * 0 every ring has been marked asleep, unless nothing can be written: a write that
 * fails (full disk) keeps the records in the rings, is counted, said once, and
 * tried again each second. A ring that is full meanwhile (its producer should wake
 * us) keeps its worker waiting for full_wait_ms; then its oldest half goes. When
 * the log can be written again a record says for how long it could not: "gap" with
 * the number of records lost, or "log_resumed". */
void logger_turn(struct logger *l, uint64_t now_us, struct logger_turn *out)
    NONNULL(1, 3);

/* Seals the open segment now (a rotation asked for by reload). */
void logger_rotate(struct logger *l, uint64_t now_us) NONNULL(1);

/* Adds a record of our own (dataset daemon). */
void logger_note(struct logger *l, const struct daemon_event *event)
    NONNULL(1, 2);

struct logger_counters logger_counters(const struct logger *l) NONNULL(1);

/* The daemon ends: workers do not wait for room any more. */
void logger_hurry(struct logger *l) NONNULL(1);

/* Drains all rings and seals the segment; l can only be freed then. E_SYS: it
 * could not be done, and what was lost by it has been said. */
int logger_finish(struct logger *l, uint64_t now_us) WUNRES NONNULL(1);

void logger_free(struct logger *l);

#endif
