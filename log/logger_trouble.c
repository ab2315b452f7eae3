/* SPDX-License-Identifier: ISC */
/*
 * What the logger says, in records of its own and on standard error, and what it
 * does while nothing can be written: records wait in the rings; workers whose
 * ring is full wait for a while; then the oldest records go, counted in the
 * ledger, so that no death makes them a silent loss. Logger process only.
 */
#include "log/logger_state.h"

#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/err.h"

#define DROP_NOTE_US 1000000u

/* --- our own records --- */

/* False: it does not fit (said). */
static bool
add_note(struct logger *l, const struct daemon_event *event)
{
	int error = record_daemon(&l->options.writer, l->noted_sequence + 1, event,
	    &l->notes);

	if (error == 0)
		l->noted_sequence++;
	else
		diag_warning("log: the record '%s' does not fit: %s",
		    event->action, err_text(error));
	return error == 0;
}

void
logger_note(struct logger *l, const struct daemon_event *event)
{
	(void)add_note(l, event);
}

void
logger_tell(struct logger *l, uint64_t now_us, const char *action, const char *message,
    uint64_t lost_records, const char *segment)
{
	const struct daemon_event event = {.time_us = now_us, .action = action,
	    .role = "logger", .message = message, .lost_records = lost_records,
	    .segment = segment};

	logger_note(l, &event);
}

/* Records that had to be dropped since the last time; false: none. */
bool
logger_tell_lost(struct logger *l, uint64_t now_us, const char *message)
{
	uint64_t lost = ledger_lost(l->ledger);
	const struct daemon_event event = {.time_us = now_us, .action = "gap",
	    .role = "logger", .message = message,
	    .lost_records = lost - l->noted_lost,
	    .since_us = ledger_lost_since(l->ledger)};

	if (lost == l->noted_lost)
		return false;
	if (add_note(l, &event))
		l->noted_lost = lost;
	return true;
}

/* A worker gone mad could otherwise fill the log with our complaints. */
void
logger_tell_dropped(struct logger *l, uint64_t now_us)
{
	if (l->dropped == 0 || now_us - l->dropped_us < DROP_NOTE_US)
		return;
	logger_tell(l, now_us, "gap", "a worker committed records that are not lines",
	    l->dropped, NULL);
	l->dropped = 0;
	l->dropped_us = now_us;
}

/* --- failing and resuming --- */

void
logger_complain(struct logger *l, enum trouble trouble, const char *name, int error)
{
	static const char *const verbs[] = {
	    [TROUBLE_SYNC] = "sync", [TROUBLE_SEAL] = "seal",
	    [TROUBLE_REPAIR] = "repair", [TROUBLE_REMOVE] = "remove"};

	l->counters.write_errors++;
	if ((l->troubles >> trouble & 1) != 0)
		return;
	l->troubles |= 1u << trouble;
	diag_error("log: cannot %s %s/%s: %s", verbs[trouble], l->options.directory,
	    name, err_text(error));
}

void
logger_works(struct logger *l, enum trouble trouble)
{
	l->troubles &= ~(1u << trouble);
}

void
logger_fail(struct logger *l, int error, const char *what, uint64_t now_us)
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

void
logger_resume(struct logger *l, uint64_t now_us)
{
	char message[256];

	if (l->failing_us == 0)
		return;
	(void)snprintf(message, sizeof(message),
	    "could not write for %.1f s (%s); %s",
	    (double)(now_us - l->failing_us) / 1e6, l->failure,
	    ledger_lost(l->ledger) == l->noted_lost ? "nothing was lost"
	                                            : "records were dropped");
	l->failing_us = 0;
	l->full_us = 0;
	l->dropping = false;
	diag_warning("log: %s", message);
	if (!logger_tell_lost(l, now_us, message))
		logger_tell(l, now_us, "log_resumed", message, 0, NULL);
	if (l->left_open)
		logger_repair(l, now_us);
}

/* --- giving way --- */

/* The segment is left as it stood before the write that failed, and what that
 * held goes back to the rings. False: it cannot be known what is in the file. */
static bool
give_up_segment(struct logger *l)
{
	bool known = !l->unsettled;

	if (l->writer != NULL) {
		l->left_open = l->left_open || l->store.bytes > 0;
		known = store_abandon(&l->store) == 0 && known;
	}
	ledger_settle(l->ledger, false);
	l->unsettled = false;
	logger_forget_segment(l);
	logger_rewind(l);
	return known;
}

/* Drops the oldest records of a ring until at most `keep` bytes wait in it. */
static void
shed(struct logger *l, unsigned ring, uint64_t keep, uint64_t now_us)
{
	struct source *s = &l->sources[ring];
	const uint8_t *line;
	size_t length;
	uint64_t lost = 0;

	while (ring_unread(&s->ring) > keep) {
		int error = ring_peek(&s->ring, &line, &length);
		if (error == E_CORRUPT)
			logger_discard(l, s, now_us);
		if (error != 0)
			break;
		lost++;
	}
	/* Counted first: whoever dies in between has not dropped them silently. */
	if (lost > 0 && ledger_lost(l->ledger) == l->noted_lost)
		ledger_set_lost_since(l->ledger, l->failing_us);
	ledger_lose(l->ledger, lost);
	if (ring_release(&s->ring, ring_position(&s->ring)))
		l->wake_rings |= (uint64_t)1 << ring;
}

/* Whether a worker waits for room. */
static bool
is_blocked(const struct source *s)
{
	return s->memory != NULL && ring_blocked(&s->ring);
}

static bool
any_blocked(const struct logger *l)
{
	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++)
		if (is_blocked(&l->sources[i]))
			return true;
	return false;
}

/* Flows go before records: those of a full ring make room for new ones. Where it
 * is not known what the file has, all go, so that none can be written twice. */
static void
make_room(struct logger *l, uint64_t now_us)
{
	bool known = give_up_segment(l);

	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++) {
		struct source *s = &l->sources[i];
		if (is_blocked(s) || (s->memory != NULL && !known))
			shed(l, i, known ? s->bytes / 2 : 0, now_us);
	}
	if (!l->dropping)
		diag_error("log: %s (in %s): memory is full, flows go on, their "
		    "oldest records are dropped", l->failure,
		    l->options.directory);
	l->dropping = true;
}

void
logger_give_way(struct logger *l, uint64_t now_us)
{
	if (!any_blocked(l))
		return;
	if (l->full_us == 0)
		l->full_us = now_us;
	if (now_us >= due_us(l->full_us, l->options.full_wait_ms))
		make_room(l, now_us);
}

void
logger_lose_all(struct logger *l, uint64_t now_us)
{
	uint64_t lost = ledger_lost(l->ledger);
	bool known = give_up_segment(l);

	(void)known; /* all of it goes in any case */
	for (unsigned i = 0; i < LOGGER_RINGS_MAX; i++)
		if (l->sources[i].memory != NULL)
			shed(l, i, 0, now_us);
	lost = ledger_lost(l->ledger) - lost;
	diag_error("log: %s (in %s): ended with %llu records that could not be "
	    "written", l->failure, l->options.directory, (unsigned long long)lost);
}
