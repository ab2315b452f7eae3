/* SPDX-License-Identifier: ISC */
/*
 * Old segments make room for new ones: by age, by the size of the log, and by what
 * the file system has left. Looked after when a segment was sealed, each minute
 * while one is open, when one will be too old, and before a write that failed is
 * tried again. Each removal is a record. Logger process only.
 */
#include "log/logger_state.h"

#include <stdio.h>

#include "base/err.h"

/* False: it could not be removed, which was said. */
static bool
retire(struct logger *l, const struct store_sealed *sealed,
    enum retention_verdict verdict, uint64_t now_us)
{
	char message[160];

	if (store_remove(l->options.directory, sealed->name) != 0) {
		logger_complain(l, TROUBLE_REMOVE, sealed->name, E_SYS);
		return false;
	}
	logger_works(l, TROUBLE_REMOVE);
	l->counters.segments_removed++;
	(void)snprintf(message, sizeof(message),
	    "removed by %s: %llu bytes, last written %.1f h ago",
	    retention_setting(verdict), (unsigned long long)sealed->bytes,
	    now_us > sealed->written_us
	        ? (double)(now_us - sealed->written_us) / 3.6e9 : 0.0);
	logger_tell(l, now_us, "retired", message, 0, sealed->name);
	return true;
}

void
logger_retain(struct logger *l, uint64_t now_us)
{
	struct store_census census;

	l->retain_us = UINT64_MAX;
	if (store_count(l->options.directory, &census) != 0)
		return; /* the next write says what is wrong with it */
	struct retention_space space = {.segments = census.bytes,
	    .free = census.free_bytes, .size = census.size_bytes};
	for (size_t i = 0; i < census.count; i++) {
		const struct store_sealed *oldest = &census.sealed[i];
		enum retention_verdict verdict = retention_judge(
		    &l->options.retention, &space, oldest->written_us, now_us);
		if (verdict == RETENTION_KEEP)
			l->retain_us = retention_due_us(&l->options.retention,
			    oldest->written_us);
		if (verdict == RETENTION_KEEP ||
		    !retire(l, oldest, verdict, now_us))
			break;
		space.segments -= oldest->bytes;
		space.free += oldest->bytes;
	}
	store_census_free(&census);
}
