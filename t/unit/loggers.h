/* SPDX-License-Identifier: ISC */
/*
 * A logger with two rings in a directory of its own, for suites: records are put
 * into the rings, the clock goes as the suite says, and the logger can be taken away
 * at any point and started again onto the same memory, or onto none. Ends the test
 * where something must not fail.
 */
#ifndef SIGHTGLASS_T_UNIT_LOGGERS_H
#define SIGHTGLASS_T_UNIT_LOGGERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/ring.h"
#include "log/logger.h"
#include "t/unit/suite.h"

#define RIG_RINGS 2u
#define RIG_NOW_US 1795428900000000u /* 2026-11-23T10:15:00Z */
#define RIG_FILE_MAX (64u * 1024 * 1024)

struct rig {
	char directory[SUITE_DIRECTORY_BYTES];
	struct logger_options options;
	struct logger *logger; /* NULL: it is dead */
	void *ledger;
	void *memory[RIG_RINGS];
	size_t ring_bytes;
	struct ring producers[RIG_RINGS];
	uint64_t now_us;
	unsigned lines;         /* put so far, over all rings */
	int64_t sleep_ms;       /* as the last turn said */
	uint64_t wake_rings;    /* of all turns */
};

/* A directory and empty rings, no logger yet; options are as the daemon's defaults
 * and may be changed before rig_start. */
void rig_open(struct rig *r, size_t ring_bytes) NONNULL(1);
/* Removes the directory and all that is in it. */
void rig_close(struct rig *r) NONNULL(1);

/* Starts a logger; false: it would not, with words on standard error. */
bool rig_start(struct rig *r) WUNRES NONNULL(1);
/* As SIGKILL between two turns: nothing is written any more. */
void rig_kill(struct rig *r) NONNULL(1);
/* As a power cut: rings and ledger are gone too. */
void rig_forget(struct rig *r) NONNULL(1);
/* As the daemon's end; its outcome. */
int rig_finish(struct rig *r) NONNULL(1);

/* Puts a record into ring `index`: its time, its number, `filler` bytes, of which one
 * in `noise` is random (0: none); the line goes to `copy` too, unless that is NULL.
 * What ring_put says. */
int rig_put(struct rig *r, unsigned index, size_t filler, unsigned noise,
    struct buf *copy) NONNULL(1);
/* The same of any bytes. */
int rig_put_bytes(struct rig *r, unsigned index, const void *bytes, size_t length)
    NONNULL(1, 3);

/* Turns until there is nothing to do at once, at the time as it is. */
void rig_turn(struct rig *r) NONNULL(1);
/* The clock goes on by so much, and the logger has its turns. */
void rig_wait(struct rig *r, uint64_t ms) NONNULL(1);

/* How many files the directory has whose names end so. */
unsigned rig_count(const struct rig *r, const char *suffix) NONNULL(1, 2);
/* The only file whose name ends so, whole; freed by the caller with buf_free. */
void rig_read(const struct rig *r, const char *suffix, struct buf *out)
    NONNULL(1, 2, 3);
void rig_path(const struct rig *r, const char *name, char out[512]) NONNULL(1, 2);
void rig_write(const struct rig *r, const char *name, const void *bytes,
    size_t length) NONNULL(1, 2, 3);

/* All lines of the directory, as the CLI reads them; false: some are damaged. */
bool rig_lines(const struct rig *r, struct buf *out) WUNRES NONNULL(1, 2);

/* In the place of the system's fsync(2) and fdatasync(2), which cost more than all
 * else: how often either was called, and whether it fails with EIO. */
extern unsigned rig_syncs;
extern bool rig_sync_fails;

/* In the place of pwrite(2): after so many calls the process dies in the next, of
 * which rig_last_write of RIG_WRITE_WHOLE parts come to the file. */
#define RIG_WRITE_WHOLE 4u
extern unsigned rig_writes_left;
extern unsigned rig_last_write;

/* Small numbers by a seed, the same everywhere. */
static inline uint32_t
rig_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif
