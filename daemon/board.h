/* SPDX-License-Identifier: ISC */
/*
 * The board: counters of all roles in memory that they share, so that "status"
 * asks nobody. Each role writes its own part only: numbers, and the words by which
 * forwarders introduce themselves (forwarders.h). Nobody decides anything by them,
 * so a role in hostile hands gains nothing by lying (but flows_total, from which a
 * restarted worker goes on numbering).
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

#define BOARD_TEXT_BYTES 64u /* with NUL */

/* Of one writer; a reader sees a text whole or not at all. */
struct board_text {
	counter version; /* 0: none yet; odd: it is being written */
	counter words[BOARD_TEXT_BYTES / sizeof(uint64_t)];
};

struct board_flows {
	counter count, last_us; /* 0: there was none */
};

/* One forwarder, as one worker met it (forwarders.h). */
struct board_forwarder {
	struct board_text name, build;
	counter protocol;
	counter hello_us, heard_us; /* the last; heard: any request, hello too */
	counter connections;        /* to control.sock, that said hello; now */
	struct board_flows streams, datagrams;
	counter bad_headers; /* broken, or not whole in time */
};

#define BOARD_FORWARDERS 16u

struct board_worker {
	counter pid, restarts;
	counter flows;       /* now */
	counter flows_total; /* since the daemon's start */
	struct board_ring ring;
	counter no_descriptor; /* times that accept(2) found none left */
	counter processes_asked, processes_unknown; /* as in mitm/processes.h */
	counter unwelcome;     /* connections closed for who their peer is */
	struct board_forwarder forwarders[BOARD_FORWARDERS];
};

struct board {
	counter started_us;
	counter parent_pid;
	counter worker_count;
	counter signer_pid, signer_restarts;
	struct board_ring signer_ring;
	counter sources_found, sources_none, sources_unsure, /* source_choice.h */
	    sources_skipped; /* over what looks may cost */
	counter leaves, leaves_again, leaves_refused, leaves_delayed;
	counter logger_pid, logger_restarts;
	counter logger_uid; /* plus one; 0: not known yet */
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
