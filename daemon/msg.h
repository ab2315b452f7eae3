/* SPDX-License-Identifier: ISC */
/*
 * A channel between two of our processes: a stream socket pair with framed
 * messages and descriptors, driven by libevent. What may be sent by whom is in
 * msgs.h. Sending never waits (but for a descriptor's message, at start-up);
 * what the socket does not take is kept and goes when it does.
 */
#ifndef SIGHTGLASS_DAEMON_MSG_H
#define SIGHTGLASS_DAEMON_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "base/attr.h"
#include "base/buf.h"
#include "daemon/msgs.h"

#define CHANNEL_FDS_MAX 32

struct msg {
	enum msg_type type;
	const uint8_t *payload; /* valid during the callback */
	size_t length;
	int fd; /* -1, or the receiver's to close */
};

struct channel {
	int fd; /* owned; -1: closed */
	unsigned peer; /* one of FROM_…: who is at the other end */
	struct buf in, out;
	int fds[CHANNEL_FDS_MAX]; /* came, not yet claimed by their messages */
	size_t fd_count;
	struct event *readable, *writable; /* owned */
	void (*on_message)(void *context, struct channel *c, struct msg *m);
	/* The other end is gone, or sent nonsense (said already); the channel is
	 * closed. */
	void (*on_closed)(void *context, struct channel *c);
	void *context;
};

/* Takes over fd. Set on_message, on_closed and context next. E_NOMEM, E_SYS. */
int channel_open(struct channel *c, struct event_base *base, int fd,
    unsigned peer) WUNRES NONNULL(1, 2);
void channel_close(struct channel *c) NONNULL(1);

/* Queues a message of `length` bytes: all of it, or nothing on an error. With fd ≥ 0 it
 * is sent at once (waiting up to 5 s for room) and fd stays the caller's. E_CLOSED,
 * E_LIMIT, E_TIMEOUT, E_SYS, E_NOMEM. */
int channel_send(struct channel *c, enum msg_type type, const void *payload,
    size_t length, int fd) WUNRES NONNULL(1);

/* Two payloads, one behind the other: a struct and what follows it. */
int channel_send2(struct channel *c, enum msg_type type, const void *first,
    size_t first_length, const void *second, size_t second_length)
    WUNRES NONNULL(1);

#endif
