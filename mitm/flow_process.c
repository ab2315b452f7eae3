/* SPDX-License-Identifier: ISC */
/*
 * Whose flow it is. What the kernel says of a process by its audit token stands in place
 * of the forwarder's words, all of it or nothing (PROTOCOL.md), and before any rule asks
 * for it. And the client's end of its connection, where the forwarder was not told it:
 * that is for the records alone, and nothing waits for it. Worker only.
 */
#include <string.h>

#include "mitm/flow_parts.h"

/* No more than there is: these are long places and mostly short texts. */
#define COPY_TEXT(place, text)                                                \
	do {                                                                  \
		_Static_assert(sizeof(place) >= sizeof(text), "it fits");     \
		memcpy(place, text, strlen(text) + 1);                        \
	} while (0)

void
flow_find_process(struct flow *flow)
{
	struct flow_header *h = flow->header;

	if (!h->has_audit_token || !h->has_pid)
		return;
	flow->process = processes_find(flow->host->processes, h->pid,
	    h->audit_token, flow->host->tick_ms);
	if (flow->process == NULL)
		return;
	const struct process_facts *facts = &flow->process->facts;
	COPY_TEXT(h->executable, facts->executable);
	COPY_TEXT(h->signing_id, facts->signing_id);
	COPY_TEXT(h->team_id, facts->team_id);
}

void
flow_find_source(struct flow *flow)
{
	const struct flow_header *h = flow->header;
	struct endpoint near, far;

	if (flow->source_asked || !h->has_pid ||
	    !endpoint_read(&near, &h->source) || near.port != 0 ||
	    !endpoint_read(&far, &h->destination))
		return;
	flow->source_asked = true;
	flow->host->find_source(flow->host->context, flow, &far);
}

/* The header keeps what the forwarder said: by that, sessions are kept apart. */
void
flow_source_found(struct flow *flow, const struct endpoint *source)
{
	struct sockaddr_storage address;

	flow->source = *source;
	if (!flow->facts_made)
		return;
	endpoint_write(source, &address);
	if (record_facts_set_source(&flow->facts, &address) != 0)
		flow->source.port = 0; /* the records go on without */
}
