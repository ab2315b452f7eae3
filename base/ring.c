/* SPDX-License-Identifier: ISC */
/*
 * The ring. head and tail count bytes for ever; their place in the data area is
 * the remainder. The producer publishes a record by moving head over it, after
 * its bytes; the consumer gives room back by moving tail. A producer that is
 * killed in the middle has not moved head: nothing of it is visible.
 *
 * Sleeping: the consumer says up to where, then looks at head once more; the producer
 * moves head, then looks whether it has come there. Each store must be seen
 * before the load behind it, which takes a sequentially consistent fence on both
 * sides: then at least one of the two sees the other. The same holds, the other
 * way round, for a producer that waits for room. Pure; worker and logger.
 */
#include "base/ring.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

#include "base/err.h"

#define RING_MAGIC 0x474e495253474c31ull
#define RECORD_HEADER 8u
#define SKIP UINT32_MAX
#define AWAKE UINT64_MAX

struct ring_shared {
	uint64_t magic;
	uint64_t size;
	alignas(64) _Atomic uint64_t head;     /* producer's */
	_Atomic uint64_t sequence;             /* producer's: records so far */
	_Atomic uint32_t producer_waits;
	alignas(64) _Atomic uint64_t tail;     /* consumer's */
	_Atomic uint64_t wake_at; /* where head is to be when it is woken, or AWAKE */
};

_Static_assert(sizeof(struct ring_shared) <= RING_HEADER_BYTES,
    "the header fits its page");

struct record_header {
	uint32_t length; /* SKIP: nothing up to the end of the area */
	uint32_t zero;
};

int
ring_format(void *memory, size_t bytes)
{
	struct ring_shared *shared = memory;

	if (bytes < 2 * RING_HEADER_BYTES || bytes % 8 != 0)
		return E_RANGE;
	memset(shared, 0, sizeof(*shared));
	shared->size = bytes - RING_HEADER_BYTES;
	atomic_store(&shared->wake_at, AWAKE);
	shared->magic = RING_MAGIC;
	return 0;
}

int
ring_attach(struct ring *r, void *memory, size_t bytes)
{
	struct ring_shared *shared = memory;

	if (bytes < 2 * RING_HEADER_BYTES || bytes % 8 != 0)
		return E_CORRUPT;
	if (shared->magic != RING_MAGIC ||
	    shared->size != bytes - RING_HEADER_BYTES)
		return E_CORRUPT;
	*r = (struct ring){
	    .shared = shared,
	    .data = (uint8_t *)memory + RING_HEADER_BYTES,
	    .size = bytes - RING_HEADER_BYTES,
	    .read_next = atomic_load(&shared->tail),
	};
	return 0;
}

size_t
ring_record_limit(const struct ring *r)
{
	return (size_t)(r->size / 4);
}

uint64_t
ring_next_sequence(const struct ring *r)
{
	return atomic_load_explicit(&r->shared->sequence, memory_order_relaxed) + 1;
}

/* Whole records end at multiples of 8. One that hostile hands set elsewhere would have
 * the next producer write a header over the end of the area, and the consumer find no
 * way on: it is taken for the last that could have been meant. */
static uint64_t
head_of(const struct ring *r, memory_order order)
{
	return atomic_load_explicit(&r->shared->head, order) & ~(uint64_t)7;
}

/* --- the producer --- */

static uint64_t
padded(size_t length)
{
	return RECORD_HEADER + (((uint64_t)length + 7) & ~(uint64_t)7);
}

/* Whether `need` bytes are free behind head. Leaves the mark that we wait when
 * they are not, and looks once more behind it. */
