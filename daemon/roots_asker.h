/* SPDX-License-Identifier: ISC */
/*
 * Asking the system for its roots by a process of its own, "-P roots": what answers
 * there starts threads and talks to services, which a parent that forks must not. It
 * writes what it heard to descriptor 3 and ends with status 0; whatever else it does
 * counts as no answer. Parent only.
 */
#ifndef SIGHTGLASS_DAEMON_ROOTS_ASKER_H
#define SIGHTGLASS_DAEMON_ROOTS_ASKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <event2/event.h>

#include "base/attr.h"
#include "base/buf.h"

struct roots_asker;

struct roots_asker_options {
	const char *program;  /* sightglassd itself; borrowed */
	uint64_t deadline_ms; /* for an answer; the process is killed then */
	size_t limit_bytes;   /* of an answer */
	/* bytes: the answer, freed after the call unless it was taken out. NULL: there
	 * is none, for what the words say. */
	void (*answered)(void *context, struct buf *bytes, const char *words);
	void *context;
};

/* NULL: out of memory. */
struct roots_asker *roots_asker_new(struct event_base *base,
    const struct roots_asker_options *options) WUNRES NONNULL(1, 2);

/* One that runs is killed. NULL is fine. */
void roots_asker_free(struct roots_asker *a);

/* Asks; `answered` is called later, from the loop. Asked while it asks, it does so once
 * more afterwards. */
void roots_asker_start(struct roots_asker *a) NONNULL(1);

/* A process has ended (waitpid(2)). False: it was none of ours. */
bool roots_asker_ended(struct roots_asker *a, pid_t pid, int status) WUNRES NONNULL(1);

#endif
