/* SPDX-License-Identifier: ISC */
/*
 * Datagrams to the command from whoever answered it: they bear that address and port,
 * though nobody in the namespace is bound to them (or the command itself is). Forwarder
 * process.
 */
#ifndef SIGHTGLASS_EXTENSION_BRIDGE_LINUX_ANSWERS_H
#define SIGHTGLASS_EXTENSION_BRIDGE_LINUX_ANSWERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attr.h"

/* The mark of these packets, by which the rules let them pass. */
#define ANSWERS_MARK 0x53470001u

struct answers;

/* NULL: no memory, or no raw socket can be had (errno). */
struct answers *answers_new(void) WUNRES;
void answers_free(struct answers *a);

/* Queues one; `payload` is borrowed until answers_flush. What cannot be sent is lost,
 * as on any network. */
void answers_put(struct answers *a, const struct sockaddr_storage *from,
    const struct sockaddr_storage *to, const uint8_t *payload, size_t length)
    NONNULL(1, 2, 3);
void answers_flush(struct answers *a) NONNULL(1);

#endif
