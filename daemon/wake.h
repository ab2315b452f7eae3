/* SPDX-License-Identifier: ISC */
/*
 * The sockets by which the two ends of a ring wake each other: a byte says "look".
 * Worker, signer and logger; the parent makes them and keeps both ends, so that either
 * may die.
 */
#ifndef SIGHTGLASS_DAEMON_WAKE_H
#define SIGHTGLASS_DAEMON_WAKE_H

#include <stdbool.h>

#include "base/attr.h"

/* Never waits. There is nothing to be done about an end that has wake-ups enough, or is
 * gone. */
void wake_send(int fd);

/* Takes what came; the poller tells of what is left. False: nobody has the other end any
 * more. */
bool wake_take(int fd) WUNRES;

#endif
