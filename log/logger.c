/* SPDX-License-Identifier: ISC */
/*
 * The logger: rings in, segments out. Logger process only. It compresses as it
 * drains, writes once a flush, and gives room in a ring back only when the bytes
 * are in the file (ledger.c tells why nothing is lost or doubled). While the
 * file cannot be written it drains nothing, so that the rings push back. Trusts
 * no record to be a line: what is not one is dropped and counted.
 */
#include "log/logger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/ring.h"
#include "log/ledger.h"
#include "log/segment.h"
#include "log/store.h"

#define FLUSH_BYTES (64u * 1024)        /* of lines */
#define TURN_BYTES (4u * 1024 * 1024)   /* then the event loop has its turn */
#define OUT_BYTES_MAX (64u * 1024 * 1024)
#define NOTES_BYTES_MAX (256u * 1024)
#define RETRY_US 1000000u
#define DROP_NOTE_US 1000000u

struct source {
	struct ring ring;
	void *memory; /* NULL: no such ring */
	size_t bytes;
};

struct logger {
	struct logger_options options; /* directory: our own copy */
	struct ledger_page *ledger;
	struct source sources[LOGGER_RINGS_MAX];
	struct store store;
	struct segment_writer *writer; /* of the open segment, or NULL */
	struct buf out;        /* compressed, not yet in the file */
	struct buf notes;      /* our own records, not yet compressed */
	uint64_t noted_sequence; /* of the last of them */
	uint64_t taken_sequence; /* of the last one that was compressed */
	size_t unflushed_bytes;  /* of lines in `out` or still in zstd */
	uint64_t written_records; /* of the open segment, in the file */
	bool sealing;          /* `out` ends in the seek table */
	/* Since when, or 0: */
	uint64_t opened_us;    /* the segment is open */
	uint64_t unflushed_us; /* a line waits for its flush */
	uint64_t unsynced_us;  /* bytes in the file wait for a sync */
	uint64_t failing_us;   /* the segment cannot be written */
	uint64_t retry_us;     /* when to try again then */
	char failure[160];     /* why, for the record */
	uint64_t dropped;      /* records that were no lines, not yet noted */
	uint64_t dropped_us;   /* when some were last noted */
	uint64_t wake_rings;
	struct logger_counters counters;
};

/* --- our own records --- */

void
logger_note(struct logger *l, const struct daemon_event *event)
{
	int error = record_daemon(&l->options.writer, l->noted_sequence + 1, event,
	    &l->notes);

	if (error == 0)
		l->noted_sequence++;
	else
		diag_warning("log: the record '%s' does not fit: %s",
		    event->action, err_text(error));
}

static void
note(struct logger *l, uint64_t now_us, const char *action, const char *message,
    uint64_t lost_records, const char *segment)
{
	const struct daemon_event event = {.time_us = now_us, .action = action,
	    .role = "logger", .message = message, .lost_records = lost_records,
	    .segment = segment};

	logger_note(l, &event);
}

/* A worker gone mad could otherwise fill the log with our complaints. */
static void
note_dropped(struct logger *l, uint64_t now_us)
{
	if (l->dropped == 0 || now_us - l->dropped_us < DROP_NOTE_US)
		return;
	note(l, now_us, "gap", "a worker committed records that are not lines",
	    l->dropped, NULL);
	l->dropped = 0;
	l->dropped_us = now_us;
}

/* --- failing and resuming --- */

/* The segment cannot be made or written. Said once; tried again each second. */
static void
fail(struct logger *l, int error, const char *what, uint64_t now_us)
{
	char failure[sizeof(l->failure)];

	(void)snprintf(failure, sizeof(failure), "%s: %s", what, err_text(error));
	l->counters.write_errors++;
	l->retry_us = now_us + RETRY_US;
	if (l->failing_us != 0)
		return;
	memcpy(l->failure, failure, sizeof(failure));
	l->failing_us = now_us;
	diag_error("log: %s (in %s): records wait in memory, trying again each "
	    "second", failure, l->options.directory);
}

