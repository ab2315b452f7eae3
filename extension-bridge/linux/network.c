/* SPDX-License-Identifier: ISC */
/*
 * The network of the namespace: the loopback interface is its only one and every
 * address is local on it, so that a packet to anywhere arrives here; nftables
 * then hands it to the transparent listeners. Forwarder process, once.
 */
#include "extension-bridge/linux/forwarder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <nftables/libnftables.h>

#include "base/err.h"

#define BACKLOG 1024

static int
fail(char words[FORWARDER_WORDS], const char *what)
{
	(void)snprintf(words, FORWARDER_WORDS, "%s: %s", what, strerror(errno));
	return E_SYS;
}

/* --- interface and routes --- */

struct route_request {
	struct nlmsghdr header;
	struct rtmsg route;
	char attributes[64];
};

static void
add_attribute(struct route_request *r, unsigned short type, uint32_t value)
{
	struct rtattr *a = (struct rtattr *)(void *)((char *)r +
	    NLMSG_ALIGN(r->header.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(sizeof(value));
	memcpy(RTA_DATA(a), &value, sizeof(value));
	r->header.nlmsg_len =
	    NLMSG_ALIGN(r->header.nlmsg_len) + (unsigned)RTA_ALIGN(a->rta_len);
}

/* Sends a request and waits for its acknowledgement. 0, or -1 with errno. */
static int
netlink_ask(int fd, const struct nlmsghdr *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[256];
	} answer;

	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return -1;
	ssize_t n = recv(fd, &answer, sizeof(answer), 0);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(answer.error)) ||
	    answer.header.nlmsg_type != NLMSG_ERROR) {
		errno = EPROTO;
		return -1;
	}
	errno = -answer.error.error;
	return errno == 0 ? 0 : -1;
}

static int
loopback_up(int fd, unsigned index)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(request.link)),
	                 .nlmsg_type = RTM_NEWLINK,
	                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
	    .link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index,
	        .ifi_flags = IFF_UP, .ifi_change = IFF_UP}};

	return netlink_ask(fd, &request.header);
}

/* "local default dev lo" for one family. */
static int
make_all_local(int fd, unsigned index, unsigned char family)
{
	struct route_request r = {
	    .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(r.route)),
	        .nlmsg_type = RTM_NEWROUTE,
	        .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE},
	    .route = {.rtm_family = family, .rtm_table = RT_TABLE_MAIN,
	        .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_HOST,
	        .rtm_type = RTN_LOCAL}};

	add_attribute(&r, RTA_OIF, index);
	return netlink_ask(fd, &r.header);
}

int
network_up(bool ipv6, char words[FORWARDER_WORDS])
{
	unsigned index = if_nametoindex("lo");
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int error = 0;

	if (fd < 0 || index == 0 || loopback_up(fd, index) != 0)
		error = fail(words, "setting up the namespace's loopback interface");
	else if (make_all_local(fd, index, AF_INET) != 0)
		error = fail(words, "making every address local");
	else if (ipv6)
		(void)make_all_local(fd, index, AF_INET6); /* may be switched off */
	if (fd >= 0)
		(void)close(fd);
	return error;
}

/* --- listeners --- */

static int
set_transparent(int fd, int family)
{
	const int on = 1;

	if (family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on));
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		return -1;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof(on));
}

/* So that the command may listen on a port to which it is connected through us:
 * what was accepted inherits it. */
static int
let_reuse(int fd)
{
	const int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
}

static int
report_destinations(int fd, int family)
{
	const int on = 1;

	return family == AF_INET
	    ? setsockopt(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, &on, sizeof(on))
	    : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, &on, sizeof(on));
}

static int
bind_any(int fd, int family, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
	    .sin6_port = htons(port)};

	return family == AF_INET
	    ? bind(fd, (struct sockaddr *)&in, sizeof(in))
	    : bind(fd, (struct sockaddr *)&in6, sizeof(in6));
}

/* -1 with errno. */
static int
open_listener(int family, int type, uint16_t port)
{
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (set_transparent(fd, family) == 0 && bind_any(fd, family, port) == 0 &&
	    (type == SOCK_STREAM
	            ? let_reuse(fd) == 0 && listen(fd, BACKLOG) == 0
	            : report_destinations(fd, family) == 0))
		return fd;
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

static int
port_of(int fd, uint16_t *port)
{
	struct sockaddr_in in = {0};
	socklen_t length = sizeof(in);

	if (getsockname(fd, (struct sockaddr *)&in, &length) != 0)
		return -1;
	*port = ntohs(in.sin_port);
	return 0;
}

int
network_listen(struct listeners *out, char words[FORWARDER_WORDS])
{
	*out = (struct listeners){.tcp4 = -1, .tcp6 = -1, .dns4 = -1, .dns6 = -1};
	out->tcp4 = open_listener(AF_INET, SOCK_STREAM, 0);
	if (out->tcp4 < 0 || port_of(out->tcp4, &out->port) != 0)
		return fail(words, "making a transparent listener");
	out->dns4 = open_listener(AF_INET, SOCK_DGRAM, out->port);
	if (out->dns4 < 0)
		return fail(words, "making a transparent listener for DNS");
	/* A namespace is new, so the port is free in the other family too. */
	out->tcp6 = open_listener(AF_INET6, SOCK_STREAM, out->port);
	out->dns6 = open_listener(AF_INET6, SOCK_DGRAM, out->port);
	return 0;
}

/* --- rules --- */

/* On loopback, a listener that the command itself has comes first; its own
 * connections are never touched. Everything else of TCP, and DNS, is diverted.
 * What else would be answered by nobody, or by ourselves, is refused at once, so
 * that QUIC falls back to TCP and a ping does not lie. */
static const char ruleset[] =
    "table inet sightglass {\n"
    "  chain divert {\n"
    "    type filter hook prerouting priority -150; policy accept;\n"
    "    iifname != \"lo\" accept\n"
    "    ip daddr 127.0.0.0/8 socket transparent 0 accept\n"
    "    ip6 daddr ::1 socket transparent 0 accept\n"
    "    meta l4proto tcp tproxy to :%u\n"
    "    udp dport 53 tproxy to :%u\n"
    "  }\n"
    "  chain refuse {\n"
    "    type filter hook input priority 0; policy accept;\n"
    "    ip daddr 127.0.0.0/8 accept\n"
    "    ip6 daddr ::1 accept\n"
    "    meta l4proto tcp accept\n"
    "    udp sport 53 accept\n"
    "    udp dport 53 accept\n"
    "    meta l4proto udp reject\n"
    "    icmp type echo-request reject with icmp type admin-prohibited\n"
    "    icmpv6 type echo-request reject with icmpv6 type admin-prohibited\n"
    "  }\n"
    "}\n";

int
network_divert(const struct listeners *listeners, char words[FORWARDER_WORDS])
{
	char text[sizeof(ruleset) + 16];
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (nft == NULL)
		return fail(words, "nftables");
	(void)snprintf(text, sizeof(text), ruleset, listeners->port,
	    listeners->port);
	(void)nft_ctx_buffer_error(nft);
	int error = nft_run_cmd_from_buffer(nft, text) == 0 ? 0 : E_SYS;
	if (error != 0) {
		const char *said = nft_ctx_get_error_buffer(nft);
		(void)snprintf(words, FORWARDER_WORDS, "nftables refuses the rules "
		    "(are nf_tables, nft_tproxy and nft_socket in this kernel?): "
		    "%.120s", said == NULL ? "" : said);
	}
	nft_ctx_free(nft);
	return error;
}
