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

#include "base/buf.h"
#include "base/err.h"
#include "extension-bridge/linux/answers.h"

#define BACKLOG 1024
#define RECEIVE_BYTES (4 * 1024 * 1024)
#define DUMMY4 "192.0.0.8" /* RFC 7600, section 4.8 */
#define DUMMY6 "100::8"    /* of the prefix that is discarded: RFC 6666 */

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

static void
begin_route(struct route_request *r, unsigned index, unsigned char family)
{
	*r = (struct route_request){
	    .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(r->route)),
	        .nlmsg_type = RTM_NEWROUTE,
	        .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE},
	    .route = {.rtm_family = family, .rtm_table = RT_TABLE_MAIN,
	        .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_HOST,
	        .rtm_type = RTN_LOCAL}};
	add_attribute(r, RTA_OIF, index);
}

/* "local default dev lo" for one family. */
static int
make_all_local(int fd, unsigned index, unsigned char family)
{
	struct route_request r;

	begin_route(&r, index, family);
	return netlink_ask(fd, &r.header);
}

/* "224.0.0.0/4 dev lo src 127.0.0.1": by the default route, who speaks to a group
 * would do so from the group's address, which is none to speak from. */
static int
route_groups(int fd, unsigned index)
{
	struct route_request r;

	begin_route(&r, index, AF_INET);
	r.route.rtm_type = RTN_UNICAST;
	r.route.rtm_scope = RT_SCOPE_LINK;
	r.route.rtm_dst_len = 4;
	add_attribute(&r, RTA_DST, htonl(INADDR_UNSPEC_GROUP));
	add_attribute(&r, RTA_PREFSRC, htonl(INADDR_LOOPBACK));
	return netlink_ask(fd, &r.header);
}

/* An address that is none of loopback, and that nobody can want to reach: the C library
 * asks for no addresses of a family of which the machine has none (AI_ADDRCONFIG of RFC
 * 3493, section 6.1), but for both where it has none at all. So there is one inside of
 * each family that has one outside. */
static int
add_dummy(int fd, unsigned index, unsigned char family, const char *text)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg about;
		struct rtattr attribute;
		unsigned char address[sizeof(struct in6_addr)];
	} request = {.header = {.nlmsg_type = RTM_NEWADDR,
	                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE},
	    .about = {.ifa_family = family, .ifa_index = index,
	        .ifa_scope = RT_SCOPE_UNIVERSE},
	    .attribute = {.rta_type = IFA_LOCAL}};
	unsigned length = family == AF_INET ? sizeof(struct in_addr)
	                                    : sizeof(struct in6_addr);

	if (inet_pton(family, text, request.address) != 1) {
		errno = EINVAL;
		return -1;
	}
	request.about.ifa_prefixlen = (unsigned char)(8 * length);
	request.attribute.rta_len = (unsigned short)RTA_LENGTH(length);
	request.header.nlmsg_len = NLMSG_LENGTH(sizeof(request.about)) +
	    (unsigned)RTA_LENGTH(length);
	return netlink_ask(fd, &request.header);
}

int
network_up(const struct outside *outside, char words[FORWARDER_WORDS])
{
	unsigned index = if_nametoindex("lo");
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int error = 0;

	if (fd < 0 || index == 0 || loopback_up(fd, index) != 0)
		error = fail(words, "setting up the namespace's loopback interface");
	else if (make_all_local(fd, index, AF_INET) != 0 ||
	    route_groups(fd, index) != 0 ||
	    (outside->has_ipv4 && add_dummy(fd, index, AF_INET, DUMMY4) != 0))
		error = fail(words, "making every address local");
	else if (outside->ipv6 && make_all_local(fd, index, AF_INET6) == 0 &&
	    outside->has_ipv6)
		(void)add_dummy(fd, index, AF_INET6, DUMMY6);
	/* Of IPv6 nothing is needed: it may be switched off. */
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

/* Datagrams that come faster than they can be handed on wait: as many as the system
 * lets them, if not as many as we should like. */
static int
take_many(int fd)
{
	const int bytes = RECEIVE_BYTES;

	return setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) == 0
	    ? 0 : setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
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
	            : report_destinations(fd, family) == 0 && take_many(fd) == 0))
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

/* What is sent to a group arrives only where somebody has joined it: of mDNS (RFC
 * 6762) and of LLMNR (RFC 4795). */
static const struct {
	uint16_t port;
	const char *group4, *group6;
} groups[] = {{5353, "224.0.0.251", "ff02::fb"}, {5355, "224.0.0.252", "ff02::1:3"}};