static void
resume(struct logger *l, uint64_t now_us)
{
	char message[256];

	if (l->failing_us == 0)
		return;
	(void)snprintf(message, sizeof(message),
	    "could not write for %.1f s (%s); nothing was lost",
	    (double)(now_us - l->failing_us) / 1e6, l->failure);
	l->failing_us = 0;
	diag_warning("log: %s", message);
	note(l, now_us, "log_resumed", message, 0, NULL);
}

/* --- the open segment --- */

static void
tell_repaired(void *context, const struct store_repaired *what)
{
	struct logger *l = context;
	char message[200];

	if (what->error != 0) {
		diag_warning("log: cannot repair %s: %s", what->name,
		    err_text(what->error));
		return;
	}
	l->counters.repaired++;
	(void)snprintf(message, sizeof(message),
	    "sealed after a crash: %llu records kept, %llu bytes cut, %llu "
	    "damaged frames", (unsigned long long)what->records,
	    (unsigned long long)what->lost_bytes,
	    (unsigned long long)what->bad_frames);
	diag_warning("log: %s %s", what->name, message);
	note(l, clock_wall_us(), "repaired", message, 0, what->name);
}

static void
repair_all(struct logger *l)
{
	if (store_repair(l->options.directory, tell_repaired, l) != 0)
		diag_warning("log: cannot read %s: %s", l->options.directory,
		    err_text(E_SYS));
}

/* Everything taken since the last flush is read from the rings again. */
static void
rewind_rings(struct logger *l)
{
	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++) {
		struct source *s = &l->sources[i];
		if (s->memory != NULL &&
		    ring_attach(&s->ring, s->memory, s->bytes) != 0)
			s->memory = NULL;
	}
}

static void
forget_segment(struct logger *l)
{
	segment_writer_free(l->writer);
	l->writer = NULL;
	store_close(&l->store);
	buf_clear(&l->out);
	l->sealing = false;
	l->unflushed_bytes = 0;
	l->written_records = 0;
	l->opened_us = 0;
	l->unflushed_us = 0;
	l->unsynced_us = 0;
}

/* The writer is broken (no memory): what is in the file is repaired and sealed,
 * the rest is still in the rings. */
static void
abandon_segment(struct logger *l, int error, uint64_t now_us)
{
	fail(l, error, "compressing", now_us);
	forget_segment(l);
	rewind_rings(l);
	repair_all(l);
}

static int
open_segment(struct logger *l, uint64_t now_us)
{
	l->writer = segment_writer_new(l->options.level);
	int error = l->writer == NULL ? E_NOMEM
	                              : store_create(&l->store, now_us);
	if (error != 0) {
		fail(l, error, "making a segment", now_us);
		segment_writer_free(l->writer);
		l->writer = NULL;
		return error;
	}
	l->opened_us = now_us;
	resume(l, now_us);
	return 0;
}

/* --- writing --- */

static void
begin_write(struct logger *l)
{
	struct ledger_write write = {.offset = l->store.bytes,
	    .bytes = buf_length(&l->out),
	    .hash = XXH64(buf_data(&l->out), buf_length(&l->out), 0),
	    .sequence = l->taken_sequence};
	uint64_t positions[LOGGER_RINGS_MAX];

	memcpy(write.name, l->store.name, sizeof(write.name));
	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++)
		positions[i] = l->sources[i].memory != NULL
		    ? ring_position(&l->sources[i].ring)
		    : ledger_position(l->ledger, i);
	ledger_begin(l->ledger, &write, positions);
}

static void
release_rings(struct logger *l)
{
	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++) {
		struct source *s = &l->sources[i];
		if (s->memory != NULL &&
		    ring_release(&s->ring, ring_position(&s->ring)))
			l->wake_rings |= (uint64_t)1 << i;
	}
}

