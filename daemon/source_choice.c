/* SPDX-License-Identifier: ISC */
/*
 * Choosing a flow's connection among a process's. Pure; parent. What was given is a
 * short list that is walked: it is asked about far less often than flows begin.
 */
#include "daemon/source_choice.h"

#include <stdbool.h>

static bool
has(const struct process_sockets *sockets, const struct endpoint *local)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (endpoint_is(&sockets->local[i], local))
			return true;
	return false;
}

static bool
is_of(const struct source_given *g, uint32_t pid, const struct endpoint *remote)
{
	return g->pid == pid && endpoint_is(&g->remote, remote);
}

/* Those of this process to there whose sockets are gone. */
static void
forget(struct source_choice *c, uint32_t pid, const struct endpoint *remote,
    const struct process_sockets *sockets)
{
	for (size_t i = 0; i < c->count;) {
		const struct source_given *g = &c->given[i];

		if (is_of(g, pid, remote) && !has(sockets, &g->local))
			c->given[i] = c->given[--c->count];
		else
			i++;
	}
}

static bool
was_given(const struct source_choice *c, uint32_t pid,
    const struct endpoint *remote, const struct endpoint *local)
{
	for (size_t i = 0; i < c->count; i++)
		if (is_of(&c->given[i], pid, remote) &&
		    endpoint_is(&c->given[i].local, local))
			return true;
	return false;
}

static void
give(struct source_choice *c, const struct source_given *g)
{
	if (c->count < SOURCES_GIVEN_MAX) {
		c->given[c->count++] = *g;
		return;
	}
	c->given[c->next] = *g;
	c->next = (c->next + 1) % SOURCES_GIVEN_MAX;
}

enum source_outcome
source_choose(struct source_choice *c, uint32_t pid,
    const struct endpoint *remote, const struct process_sockets *sockets,
    struct endpoint *local)
{
	const struct endpoint *found = NULL;

	if (sockets->cut)
		return SOURCE_UNSURE;
	forget(c, pid, remote, sockets);
	for (size_t i = 0; i < sockets->count; i++) {
		const struct endpoint *e = &sockets->local[i];

		if (e->port == 0 || was_given(c, pid, remote, e))
			continue;
		if (found != NULL && !endpoint_is(found, e))
			return SOURCE_UNSURE;
		found = e;
	}
	if (found == NULL)
		return SOURCE_NONE;
	give(c, &(struct source_given){.pid = pid, .local = *found, .remote = *remote});
	*local = *found;
	return SOURCE_FOUND;
}
