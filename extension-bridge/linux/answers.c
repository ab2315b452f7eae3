/* SPDX-License-Identifier: ISC */
/*
 * Packets with headers of our own (raw(7), ipv6(7)), sent many at a time. Bound sockets
 * would not do: a server that the command itself runs may have their port already.
 */
#include "extension-bridge/linux/answers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/be.h"
#include "base/nosignal.h"

#define BATCH 32u
#define TTL 64
#define DATAGRAM_BYTES_MAX 65535u /* with the header of UDP */

union head {
	struct {
		struct ip ip;
		struct udphdr udp;
	} v4;
	struct {
		struct ip6_hdr ip;
		struct udphdr udp;
	} v6;
};

struct answers {
	int fd4, fd6; /* fd6: -1 where there is no IPv6 */
	int family;   /* of what is queued */
	size_t count;
	union head heads[BATCH];
	struct iovec parts[BATCH][2];
	struct sockaddr_storage to[BATCH];
	struct mmsghdr messages[BATCH];
};

/* --- checksum (RFC 1071) --- */

static uint64_t
sum(uint64_t state, const void *bytes, size_t length)
{
	const uint8_t *p = bytes;

	for (; length > 1; length -= 2, p += 2)
		state += be16_dec(p);
	return length == 0 ? state : state + ((uint32_t)p[0] << 8);
}

static uint16_t
fold(uint64_t state)
{
	while (state >> 16 != 0)
		state = (state & 0xffff) + (state >> 16);
	uint16_t value = (uint16_t)~state;
	return htons(value == 0 ? 0xffff : value); /* 0 says that there is none */
}

/* Over the addresses, which stand behind each other, and all of the datagram (RFC 768,
 * RFC 8200 section 8.1). */
static void
seal(struct udphdr *udp, const void *addresses, size_t address_bytes,
    const uint8_t *payload, size_t length)
{
	size_t whole = sizeof(*udp) + length;

	udp->len = htons((uint16_t)whole);
	udp->check = 0;
	udp->check = fold(sum(sum(sum(whole + IPPROTO_UDP, addresses,
	    2 * address_bytes), udp, sizeof(*udp)), payload, length));
}

/* --- packets --- */

static size_t
write_v4(union head *head, const struct sockaddr_storage *from,
    const struct sockaddr_storage *to, const uint8_t *payload, size_t length)
{
	const struct sockaddr_in *source = (const struct sockaddr_in *)from;
	const struct sockaddr_in *client = (const struct sockaddr_in *)to;

	head->v4.ip = (struct ip){.ip_v = 4, .ip_hl = sizeof(head->v4.ip) / 4,
	    .ip_len = htons((uint16_t)(sizeof(head->v4) + length)), .ip_ttl = TTL,
	    .ip_p = IPPROTO_UDP, .ip_src = source->sin_addr,
	    .ip_dst = client->sin_addr}; /* the kernel adds id and checksum */
	head->v4.udp = (struct udphdr){.source = source->sin_port,
	    .dest = client->sin_port};
	seal(&head->v4.udp, &head->v4.ip.ip_src, sizeof(head->v4.ip.ip_src), payload,
	    length);
	return sizeof(head->v4);
}

static size_t
write_v6(union head *head, const struct sockaddr_storage *from,
    const struct sockaddr_storage *to, const uint8_t *payload, size_t length)
{
	const struct sockaddr_in6 *source = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in6 *client = (const struct sockaddr_in6 *)to;

	head->v6.ip = (struct ip6_hdr){.ip6_src = source->sin6_addr,
	    .ip6_dst = client->sin6_addr};
	head->v6.ip.ip6_vfc = 6 << 4;
	head->v6.ip.ip6_plen = htons((uint16_t)(sizeof(head->v6.udp) + length));
	head->v6.ip.ip6_nxt = IPPROTO_UDP;
	head->v6.ip.ip6_hlim = TTL;
	head->v6.udp = (struct udphdr){.source = source->sin6_port,
	    .dest = client->sin6_port};
	seal(&head->v6.udp, &head->v6.ip.ip6_src, sizeof(head->v6.ip.ip6_src), payload,
	    length);
	return sizeof(head->v6);
}

/* Of a raw socket the port is no such thing. */
static socklen_t
address_without_port(const struct sockaddr_storage *to, struct sockaddr_storage *out)
{
	*out = *to;
	if (to->ss_family == AF_INET) {
		((struct sockaddr_in *)out)->sin_port = 0;
		return sizeof(struct sockaddr_in);
	}
	((struct sockaddr_in6 *)out)->sin6_port = 0;
	return sizeof(struct sockaddr_in6);
}

void
answers_put(struct answers *a, const struct sockaddr_storage *from,
    const struct sockaddr_storage *to, const uint8_t *payload, size_t length)
{
	int family = to->ss_family;

	if (from->ss_family != family ||
	    length > DATAGRAM_BYTES_MAX - sizeof(union head))
		return;
	if (a->count == BATCH || (a->count > 0 && family != a->family))
		answers_flush(a);
	size_t at = a->count++;
	a->family = family;
	size_t head = family == AF_INET
	    ? write_v4(&a->heads[at], from, to, payload, length)
	    : write_v6(&a->heads[at], from, to, payload, length);
	a->parts[at][0] = (struct iovec){&a->heads[at], head};
	a->parts[at][1].iov_len = length;
	memcpy(&a->parts[at][1].iov_base, &payload, sizeof(payload));
	a->messages[at].msg_hdr = (struct msghdr){.msg_name = &a->to[at],
	    .msg_namelen = address_without_port(to, &a->to[at]),
	    .msg_iov = a->parts[at], .msg_iovlen = 2};
}

/* One that the system does not take is passed over. */
void
answers_flush(struct answers *a)
{
	int fd = a->family == AF_INET ? a->fd4 : a->fd6;
	size_t done = 0;

	while (fd >= 0 && done < a->count) {
		int sent = sendmmsg(fd, a->messages + done,
		    (unsigned)(a->count - done), SEND_NO_SIGNAL);
		done += sent > 0 ? (size_t)sent : 1;
	}
	a->count = 0;
}

/* --- life --- */

static int
open_raw(int family)
{
	const uint32_t mark = ANSWERS_MARK;
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);

	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

struct answers *
answers_new(void)
{
	struct answers *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->fd4 = open_raw(AF_INET);
	a->fd6 = open_raw(AF_INET6);
	if (a->fd4 >= 0)
		return a;
	answers_free(a);
	return NULL;
}

void
answers_free(struct answers *a)
{
	if (a == NULL)
		return;
	if (a->fd4 >= 0)
		(void)close(a->fd4);
	if (a->fd6 >= 0)
		(void)close(a->fd6);
	free(a);
}
