/* SPDX-License-Identifier: ISC */
/*
 * The proxy forwarder: one listening port on which clients speak HTTP CONNECT,
 * HTTP with targets in absolute form, or SOCKS5. It reads where the client wants
 * to go, resolves the name, and hands the connection to the daemon over
 * flow.sock (handoff.h); it never connects anywhere else and relays no byte.
 * Runs in `sightglass proxy`, and in a child of `sightglass exec --proxy`.
 *
 * A CONNECT is answered with 200 (a SOCKS request with "succeeded") once the
 * daemon is there to take the flow. Whether the server can be reached is not
 * known then: the daemon connects when it has seen the client's first bytes, so
 * a server that is not there shows as a connection that closes.
 *
 * A request in absolute form is sent with "Connection: close": the connection
 * belongs to the server of its first request from then on. A client that sends a
 * second request without waiting for the end of the first would have it read by
 * the first one's server; none is known to, with a proxy.
 */
#ifndef SIGHTGLASS_PROXY_PROXY_H
#define SIGHTGLASS_PROXY_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "extension-bridge/flow_header.h"

#define PROXY_ERROR_BYTES 256u
#define PROXY_ADDRESS_BYTES 64u

/* Fills pid, uid and executable of h as far as the system tells whose the
 * socket is that is bound to `client` and connected to `proxy`. Called in the
 * loop's thread, just before the handoff: it should not take long. */
typedef void proxy_client_facts(void *context,
    const struct sockaddr_storage *client, const struct sockaddr_storage *proxy,
    struct flow_header *h);

struct proxy_options {
	int listen_fd;                /* a listening TCP socket; taken over */
	const char *flow_socket_path; /* copied */
	const char *forwarder;        /* for the header: "proxy"; copied */
	unsigned clients_max;         /* that are not handed over yet; 0: 1024 */
	unsigned head_timeout_ms;     /* to say where to go; 0: 30 s */
	proxy_client_facts *client_facts; /* NULL: not known */
	void *client_facts_context;       /* borrowed */
};

struct proxy;

/* Makes a listening socket (close-on-exec) of "ADDRESS:PORT" ("[::1]:8080",
 * "127.0.0.1:0", ":8080" and "8080" for 127.0.0.1). E_SYNTAX; E_DENIED: the
 * address is not loopback and allow_remote is not set; E_SYS. `error` says it in
 * words. */
int proxy_listen(const char *address_and_port, bool allow_remote, int *fd,
    char error[PROXY_ERROR_BYTES]) WUNRES NONNULL(1, 3, 4);

/* The address a listening socket is bound to, as a URL has it: "127.0.0.1:8080".
 * E_SYS. */
int proxy_listen_address(int fd, char text[PROXY_ADDRESS_BYTES])
    WUNRES NONNULL(2);

/* Takes over listen_fd, also on failure. Starts the threads that resolve names,
 * so fork before. NULL with errno. */
struct proxy *proxy_new(const struct proxy_options *options) WUNRES NONNULL(1);

/* Serves until SIGTERM or SIGINT (0), or until the event loop fails (E_SYS).
 * Flows that were handed over are the daemon's and go on. */
int proxy_run(struct proxy *p) WUNRES NONNULL(1);

/* Closes the clients that were not handed over. NULL is fine. */
void proxy_free(struct proxy *p);

#endif
