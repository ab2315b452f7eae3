/* SPDX-License-Identifier: ISC */
/* Addresses of one form. Pure; any process. */
#include "base/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

uint16_t
endpoint_port_of(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)a)->sin_port);
	return a->ss_family != AF_INET6
	    ? 0 : ntohs(((const struct sockaddr_in6 *)a)->sin6_port);
}

const char *
endpoint_text_of(const struct sockaddr_storage *a, char text[INET6_ADDRSTRLEN])
{
	const void *bytes = a->ss_family == AF_INET
	    ? (const void *)&((const struct sockaddr_in *)a)->sin_addr
	    : (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr;

	return inet_ntop(a->ss_family, bytes, text, INET6_ADDRSTRLEN);
}

static bool
is_link_local(const struct sockaddr_storage *a)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)a;

	return a->ss_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr);
}

void
endpoint_set_scope(struct sockaddr_storage *a, uint32_t interface)
{
	if (is_link_local(a))
		((struct sockaddr_in6 *)a)->sin6_scope_id = interface;
}

uint32_t
endpoint_scope_of(const struct sockaddr_storage *a)
{
	return is_link_local(a) ? ((const struct sockaddr_in6 *)a)->sin6_scope_id : 0;
}

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

_Static_assert(sizeof(struct endpoint) == ENDPOINT_ADDRESS_BYTES + 2 + 2, "no padding");

void
endpoint_set_ipv4(struct endpoint *out, const void *address, uint16_t port)
{
	*out = (struct endpoint){.port = port};
	memcpy(out->address, mapped, sizeof(mapped));
	memcpy(out->address + sizeof(mapped), address,
	    ENDPOINT_ADDRESS_BYTES - sizeof(mapped));
}

bool
endpoint_read(struct endpoint *out, const struct sockaddr_storage *from)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

	*out = (struct endpoint){.port = 0};
	if (from->ss_family == AF_INET) {
		endpoint_set_ipv4(out, &in->sin_addr, ntohs(in->sin_port));
		return true;
	}
	if (from->ss_family != AF_INET6)
		return false;
	memcpy(out->address, &in6->sin6_addr, sizeof(out->address));
	out->port = ntohs(in6->sin6_port);
	return true;
}

void
endpoint_write(const struct endpoint *e, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (memcmp(e->address, mapped, sizeof(mapped)) == 0) {
		out->ss_family = AF_INET;
		memcpy(&in->sin_addr, e->address + sizeof(mapped),
		    sizeof(in->sin_addr));
		in->sin_port = htons(e->port);
		return;
	}
	out->ss_family = AF_INET6;
	memcpy(&in6->sin6_addr, e->address, sizeof(in6->sin6_addr));
	in6->sin6_port = htons(e->port);
}

bool
endpoint_is(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port &&
	    memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

bool
endpoint_is_nowhere(const struct endpoint *e)
{
	struct endpoint any;

	endpoint_set_ipv4(&any, (const uint8_t[4]){0}, 0);
	return endpoint_is(e, &any) || endpoint_is(e, &(struct endpoint){.port = 0});
}
