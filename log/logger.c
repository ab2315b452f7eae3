/* SPDX-License-Identifier: ISC */
/*
 * The logger: rings in, segments out. Logger process only. It compresses as it
 * drains, writes once a flush, and gives room in a ring back only when the bytes
 * are in the file (ledger.c tells why nothing is lost or doubled). While the
 * file cannot be written, records wait in the rings, which push back when they
 * are full; after options.full_wait_ms of that the oldest are dropped, counted,
 * and told of once the file can be written. Trusts no record to be a line: what
 * is not one is dropped and counted.
 */
#include "log/logger_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/err.h"

#define FLUSH_BYTES (64u * 1024)        /* of lines */
#define TURN_BYTES (256u * 1024)        /* then the event loop has its turn */
#define OUT_BYTES_MAX (64u * 1024 * 1024)
#define NOTES_BYTES_MAX (256u * 1024)

/* --- draining --- */

/* False: the segment cannot take it; it stays where it came from. */
static bool
add_line(struct logger *l, const uint8_t *line, size_t length, uint64_t now_us)
{
	int error = segment_add(l->writer, line, length, &l->out);

	if (error != 0) {
		logger_abandon_segment(l, error, now_us);
		return false;
	}
	l->unflushed_records++;
	l->unflushed_bytes += length;
	if (l->unflushed_us == 0)
		l->unflushed_us = now_us;
	return true;
}

/* The next of our own records that was not compressed yet, with its newline. */
static const uint8_t *
next_note(const struct logger *l, size_t *length)
{
	const uint8_t *line = buf_data(&l->notes) + l->notes_taken;
	size_t rest = buf_length(&l->notes) - l->notes_taken;
	const uint8_t *newline = memchr(line, '\n', rest);

	*length = newline == NULL ? rest : (size_t)(newline - line) + 1;
	return line;
}

/* They stay where they are until they are in the file. */
static bool
take_notes(struct logger *l, uint64_t now_us)
{
	while (l->notes_taken < buf_length(&l->notes)) {
		size_t length;

		if (l->writer == NULL && logger_open_segment(l, now_us) != 0)
			return false;
		/* open_segment may have added a note and moved them. */
		const uint8_t *line = next_note(l, &length);
		if (!add_line(l, line, length, now_us))
			return false;
		l->taken_sequence++;
		l->notes_taken += length;
	}
	return true;
}

/* What ring_peek found to be nonsense is thrown away, and said. */
void
logger_discard(struct logger *l, struct source *s, uint64_t now_us)
{
	char message[100];

	(void)snprintf(message, sizeof(message),
	    "a worker left %llu bytes in its ring that are not records",
	    (unsigned long long)ring_discard(&s->ring));
	diag_error("log: %s", message);
	logger_tell(l, now_us, "gap", message, 0, NULL);
}

/* A flush must come for it too, to give the room in the ring back. */
static void
drop(struct logger *l, uint64_t now_us)
{
	l->dropped++;
	if (l->unflushed_us == 0)
		l->unflushed_us = now_us;
}

/* Into the segment, or back into its ring. */
static bool
take_line(struct logger *l, const uint8_t *line, size_t length, uint64_t now_us)
{
	if (l->writer == NULL && logger_open_segment(l, now_us) != 0) {
		logger_rewind(l);
		return false;
	}
	return add_line(l, line, length, now_us);
}

/* What was peeked, for whoever put it there may change it while it is read. One that is
 * no line is dropped. */
static bool
take_record(struct logger *l, const uint8_t *record, size_t length, uint64_t now_us)
{
	buf_clear(&l->line);
	int error = buf_append(&l->line, record, length);

	if (error == E_NOMEM) {
		logger_abandon_segment(l, error, now_us);
		return false;
	}
	if (error != 0 || length == 0 ||
	    !segment_is_line(buf_data(&l->line), length)) {
		drop(l, now_us);
		return true;
	}
	return take_line(l, buf_data(&l->line), length, now_us);
}

/* Takes up to a flush's worth of lines from one ring; *taken counts their
 * bytes. False: the segment cannot take more. */
static bool
drain_ring(struct logger *l, struct source *s, uint64_t now_us, size_t *taken)
{
	const uint8_t *record;
	size_t length;

	while (l->unflushed_bytes < FLUSH_BYTES) {
		int error = ring_peek(&s->ring, &record, &length);
		if (error == E_CORRUPT)
			logger_discard(l, s, now_us);
		if (error != 0)
			return true;
		*taken += length;
		if (!take_record(l, record, length, now_us))
			return false;
	}
	return logger_flush(l, now_us);
}

/* Ring by ring, until all are empty or `budget` bytes were taken; goes on where
 * the last call stopped. */
static bool
drain(struct logger *l, uint64_t now_us, size_t budget)
{
	size_t taken = 0;

	if (!take_notes(l, now_us))
		return false;
	for (unsigned idle = 0; idle < LOGGER_RINGS_MAX && taken < budget;) {
		struct source *s = &l->sources[l->next_ring];
		size_t before = taken;

		l->next_ring = (l->next_ring + 1) % LOGGER_RINGS_MAX;
		if (s->memory != NULL && !drain_ring(l, s, now_us, &taken))
			return false;
		idle = taken > before ? 0 : idle + 1;
	}
	logger_tell_dropped(l, now_us);
	return true;
}

