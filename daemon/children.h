/* SPDX-License-Identifier: ISC */
/*
 * The parent's children: starting a role as a new process of this same binary,
 * giving it what it needs in messages, and the shared memory that outlives it.
 * Parent only. When to start and stop them is parent.c's.
 */
#ifndef SIGHTGLASS_DAEMON_CHILDREN_H
#define SIGHTGLASS_DAEMON_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <event2/event.h>

#include "base/attr.h"
#include "conf/conf.h"
#include "daemon/board.h"
#include "daemon/lists.h"
#include "daemon/msg.h"
#include "daemon/msgs.h"

enum child_kind { CHILD_SIGNER, CHILD_LOGGER, CHILD_WORKER };

struct child {
	enum child_kind kind;
	uint32_t index; /* of a worker, from 0 */
	struct parent *parent;
	pid_t pid; /* 0: not running */
	struct channel channel;
	bool ready;      /* MSG_READY came */
	bool told_to_drain;
	uint64_t started_ms;
	uint64_t backoff_ms;
	struct event *restart;
};

struct parent {
	struct event_base *base;
	struct conf *conf;
	const struct settings *settings;
	char self[1024]; /* path of this binary */
	char run_id[12];
	char hostname[256];
	int flow_socket, control_socket;

	struct board *board;
	int board_fd, ledger_fd;
	size_t worker_count;
	uint64_t ring_bytes;
	int ring_fds[RINGS_MAX];
	struct msg_names names;
	int names_fd; /* of their memory, where names.sets is not 0 */
	int wake_fds[RINGS_MAX][2]; /* worker's or signer's end, logger's end */

	struct lists lists;
	struct bypasses *bypasses;
	struct roots *roots;
	struct sources *sources;

	struct child signer, logger, workers[WORKERS_MAX];
	bool serving;  /* all were ready once */
	bool stopping;
	int status;    /* to exit with */
	struct event *stop_timer;
	struct event *signals[4];
};

/* "signer", "logger", "worker 2" (from 1). Static, until the next call. */
const char *child_name(const struct child *child) NONNULL(1);

/* Makes board, ledger, rings and wake sockets. Exits on failure. */
void children_prepare(struct parent *p) NONNULL(1);

/* Starts the process and sends it everything up to MSG_GO. E_SYS and others:
 * it did not start. The channel's callbacks are the caller's. */
int child_start(struct child *child,
    void (*on_message)(void *, struct channel *, struct msg *),
    void (*on_closed)(void *, struct channel *)) WUNRES NONNULL(1, 2, 3);

/* Sends the settings (again). */
int child_send_conf(struct child *child) WUNRES NONNULL(1);

/* Sends a worker what the lists hold (again), in memory of its own: none can change
 * what another reads, and it is not bounded by a message. */
int child_send_lists(struct child *child) WUNRES NONNULL(1);

/* A record of dataset daemon, if a logger runs to write it (parent.c). */
void parent_note(struct parent *p, const char *action, const char *role,
    const char *message) NONNULL(1, 2, 3, 4);

/* Opens the key log for a worker (again), or tells it that there is none. */
void child_send_keylog(struct child *child) NONNULL(1);

/* Sends a worker the roots (again), in memory of its own as the lists are. */
void child_send_roots(struct child *child) NONNULL(1);

/* ... and opens the files of the revocation lists for it. Says what is wrong with
 * them. */
void child_send_trust(struct child *child) NONNULL(1);

#endif
