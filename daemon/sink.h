/* SPDX-License-Identifier: ISC */
/*
 * Where a role's records go: its ring, and behind it a backlog for what the ring
 * would not take. Nothing is dropped here; who has a backlog is to make no more
 * records until it is gone. Worker and signer.
 */
#ifndef SIGHTGLASS_DAEMON_SINK_H
#define SIGHTGLASS_DAEMON_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/ring.h"
#include "daemon/board.h"
#include "daemon/msg.h"

struct sink {
	struct ring ring;
	void *memory;
	uint64_t bytes;
	int wake_fd;
	struct board_ring *counters;
	struct buf line;    /* the record being built */
	struct buf backlog; /* records that the ring would not take, each behind
	                     * its u32 length */
	uint64_t backlog_records;
};

/* Before any message. */
void sink_init(struct sink *s) NONNULL(1);

/* MSG_RING and MSG_WAKE: each takes over the descriptor. Exits on failure. */
void sink_take_ring(struct sink *s, const struct msg *m) NONNULL(1, 2);
void sink_take_wake(struct sink *s, const struct msg *m) NONNULL(1, 2);

/* Both have come. Exits when they have not, or the ring is damaged. */
void sink_open(struct sink *s, struct board_ring *counters) NONNULL(1, 2);

/* The event.sequence of the next record. */
uint64_t sink_sequence(const struct sink *s) NONNULL(1);

/* Takes what is in s->line. True: there is no backlog. */
bool sink_commit(struct sink *s) NONNULL(1);

/* Puts the backlog into the ring, as far as it goes. True: it is empty. */
bool sink_flush(struct sink *s) WUNRES NONNULL(1);

#endif