/* --- the turn --- */

/* The wall clock may have been set back; then all that waits counts from now. */
static void
clamp(uint64_t *since_us, uint64_t now_us)
{
	if (*since_us > now_us)
		*since_us = now_us;
}

static void
clamp_clocks(struct logger *l, uint64_t now_us)
{
	clamp(&l->opened_us, now_us);
	clamp(&l->unflushed_us, now_us);
	clamp(&l->unsynced_us, now_us);
	clamp(&l->failing_us, now_us);
	clamp(&l->full_us, now_us);
	clamp(&l->dropped_us, now_us);
	if (l->retry_us > now_us + RETRY_US)
		l->retry_us = now_us + RETRY_US;
	if (l->writer != NULL && l->retain_us > now_us + RETAIN_US)
		l->retain_us = now_us + RETAIN_US;
}

static void
do_due(struct logger *l, uint64_t now_us)
{
	if (now_us >= due_us(l->unflushed_us, l->options.flush_ms) &&
	    !logger_flush(l, now_us))
		return;
	if (now_us >= due_us(l->opened_us, l->options.rotate_ms) &&
	    !logger_seal(l, now_us))
		return;
	if (now_us >= due_us(l->unsynced_us, l->options.sync_ms))
		logger_sync(l, now_us);
	if (now_us >= l->retain_us)
		logger_retain(l, now_us);
}

/* With a flush to come there is no hurry before it is worth one. False: so much is there
 * already. */
static bool
rings_sleep(struct logger *l)
{
	uint64_t bytes = l->unflushed_us == 0 || l->unflushed_bytes >= FLUSH_BYTES
	    ? 1 : FLUSH_BYTES - l->unflushed_bytes;
	bool sleeping = true;

	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++) {
		struct source *s = &l->sources[i];
		if (s->memory != NULL && !ring_sleep(&s->ring, bytes))
			sleeping = false;
	}
	return sleeping;
}

static uint64_t
earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
next_due_us(const struct logger *l)
{
	if (l->failing_us != 0)
		return l->dropping ? l->retry_us
		                   : earliest(l->retry_us,
		                         due_us(l->full_us, l->options.full_wait_ms));
	return earliest(earliest(due_us(l->unflushed_us, l->options.flush_ms),
	        due_us(l->unsynced_us, l->options.sync_ms)),
	    earliest(due_us(l->opened_us, l->options.rotate_ms), l->retain_us));
}

static int64_t
sleep_ms(struct logger *l, uint64_t now_us)
{
	if (l->failing_us == 0 &&
	    (l->notes_taken < buf_length(&l->notes) || !rings_sleep(l)))
		return 0;
	uint64_t due = next_due_us(l);
	if (due == UINT64_MAX)
		return -1;
	return due <= now_us ? 0 : (int64_t)((due - now_us + 999) / 1000);
}

static bool settle(struct logger *l, uint64_t now_us);

/* Finishes what failed, as far as it had come. */
static bool
try_again(struct logger *l, uint64_t now_us)
{
	logger_retain(l, now_us); /* it may be for lack of room */
	if (l->unsettled && !settle(l, now_us))
		return false;
	return l->writer == NULL || logger_write_pending(l, now_us);
}

void
logger_turn(struct logger *l, uint64_t now_us, struct logger_turn *out)
{
	clamp_clocks(l, now_us);
	bool able = l->failing_us == 0 ||
	    (now_us >= l->retry_us && try_again(l, now_us));
	if (able && drain(l, now_us, TURN_BYTES)) {
		/* The proof that it can be written is a write. */
		if (l->failing_us == 0 || logger_flush(l, now_us))
			do_due(l, now_us);
	}
	if (l->failing_us != 0)
		logger_give_way(l, now_us);
	out->wake_rings = l->wake_rings;
	l->wake_rings = 0;
	out->sleep_ms = sleep_ms(l, now_us);
}

void
logger_rotate(struct logger *l, uint64_t now_us)
{
	clamp_clocks(l, now_us);
	if (l->writer != NULL && l->failing_us == 0)
		(void)logger_seal(l, now_us);
}

/* --- life --- */

/* What the predecessor wrote and did not come to release is released. */
static int
adopt_ring(struct logger *l, unsigned index)
{
	struct source *s = &l->sources[index];
	uint64_t settled = ledger_position(l->ledger, index);
	int error = ring_attach(&s->ring, s->memory, s->bytes);

	if (error == 0 && settled > ring_position(&s->ring)) {
		bool waiting = ring_release(&s->ring, settled);
		(void)waiting; /* all are woken below */
		error = ring_attach(&s->ring, s->memory, s->bytes);
	}
	/* The predecessor may have died between making room and saying so. */
	l->wake_rings |= (uint64_t)1 << index;
	return error;
}

