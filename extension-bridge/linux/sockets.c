/* SPDX-License-Identifier: ISC */
/*
 * One question and one answer over netlink. Forwarder process. It waits for no
 * answer but the kernel's, which comes with the question.
 */
#include "extension-bridge/linux/sockets.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

int
sockets_open(void)
{
	return socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

static void
put_address(const struct sockaddr_storage *from, __be32 address[4], __be16 *port)
{
	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)from;
		memcpy(address, &in->sin_addr, sizeof(in->sin_addr));
		*port = in->sin_port;
	} else {
		const struct sockaddr_in6 *in6 =
		    (const struct sockaddr_in6 *)from;
		memcpy(address, &in6->sin6_addr, sizeof(in6->sin6_addr));
		*port = in6->sin6_port;
	}
}

bool
sockets_find(int ask_fd, uint8_t protocol,
    const struct sockaddr_storage *own, const struct sockaddr_storage *peer,
    struct inet_diag_msg *out)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 diag;
	} request = {.header = {.nlmsg_len = sizeof(request),
	                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
	                 .nlmsg_flags = NLM_F_REQUEST},
	    .diag = {.sdiag_family = (uint8_t)own->ss_family,
	        .sdiag_protocol = protocol,
	        .idiag_states = ~0u,
	        .id = {.idiag_cookie = {INET_DIAG_NOCOOKIE,
	                   INET_DIAG_NOCOOKIE}}}};
	struct {
		struct nlmsghdr header;
		struct inet_diag_msg message;
		char rest[512];
	} answer;

	/* Of UDP the kernel takes the two the other way round. */
	bool swapped = protocol == IPPROTO_UDP;
	put_address(swapped ? peer : own, request.diag.id.idiag_src,
	    &request.diag.id.idiag_sport);
	put_address(swapped ? own : peer, request.diag.id.idiag_dst,
	    &request.diag.id.idiag_dport);
	if (send(ask_fd, &request, sizeof(request), 0) < 0)
		return false;
	ssize_t n = recv(ask_fd, &answer, sizeof(answer), 0);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(*out)) ||
	    answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	*out = answer.message;
	return true;
}

bool
sockets_listens(int ask_fd, const struct sockaddr_storage *address)
{
	/* Any client's address will do; nobody's is port 0. */
	struct sockaddr_storage nobody;
	struct inet_diag_msg found;

	memset(&nobody, 0, sizeof(nobody));
	nobody.ss_family = address->ss_family;
	return sockets_find(ask_fd, IPPROTO_TCP, address, &nobody, &found) &&
	    found.idiag_state == TCP_LISTEN;
}
