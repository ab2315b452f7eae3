/* SPDX-License-Identifier: ISC */
/*
 * The daemon's end of flow.sock, as small as it can be: a real UNIX socket that
 * receives what forwarders hand over. Unit suites only. Everything aborts the
 * test when it fails.
 */
#ifndef SIGHTGLASS_T_UNIT_RECEIVER_H
#define SIGHTGLASS_T_UNIT_RECEIVER_H

#include <stdbool.h>

#include "extension-bridge/flow_header.h"
#include "t/unit/suite.h"

struct receiver {
	char directory[SUITE_DIRECTORY_BYTES];
	char path[SUITE_DIRECTORY_BYTES + 16];
	int fd; /* listening; -1: nobody is there */
};

struct received {
	struct flow_header header;
	int client_fd; /* -1: none was sent along */
	uint8_t prefix[FLOW_PREFIX_BYTES_MAX];
	bool is_held;  /* the other end was still there when it had sent all */
	int bridge_fd; /* open only after receiver_take_datagrams */
};

/* Makes a directory of its own and listens in it. */
void receiver_open(struct receiver *r, int backlog);

/* Only the directory and the path: there is no daemon. */
void receiver_open_absent(struct receiver *r);

void receiver_close(struct receiver *r);

/* Waits for one stream; checks that nothing comes behind the prefix. */
void receiver_take(struct receiver *r, struct received *out);

/* Waits for one flow of datagrams and keeps its connection open. */
void receiver_take_datagrams(struct receiver *r, struct received *out);

#endif
