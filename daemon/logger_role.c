/* SPDX-License-Identifier: ISC */
/*
 * The logger: the event loop around log/logger.c. It wakes when a worker has
 * put a record into a sleeping ring or when something is due, and wakes workers
 * that wait for room. It alone writes segments.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/ring.h"
#include "base/shm.h"
#include "daemon/privileges.h"
#include "daemon/role.h"
#include "daemon/sandbox.h"
#include "log/logger.h"

struct logger_role {
	struct role role;
	struct logger *logger;
	void *ledger;
	struct event *timer;
	void *rings[WORKERS_MAX];
	uint64_t ring_bytes[WORKERS_MAX];
	int wake[WORKERS_MAX];
	struct event *woken[WORKERS_MAX];
};

static struct logger_options
options_of(const struct logger_role *l)
{
	const struct conf *conf = l->role.conf;
	struct logger_options options = {
	    .directory = conf->log_dir,
	    .level = (int)conf->log_level,
	    .flush_ms = conf->log_flush_ms,
	    .sync_ms = conf->log_sync_ms,
	    .rotate_bytes = conf->log_rotate_bytes,
	    .rotate_ms = conf->log_rotate_ms,
	    .group = (gid_t)-1,
	    .writer = {.run_id = l->role.run_id, .hostname = l->role.hostname},
	    .ledger = l->ledger,
	};

	if (conf->log_group[0] != '\0' &&
	    privileges_group(conf->log_group, &options.group) != 0)
		diag_warning("log.group: no group '%s': the segments stay private",
		    conf->log_group);
	return options;
}

/* --- turning --- */

static void
publish(struct logger_role *l)
{
	struct board *board = l->role.board;
	struct logger_counters c = logger_counters(l->logger);

	counter_set(&board->log_records, c.records);
	counter_set(&board->log_text_bytes, c.text_bytes);
	counter_set(&board->log_file_bytes, c.file_bytes);
	counter_set(&board->log_segments_sealed, c.segments_sealed);
	counter_set(&board->log_write_errors, c.write_errors);
	counter_set(&board->log_repaired, c.repaired);
}

static void
wake_workers(struct logger_role *l, uint64_t rings)
{
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if ((rings >> i & 1) != 0 && l->wake[i] >= 0 &&
		    send(l->wake[i], "", 1, 0) < 0) {
			/* Its buffer is full of wake-ups: that will do. */
		}
}

static void
turn(struct logger_role *l)
{
	struct logger_turn outcome;

	do {
		logger_turn(l->logger, clock_wall_us(), &outcome);
		wake_workers(l, outcome.wake_rings);
	} while (outcome.sleep_ms == 0);
	publish(l);
	if (outcome.sleep_ms < 0) {
		(void)event_del(l->timer);
	} else {
		const struct timeval in = {.tv_sec = outcome.sleep_ms / 1000,
		    .tv_usec = (suseconds_t)(outcome.sleep_ms % 1000) * 1000};
		(void)event_add(l->timer, &in);
	}
}

static void
on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	turn(context);
}

static void
on_woken(evutil_socket_t fd, short what UNUSED, void *context)
{
	char bytes[256];

	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	turn(context);
}

/* --- messages --- */

static void
take_ring(struct logger_role *l, const struct msg *m)
{
	struct msg_ring at;

	memcpy(&at, m->payload, sizeof(at));
	if (at.index >= WORKERS_MAX)
		diag_fatal("ring %u is one too many", at.index);
	l->rings[at.index] = shm_map(m->fd, at.bytes);
	l->ring_bytes[at.index] = at.bytes;
	(void)close(m->fd);
	if (l->rings[at.index] == NULL)
		diag_fatal("cannot map ring %u: %s", at.index, strerror(errno));
}

static void
take_wake(struct logger_role *l, const struct msg *m)
{
	struct msg_index at;

	memcpy(&at, m->payload, sizeof(at));
	if (at.index >= WORKERS_MAX)
		diag_fatal("ring %u is one too many", at.index);
	l->wake[at.index] = m->fd;
	l->woken[at.index] =
	    event_new(l->role.base, m->fd, EV_READ | EV_PERSIST, on_woken, l);
	if (l->woken[at.index] == NULL)
		diag_fatal("out of memory");
}

static void
take_note(struct logger_role *l, const struct msg *m)
{
	struct msg_note note;
	struct daemon_event event = {.time_us = clock_wall_us(), .action = note.action,
	    .role = note.role, .message = note.message};

	memcpy(&note, m->payload, sizeof(note));
	note.action[sizeof(note.action) - 1] = '\0';
	note.role[sizeof(note.role) - 1] = '\0';
	note.message[sizeof(note.message) - 1] = '\0';
	logger_note(l->logger, &event);
	turn(l);
}

static void
on_message(struct role *r, struct msg *m)
{
	struct logger_role *l = r->context;

	switch (m->type) {
	case MSG_RING:
		take_ring(l, m);
		break;
	case MSG_WAKE:
		take_wake(l, m);
		break;
	case MSG_LEDGER:
		l->ledger = shm_map(m->fd, LOGGER_LEDGER_BYTES);
		(void)close(m->fd);
		break;
	case MSG_NOTE:
		take_note(l, m);
		break;
	case MSG_ROTATE:
		logger_rotate(l->logger, clock_wall_us());
		turn(l);
		break;
	default:
		if (m->fd >= 0)
			(void)close(m->fd);
		break;
	}
}

static void
prepare(struct role *r)
{
	struct logger_role *l = r->context;

	if (l->ledger == NULL)
		diag_fatal("cannot map the ledger: %s", strerror(errno));
}

static void
begin(struct role *r)
{
	struct logger_role *l = r->context;
	struct logger_options options = options_of(l);
	char words[256];

	sandbox_enter(SANDBOX_LOGGER, r->conf->log_dir);
	l->logger = logger_new(&options, words);
	if (l->logger == NULL)
		diag_fatal("%s", words);
	l->timer = evtimer_new(r->base, on_timer, l);
	if (l->timer == NULL)
		diag_fatal("out of memory");
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		if (l->rings[i] == NULL)
			continue;
		if (logger_add_ring(l->logger, i, l->rings[i],
		        l->ring_bytes[i]) != 0)
			diag_fatal("ring %u is damaged", i);
		if (l->woken[i] != NULL && event_add(l->woken[i], NULL) != 0)
			diag_fatal("out of memory");
	}
	turn(l);
}

static void
configure(struct role *r)
{
	struct logger_role *l = r->context;
	struct logger_options options = options_of(l);

	logger_configure(l->logger, &options);
}

static void
drain(struct role *r, bool hurry UNUSED)
{
	struct logger_role *l = r->context;

	if (l->logger != NULL) {
		logger_finish(l->logger, clock_wall_us());
		l->logger = NULL;
	}
	event_base_loopbreak(r->base);
}

int
logger_main(void)
{
	static struct logger_role l = {
	    .role = {.name = "logger", .on_message = on_message,
	        .prepare = prepare, .begin = begin, .configure = configure,
	        .drain = drain}};

	l.role.context = &l;
	for (size_t i = 0; i < WORKERS_MAX; i++)
		l.wake[i] = -1;
	return role_run(&l.role);
}
