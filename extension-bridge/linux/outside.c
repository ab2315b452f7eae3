/* SPDX-License-Identifier: ISC */
/*
 * What the machine outside the namespace can do, so that inside nothing seems to
 * be reachable that is not. Looked at by the forwarder process before it joins
 * the namespace; the descriptor goes on answering from outside.
 */
#include "extension-bridge/linux/forwarder.h"

#include <ifaddrs.h>
#include <unistd.h>

#include "extension-bridge/linux/sockets.h"

/* Connecting a datagram socket asks the routing table and sends nothing. */
static bool
has_route(const struct sockaddr_in6 *to)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	bool found = connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0;
	(void)close(fd);
	return found;
}

static bool
is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

	return address->sa_family == AF_INET
	    ? ntohl(in->sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET
	    : IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static void
look_for_addresses(struct outside *o)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) != 0)
		return;
	for (const struct ifaddrs *a = list; a != NULL; a = a->ifa_next) {
		int family = a->ifa_addr == NULL ? AF_UNSPEC : a->ifa_addr->sa_family;
		if ((family != AF_INET && family != AF_INET6) || is_loopback(a->ifa_addr))
			continue;
		if (family == AF_INET)
			o->has_ipv4 = true;
		else
			o->has_ipv6 = true;
	}
	freeifaddrs(list);
}

void
outside_look(struct outside *o)
{
	/* 2000::1, the first of all global unicast addresses. */
	const struct sockaddr_in6 anywhere = {.sin6_family = AF_INET6,
	    .sin6_port = htons(443), .sin6_addr = {.s6_addr = {0x20, [15] = 1}}};

	*o = (struct outside){.ask_fd = sockets_open(),
	    .ipv6 = has_route(&anywhere)};
	look_for_addresses(o);
}

/* The address of the other family that "localhost" means as well. */
static bool
other_loopback(const struct sockaddr_storage *address,
    struct sockaddr_storage *other)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	struct sockaddr_in *in_out = (struct sockaddr_in *)other;
	struct sockaddr_in6 *in6_out = (struct sockaddr_in6 *)other;

	*other = (struct sockaddr_storage){0};
	if (address->ss_family == AF_INET) {
		in6_out->sin6_family = AF_INET6;
		in6_out->sin6_port = in->sin_port;
		in6_out->sin6_addr = in6addr_loopback;
		return in->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
	}
	in_out->sin_family = AF_INET;
	in_out->sin_port = in6->sin6_port;
	in_out->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

enum loopback
outside_loopback(const struct outside *o, int inside_ask_fd,
    const struct sockaddr_storage *address, struct sockaddr_storage *other)
{
	if (!other_loopback(address, other) || sockets_listens(o->ask_fd, address))
		return LOOPBACK_AS_ASKED;
	if (sockets_listens(inside_ask_fd, other))
		return LOOPBACK_OTHER_INSIDE;
	return LOOPBACK_OTHER;
}