static bool
has_room(struct ring *r, uint64_t head, uint64_t need)
{
	struct ring_shared *s = r->shared;
	uint64_t tail = atomic_load_explicit(&s->tail, memory_order_acquire);

	if (need <= r->size - (head - tail))
		return true;
	atomic_store_explicit(&s->producer_waits, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	tail = atomic_load_explicit(&s->tail, memory_order_acquire);
	if (need > r->size - (head - tail))
		return false;
	atomic_store_explicit(&s->producer_waits, 0, memory_order_relaxed);
	return true;
}

static void
write_header(struct ring *r, uint64_t at, uint32_t length)
{
	const struct record_header header = {.length = length};

	memcpy(r->data + at, &header, sizeof(header));
}

/* Whether the consumer sleeps and head is where it is to be woken; or so far from there
 * that one of the two is nonsense. */
static bool
is_due(const struct ring *r, uint64_t head)
{
	uint64_t wake_at =
	    atomic_load_explicit(&r->shared->wake_at, memory_order_relaxed);
	uint64_t left = wake_at - head;

	return wake_at != AWAKE && (left == 0 || left > r->size);
}

int
ring_put(struct ring *r, const void *bytes, size_t length)
{
	struct ring_shared *s = r->shared;
	uint64_t head = head_of(r, memory_order_relaxed);
	uint64_t at = head % r->size;
	uint64_t need = padded(length);
	uint64_t skip = r->size - at < need ? r->size - at : 0;

	if (length > ring_record_limit(r))
		return E_LIMIT;
	if (!has_room(r, head, skip + need))
		return E_FULL;
	if (skip > 0) {
		write_header(r, at, SKIP);
		at = 0;
	}
	write_header(r, at, (uint32_t)length);
	memcpy(r->data + at + RECORD_HEADER, bytes, length);
	/* The number first: a producer that dies between the two stores leaves a
	 * number unused, never one used twice. */
	atomic_fetch_add_explicit(&s->sequence, 1, memory_order_relaxed);
	head += skip + need;
	atomic_store_explicit(&s->head, head, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	if (!is_due(r, head))
		return 0;
	atomic_store_explicit(&s->wake_at, AWAKE, memory_order_relaxed);
	return 1;
}

/* --- the consumer: trusts nothing that it reads --- */

/* The bytes from `from` up to the producer's head; more than the ring holds is
 * nonsense. */
static int
bytes_ahead(const struct ring *r, uint64_t from, uint64_t *ahead)
{
	*ahead = head_of(r, memory_order_acquire) - from;
	return *ahead > r->size ? E_CORRUPT : 0;
}

/* One record or skip mark at read_next: 1 for a record, 0 for a skip. */
static int
read_one(struct ring *r, uint64_t ahead, const uint8_t **bytes, size_t *length)
{
	uint64_t at = r->read_next % r->size;
	struct record_header header;

	if (r->size - at < RECORD_HEADER || ahead < RECORD_HEADER)
		return E_CORRUPT;
	memcpy(&header, r->data + at, sizeof(header));
	if (header.length == SKIP) {
		if (ahead < r->size - at || at == 0)
			return E_CORRUPT;
		r->read_next += r->size - at;
		return 0;
	}
	if (header.length > ring_record_limit(r) ||
	    padded(header.length) > r->size - at || padded(header.length) > ahead)
		return E_CORRUPT;
	*bytes = r->data + at + RECORD_HEADER;
	*length = header.length;
	r->read_next += padded(header.length);
	return 1;
}

int
ring_peek(struct ring *r, const uint8_t **bytes, size_t *length)
{
	/* Twice at most: a skip mark ends where the area does, and a record
	 * follows it. */
	for (int i = 0; i < 2; i++) {
		uint64_t ahead;
		int outcome = bytes_ahead(r, r->read_next, &ahead);

		if (outcome == 0 && ahead == 0)
			return E_AGAIN;
		if (outcome == 0)
			outcome = read_one(r, ahead, bytes, length);
		if (outcome == 1) {
			atomic_store_explicit(&r->shared->wake_at, AWAKE,
			    memory_order_relaxed);
			return 0;
		}
		if (outcome < 0)
			return outcome;
	}
	return E_CORRUPT;
}

uint64_t
ring_position(const struct ring *r)
{
	return r->read_next;
}

static bool
take_waiting(struct ring *r)
{
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_exchange_explicit(&r->shared->producer_waits, 0,
	           memory_order_relaxed) != 0;
}

bool
ring_release(struct ring *r, uint64_t position)
{
	atomic_store_explicit(&r->shared->tail, position, memory_order_release);
	return take_waiting(r);
}

bool
ring_sleep(struct ring *r, uint64_t bytes)
{
	struct ring_shared *s = r->shared;

	if (bytes > r->size / 2)
		bytes = r->size / 2;
	atomic_store_explicit(&s->wake_at, r->read_next + bytes, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	if (head_of(r, memory_order_relaxed) - r->read_next < bytes)
		return true;
	atomic_store_explicit(&s->wake_at, AWAKE, memory_order_relaxed);
	return false;
}

uint64_t
ring_discard(struct ring *r)
{
	uint64_t head = head_of(r, memory_order_acquire);
	uint64_t lost = head - r->read_next;

	r->read_next = head;
	atomic_store_explicit(&r->shared->tail, head, memory_order_release);
	return lost;
}

uint64_t
ring_unread(const struct ring *r)
{
	return head_of(r, memory_order_acquire) - r->read_next;
}

bool
ring_blocked(const struct ring *r)
{
	return atomic_load_explicit(&r->shared->producer_waits,
	           memory_order_relaxed) != 0;
}

uint64_t
ring_used(const struct ring *r)
{
	return atomic_load_explicit(&r->shared->head, memory_order_relaxed) -
	    atomic_load_explicit(&r->shared->tail, memory_order_relaxed);
}