/* Puts `out` into the file and gives the rings their room back. */
static int
write_out(struct logger *l, uint64_t now_us)
{
	size_t length = buf_length(&l->out);

	if (length > 0) {
		begin_write(l);
		int error = store_write(&l->store, buf_data(&l->out), length);
		if (error != 0) {
			/* The note stays open: a successor cuts what was left. */
			fail(l, error, "writing", now_us);
			return error;
		}
		l->counters.file_bytes += length;
		l->written_records = segment_records(l->writer);
		l->unsynced_us = l->unsynced_us == 0 ? now_us : l->unsynced_us;
	}
	release_rings(l);
	ledger_end(l->ledger);
	buf_clear(&l->out);
	l->unflushed_bytes = 0;
	l->unflushed_us = 0;
	resume(l, now_us);
	return 0;
}

/* The last step of sealing, once the seek table is in the file. */
static void
close_segment(struct logger *l)
{
	if (store_seal(&l->store) != 0) {
		l->counters.write_errors++;
		diag_error("log: cannot seal %s in %s: %s", l->store.name,
		    l->options.directory, err_text(E_SYS));
	} else {
		l->counters.segments_sealed++;
	}
	forget_segment(l);
}

/* Writes what waits; true when nothing stands in the way of more. */
static bool
write_pending(struct logger *l, uint64_t now_us)
{
	if (write_out(l, now_us) != 0)
		return false;
	if (l->sealing)
		close_segment(l);
	return true;
}

static bool
seal(struct logger *l, uint64_t now_us)
{
	int error = segment_seal(l->writer, &l->out);

	if (error != 0) {
		abandon_segment(l, error, now_us);
		return false;
	}
	l->sealing = true;
	return write_pending(l, now_us);
}

static bool
flush(struct logger *l, uint64_t now_us)
{
	int error = l->writer == NULL ? 0 : segment_flush(l->writer, &l->out);

	if (error != 0) {
		abandon_segment(l, error, now_us);
		return false;
	}
	if (!write_pending(l, now_us))
		return false;
	if (l->writer != NULL && segment_text_bytes(l->writer) >= l->options.rotate_bytes)
		return seal(l, now_us);
	return true;
}

/* --- draining --- */

static bool
is_line(const uint8_t *line, size_t length)
{
	return length >= 3 && length <= SEGMENT_LINE_MAX && line[0] == '{' &&
	    line[length - 2] == '}' && line[length - 1] == '\n' &&
	    memchr(line, '\n', length - 1) == NULL;
}

/* False: the segment cannot take it; it stays where it came from. */
static bool
add_line(struct logger *l, const uint8_t *line, size_t length, uint64_t now_us)
{
	int error = segment_add(l->writer, line, length, &l->out);

	if (error != 0) {
		abandon_segment(l, error, now_us);
		return false;
	}
	l->counters.records++;
	l->counters.text_bytes += length;
	l->unflushed_bytes += length;
	if (l->unflushed_us == 0)
		l->unflushed_us = now_us;
	return true;
}

static bool
take_notes(struct logger *l, uint64_t now_us)
{
	while (buf_length(&l->notes) > 0) {
		const uint8_t *line = buf_data(&l->notes);
		const uint8_t *newline = memchr(line, '\n',
		    buf_length(&l->notes));
		size_t length = newline == NULL ? buf_length(&l->notes)
		                                : (size_t)(newline - line) + 1;
		if (is_line(line, length)) {
			if (l->writer == NULL && open_segment(l, now_us) != 0)
				return false;
			/* open_segment may have added a note and moved them. */
			if (!add_line(l, buf_data(&l->notes), length, now_us))
				return false;
		}
		l->taken_sequence++;
		buf_consume(&l->notes, length);
	}
	return true;
}

/* What ring_peek found to be nonsense is thrown away, and said. */
static void
discard(struct logger *l, struct source *s, uint64_t now_us)
{
	char message[100];

	(void)snprintf(message, sizeof(message),
	    "a worker left %llu bytes in its ring that are not records",
	    (unsigned long long)ring_discard(&s->ring));
	diag_error("log: %s", message);
	note(l, now_us, "gap", message, 0, NULL);
}

