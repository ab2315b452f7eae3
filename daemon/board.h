/* SPDX-License-Identifier: ISC */
/*
 * The board: counters of all roles in memory that they share, so that "status"
 * asks nobody. Each role writes its own part only and nothing but numbers;
 * nobody decides anything by them, so a role in hostile hands gains nothing by
 * lying (but flows_total, from which a restarted worker goes on numbering).
 */
#ifndef SIGHTGLASS_DAEMON_BOARD_H
#define SIGHTGLASS_DAEMON_BOARD_H

#include <stdatomic.h>
#include <stdint.h>

#define RINGS_MAX 64u
#define WORKERS_MAX 63u
#define SIGNER_RING WORKERS_MAX /* the index of its ring; workers' come before */

typedef _Atomic uint64_t counter;

struct board_ring {
	counter records; /* committed to it */
	counter waits;   /* times that it was full */
	counter used;    /* bytes in it, as last seen */
};

struct board_worker {
	counter pid, restarts;
	counter flows;       /* now */
	counter flows_total; /* since the daemon's start */
	struct board_ring ring;
	counter no_descriptor; /* times that accept(2) found none left */
	counter processes_asked, processes_unknown; /* as in mitm/processes.h */
};

struct board {
	counter started_us;
	counter parent_pid;
	counter worker_count;
	counter signer_pid, signer_restarts;
	struct board_ring signer_ring;
	counter leaves, leaves_again, leaves_refused, leaves_delayed;
	counter logger_pid, logger_restarts;
	counter log_records, log_text_bytes, log_file_bytes, log_segments_sealed,
	    log_segments_removed, log_write_errors, log_repaired, log_lost;
	struct board_worker workers[WORKERS_MAX];
};

static inline void
counter_set(counter *c, uint64_t value)
{
	atomic_store_explicit(c, value, memory_order_relaxed);
}

static inline void
counter_add(counter *c, uint64_t value)
{
	atomic_fetch_add_explicit(c, value, memory_order_relaxed);
}

static inline uint64_t
counter_get(counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

#endif
