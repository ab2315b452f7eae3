/* SPDX-License-Identifier: ISC */
/*
 * Between the files of this folder: the forwarder's process and its parts. It
 * runs inside the command's namespaces, as a child of the CLI.
 */
#ifndef SIGHTGLASS_EXTENSION_BRIDGE_LINUX_FORWARDER_H
#define SIGHTGLASS_EXTENSION_BRIDGE_LINUX_FORWARDER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <event2/event.h>

#include "base/attr.h"
#include "extension-bridge/flow_header.h"
#include "extension-bridge/linux/client.h"
#include "extension-bridge/udp_ports.h"

#define FORWARDER_WORDS 256u

/* The transparent listeners: one port, for every address. -1 where a family is
 * not to be had. */
struct listeners {
	uint16_t port;
	int tcp4, tcp6;
	int udp4, udp6;
};

/* The machine outside. */
struct outside {
	int ask_fd; /* sockets.h, answering from there; -1: it cannot */
	bool ipv6;   /* it has a way to the IPv6 internet */
	/* It has addresses of the family besides loopback's. */
	bool has_ipv4, has_ipv6;
};

/* outside.c: to be called before the process joins the namespace. */
void outside_look(struct outside *o) NONNULL(1);

/* Inside, a connection to loopback is taken before it is known where it can go.
 * A program that was given both addresses of "localhost" would have been refused
 * at the one and gone on to the other: this tells which it would have found. */
enum loopback {
	LOOPBACK_AS_ASKED,     /* or it is not loopback at all */
	LOOPBACK_OTHER,        /* *other may have a listener outside */
	LOOPBACK_OTHER_INSIDE, /* *other has one in the namespace */
};
enum loopback outside_loopback(const struct outside *o, int inside_ask_fd,
    const struct sockaddr_storage *address, struct sockaddr_storage *other)
    NONNULL(1, 3, 4);

/* network.c: makes every address of the namespace local (those of IPv6 only if there
 * is a way to them outside), and turns what is sent to other addresses towards the
 * listeners, of UDP what is sent to these ports. E_SYS with words. */
int network_up(const struct outside *outside, char words[FORWARDER_WORDS])
    WUNRES NONNULL(1, 2);
int network_listen(struct listeners *out, const struct udp_ports *ports,
    char words[FORWARDER_WORDS]) WUNRES NONNULL(1, 2, 3);
int network_divert(const struct listeners *listeners,
    const struct udp_ports *ports, char words[FORWARDER_WORDS])
    WUNRES NONNULL(1, 2, 3);

/* datagrams.c: datagrams, each pair of client and server a flow; `most` at a time. */
struct datagrams;
struct datagrams *datagrams_new(struct event_base *base,
    const struct listeners *listeners, size_t most, struct clients *clients,
    const char *flow_socket, const char *name) WUNRES NONNULL(1, 2, 4, 5, 6);
void datagrams_free(struct datagrams *n);

/* Inside, a client's address is its destination's, and of this machine it is
 * none: makes the source loopback, with the client's port. */
void forwarder_hide_source(struct flow_header *h) NONNULL(1);

struct forwarder_options {
	const char *flow_socket, *name;
	const struct udp_ports *udp_ports;
	const struct outside *outside;
};

/* forwarder.c: the child's main function, already in the namespaces. Writes one
 * byte to ready_fd when it listens, or says on it in words why it cannot.
 * Returns the exit status. */
int forwarder_main(const struct forwarder_options *options, int ready_fd)
    WUNRES NONNULL(1);

#endif
