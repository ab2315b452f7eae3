/* SPDX-License-Identifier: ISC */
/*
 * A world for the provider (extension-bridge/provider.h): applications whose
 * completions come when and how it is chosen, a clock that goes when it is chosen,
 * and a daemon, scripted or real. Whoever runs it chooses what happens next, at
 * random, one after the other, or from a fuzzer's bytes; the world holds every step
 * against what is promised and aborts, saying which promise and how it came there.
 *
 * Promised: every completion once; one open, one read, one write awaited at most,
 * and none after an end or a close; each side closed once and released last; no
 * flow claimed without a daemon; none kept after both ends; no byte lost, added or
 * out of order where nothing failed, and none added or out of order where something
 * did; nothing that spins; no descriptor left.
 */
#ifndef SIGHTGLASS_T_FUZZ_PROVIDER_WORLD_H
#define SIGHTGLASS_T_FUZZ_PROVIDER_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "extension-bridge/provider.h"

/* Picks one of `count` (at least 1), from 0. */
struct chooser {
	unsigned (*choose)(void *context, unsigned count);
	void *context;
	const char *name; /* of what it chooses by, for the message of a failure */
};

#define WORLD_APPS_MAX 24

/* What may happen, and how often at most. */
struct world_plan {
	const char *name;
	enum provider_kind kind;
	bool fail_closed;
	size_t flows_max;

	bool is_up;       /* it begins running, with its daemon */
	unsigned starts, stops, wakes, ticks;
	unsigned flows;
	bool datagrams;
	unsigned app_chunks, peer_chunks; /* of each flow */
	size_t chunk_bytes;               /* at most */
	bool one_size;                    /* all chunks are as long */
	bool without_end;                 /* nobody ends in order */

	unsigned open_errors, read_errors, write_errors, apply_errors;
	unsigned deaths, hang_ups; /* of the daemon; of control connections */
	unsigned resets;           /* the daemon closes a flow's connection */
	unsigned nonsense;         /* answers that are none */
	bool at_once;              /* completions may come within the call */
	bool stale;                /* and once more later */
	bool never;                /* or not at all */
};

/* A daemon that runs, and servers behind it. */
struct world_outside {
	const char *flow_path, *control_path;
	bool dies; /* any of its processes, at any time */
};

/* One run from new to free. outside NULL: the daemon is scripted. Returns the number
 * of steps taken. */
unsigned world_run(const struct world_plan *plan, struct chooser chooser,
    const struct world_outside *outside) NONNULL(1);

/* What the runs so far came to; for the servers of the real daemon. */
struct world_totals {
	uint64_t flows, finished, failed, declined, up_bytes, down_bytes;
};
extern struct world_totals world_totals;

/* --- choosers --- */

struct chooser_random {
	uint64_t state;
	char name[32];
};
struct chooser chooser_by_seed(struct chooser_random *r, uint64_t seed);

/* Goes through every sequence of choices: run the world until it says false. */
#define CHOICES_MAX 512
struct chooser_each {
	unsigned chosen[CHOICES_MAX], count[CHOICES_MAX];
	unsigned depth, length;
};
struct chooser chooser_one_by_one(struct chooser_each *e);
bool chooser_next(struct chooser_each *e);

struct chooser_bytes {
	const uint8_t *bytes;
	size_t length, used;
};
struct chooser chooser_by_bytes(struct chooser_bytes *b);

#endif
