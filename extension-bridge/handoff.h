/* SPDX-License-Identifier: ISC */
/*
 * How a forwarder written in C hands a flow to the daemon: it connects to
 * flow.sock, sends the header together with the client's own descriptor, and
 * lets go. PROTOCOL.md, "Transport". Runs in forwarders (the namespace
 * forwarder, the proxy), never in the daemon.
 *
 * No call blocks: everything fits into the send buffer that the socket is given.
 * Bridge descriptors are non-blocking and close-on-exec, and a daemon that goes
 * away gives E_CLOSED, not SIGPIPE. Errors, for all functions:
 *
 *   E_NOTFOUND  nobody listens at the path (no such socket, or refused)
 *   E_AGAIN     the daemon's queue is full: hold the flow and try again
 *   E_CLOSED    the daemon went away while it was told
 *   E_DENIED    the path may not be connected to by this user
 *   E_LIMIT     the path does not fit a socket address, or the prefix is longer
 *               than FLOW_PREFIX_BYTES_MAX
 *   E_RANGE     the header can not be written (flow_header_write)
 *   E_SYS       anything else, with errno (EMFILE: no descriptor left)
 *
 * After any error the flow is still the caller's alone: nothing was handed over
 * that the daemon could use. A forwarder then answers its client that there is
 * no daemon, or connects it itself, as its policy says.
 */
#ifndef SIGHTGLASS_BRIDGE_HANDOFF_H
#define SIGHTGLASS_BRIDGE_HANDOFF_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "extension-bridge/flow_header.h"

/* Hands a stream over. client_fd is borrowed: the daemon gets a duplicate, so
 * the caller closes its own afterwards and must not read or write it between.
 * prefix are bytes that the caller has read from client_fd already (NULL with
 * length 0); h->prefix_bytes is ignored, the length says it. */
int handoff_flow(const char *flow_socket_path, int client_fd,
    const struct flow_header *h, const uint8_t *prefix, size_t prefix_length)
    WUNRES NONNULL(1, 3);

/* Opens the bridge connection of a flow of datagrams and sends h (whose
 * transport must be FLOW_DATAGRAM). *bridge_fd is the caller's from then on: it
 * carries frames both ways (flow_datagram_write, flow_datagram_parse). */
int handoff_datagrams(const char *flow_socket_path, const struct flow_header *h,
    int *bridge_fd) WUNRES NONNULL(1, 2, 3);

/* handoff_flow in two steps, for a forwarder that must answer its client
 * between them: a daemon that is not there must be known before the answer, and
 * once the daemon has the descriptor only the daemon may write to it. */
int handoff_open(const char *flow_socket_path, int *bridge_fd)
    WUNRES NONNULL(1, 2);

/* The second step; bridge_fd is borrowed and the caller closes it. */
int handoff_send(int bridge_fd, int client_fd, const struct flow_header *h,
    const uint8_t *prefix, size_t prefix_length) WUNRES NONNULL(3);

#endif