/* Our own records are numbered on from those in the files. */
static void
begin_notes(struct logger *l)
{
	struct ledger_write write;
	uint64_t last = ledger_sequence(l->ledger);

	/* Perhaps it is in the file: a number is left out sooner than used twice. */
	if (ledger_unsettled(l->ledger, &write))
		last = write.sequence;
	l->noted_sequence = l->taken_sequence = l->written_sequence = last;
	l->noted_lost = ledger_told(l->ledger);
}

/* Decides about the predecessor's last write and repairs what it left. */
static bool
settle(struct logger *l, uint64_t now_us)
{
	int error = store_check(l->options.directory);

	if (error == 0)
		error = store_settle(l->options.directory, l->ledger);
	l->unsettled = error != 0;
	if (error != 0) {
		logger_fail(l, error, "opening the log", now_us);
		return false;
	}
	if (buf_length(&l->notes) == 0)
		begin_notes(l);
	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++)
		if (l->sources[i].memory != NULL && adopt_ring(l, i) != 0)
			l->sources[i].memory = NULL;
	logger_repair(l, now_us);
	if (l->failing_us == 0)
		(void)logger_tell_lost(l, now_us, "records were dropped by a logger "
		    "that was ended before it could say so");
	return true;
}

struct logger *
logger_new(const struct logger_options *options, uint64_t now_us, char error[256])
{
	struct logger *l = calloc(1, sizeof(*l));
	char *directory = strdup(options->directory);

	if (l == NULL || directory == NULL) {
		(void)snprintf(error, 256, "out of memory");
		free(directory);
		free(l);
		return NULL;
	}
	l->options = *options;
	l->options.directory = directory;
	l->ledger = ledger_attach(options->ledger);
	l->store = (struct store){.directory = directory, .group = options->group,
	    .fd = -1};
	buf_init(&l->out, OUT_BYTES_MAX);
	buf_init(&l->notes, NOTES_BYTES_MAX);
	buf_init(&l->line, SEGMENT_LINE_MAX);
	begin_notes(l);
	/* The daemon does not start without its log, but goes on without it. */
	if (!settle(l, now_us) && !ledger_begun(l->ledger)) {
		(void)snprintf(error, 256, "cannot write to the log directory "
		    "%s: %s", directory, l->failure);
		free(directory);
		free(l);
		return NULL;
	}
	ledger_set_begun(l->ledger);
	/* cppcheck-suppress memleak ; the logger owns its copy of the directory */
	return l;
}

int
logger_add_ring(struct logger *l, unsigned index, void *memory, size_t bytes)
{
	if (index >= LOGGER_RINGS_MAX)
		return E_RANGE;
	struct source *s = &l->sources[index];
	s->memory = memory;
	s->bytes = bytes;
	int error = adopt_ring(l, index);
	if (error != 0)
		s->memory = NULL;
	return error;
}

void
logger_configure(struct logger *l, const struct logger_options *options)
{
	l->options.level = options->level;
	l->options.flush_ms = options->flush_ms;
	l->options.sync_ms = options->sync_ms;
	l->options.rotate_bytes = options->rotate_bytes;
	l->options.rotate_ms = options->rotate_ms;
	l->options.full_wait_ms = options->full_wait_ms;
	l->options.retention = options->retention;
	l->retain_us = 0;
	l->options.group = options->group;
	l->store.group = options->group;
}

void
logger_hurry(struct logger *l)
{
	l->options.full_wait_ms = 0;
}

struct logger_counters
logger_counters(const struct logger *l)
{
	struct logger_counters counters = l->counters;

	counters.lost = ledger_lost(l->ledger);
	return counters;
}

/* What stands in the rings now: a producer that goes on must not keep us. */
static size_t
waiting_bytes(const struct logger *l)
{
	uint64_t bytes = 1;

	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++) {
		if (l->sources[i].memory != NULL)
			bytes += ring_used(&l->sources[i].ring);
	}
	return (size_t)bytes;
}

/* Takes all that waits, our own last words too. */
static bool
drain_all(struct logger *l, uint64_t now_us)
{
	if (l->failing_us != 0 && !try_again(l, now_us))
		return false;
	if (!drain(l, now_us, waiting_bytes(l)))
		return false;
	l->dropped_us = 0;
	logger_tell_dropped(l, now_us);
	return logger_flush(l, now_us) && take_notes(l, now_us);
}

static bool
seal_last(struct logger *l, uint64_t now_us)
{
	uint64_t sealed = l->counters.segments_sealed;

	return l->writer == NULL ||
	    (logger_seal(l, now_us) && l->counters.segments_sealed > sealed);
}

int
logger_finish(struct logger *l, uint64_t now_us)
{
	clamp_clocks(l, now_us);
	if (l->left_open && l->failing_us == 0)
		logger_repair(l, now_us);
	int outcome = drain_all(l, now_us) && seal_last(l, now_us) ? 0 : E_SYS;

	if (l->failing_us != 0)
		logger_lose_all(l, now_us);
	return outcome;
}

void
logger_free(struct logger *l)
{
	if (l == NULL)
		return;
	logger_forget_segment(l);
	buf_free(&l->out);
	buf_free(&l->notes);
	buf_free(&l->line);
	free((char *)l->options.directory);
	free(l);
}
