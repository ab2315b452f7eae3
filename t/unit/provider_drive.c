/* SPDX-License-Identifier: ISC */
/*
 * provider-drive FLOW-SOCKET CONTROL-SOCKET PLAN FIRST-SEED SEEDS: runs the
 * provider's world (t/fuzz/provider_world.h) against a daemon that runs, with
 * servers of its own behind it, and prints as one line of JSON what it came to.
 * Aborts, saying the seed, where a promise is not kept. t/e2e/test_provider.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "t/fuzz/provider_world.h"

static const struct world_plan plans[] = {
    {.name = "streams", .flows_max = 8, .is_up = true, .flows = 6, .app_chunks = 4,
        .peer_chunks = 4, .chunk_bytes = 100000, .at_once = true, .stale = true},
    {.name = "trouble", .flows_max = 6, .is_up = true, .flows = 8, .app_chunks = 3,
        .peer_chunks = 3, .chunk_bytes = 300000, .at_once = true, .stale = true,
        .starts = 1, .wakes = 2, .stops = 1, .open_errors = 1, .read_errors = 1,
        .write_errors = 1, .resets = 2},
    {.name = "datagrams", .kind = PROVIDER_DNS, .flows_max = 8, .is_up = true,
        .flows = 4, .datagrams = true, .app_chunks = 4, .peer_chunks = 4,
        .chunk_bytes = 1, .at_once = true, .stale = true},
};

static const struct world_plan *
find_plan(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(plans); i++)
		if (strcmp(plans[i].name, name) == 0)
			return &plans[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct world_plan *plan = argc == 6 || argc == 7 ? find_plan(argv[3]) : NULL;

	if (plan == NULL) {
		(void)fprintf(stderr, "usage: provider-drive FLOW-SOCKET CONTROL-SOCKET "
		    "PLAN FIRST-SEED SEEDS [dies]\n");
		return 2;
	}
	const struct world_outside outside = {.flow_path = argv[1],
	    .control_path = argv[2], .dies = argc == 7};
	unsigned long first = strtoul(argv[4], NULL, 10);
	unsigned long count = strtoul(argv[5], NULL, 10);
	for (unsigned long seed = first; seed < first + count; seed++) {
		struct chooser_random r;
		(void)world_run(plan, chooser_by_seed(&r, seed), &outside);
	}
	const struct world_totals *t = &world_totals;
	(void)printf("{\"flows\":%llu,\"claimed\":%llu,\"finished\":%llu,"
	    "\"failed\":%llu,\"up\":%llu,\"down\":%llu}\n",
	    (unsigned long long)t->flows,
	    (unsigned long long)(t->flows - t->declined),
	    (unsigned long long)t->finished, (unsigned long long)t->failed,
	    (unsigned long long)t->up_bytes, (unsigned long long)t->down_bytes);
	return 0;
}
