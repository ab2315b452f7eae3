/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of the provider: the first byte picks what may happen, the others
 * choose what does, one a choice (t/fuzz/provider_world.h has the promises). The
 * unit suite calls it too.
 */
#include "base/attr.h"
#include "t/fuzz/provider_world.h"
#include "t/fuzz/target.h"

static const struct world_plan plans[] = {
    {.name = "streams", .flows_max = 3, .is_up = true, .flows = 4, .app_chunks = 3,
        .peer_chunks = 3, .chunk_bytes = 70000, .at_once = true, .stale = true,
        .resets = 1, .read_errors = 1, .write_errors = 1, .open_errors = 1},
    {.name = "life", .flows_max = 2, .starts = 4, .stops = 3, .wakes = 2,
        .ticks = 20, .flows = 4, .app_chunks = 1, .peer_chunks = 1,
        .chunk_bytes = 10, .apply_errors = 1, .deaths = 2, .hang_ups = 2,
        .nonsense = 6, .at_once = true, .never = true},
    {.name = "fail closed", .fail_closed = true, .flows_max = 2, .starts = 1,
        .ticks = 20, .flows = 6, .app_chunks = 1, .peer_chunks = 1,
        .chunk_bytes = 10, .deaths = 2, .hang_ups = 2, .nonsense = 6},
    {.name = "datagrams", .flows_max = 4, .is_up = true, .flows = 2,
        .datagrams = true, .app_chunks = 4, .peer_chunks = 4, .chunk_bytes = 1,
        .at_once = true, .stale = true, .resets = 1, .deaths = 1},
    {.name = "dns", .kind = PROVIDER_DNS, .flows_max = 4, .starts = 1, .ticks = 9,
        .flows = 3, .datagrams = true, .app_chunks = 4, .peer_chunks = 4,
        .chunk_bytes = 1, .at_once = true, .deaths = 2, .resets = 1},
};

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length == 0)
		return 0;
	struct chooser_bytes b = {bytes + 1, length - 1, 0};
	(void)world_run(&plans[bytes[0] % ARRAY_LENGTH(plans)], chooser_by_bytes(&b),
	    NULL);
	return 0;
}
