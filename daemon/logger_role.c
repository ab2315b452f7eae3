/* SPDX-License-Identifier: ISC */
/*
 * The logger: the event loop around log/logger.c. It wakes when a worker has
 * put a record into a sleeping ring or when something is due, and wakes workers
 * that wait for room. It alone writes segments. When the parent is gone it stays
 * until every worker is gone too, since what they committed is to be written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/ring.h"
#include "base/shm.h"
#include "daemon/role.h"
#include "daemon/sandbox.h"
#include "daemon/wake.h"
#include "log/logger.h"
#include "log/store.h"

_Static_assert(LOG_ROTATE_BYTES_MAX <= STORE_REPAIR_BYTES_MAX / 2,
    "every segment can be repaired");
_Static_assert(RINGS_MAX <= LOGGER_RINGS_MAX, "the logger takes every ring");

struct logger_role {
	struct role role;
	struct logger *logger;
	void *ledger;
	gid_t group; /* log.group's, which only prepare() can look up; (gid_t)-1: none */
	struct event *timer;
	void *rings[RINGS_MAX];
	uint64_t ring_bytes[RINGS_MAX];
	int wake[RINGS_MAX];
	struct event *woken[RINGS_MAX];
	bool orphan;   /* the parent is gone */
	bool finished; /* the segment is sealed: nothing may follow */
};

static struct logger_options
options_of(const struct logger_role *l)
{
	const struct conf *conf = l->role.conf;
	return (struct logger_options){
	    .directory = conf->log_dir,
	    .level = (int)conf->log_level,
	    .flush_ms = conf->log_flush_ms,
	    .sync_ms = conf->log_sync_ms,
	    .rotate_bytes = conf->log_rotate_bytes,
	    .rotate_ms = conf->log_rotate_ms,
	    .full_wait_ms = conf->log_full == CONF_LOG_WAIT ? LOGGER_WAIT_FOREVER
	        : conf->log_full_wait_ms,
	    .retention = {.age_ms = conf->log_keep_age_ms,
	        .bytes = conf->log_keep_bytes,
	        .free_bytes = conf->log_keep_free_bytes},
	    .group = l->group,
	    .writer = {.run_id = l->role.run_id, .hostname = l->role.hostname},
	    .ledger = l->ledger,
	};
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
	counter_set(&board->log_segments_removed, c.segments_removed);
	counter_set(&board->log_write_errors, c.write_errors);
	counter_set(&board->log_repaired, c.repaired);
	counter_set(&board->log_lost, c.lost);
}

static void
wake_workers(struct logger_role *l, uint64_t rings)
{
	for (size_t i = 0; i < RINGS_MAX; i++)
		if ((rings >> i & 1) != 0 && l->wake[i] >= 0)
			wake_send(l->wake[i]);
}

/* One bounded turn; when there is more to do at once, the event loop has its own
 * turn first, so that messages are heard under any load. */
static void
turn(struct logger_role *l)
{
	struct logger_turn outcome;

	if (l->finished)
		return;
	logger_turn(l->logger, clock_wall_us(), &outcome);
	wake_workers(l, outcome.wake_rings);
	publish(l);
	if (outcome.sleep_ms < 0) {
		(void)event_del(l->timer);
	} else {
		const struct timeval in = clock_timeval((uint64_t)outcome.sleep_ms);
		(void)event_add(l->timer, &in);
	}
}

static void
on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	turn(context);
}

static void
finish(struct logger_role *l)
{
	if (l->finished)
		return;
	l->finished = true;
	if (logger_finish(l->logger, clock_wall_us()) != 0)
		l->role.status = ROLE_EXIT_UNFINISHED;
	publish(l);
	event_base_loopbreak(l->role.base);
}

/* Without a parent: once no worker has the other end of a wake socket, nothing
 * more can come. */
static void
finish_if_alone(struct logger_role *l)
{
	for (size_t i = 0; i < RINGS_MAX; i++)
		if (l->wake[i] >= 0)
			return;
	if (l->orphan)
		finish(l);
}

/* Only when parent and worker are gone: the parent keeps both ends. */
static void
close_wake(struct logger_role *l, int fd)
{
	for (size_t i = 0; i < RINGS_MAX; i++) {
		if (l->wake[i] != fd)
			continue;
		event_free(l->woken[i]);
		(void)close(fd);
		l->woken[i] = NULL;
		l->wake[i] = -1;
	}
}

static void
on_woken(evutil_socket_t fd, short what UNUSED, void *context)
{
	struct logger_role *l = context;

	if (!wake_take(fd))
		close_wake(l, fd);
	turn(l);
	finish_if_alone(l);
}

/* --- messages --- */

static void
take_ring(struct logger_role *l, const struct msg *m)
{
	struct msg_ring at;

	memcpy(&at, m->payload, sizeof(at));
	if (at.index >= RINGS_MAX)
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
	if (at.index >= RINGS_MAX)
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
	case MSG_HURRY:
		logger_hurry(l->logger);
		turn(l);
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
	l->group = (gid_t)-1;
	if (r->conf->log_group[0] != '\0' &&
	    privileges_group(r->conf->log_group, &l->group) != 0)
		diag_warning("log.group: no group '%s': the segments stay private",
		    r->conf->log_group);
}

static void
begin(struct role *r)
{
	struct logger_role *l = r->context;
	struct logger_options options = options_of(l);
	char words[256];

	counter_set(&r->board->logger_uid, (uint64_t)geteuid() + 1);
	sandbox_enter(SANDBOX_LOGGER, r->conf->log_dir);
	l->logger = logger_new(&options, clock_wall_us(), words);
	if (l->logger == NULL)
		diag_fatal("%s", words);
	l->timer = evtimer_new(r->base, on_timer, l);
	if (l->timer == NULL)
		diag_fatal("out of memory");
	for (unsigned i = 0; i < RINGS_MAX; i++) {
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
on_orphan_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	finish(context);
}

static void
drain(struct role *r, bool hurry)
{
	const struct timeval most = {.tv_sec = ORPHAN_LIFE_S};
	struct logger_role *l = r->context;

	if (l->logger == NULL) {
		event_base_loopbreak(r->base); /* it has not begun */
	} else if (!hurry) {
		finish(l);
	} else {
		l->orphan = true;
		logger_hurry(l->logger);
		(void)event_base_once(r->base, -1, EV_TIMEOUT, on_orphan_timeout, l,
		    &most);
		finish_if_alone(l);
	}
}

int
logger_main(void)
{
	static struct logger_role l = {
	    .role = {.name = "logger", .kind = PRIVILEGES_LOGGER,
	        .on_message = on_message,
	        .prepare = prepare, .begin = begin, .configure = configure,
	        .drain = drain}};

	l.role.context = &l;
	for (size_t i = 0; i < RINGS_MAX; i++)
		l.wake[i] = -1;
	int status = role_run(&l.role);
	logger_free(l.logger);
	return status;
}
