/* SPDX-License-Identifier: ISC */
/*
 * The shared-memory ring that carries records from one worker (the producer)
 * to the logger (the consumer). It outlives both: the parent makes the memory,
 * either end can die and be restarted onto it. What was committed before the
 * producer died is still read; the read cursor lives in the ring and moves only
 * when the consumer says so, after the bytes are in a segment.
 *
 * One producer and one consumer at a time, lock-free (C11 atomics). A ring that
 * is full pushes back; it never overwrites. Pure over the memory it is given:
 * no descriptor, no clock, no system call. The memory is shared with a process
 * that handles hostile input, so neither end trusts what the other, or its own
 * predecessor, left there: every length and offset is read once and checked. The bytes
 * of a record are not: the consumer that needs them to stay as they are copies them.
 *
 * Layout: one 4096-byte header page, then the data area. A record is an 8-byte
 * header (u32 length, u32 zero) and its bytes, padded to 8; a record never
 * wraps: a skip mark fills what is left at the end.
 */
#ifndef SIGHTGLASS_BASE_RING_H
#define SIGHTGLASS_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define RING_HEADER_BYTES 4096u

struct ring_shared; /* the header page */

struct ring {
	struct ring_shared *shared; /* borrowed, as is data */
	uint8_t *data;
	uint64_t size;      /* bytes of the data area */
	uint64_t read_next; /* consumer: where ring_peek looks next, ≥ tail */
};

/* Writes an empty ring over `bytes` of memory (page-aligned, at least twice
 * RING_HEADER_BYTES, a multiple of 8). Parent only, before anyone attaches.
 * E_RANGE: the memory does not fit. */
int ring_format(void *memory, size_t bytes) WUNRES NONNULL(1);

/* Prepares r over memory that ring_format wrote; memory must outlive r. The
 * consumer starts at the read cursor that the last consumer left. E_CORRUPT:
 * not a ring, or not of this size. */
int ring_attach(struct ring *r, void *memory, size_t bytes)
    WUNRES NONNULL(1, 2);

/* --- the producer --- */

/* Commits one record of `length` bytes (copied). 0: the consumer is awake, or sleeps
 * on; 1: it must be woken. E_FULL: no room now, nothing was written, and
 * the ring remembers that the producer waits. E_LIMIT: longer than
 * ring_record_limit. */
int ring_put(struct ring *r, const void *bytes, size_t length)
    WUNRES NONNULL(1, 2);

/* The largest record that this ring takes: a quarter of its data area. */
size_t ring_record_limit(const struct ring *r) NONNULL(1);

/* The number that the next record should carry as its event.sequence: one more
 * than the last, over restarts of the producer. ring_put advances it. */
uint64_t ring_next_sequence(const struct ring *r) NONNULL(1);

/* --- the consumer --- */

/* The next unread record: *bytes points into the ring and stays valid until
 * ring_release passes it, though a hostile producer may change what is there. Returns
 * 0; E_AGAIN when there is none (the ring is not yet marked as asleep); E_CORRUPT when
 * the producer left nonsense: call ring_discard. */
int ring_peek(struct ring *r, const uint8_t **bytes, size_t *length)
    WUNRES NONNULL(1, 2, 3);

/* Where reading stands: what to hand to ring_release once every record peeked
 * so far is safe. */
uint64_t ring_position(const struct ring *r) NONNULL(1);

/* Gives the room up to `position` back. True: a producer waits for room and
 * must be woken. */
bool ring_release(struct ring *r, uint64_t position) WUNRES NONNULL(1);

/* Says that the consumer is about to sleep until `bytes` more are there (from 1 on; half
 * the data area at most), or for as long as it likes. False: they are there already, do
 * not sleep. ring_peek finding a record takes it back. */
bool ring_sleep(struct ring *r, uint64_t bytes) WUNRES NONNULL(1);

/* After E_CORRUPT: throws away everything up to the producer's head. Returns
 * the bytes thrown away. */
uint64_t ring_discard(struct ring *r) NONNULL(1);

/* Bytes that ring_peek has still to give, at most (marks and padding count). */
uint64_t ring_unread(const struct ring *r) NONNULL(1);

/* Whether the producer found no room and waits for ring_release. */
bool ring_blocked(const struct ring *r) NONNULL(1);

/* Bytes committed and not yet released. For status. */
uint64_t ring_used(const struct ring *r) NONNULL(1);

#endif
