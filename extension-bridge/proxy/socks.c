/* SPDX-License-Identifier: ISC */
/*
 * Reads what a SOCKS5 client says and writes the answer. Pure; the proxy
 * forwarder. It refuses names that are no names; which commands are done is for
 * the caller to say.
 */
#include "extension-bridge/proxy/socks.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/be.h"
#include "base/err.h"

enum address_type { ADDRESS_IPV4 = 1, ADDRESS_NAME = 3, ADDRESS_IPV6 = 4 };

#define HEAD_BYTES 4u /* version, command, reserved, address type */
#define PORT_BYTES 2u

int
socks_greeting_parse(const uint8_t *bytes, size_t length, bool *none)
{
	if (length > 0 && bytes[0] != SOCKS_VERSION)
		return E_SYNTAX;
	if (length < 2 || length - 2 < bytes[1])
		return E_MORE;
	*none = memchr(bytes + 2, 0, bytes[1]) != NULL;
	return 2 + bytes[1];
}

/* How long the address is that begins behind the head, with a name's length
 * byte; or E_MORE, E_RANGE. */
static int
address_bytes(const uint8_t *bytes, size_t length)
{
	if (length < HEAD_BYTES)
		return E_MORE;
	switch (bytes[3]) {
	case ADDRESS_IPV4:
		return 4;
	case ADDRESS_IPV6:
		return 16;
	case ADDRESS_NAME:
		return length == HEAD_BYTES ? E_MORE : 1 + bytes[HEAD_BYTES];
	default:
		return E_RANGE;
	}
}

static int
set_host(struct target *t, uint8_t type, const uint8_t *address, size_t length)
{
	char text[INET6_ADDRSTRLEN];

	if (type == ADDRESS_NAME)
		return target_set_host(t, (const char *)address + 1, length - 1);
	if (inet_ntop(type == ADDRESS_IPV4 ? AF_INET : AF_INET6, address, text,
	    sizeof(text)) == NULL)
		return E_SYNTAX;
	return target_set_host(t, text, strlen(text));
}

int
socks_request_parse(const uint8_t *bytes, size_t length,
    struct socks_request *out)
{
	struct socks_request request;

	if (length > 0 && bytes[0] != SOCKS_VERSION)
		return E_SYNTAX;
	int size = address_bytes(bytes, length);
	if (size < 0)
		return size;
	size_t whole = HEAD_BYTES + (size_t)size + PORT_BYTES;
	if (length < whole)
		return E_MORE;

	request.command = bytes[1];
	request.target.port = be16_dec(bytes + whole - PORT_BYTES);
	int error = set_host(&request.target, bytes[3], bytes + HEAD_BYTES,
	    (size_t)size);
	if (error == 0 && request.command == SOCKS_CONNECT &&
	    request.target.port == 0)
		error = E_SYNTAX;
	if (error != 0)
		return error;
	*out = request;
	return (int)whole;
}

void
socks_reply_write(enum socks_reply code, uint8_t out[SOCKS_REPLY_BYTES])
{
	memset(out, 0, SOCKS_REPLY_BYTES);
	out[0] = SOCKS_VERSION;
	out[1] = (uint8_t)code;
	out[3] = ADDRESS_IPV4;
}
