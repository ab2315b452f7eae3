/* SPDX-License-Identifier: ISC */
/*
 * Reads hosts, ports and authorities. Pure; the proxy forwarder. It refuses
 * every byte that has no place in a name, so that nothing strange reaches the
 * system's resolver, a header, or a log.
 */
#include "extension-bridge/proxy/target.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/err.h"

#define NAME_BYTES_MAX 253u /* RFC 1035 section 2.3.4, without the root's dot */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
	    c == '-' || c == '.' || c == '_';
}

static bool
is_name(const char *text)
{
	for (; *text != '\0'; text++)
		if (!is_name_byte(*text))
			return false;
	return true;
}

int
target_set_host(struct target *t, const char *text, size_t length)
{
	uint8_t address[16];

	if (length == 0 || length > NAME_BYTES_MAX)
		return E_SYNTAX;
	if (memchr(text, '\0', length) != NULL)
		return E_SYNTAX;
	memcpy(t->host, text, length);
	t->host[length] = '\0';
	t->is_address = inet_pton(AF_INET, t->host, address) == 1 ||
	    inet_pton(AF_INET6, t->host, address) == 1;
	return t->is_address || is_name(t->host) ? 0 : E_SYNTAX;
}

/* From decimal digits. E_SYNTAX: no number, 0, above 65535. */
static int
set_port(struct target *t, const char *digits, size_t length)
{
	unsigned port = 0;

	if (length == 0 || length > 5)
		return E_SYNTAX;
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(digits[i]))
			return E_SYNTAX;
		port = port * 10 + (unsigned)(digits[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return E_SYNTAX;
	t->port = (uint16_t)port;
	return 0;
}

/* "[v6]": sets the host and returns the bytes used. */
static int
set_bracketed(struct target *t, const char *text, size_t length)
{
	const char *end = memchr(text, ']', length);

	if (end == NULL)
		return E_SYNTAX;
	int error = target_set_host(t, text + 1, (size_t)(end - text) - 1);
	if (error == 0 && strchr(t->host, ':') == NULL)
		error = E_SYNTAX;
	return error != 0 ? error : (int)(end - text) + 1;
}

static int
set_plain(struct target *t, const char *text, size_t length)
{
	const char *colon = memchr(text, ':', length);
	size_t used = colon == NULL ? length : (size_t)(colon - text);

	int error = target_set_host(t, text, used);
	return error != 0 ? error : (int)used;
}

int
target_set_authority(struct target *t, const char *text, size_t length,
    uint16_t default_port)
{
	if (length == 0 || length > NAME_BYTES_MAX + 8)
		return E_SYNTAX;
	int used = text[0] == '[' ? set_bracketed(t, text, length) :
	    set_plain(t, text, length);
	if (used < 0)
		return used;

	size_t rest = length - (size_t)used;
	if (rest > 0 && text[used] != ':')
		return E_SYNTAX;
	if (rest > 1)
		return set_port(t, text + used + 1, rest - 1);
	t->port = default_port;
	return default_port == 0 ? E_SYNTAX : 0;
}
