/* SPDX-License-Identifier: ISC */
/* Age first: what it takes away need not be taken for room. Pure; logger. */
#include "log/retention.h"

#include <stddef.h>

#define FREE_SHARE 10u /* of the file system's size at most */

uint64_t
retention_due_us(const struct retention *r, uint64_t written_us)
{
	uint64_t age_us = r->age_ms * 1000;

	return r->age_ms == 0 || written_us > UINT64_MAX - age_us
	    ? UINT64_MAX : written_us + age_us;
}

static uint64_t
free_wanted(const struct retention *r, const struct retention_space *space)
{
	uint64_t most = space->size / FREE_SHARE;

	return r->free_bytes < most ? r->free_bytes : most;
}

enum retention_verdict
retention_judge(const struct retention *r, const struct retention_space *space,
    uint64_t written_us, uint64_t now_us)
{
	if (now_us >= retention_due_us(r, written_us))
		return RETENTION_TOO_OLD;
	if (r->bytes != 0 && space->segments > r->bytes)
		return RETENTION_TOO_LARGE;
	if (space->free < free_wanted(r, space))
		return RETENTION_TOO_FULL;
	return RETENTION_KEEP;
}

const char *
retention_setting(enum retention_verdict verdict)
{
	static const char *const settings[] = {[RETENTION_KEEP] = NULL,
	    [RETENTION_TOO_OLD] = "log.keep_age",
	    [RETENTION_TOO_LARGE] = "log.keep_size",
	    [RETENTION_TOO_FULL] = "log.keep_free"};

	return settings[verdict];
}