/* A flush must come for it too, to give the room in the ring back. */
static void
drop(struct logger *l, uint64_t now_us)
{
	l->dropped++;
	if (l->unflushed_us == 0)
		l->unflushed_us = now_us;
}

/* A line that was peeked: into the segment, or back into its ring. */
static bool
take_line(struct logger *l, const uint8_t *line, size_t length, uint64_t now_us)
{
	if (l->writer == NULL && open_segment(l, now_us) != 0) {
		rewind_rings(l);
		return false;
	}
	return add_line(l, line, length, now_us);
}

/* Takes up to a flush's worth of lines from one ring; *taken counts their
 * bytes. False: the segment cannot take more. */
static bool
drain_ring(struct logger *l, struct source *s, uint64_t now_us, size_t *taken)
{
	const uint8_t *line;
	size_t length;

	while (l->unflushed_bytes < FLUSH_BYTES) {
		int error = ring_peek(&s->ring, &line, &length);
		if (error == E_CORRUPT)
			discard(l, s, now_us);
		if (error != 0)
			return true;
		*taken += length;
		if (!is_line(line, length))
			drop(l, now_us);
		else if (!take_line(l, line, length, now_us))
			return false;
	}
	return flush(l, now_us);
}

/* One round over all rings. */
static bool
drain_once(struct logger *l, uint64_t now_us, size_t *taken)
{
	if (!take_notes(l, now_us))
		return false;
	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++) {
		struct source *s = &l->sources[i];
		if (s->memory != NULL && !drain_ring(l, s, now_us, taken))
			return false;
	}
	note_dropped(l, now_us);
	return true;
}

/* Rounds until the rings are empty or `budget` bytes were taken. */
static bool
drain(struct logger *l, uint64_t now_us, size_t budget)
{
	size_t taken = 0, before;

	do {
		before = taken;
		if (!drain_once(l, now_us, &taken))
			return false;
	} while (taken > before && taken < budget);
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
	clamp(&l->dropped_us, now_us);
	if (l->retry_us > now_us + RETRY_US)
		l->retry_us = now_us + RETRY_US;
}

/* When what has waited since `since_us` is due; UINT64_MAX: nothing waits. */
static uint64_t
due_us(uint64_t since_us, uint64_t after_ms)
{
	return since_us == 0 ? UINT64_MAX : since_us + after_ms * 1000;
}

static void
lose_segment(struct logger *l, uint64_t now_us)
{
	char name[SEGMENT_NAME_BYTES];
	uint64_t records = l->written_records;

	memcpy(name, l->store.name, sizeof(name));
	diag_error("log: the open segment %s was removed by someone", name);
	forget_segment(l);
	rewind_rings(l);
	note(l, now_us, "gap", "the open segment was removed by someone", records,
	    name);
}

static void
sync_segment(struct logger *l, uint64_t now_us)
{
	l->unsynced_us = 0;
	if (store_is_gone(&l->store)) {
		lose_segment(l, now_us);
		return;
	}
	if (store_sync(&l->store) != 0) {
		l->counters.write_errors++;
		diag_warning("log: cannot sync %s: %s", l->store.name,
		    err_text(E_SYS));
	}
}

static void
do_due(struct logger *l, uint64_t now_us)
{
	if (now_us >= due_us(l->unflushed_us, l->options.flush_ms) &&
	    !flush(l, now_us))
		return;
	if (now_us >= due_us(l->opened_us, l->options.rotate_ms) &&
	    !seal(l, now_us))
		return;
	if (now_us >= due_us(l->unsynced_us, l->options.sync_ms))
		sync_segment(l, now_us);
}

/* False: something came while we were about to sleep. */
static bool
rings_sleep(struct logger *l)
{
	bool sleeping = true;

	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++) {
		struct source *s = &l->sources[i];
		if (s->memory != NULL && !ring_sleep(&s->ring))
			sleeping = false;
	}
	return sleeping;
}

