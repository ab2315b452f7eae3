/* SPDX-License-Identifier: ISC */
/* The parameters of SVCB and HTTPS records (RFC 9460). Pure; worker. */
#include <sys/socket.h>

#include "base/err.h"
#include "mitm/dns_data.h"

enum {
	KEY_MANDATORY = 0,
	KEY_ALPN = 1,
	KEY_NO_DEFAULT_ALPN = 2,
	KEY_PORT = 3,
	KEY_IPV4HINT = 4,
	KEY_ECH = 5,
	KEY_IPV6HINT = 6,
	KEY_DOHPATH = 7, /* RFC 9461 */
	KEY_OHTTP = 8    /* RFC 9540 */
};

static void
put_key(struct dns_cursor *c, uint16_t key)
{
	static const char *const names[] = {"mandatory", "alpn", "no-default-alpn",
	    "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"};

	if (key < ARRAY_LENGTH(names))
		dns_put(c, names[key]);
	else
		dns_put_format(c, "key%u", key);
}

static void
put_mandatory(struct dns_cursor *c)
{
	for (const char *before = ""; dns_left(c) > 0; before = ",") {
		dns_put(c, before);
		put_key(c, dns_take_uint16(c));
	}
}

/* RFC 9460 section 7.1: each behind its length; none is empty. */
static void
put_protocols(struct dns_cursor *c)
{
	for (const char *before = ""; dns_left(c) > 0; before = ",") {
		uint8_t length = dns_take_uint8(c);
		if (length == 0)
			dns_fail(c, E_SYNTAX);
		dns_put(c, before);
		dns_put_plain(c, length);
	}
}

static void
put_addresses(struct dns_cursor *c, int family)
{
	for (const char *before = ""; dns_left(c) > 0; before = ",") {
		dns_put(c, before);
		dns_put_address(c, family);
	}
}

static void
put_value(struct dns_cursor *c, uint16_t key)
{
	switch (key) {
	case KEY_MANDATORY:
		put_mandatory(c);
		break;
	case KEY_ALPN:
		put_protocols(c);
		break;
	case KEY_PORT:
		dns_put_format(c, "%u", dns_take_uint16(c));
		break;
	case KEY_IPV4HINT:
		put_addresses(c, AF_INET);
		break;
	case KEY_ECH:
		dns_put_base64(c, dns_left(c));
		break;
	case KEY_IPV6HINT:
		put_addresses(c, AF_INET6);
		break;
	case KEY_DOHPATH:
		dns_put_plain(c, dns_left(c));
		break;
	default:
		dns_put_quoted(c, dns_left(c));
		break;
	}
}

/* Whether one that has no value by its definition says so. */
static bool
is_flag(uint16_t key)
{
	return key == KEY_NO_DEFAULT_ALPN || key == KEY_OHTTP;
}

static void
put_parameter(struct dns_cursor *c, uint16_t key)
{
	dns_put(c, " ");
	put_key(c, key);
	if (dns_left(c) == 0) {
		if (key <= KEY_DOHPATH && !is_flag(key))
			dns_fail(c, E_SYNTAX);
		return;
	}
	if (is_flag(key))
		dns_fail(c, E_SYNTAX);
	dns_put(c, "=");
	put_value(c, key);
	if (dns_left(c) > 0) /* a port of three bytes */
		dns_fail(c, E_SYNTAX);
}

void
dns_put_service(struct dns_cursor *c)
{
	size_t end = c->end;
	int32_t last = -1;

	while (dns_left(c) > 0) {
		uint16_t key = dns_take_uint16(c), length = dns_take_uint16(c);
		if (c->error != 0)
			return;
		if (length > end - c->at || key <= last) { /* in order, once each */
			dns_fail(c, E_SYNTAX);
			return;
		}
		last = key;
		c->end = c->at + length;
		put_parameter(c, key);
		c->end = end;
	}
}
