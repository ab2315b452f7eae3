/* SPDX-License-Identifier: ISC */
/*
 * Which of a process's connections a flow is, when its forwarder was not told: the one
 * that goes where the flow goes and was not found for another flow before. Where two
 * might be it, it is neither. Pure; parent.
 */
#ifndef SIGHTGLASS_DAEMON_SOURCE_CHOICE_H
#define SIGHTGLASS_DAEMON_SOURCE_CHOICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/endpoint.h"
#include "daemon/process_sockets.h"

#define SOURCES_GIVEN_MAX 1024u

/* What was found, so that no two flows are told the same. */
struct source_choice {
	struct source_given {
		uint32_t pid;
		struct endpoint local, remote;
	} given[SOURCES_GIVEN_MAX];
	size_t count;
	size_t next; /* to be overwritten, when all are in use */
};

enum source_outcome {
	SOURCE_FOUND,
	SOURCE_NONE,  /* no such connection, or all of them are other flows' */
	SOURCE_UNSURE /* it may be one of several, or not all could be looked at */
};

/* One of the process's sockets, all of which go to `remote`, for a flow that does. On
 * SOURCE_FOUND *local is its end here. What was given before and is not among the
 * sockets any more is forgotten: its port may come again. */
enum source_outcome source_choose(struct source_choice *c, uint32_t pid,
    const struct endpoint *remote, const struct process_sockets *sockets,
    struct endpoint *local) WUNRES NONNULL(1, 3, 4, 5);

#endif
