/* SPDX-License-Identifier: ISC */
/* The rows of provider_states.h as data. Extension (macOS); pure. */
#include "extension-bridge/provider_states.h"

#include <stdlib.h>

#include "base/attr.h"

#define NAME(symbol, name) [symbol] = (name),
#define ROW(from, event, to, done) {from, event, to, done},

static const char *const life_states[] = {LIFE_STATES(NAME)};
static const char *const life_events[] = {LIFE_EVENTS(NAME)};
static const struct provider_row life_rows[] = {LIFE_TABLE(ROW)};
static const char *const link_states[] = {LINK_STATES(NAME)};
static const char *const link_events[] = {LINK_EVENTS(NAME)};
static const struct provider_row link_rows[] = {LINK_TABLE(ROW)};
static const char *const flow_states[] = {FLOW_STATES(NAME)};
static const char *const flow_events[] = {FLOW_EVENTS(NAME)};
static const struct provider_row flow_rows[] = {FLOW_TABLE(ROW)};

#define MACHINE(title, prefix)                                                \
	{.name = (title), .states = prefix##_states, .events = prefix##_events, \
	    .rows = prefix##_rows, .state_count = ARRAY_LENGTH(prefix##_states), \
	    .event_count = ARRAY_LENGTH(prefix##_events),                     \
	    .row_count = ARRAY_LENGTH(prefix##_rows)}

const struct provider_machine provider_machines[MACHINE_COUNT] = {
    [MACHINE_LIFE] = MACHINE("The provider", life),
    [MACHINE_LINK] = MACHINE("Its link to the daemon", link),
    [MACHINE_FLOW] = MACHINE("A claimed flow", flow),
};

unsigned
provider_next(enum provider_machine_id id, unsigned state, unsigned event)
{
	const struct provider_machine *m = &provider_machines[id];

	for (unsigned i = 0; i < m->row_count; i++)
		if (m->rows[i].from == state && m->rows[i].event == event)
			return m->rows[i].to;
	abort();
}