static uint64_t
earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int64_t
sleep_ms(struct logger *l, uint64_t now_us)
{
	uint64_t due = l->retry_us;

	if (l->failing_us == 0) {
		if (buf_length(&l->notes) > 0 || !rings_sleep(l))
			return 0;
		due = earliest(due_us(l->unflushed_us, l->options.flush_ms),
		    earliest(due_us(l->unsynced_us, l->options.sync_ms),
		        due_us(l->opened_us, l->options.rotate_ms)));
	}
	if (due == UINT64_MAX)
		return -1;
	return due <= now_us ? 0 : (int64_t)((due - now_us + 999) / 1000);
}

void
logger_turn(struct logger *l, uint64_t now_us, struct logger_turn *out)
{
	bool able = true;

	clamp_clocks(l, now_us);
	if (l->failing_us != 0)
		able = now_us >= l->retry_us &&
		    (l->writer == NULL || write_pending(l, now_us));
	if (able && drain(l, now_us, TURN_BYTES)) {
		resume(l, now_us);
		do_due(l, now_us);
	}
	out->wake_rings = l->wake_rings;
	l->wake_rings = 0;
	out->sleep_ms = sleep_ms(l, now_us);
}

void
logger_rotate(struct logger *l, uint64_t now_us)
{
	clamp_clocks(l, now_us);
	if (l->writer != NULL && l->failing_us == 0)
		(void)seal(l, now_us);
}

/* --- life --- */

struct logger *
logger_new(const struct logger_options *options, char error[256])
{
	struct logger *l = calloc(1, sizeof(*l));
	char *directory = strdup(options->directory);
	int result = l == NULL || directory == NULL
	    ? E_NOMEM : store_check(options->directory);

	if (result == 0) {
		l->options = *options;
		l->options.directory = directory;
		l->ledger = ledger_attach(options->ledger);
		l->store = (struct store){.directory = directory,
		    .group = options->group, .fd = -1};
		buf_init(&l->out, OUT_BYTES_MAX);
		buf_init(&l->notes, NOTES_BYTES_MAX);
		result = store_settle(options->directory, l->ledger);
		l->noted_sequence = ledger_sequence(l->ledger);
		l->taken_sequence = l->noted_sequence;
	}
	if (result != 0) {
		(void)snprintf(error, 256, "cannot write to the log directory "
		    "%s: %s", options->directory, err_text(result));
		free(directory);
		free(l);
		return NULL;
	}
	repair_all(l);
	/* cppcheck-suppress memleak ; the logger owns its copy of the directory */
	return l;
}

int
logger_add_ring(struct logger *l, unsigned index, void *memory, size_t bytes)
{
	if (index >= LOGGER_RINGS_MAX)
		return E_RANGE;
	struct source *s = &l->sources[index];
	int error = ring_attach(&s->ring, memory, bytes);
	if (error != 0)
		return error;
	/* What the predecessor wrote and did not come to release. */
	uint64_t settled = ledger_position(l->ledger, index);
	if (settled > ring_position(&s->ring)) {
		bool waiting = ring_release(&s->ring, settled);
		(void)waiting; /* all are woken below */
		error = ring_attach(&s->ring, memory, bytes);
	}
	if (error == 0) {
		s->memory = memory;
		s->bytes = bytes;
		/* The predecessor may have died between making room and saying so. */
		l->wake_rings |= (uint64_t)1 << index;
	}
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
	l->options.group = options->group;
	l->store.group = options->group;
}

struct logger_counters
logger_counters(const struct logger *l)
{
	return l->counters;
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

void
logger_finish(struct logger *l, uint64_t now_us)
{
	clamp_clocks(l, now_us);
	bool able = l->failing_us == 0 || l->writer == NULL ||
	    write_pending(l, now_us);
	if (able && drain(l, now_us, waiting_bytes(l))) {
		l->dropped_us = 0;
		note_dropped(l, now_us);
		able = take_notes(l, now_us);
		if (able && l->writer != NULL)
			able = seal(l, now_us);
	}
	if (!able)
		diag_error("log: the last segment could not be finished: %s",
		    l->failure);
	forget_segment(l);
	buf_free(&l->out);
	buf_free(&l->notes);
	free((char *)l->options.directory);
	free(l);
}
