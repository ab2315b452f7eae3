/* SPDX-License-Identifier: ISC */
/* Which sealed segments have to go, the oldest first. Pure; logger. */
#ifndef SIGHTGLASS_LOG_RETENTION_H
#define SIGHTGLASS_LOG_RETENTION_H

#include <stdint.h>

#include "base/attr.h"

/* 0 in any of them: no such limit. */
struct retention {
	uint64_t age_ms;     /* since a segment was last written */
	uint64_t bytes;      /* of all segments, the open ones counted too */
	uint64_t free_bytes; /* that the file system is to have, but a tenth of its
	                      * size at most: a small one is not emptied */
};

/* What there is: bytes, and of the file system. */
struct retention_space {
	uint64_t segments, free, size;
};

enum retention_verdict {
	RETENTION_KEEP,
	RETENTION_TOO_OLD,
	RETENTION_TOO_LARGE,
	RETENTION_TOO_FULL
};

/* What is to become of the oldest sealed segment, last written at written_us. A
 * time that lies ahead of now_us is not old. */
enum retention_verdict retention_judge(const struct retention *r,
    const struct retention_space *space, uint64_t written_us, uint64_t now_us)
    WUNRES NONNULL(1, 2);

/* The setting that a verdict (not RETENTION_KEEP) follows. */
const char *retention_setting(enum retention_verdict verdict);

/* When a segment will be too old; UINT64_MAX: never. */
uint64_t retention_due_us(const struct retention *r, uint64_t written_us) WUNRES
    NONNULL(1);

#endif
