/* SPDX-License-Identifier: ISC */
/*
 * Whose connection is this flow? The parent asks the system, since a worker has no
 * right to look into other users' processes, and chooses (source_choice.h). A process
 * may have any number of descriptors and ask for any number of flows: a look stops
 * after LOOKED_MAX of them, and looks stop for the rest of a second in which they have
 * come to LOOKED_A_SECOND, some tens of milliseconds' work.
 */
#include "daemon/sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "daemon/source_choice.h"

#define LOOKED_MAX 4096u
#define LOOKED_A_SECOND 65536u

struct sources {
	struct board *board;
	struct source_choice choice;
	uint64_t second; /* of the monotonic clock */
	size_t looked;   /* in it */
};

struct sources *
sources_new(struct parent *p)
{
	struct sources *s = calloc(1, sizeof(*s));

	if (s == NULL)
		diag_fatal("out of memory");
	s->board = p->board;
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
	uint64_t second = clock_tick_ms() / 1000;

	if (second != s->second) {
		s->second = second;
		s->looked = 0;
	}
	return s->looked < LOOKED_A_SECOND;
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

	if (!may_look(s)) {
		counter_add(&s->board->sources_skipped, 1);
		return;
	}
	int error = process_sockets(ask->pid, &ask->remote, LOOKED_MAX, &sockets);
	s->looked += sockets.looked + 1;
	if (error == 0)
		outcome = source_choose(&s->choice, ask->pid, &ask->remote, &sockets,
		    local);
	else
		diag_debug("the connections of process %u: %s", (unsigned)ask->pid,
		    err_text(error));
	counter_add(counter_of(s->board, outcome), 1);
}

void
sources_answer(struct sources *s, struct child *worker, const struct msg *m)
{
	struct msg_source_ask ask;

	memcpy(&ask, m->payload, sizeof(ask));
	struct msg_source answer = {.ticket = ask.ticket};
	find(s, &ask, &answer.local);
	if (channel_send(&worker->channel, MSG_SOURCE, &answer, sizeof(answer), -1) != 0)
		diag_warning("%s does not listen", child_name(worker));
}
