/* SPDX-License-Identifier: ISC */
/*
 * Telling whoever started us that we serve: systemd's sd_notify(3) protocol, a
 * datagram to the socket that NOTIFY_SOCKET names. "sightglass exec" waits for
 * it the same way. Parent only.
 */
#ifndef SIGHTGLASS_DAEMON_NOTIFY_H
#define SIGHTGLASS_DAEMON_NOTIFY_H

#include "base/attr.h"

/* Sends `state` ("READY=1"). Nobody listening is no error. */
void notify(const char *state) NONNULL(1);

#endif
