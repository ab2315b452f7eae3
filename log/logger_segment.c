/* SPDX-License-Identifier: ISC */
/*
 * The open segment: made, written once a flush under the ledger's note, synced,
 * sealed, and given up. Gives room in a ring back only when the bytes are in the
 * file. Logger process only.
 */
#include "log/logger_state.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/diag.h"
#include "base/err.h"

/* --- the open segment --- */

struct repairing {
	struct logger *logger;
	uint64_t now_us;
};

static void
tell_repaired(void *context, const struct store_repaired *what)
{
	const struct repairing *r = context;
	struct logger *l = r->logger;
	char message[200];

	if (what->error != 0) {
		l->left_open = true;
		logger_complain(l, TROUBLE_REPAIR, what->name, what->error);
		return;
	}
	logger_works(l, TROUBLE_REPAIR);
	l->counters.repaired++;
	(void)snprintf(message, sizeof(message),
	    "was left open and is sealed now: %llu records kept, %llu bytes cut, %llu "
	    "damaged frames", (unsigned long long)what->records,
	    (unsigned long long)what->lost_bytes,
	    (unsigned long long)what->bad_frames);
	diag_warning("log: %s %s", what->name, message);
	const struct daemon_repair repair = {what->records, what->lost_bytes,
	    what->bad_frames};
	const struct daemon_event event = {.time_us = r->now_us,
	    .action = "repaired", .role = "logger", .message = message,
	    .segment = what->name, .repair = &repair};
	logger_note(l, &event);
}

void
logger_repair(struct logger *l, uint64_t now_us)
{
	struct repairing r = {l, now_us};

	l->left_open = false;
	if (store_repair(l->options.directory, tell_repaired, &r) != 0)
		logger_complain(l, TROUBLE_REPAIR, "", E_SYS);
}

void
logger_rewind(struct logger *l)
{
	l->notes_taken = 0;
	l->taken_sequence = l->written_sequence;
	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++) {
		struct source *s = &l->sources[i];
		if (s->memory != NULL &&
		    ring_attach(&s->ring, s->memory, s->bytes) != 0)
			s->memory = NULL;
	}
}

void
logger_forget_segment(struct logger *l)
{
	segment_writer_free(l->writer);
	l->writer = NULL;
	store_close(&l->store);
	buf_clear(&l->out);
	l->sealing = false;
	l->unflushed_records = 0;
	l->unflushed_bytes = 0;
	l->written_records = 0;
	l->opened_us = 0;
	l->unflushed_us = 0;
	l->unsynced_us = 0;
}

void
logger_abandon_segment(struct logger *l, int error, uint64_t now_us)
{
	logger_fail(l, error, "compressing", now_us);
	logger_forget_segment(l);
	logger_rewind(l);
	logger_repair(l, now_us);
}

int
logger_open_segment(struct logger *l, uint64_t now_us)
{
	l->writer = segment_writer_new(l->options.level);
	int error = l->writer == NULL ? E_NOMEM
	                              : store_create(&l->store, now_us);
	if (error != 0) {
		logger_fail(l, error, "making a segment", now_us);
		segment_writer_free(l->writer);
		l->writer = NULL;
		return error;
	}
	l->opened_us = now_us;
	if (l->left_open && l->failing_us == 0)
		logger_repair(l, now_us);
	return 0;
}

/* --- writing --- */

static void
begin_write(struct logger *l)
{
	struct ledger_write write = {.offset = l->store.bytes,
	    .bytes = buf_length(&l->out),
	    .hash = XXH64(buf_data(&l->out), buf_length(&l->out), 0),
	    .sequence = l->taken_sequence,
	    .told = l->notes_taken == buf_length(&l->notes)
	        ? l->noted_lost : ledger_told(l->ledger)};
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

/* `out` is in the file. */
static void
end_write(struct logger *l, uint64_t now_us)
{
	l->counters.file_bytes += buf_length(&l->out);
	l->counters.records += l->unflushed_records;
	l->counters.text_bytes += l->unflushed_bytes;
	l->written_records = segment_records(l->writer);
	if (l->unsynced_us == 0)
		l->unsynced_us = now_us;
	release_rings(l);
	ledger_end(l->ledger);
	buf_consume(&l->notes, l->notes_taken);
	l->notes_taken = 0;
	l->written_sequence = l->taken_sequence;
	buf_clear(&l->out);
}

/* Puts `out` into the file and gives the rings their room back. */
static int
write_out(struct logger *l, uint64_t now_us)
{
	size_t length = buf_length(&l->out);

	if (length == 0) {
		release_rings(l); /* of what was no line */
	} else {
		begin_write(l);
		int error = store_write(&l->store, buf_data(&l->out), length);
		if (error != 0) {
			/* The note stays open: a successor cuts what was left. */
			logger_fail(l, error, "writing", now_us);
			return error;
		}
		end_write(l, now_us);
	}
	l->unflushed_records = 0;
	l->unflushed_bytes = 0;
	l->unflushed_us = 0;
	logger_resume(l, now_us);
	return 0;
}

/* The last step of sealing, once the seek table is in the file. */
static void
close_segment(struct logger *l)
{
	if (store_seal(&l->store) != 0) {
		logger_complain(l, TROUBLE_SEAL, l->store.name, E_SYS);
		l->left_open = true;
	} else {
		logger_works(l, TROUBLE_SEAL);
		l->counters.segments_sealed++;
		l->retain_us = 0;
	}
	logger_forget_segment(l);
}

bool
logger_write_pending(struct logger *l, uint64_t now_us)
{
	if (write_out(l, now_us) != 0)
		return false;
	if (l->sealing)
		close_segment(l);
	return true;
}

bool
logger_seal(struct logger *l, uint64_t now_us)
{
	int error = segment_seal(l->writer, &l->out);

	if (error != 0) {
		logger_abandon_segment(l, error, now_us);
		return false;
	}
	l->sealing = true;
	return logger_write_pending(l, now_us);
}

bool
logger_flush(struct logger *l, uint64_t now_us)
{
	int error = l->writer == NULL ? 0 : segment_flush(l->writer, &l->out);

	if (error != 0) {
		logger_abandon_segment(l, error, now_us);
		return false;
	}
	if (!logger_write_pending(l, now_us))
		return false;
	if (l->writer != NULL && segment_text_bytes(l->writer) >= l->options.rotate_bytes)
		return logger_seal(l, now_us);
	return true;
}

/* --- syncing --- */

static void
lose_segment(struct logger *l, uint64_t now_us)
{
	char name[SEGMENT_NAME_BYTES];
	uint64_t records = l->written_records;

	memcpy(name, l->store.name, sizeof(name));
	diag_error("log: the open segment %s was removed by someone", name);
	logger_forget_segment(l);
	logger_rewind(l);
	logger_tell(l, now_us, "gap", "the open segment was removed by someone",
	    records, name);
}

void
logger_sync(struct logger *l, uint64_t now_us)
{
	l->unsynced_us = 0;
	if (store_is_gone(&l->store)) {
		lose_segment(l, now_us);
		return;
	}
	if (store_sync(&l->store) != 0)
		logger_complain(l, TROUBLE_SYNC, l->store.name, E_SYS);
	else
		logger_works(l, TROUBLE_SYNC);
}