/* Where it cannot be, nobody in the namespace has that family. */
static void
join_group(const struct listeners *l, const char *group4, const char *group6)
{
	struct ip_mreqn four = {.imr_ifindex = (int)if_nametoindex("lo")};
	struct ipv6_mreq six = {.ipv6mr_interface = if_nametoindex("lo")};

	if (inet_pton(AF_INET, group4, &four.imr_multiaddr) != 1 ||
	    inet_pton(AF_INET6, group6, &six.ipv6mr_multiaddr) != 1)
		return;
	(void)setsockopt(l->udp4, IPPROTO_IP, IP_ADD_MEMBERSHIP, &four, sizeof(four));
	(void)setsockopt(l->udp6, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &six,
	    sizeof(six));
}

static void
join_groups(const struct listeners *l, const struct udp_ports *ports)
{
	for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
		if (udp_ports_have(ports, groups[i].port))
			join_group(l, groups[i].group4, groups[i].group6);
	}
}

int
network_listen(struct listeners *out, const struct udp_ports *ports,
    char words[FORWARDER_WORDS])
{
	*out = (struct listeners){.tcp4 = -1, .tcp6 = -1, 
	    .udp4 = -1, .udp6 = -1};
	out->tcp4 = open_listener(AF_INET, SOCK_STREAM, 0);
	if (out->tcp4 < 0 || port_of(out->tcp4, &out->port) != 0)
		return fail(words, "making a transparent listener");
	out->udp4 = open_listener(AF_INET, SOCK_DGRAM, out->port);
	if (out->udp4 < 0)
		return fail(words, "making a transparent listener for datagrams");
	/* A namespace is new, so the port is free in the other family too. */
	out->tcp6 = open_listener(AF_INET6, SOCK_STREAM, out->port);
	out->udp6 = open_listener(AF_INET6, SOCK_DGRAM, out->port);
	join_groups(out, ports);
	return 0;
}

/* --- rules --- */

/* On loopback, a listener that the command itself has comes first; its own
 * connections are never touched. Everything else of TCP, and datagrams to the ports of
 * the set, are diverted. What else would be answered by nobody, or by ourselves, is
 * refused at once, so that QUIC falls back to TCP and a ping does not lie. Answers go
 * to the command wherever it listens. */
static const char rules[] =
    "  chain divert {\n"
    "    type filter hook prerouting priority -150; policy accept;\n"
    "    meta mark %u accept\n"
    "    iifname != \"lo\" accept\n"
    "    ip daddr 127.0.0.0/8 socket transparent 0 accept\n"
    "    ip6 daddr ::1 socket transparent 0 accept\n"
    "    meta l4proto tcp tproxy to :%u\n"
    "    udp dport @ports tproxy to :%u\n"
    "  }\n"
    "  chain refuse {\n"
    "    type filter hook input priority 0; policy accept;\n"
    "    meta mark %u accept\n"
    "    ip daddr 127.0.0.0/8 accept\n"
    "    ip6 daddr ::1 accept\n"
    "    meta l4proto tcp accept\n"
    "    udp dport @ports accept\n"
    "    meta l4proto udp reject\n"
    "    icmp type echo-request reject with icmp type admin-prohibited\n"
    "    icmpv6 type echo-request reject with icmpv6 type admin-prohibited\n"
    "  }\n";

#define RULES_BYTES (sizeof(rules) + UDP_PORTS_MAX * sizeof("65535, ") + 256)

static int
write_rules(const struct listeners *l, const struct udp_ports *ports,
    struct buf *out)
{
	int error = buf_puts(out, "table inet sightglass {\n"
	    "  set ports {\n    type inet_service;\n");

	for (size_t i = 0; error == 0 && i < ports->count; i++)
		error = buf_printf(out, "%s%u", i == 0 ? "    elements = { " : ", ",
		    ports->ports[i]);
	if (error == 0)
		error = buf_puts(out, ports->count == 0 ? "  }\n" : " }\n  }\n");
	if (error == 0)
		error = buf_printf(out, rules, ANSWERS_MARK, l->port, l->port,
		    ANSWERS_MARK);
	if (error == 0)
		error = buf_append(out, "}\n", sizeof("}\n"));
	return error;
}

static int
run_rules(struct nft_ctx *nft, const char *text, char words[FORWARDER_WORDS])
{
	(void)nft_ctx_buffer_error(nft);
	if (nft_run_cmd_from_buffer(nft, text) == 0)
		return 0;
	const char *said = nft_ctx_get_error_buffer(nft);
	(void)snprintf(words, FORWARDER_WORDS, "nftables refuses the rules "
	    "(are nf_tables, nft_tproxy and nft_socket in this kernel?): "
	    "%.120s", said == NULL ? "" : said);
	return E_SYS;
}

int
network_divert(const struct listeners *listeners,
    const struct udp_ports *ports, char words[FORWARDER_WORDS])
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	struct buf text;

	if (nft == NULL)
		return fail(words, "nftables");
	buf_init(&text, RULES_BYTES);
	int error = write_rules(listeners, ports, &text) == 0
	    ? run_rules(nft, (const char *)buf_data(&text), words)
	    : fail(words, "nftables");
	buf_free(&text);
	nft_ctx_free(nft);
	return error;
}
