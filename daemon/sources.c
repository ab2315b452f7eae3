/* SPDX-License-Identifier: ISC */
/*
 * Whose connection is this flow? The parent asks the system, since a worker has no
 * right to look into other users' processes, and chooses (source_choice.h). A process
 * may have any number of descriptors and ask for any number of flows, and a machine
 * may be busy: a look stops after LOOKED_MAX of them, and looks have a fifth of the
 * parent's time, a quarter of a second of it at once.
 */
#include "daemon/sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "daemon/source_choice.h"

#define LOOKED_MAX 4096u
#define SHARE 5u
#define CREDIT_US 250000

struct sources {
	const struct parent *parent;
	struct source_choice choice;
	uint64_t credited_us; /* of the monotonic clock: up to then */
	int64_t credit_us;    /* of time, for looks */
};

struct sources *
sources_new(struct parent *p)
{
	struct sources *s = calloc(1, sizeof(*s));

	if (s == NULL)
		diag_fatal("out of memory");
	s->parent = p;
	s->credit_us = CREDIT_US;
	s->credited_us = clock_tick_us();
	return s;
}

void
sources_free(struct sources *s)
{
	free(s);
}

static bool
may_look(struct sources *s)
{
	uint64_t now_us = clock_tick_us();

	s->credit_us += (int64_t)((now_us - s->credited_us) / SHARE);
	if (s->credit_us > CREDIT_US)
		s->credit_us = CREDIT_US;
	s->credited_us = now_us;
	return s->credit_us > 0 && !s->parent->stopping;
}

static counter *
counter_of(struct board *b, enum source_outcome outcome)
{
	switch (outcome) {
	case SOURCE_FOUND:
		return &b->sources_found;
	case SOURCE_UNSURE:
		return &b->sources_unsure;
	case SOURCE_NONE:
		break;
	}
	return &b->sources_none;
}

static void
find(struct sources *s, const struct msg_source_ask *ask, struct endpoint *local)
{
	struct process_sockets sockets;
	enum source_outcome outcome = SOURCE_NONE;
	struct board *board = s->parent->board;

	if (!may_look(s)) {
		counter_add(&board->sources_skipped, 1);
		return;
	}
	int error = process_sockets(ask->pid, &ask->remote, LOOKED_MAX, &sockets);
	s->credit_us -= (int64_t)(clock_tick_us() - s->credited_us);
	if (error == 0)
		outcome = source_choose(&s->choice, ask->pid, &ask->remote, &sockets,
		    local);
	else
		diag_debug("the connections of process %u: %s", (unsigned)ask->pid,
		    err_text(error));
	counter_add(counter_of(board, outcome), 1);
}

void
sources_answer(struct sources *s, struct child *worker, const struct msg *m)
{
	struct msg_source_ask ask;

	memcpy(&ask, m->payload, sizeof(ask));
	struct msg_source answer = {.ticket = ask.ticket};
	find(s, &ask, &answer.local);
	if (channel_send(&worker->channel, MSG_SOURCE, &answer, sizeof(answer), -1) != 0)
		diag_debug("%s does not listen", child_name(worker));
}
