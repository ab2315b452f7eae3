/* SPDX-License-Identifier: ISC */
/*
 * Where a forwarder could not tell the client's end of a flow, the parent is asked for
 * it; the flow goes on meanwhile. Answers come in the order of the questions, so the
 * one that waits for an answer is found at the head of the list. Worker only.
 */
#include <string.h>

#include "base/diag.h"
#include "daemon/worker.h"

void
sources_ask(void *context, struct flow *flow, const struct endpoint *remote)
{
	struct worker *w = context;
	struct worker_flow *wf = flow->attachment;
	struct msg_source_ask ask = {.ticket = ++w->last_source_ticket,
	    .pid = flow->header->pid, .remote = *remote};

	if (channel_send(&w->role.parent, MSG_SOURCE_ASK, &ask, sizeof(ask), -1) != 0) {
		diag_warning("the parent does not listen");
		return;
	}
	wf->source_ticket = ask.ticket;
	TAILQ_INSERT_TAIL(&w->unsourced, wf, unsourced);
}

void
sources_forget(struct worker_flow *wf)
{
	if (wf->source_ticket == 0)
		return;
	wf->source_ticket = 0;
	TAILQ_REMOVE(&wf->worker->unsourced, wf, unsourced);
}

void
sources_take(struct worker *w, const struct msg *m)
{
	struct worker_flow *wf = TAILQ_FIRST(&w->unsourced);
	struct msg_source answer;

	memcpy(&answer, m->payload, sizeof(answer));
	if (wf == NULL || wf->source_ticket != answer.ticket)
		return; /* the flow has ended */
	sources_forget(wf);
	if (answer.local.port != 0)
		flow_source_found(wf->flow, &answer.local);
}
