/* SPDX-License-Identifier: ISC */
/* The options of EDNS(0) as text. Pure; worker. */
#include "mitm/dns_edns.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "mitm/dns_types.h"

enum {
	OPTION_NSID = 3,
	OPTION_DAU = 5, /* and two more */
	OPTION_N3U = 7,
	OPTION_ECS = 8,
	OPTION_EXPIRE = 9,
	OPTION_COOKIE = 10,
	OPTION_KEEPALIVE = 11,
	OPTION_PADDING = 12,
	OPTION_CHAIN = 13,
	OPTION_KEYTAG = 14,
	OPTION_EDE = 15,
	OPTION_REPORT_CHANNEL = 18
};

/* RFC 7871 section 6: ADDRESS/SOURCE/SCOPE, of the address as many bytes as the
 * source prefix takes. */
static void
put_subnet(struct dns_cursor *c)
{
	uint16_t family = dns_take_uint16(c);
	uint8_t source = dns_take_uint8(c), scope = dns_take_uint8(c);
	size_t length = (source + 7u) / 8, most = family == 1 ? 4 : 16;
	uint8_t address[16] = {0};
	char text[INET6_ADDRSTRLEN];
	const uint8_t *p = dns_take(c, length);

	if (p == NULL || (family != 1 && family != 2) || length > most) {
		dns_fail(c, E_SYNTAX);
		return;
	}
	memcpy(address, p, length);
	if (inet_ntop(family == 1 ? AF_INET : AF_INET6, address, text,
	        sizeof(text)) != NULL)
		dns_put(c, text);
	dns_put_format(c, "/%u/%u", source, scope);
}

/* RFC 7873 section 4: 8 bytes of the client's, then 8 to 32 of the server's. */
static void
put_cookie(struct dns_cursor *c)
{
	size_t length = dns_left(c);

	if (length != 8 && (length < 16 || length > 40))
		dns_fail(c, E_SYNTAX);
	dns_put_hex(c, 8);
	if (dns_left(c) > 0)
		dns_put(c, " ");
	dns_put_hex(c, dns_left(c));
}

static bool
is_printable(const uint8_t *p, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (p[i] < 0x20 || p[i] >= 0x7f)
			return false;
	}
	return length > 0;
}

/* RFC 5001: what it is nobody but the operator knows; often a name. */
static void
put_identifier(struct dns_cursor *c)
{
	size_t length = dns_left(c);

	if (is_printable(c->message.data + c->at, length))
		dns_put_quoted(c, length);
	else
		dns_put_hex(c, length);
}

/* RFC 8914: the code, its meaning, and the server's own words. */
static void
put_extended_error(struct dns_cursor *c)
{
	uint16_t code = dns_take_uint16(c);
	const char *meaning = dns_extended_error(code);

	dns_put_format(c, "%u", code);
	if (meaning != NULL)
		dns_put_format(c, " (%s)", meaning);
	if (dns_left(c) == 0)
		return;
	dns_put(c, " ");
	dns_put_quoted(c, dns_left(c));
}

static void
put_numbers(struct dns_cursor *c, size_t width)
{
	for (const char *before = ""; dns_left(c) > 0; before = " ") {
		dns_put(c, before);
		dns_put_format(c, "%u",
		    width == 1 ? dns_take_uint8(c) : dns_take_uint16(c));
	}
}

static void
put_known(struct dns_cursor *c, uint16_t code)
{
	size_t length = dns_left(c);

	switch (code) {
	case OPTION_NSID:
		put_identifier(c);
		break;
	case OPTION_ECS:
		put_subnet(c);
		break;
	case OPTION_EXPIRE: /* RFC 7314: seconds; empty where it is asked for */
		if (length > 0)
			dns_put_format(c, "%u", dns_take_uint32(c));
		break;
	case OPTION_COOKIE:
		put_cookie(c);
		break;
	case OPTION_KEEPALIVE: /* RFC 7828: in units of 100 ms */
		if (length > 0)
			dns_put_format(c, "%u", dns_take_uint16(c) * 100u);
		break;
	case OPTION_PADDING: /* RFC 7830: how much; what is in it says nothing */
		if (dns_take(c, length) != NULL)
			dns_put_format(c, "%zu", length);
		break;
	case OPTION_KEYTAG:
		put_numbers(c, 2);
		break;
	case OPTION_EDE:
		put_extended_error(c);
		break;
	case OPTION_CHAIN:
	case OPTION_REPORT_CHANNEL:
		dns_put_name(c);
		break;
	default:
		if (code >= OPTION_DAU && code <= OPTION_N3U)
			put_numbers(c, 1);
		else
			dns_put_hex(c, length);
		break;
	}
	if (dns_left(c) > 0)
		dns_fail(c, E_SYNTAX);
}

void
dns_put_option(struct dns_cursor *c, uint16_t code)
{
	size_t at = c->at, kept = buf_length(c->out);

	put_known(c, code);
	if (c->error == 0)
		return;
	c->at = at;
	c->error = 0;
	c->out->length = kept;
	dns_put_hex(c, dns_left(c));
}
