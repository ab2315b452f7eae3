/* SPDX-License-Identifier: ISC */
/*
 * How a record gets into the segments exactly once although the logger may be
 * killed at any instruction. Rings and ledger are shared memory and survive it;
 * so does what write(2) has put into the file. (A power cut takes rings and
 * ledger away with the daemon; then segment repair alone decides.) Logger only.
 *
 * A flush: compress what the rings hold; BEGIN: note file, offset, length and
 * hash of the compressed bytes, and each ring's position behind the last record
 * in them; write; RELEASE each ring; END. A successor that finds the note open
 * looks whether the file has exactly these bytes there. Killed
 *
 *   before BEGIN        Nothing noted, nothing written. The rings still have the
 *                       records; the compressed bytes died with the process.
 *   within BEGIN        The note counts only once `state` is set, which is last.
 *   before the write    The bytes are not there. The file is cut to the offset
 *                       (it already ends there), the rings keep the records.
 *   within the write    Fewer bytes are there, or not these. The same cut.
 *   before RELEASE      The bytes are there. The positions become settled ones
 *                       and logger_add_ring releases each ring up to its own.
 *   within RELEASE      As before: a ring that is that far already stays.
 *   before END          As before.
 *   within settling     The successor died too. Cutting and copying again give
 *                       the same result; `state` is reset only afterwards, and
 *                       the file is repaired (which makes it longer) only then.
 *   within logger_add_ring   Settled positions stay noted until the next BEGIN
 *                       that gets as far as settling; they only ever grow.
 *   after a create      An empty file, that the next start removes.
 *   within a seal       It is a write like any other, mostly without records.
 *                       Before its rename the file is whole but named ".part":
 *                       repair finds nothing to do and renames it.
 *
 * The hash is there because another daemon in the same directory may repair and
 * seal the file between our death and our restart: size alone would then not
 * tell whether the last write is in it.
 */
#include "log/ledger.h"

#include <stdatomic.h>
#include <string.h>

enum { LEDGER_SETTLED, LEDGER_WRITING };

struct ledger_page {
	_Atomic uint32_t state;
	uint32_t begun;    /* 1: not the daemon's first logger */
	uint64_t sequence; /* of the logger's last own record in a file */
	uint64_t lost, told, lost_since_us; /* records dropped */
	struct ledger_write write;
	uint64_t pending[LOGGER_RINGS_MAX]; /* if the write is in the file */
	uint64_t settled[LOGGER_RINGS_MAX]; /* whatever happens */
};

_Static_assert(sizeof(struct ledger_page) <= LOGGER_LEDGER_BYTES,
    "the ledger fits its memory");

struct ledger_page *
ledger_attach(void *memory)
{
	return memory;
}

void
ledger_begin(struct ledger_page *l, const struct ledger_write *write,
    const uint64_t positions[LOGGER_RINGS_MAX])
{
	l->write = *write;
	memcpy(l->pending, positions, sizeof(l->pending));
	atomic_store_explicit(&l->state, LEDGER_WRITING, memory_order_release);
}

static void
close_note(struct ledger_page *l)
{
	/* The releases before must not move behind this, in any machine. */
	atomic_store_explicit(&l->state, LEDGER_SETTLED, memory_order_seq_cst);
	/* Nor may the next BEGIN's stores move before it. */
	atomic_thread_fence(memory_order_seq_cst);
}

void
ledger_end(struct ledger_page *l)
{
	l->sequence = l->write.sequence;
	l->told = l->write.told;
	close_note(l);
}

bool
ledger_unsettled(const struct ledger_page *l, struct ledger_write *write)
{
	if (atomic_load_explicit(&l->state, memory_order_acquire) !=
	    LEDGER_WRITING)
		return false;
	*write = l->write;
	write->name[sizeof(write->name) - 1] = '\0';
	return true;
}

void
ledger_settle(struct ledger_page *l, bool written)
{
	if (written) {
		memcpy(l->settled, l->pending, sizeof(l->settled));
		l->sequence = l->write.sequence;
		l->told = l->write.told;
	}
	close_note(l);
}

uint64_t
ledger_position(const struct ledger_page *l, unsigned ring)
{
	return l->settled[ring];
}

uint64_t
ledger_sequence(const struct ledger_page *l)
{
	return l->sequence;
}

bool
ledger_begun(const struct ledger_page *l)
{
	return l->begun != 0;
}

void
ledger_set_begun(struct ledger_page *l)
{
	l->begun = 1;
}

void
ledger_lose(struct ledger_page *l, uint64_t records)
{
	l->lost += records;
}

uint64_t
ledger_lost(const struct ledger_page *l)
{
	return l->lost;
}

uint64_t
ledger_told(const struct ledger_page *l)
{
	return l->told;
}

void
ledger_set_lost_since(struct ledger_page *l, uint64_t time_us)
{
	l->lost_since_us = time_us;
}

uint64_t
ledger_lost_since(const struct ledger_page *l)
{
	return l->lost_since_us;
}
