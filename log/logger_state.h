/* SPDX-License-Identifier: ISC */
/*
 * The logger's own parts, between logger.c (turns and rings), logger_segment.c
 * (the open segment), logger_retention.c (the old ones) and logger_trouble.c (what
 * it says, and what it does while nothing can be written). Logger process only;
 * logger.h is for others.
 */
#ifndef SIGHTGLASS_LOG_LOGGER_STATE_H
#define SIGHTGLASS_LOG_LOGGER_STATE_H

#include "base/buf.h"
#include "base/ring.h"
#include "log/ledger.h"
#include "log/logger.h"
#include "log/segment.h"
#include "log/store.h"

#define RETRY_US 1000000u /* between tries to write */
#define RETAIN_US 60000000u /* between looks at the room, while it is written */

struct source {
	struct ring ring;
	void *memory; /* NULL: no such ring */
	size_t bytes;
};

/* What is said once, and again only after it has worked. */
enum trouble { TROUBLE_SYNC, TROUBLE_SEAL, TROUBLE_REPAIR, TROUBLE_REMOVE };

struct logger {
	struct logger_options options; /* directory: our own copy */
	struct ledger_page *ledger;
	struct source sources[LOGGER_RINGS_MAX];
	struct store store;
	struct segment_writer *writer; /* of the open segment, or NULL */
	struct buf out;        /* compressed, not yet in the file */
	struct buf line;       /* the one in hand, out of its ring */
	struct buf notes;      /* our own records, not yet in the file */
	size_t notes_taken;    /* bytes of them that were compressed */
	uint64_t noted_sequence; /* of the last of them */
	uint64_t taken_sequence; /* of the last one that was compressed */
	uint64_t written_sequence; /* of the last one in the file */
	uint64_t noted_lost;   /* lost records that they tell of, of all */
	unsigned next_ring;    /* to be drained */
	uint64_t unflushed_records; /* in `out` or still in zstd */
	size_t unflushed_bytes;  /* of their lines */
	uint64_t written_records; /* of the open segment, in the file */
	bool sealing;          /* `out` ends in the seek table */
	bool unsettled;        /* what the ledger left open is not decided yet */
	bool left_open;        /* a ".part" of ours waits for its repair */
	bool dropping;         /* flows have waited long enough */
	unsigned troubles;     /* said: bit enum trouble */
	/* Since when, or 0: */
	uint64_t opened_us;    /* the segment is open */
	uint64_t unflushed_us; /* a line waits for its flush */
	uint64_t unsynced_us;  /* bytes in the file wait for a sync */
	uint64_t failing_us;   /* the segment cannot be written */
	uint64_t retry_us;     /* when to try again then */
	uint64_t retain_us;    /* when to see whether old segments must go;
	                        * UINT64_MAX: there is no need */
	uint64_t full_us;      /* ... and a worker waits for room */
	char failure[160];     /* why, for the record */
	uint64_t dropped;      /* records that were no lines, not yet noted */
	uint64_t dropped_us;   /* when some were last noted */
	uint64_t wake_rings;
	struct logger_counters counters;
};

/* When what has waited since `since_us` is due; UINT64_MAX: nothing waits. */
static inline uint64_t
due_us(uint64_t since_us, uint64_t after_ms)
{
	return since_us == 0 || after_ms == UINT64_MAX ? UINT64_MAX
	    : since_us + after_ms * 1000;
}

/* --- logger_segment.c: false and errors mean that nothing can be written now,
 * which has been said --- */

/* Makes the next segment. */
int logger_open_segment(struct logger *l, uint64_t now_us) WUNRES NONNULL(1);

/* Writes what waits in `out`; true when nothing stands in the way of more. */
bool logger_write_pending(struct logger *l, uint64_t now_us) WUNRES NONNULL(1);

/* Everything taken is written; at the size to rotate at the segment is sealed. */
bool logger_flush(struct logger *l, uint64_t now_us) WUNRES NONNULL(1);
bool logger_seal(struct logger *l, uint64_t now_us) NONNULL(1);
void logger_sync(struct logger *l, uint64_t now_us) NONNULL(1);

/* The writer is broken (no memory): what is in the file is repaired and sealed,
 * the rest is still in the rings. */
void logger_abandon_segment(struct logger *l, int error, uint64_t now_us)
    NONNULL(1);

/* Closes it and forgets what was not written... */
void logger_forget_segment(struct logger *l) NONNULL(1);
/* ...which is then read from the rings again, and our own records once more. */
void logger_rewind(struct logger *l) NONNULL(1);

/* Repairs and seals every segment that nobody writes. */
void logger_repair(struct logger *l, uint64_t now_us) NONNULL(1);

/* --- logger_trouble.c --- */

/* Adds a record of our own. */
void logger_tell(struct logger *l, uint64_t now_us, const char *action,
    const char *message, uint64_t lost_records, const char *segment)
    NONNULL(1, 3, 4);
/* The gap of records that were no lines, at most once a second. */
void logger_tell_dropped(struct logger *l, uint64_t now_us) NONNULL(1);
/* The gap of records that were dropped since the last one; false: none were. */
bool logger_tell_lost(struct logger *l, uint64_t now_us, const char *message)
    NONNULL(1, 3);

/* Says on standard error what did not work with that file, once until it does. */
void logger_complain(struct logger *l, enum trouble trouble, const char *name,
    int error) NONNULL(1, 3);
void logger_works(struct logger *l, enum trouble trouble) NONNULL(1);

/* The segment cannot be made or written: said once, to be tried again in a
 * second. */
void logger_fail(struct logger *l, int error, const char *what, uint64_t now_us)
    NONNULL(1, 3);
/* Something is in the file (again). */
void logger_resume(struct logger *l, uint64_t now_us) NONNULL(1);

/* While nothing can be written: workers that wait for room do so for a while,
 * then records go. */
void logger_give_way(struct logger *l, uint64_t now_us) NONNULL(1);
/* At the end: what is in the rings now is gone, and that is said. */
void logger_lose_all(struct logger *l, uint64_t now_us) NONNULL(1);

/* --- logger_retention.c --- */

/* Removes the segments that must go; sets retain_us. */
void logger_retain(struct logger *l, uint64_t now_us) NONNULL(1);

/* --- logger.c --- */

/* What ring_peek found to be nonsense is thrown away, and said. */
void logger_discard(struct logger *l, struct source *s, uint64_t now_us)
    NONNULL(1, 2);

#endif
