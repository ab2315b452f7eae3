/* SPDX-License-Identifier: ISC */
/*
 * What the three child roles have in common: started by the parent with their
 * channel as descriptor 3, told who they are and what the settings say, they
 * prepare, drop privileges, say MSG_READY and serve until told to drain or until
 * the parent is gone.
 */
#ifndef SIGHTGLASS_DAEMON_ROLE_H
#define SIGHTGLASS_DAEMON_ROLE_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

#include "base/attr.h"
#include "conf/conf.h"
#include "daemon/board.h"
#include "daemon/msg.h"
#include "daemon/privileges.h"

#define ROLE_CHANNEL_FD 3

/* Exit status of a role that ended when it was told to, but could not finish its
 * work, and has said so: starting it again would change nothing. */
#define ROLE_EXIT_UNFINISHED 3

/* How long a role without a parent waits for the others: a worker for a logger
 * that hangs, the logger for a worker. */
#define ORPHAN_LIFE_S 30

struct role {
	const char *name; /* "worker" */
	enum privileges_role kind;
	struct event_base *base;
	struct channel parent;
	struct conf *conf;
	struct board *board; /* NULL until MSG_BOARD came */
	uint32_t index;      /* a worker's number, from 1 */
	char run_id[12];
	char hostname[256];
	int status;    /* to exit with */
	void *context; /* the role's own */

	/* A message that role.c does not handle itself. It claims m->fd. */
	void (*on_message)(struct role *r, struct msg *m);
	/* Everything was sent; privileges are still held. Exits on trouble. */
	void (*prepare)(struct role *r);
	/* Privileges are dropped; MSG_READY follows. */
	void (*begin)(struct role *r);
	/* r->conf is new. */
	void (*configure)(struct role *r);
	/* Finish and leave the loop (event_base_loopbreak): MSG_DRAIN came, or the
	 * parent is gone (hurry). */
	void (*drain)(struct role *r, bool hurry);
};

/* Runs the role to its end; its callbacks are set. Returns the exit status. */
int role_run(struct role *r) WUNRES NONNULL(1);

/* The roles' main functions, each in its own file. */
int worker_main(void) WUNRES;
int signer_main(void) WUNRES;
int logger_main(void) WUNRES;
int roots_main(void) WUNRES; /* roots_asker.h; no channel, no messages */

#endif
