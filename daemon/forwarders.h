/* SPDX-License-Identifier: ISC */
/*
 * What is known of who hands flows over (extension-bridge/PROTOCOL.md): when it
 * last said hello, with which build, when it was last heard of, and what came of
 * it. A forwarder's connections are any worker's, so each worker has rows of its
 * own on the board, one a name, and whoever is asked adds them up. Pure but for the
 * board; worker.
 */
#ifndef SIGHTGLASS_DAEMON_FORWARDERS_H
#define SIGHTGLASS_DAEMON_FORWARDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "daemon/board.h"

/* A worker's view of its own rows. The first is of those who give no name, and of
 * those for whom there is no row left. */
struct forwarders {
	struct board_forwarder *rows; /* borrowed */
	char names[BOARD_FORWARDERS][BOARD_TEXT_BYTES];
	size_t count, last; /* last: the one found last, which is likely the next */
};

/* Takes rows over from the worker before, if there was one: what it counted goes on,
 * its connections are over. */
void forwarders_open(struct forwarders *f, struct board_forwarder *rows)
    NONNULL(1, 2);

/* The row of that name; a new one where there is none yet. Of a name only the first
 * BOARD_TEXT_BYTES - 1 bytes count. No lock, no system call. */
struct board_forwarder *forwarders_find(struct forwarders *f, const char *name)
    WUNRES NONNULL(1, 2);

/* It said hello; build may be NULL. Times are of the wall clock. */
void forwarder_hello(struct board_forwarder *row, uint64_t protocol,
    const char *build, uint64_t now_us) NONNULL(1);
void forwarder_flow(struct board_flows *flows, uint64_t now_us) NONNULL(1);

/* All workers' rows of one name. */
struct forwarder_account {
	char name[BOARD_TEXT_BYTES];  /* "": those who give none */
	char build[BOARD_TEXT_BYTES]; /* "" : it did not say */
	uint64_t protocol, hello_us, heard_us, connections, bad_headers;
	struct {
		uint64_t count, last_us;
	} streams, datagrams;
};

#define FORWARDER_ACCOUNTS_MAX 64u

/* Fills in those of whom there is anything to tell; returns how many. */
size_t forwarders_collect(struct board *board,
    struct forwarder_account accounts[FORWARDER_ACCOUNTS_MAX]) WUNRES NONNULL(1, 2);

#endif
