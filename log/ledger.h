/* SPDX-License-Identifier: ISC */
/*
 * The logger's note to its successor, in shared memory that outlives it: which
 * write is under way, and where the rings' cursors will stand when it is done.
 * ledger.c tells the whole story. Logger only.
 */
#ifndef SIGHTGLASS_LOG_LEDGER_H
#define SIGHTGLASS_LOG_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "log/logger.h"
#include "log/segment.h"

struct ledger_page;

/* One write to a segment. */
struct ledger_write {
	char name[SEGMENT_NAME_BYTES]; /* the segment's, without ".part" */
	uint64_t offset;               /* in the file */
	uint64_t bytes;
	uint64_t hash;                 /* XXH64 of the bytes */
	uint64_t sequence;             /* of the logger's last own record so far */
	uint64_t told;                 /* lost records that a gap has told of */
};

/* The page in `memory`: LOGGER_LEDGER_BYTES, aligned to 8, all zero at first. */
struct ledger_page *ledger_attach(void *memory) WUNRES NONNULL(1);

/* Notes the write; once it is in the file, ring i may be released up to
 * positions[i]. A write that failed stays noted; trying it again notes the same
 * once more. */
void ledger_begin(struct ledger_page *l, const struct ledger_write *write,
    const uint64_t positions[LOGGER_RINGS_MAX]) NONNULL(1, 2, 3);

/* The write is done and all rings are released. */
void ledger_end(struct ledger_page *l) NONNULL(1);

/* At a start: whether the predecessor died between begin and end. */
bool ledger_unsettled(const struct ledger_page *l, struct ledger_write *write)
    WUNRES NONNULL(1, 2);

/* Decides about that write, for good: it is in the file, or it is not (and has
 * been cut off). */
void ledger_settle(struct ledger_page *l, bool written) NONNULL(1);

/* How far a ring must be released at least. */
uint64_t ledger_position(const struct ledger_page *l, unsigned ring) NONNULL(1);

/* The event.sequence of the logger's last own record that is in a file. */
uint64_t ledger_sequence(const struct ledger_page *l) NONNULL(1);

/* Whether a logger has begun with this page, and that one does now. */
bool ledger_begun(const struct ledger_page *l) NONNULL(1);
void ledger_set_begun(struct ledger_page *l) NONNULL(1);

/* Records that had to be dropped, counted before they are: so many in all, so
 * many of them told of by gaps that are in a file, and since when the rest. */
void ledger_lose(struct ledger_page *l, uint64_t records) NONNULL(1);
uint64_t ledger_lost(const struct ledger_page *l) NONNULL(1);
uint64_t ledger_told(const struct ledger_page *l) NONNULL(1);
void ledger_set_lost_since(struct ledger_page *l, uint64_t time_us) NONNULL(1);
uint64_t ledger_lost_since(const struct ledger_page *l) NONNULL(1);

#endif
