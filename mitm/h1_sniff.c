/* SPDX-License-Identifier: ISC */
/*
 * Telling HTTP/1 from other protocols by a client's first bytes. Pure; worker. It
 * reads no further than the request line.
 */
#include "mitm/h1_sniff.h"

#include <string.h>

#include "base/err.h"
#include "mitm/h1.h"

bool
h1_is_token_byte(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	    (byte >= 'a' && byte <= 'z') ||
	    (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

/* Methods that no other protocol begins with (RFC 9110, 5789, 4918 and what
 * discovery over HTTP uses): the target need not be waited for. */
static bool
is_known_method(const uint8_t *bytes, size_t length)
{
	static const char known[][10] = {"GET", "HEAD", "POST", "PUT", "DELETE",
	    "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH",
	    "MKCOL", "REPORT", "SEARCH"};

	for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
		if (strlen(known[i]) == length &&
		    memcmp(known[i], bytes, length) == 0)
			return true;
	}
	return false;
}

/* Behind the method: a target and " HTTP/" (RFC 9112 section 3). */
static int
sniff_target(const uint8_t *bytes, size_t length)
{
	static const char version[] = " HTTP/";
	size_t at = 0, match = 0;

	while (at < length && bytes[at] > ' ' && bytes[at] != 0x7f)
		at++;
	if (at == 0 && length > 0)
		return 0;
	while (at + match < length && match < sizeof(version) - 1) {
		if (bytes[at + match] != (uint8_t)version[match])
			return 0;
		match++;
	}
	return match == sizeof(version) - 1 ? 1 : E_MORE;
}

int
h1_sniff(const uint8_t *bytes, size_t length)
{
	size_t method = 0;

	/* RFC 9112 section 2.2: empty lines before it are let pass. */
	while (length > 0 && (*bytes == '\r' || *bytes == '\n')) {
		bytes++;
		length--;
	}
	while (method < length && h1_is_token_byte(bytes[method]))
		method++;
	if (method > H1_METHOD_BYTES_MAX)
		return 0;
	if (method == length)
		return E_MORE;
	if (method == 0 || bytes[method] != ' ')
		return 0;
	/* RFC 9113 section 3.4: the preface of HTTP/2 only looks like one. */
	if (method == 3 && memcmp(bytes, "PRI", 3) == 0)
		return 0;
	const uint8_t *target = bytes + method + 1;
	size_t rest = length - method - 1;
	if (rest > 0 && is_known_method(bytes, method) &&
	    (*target == '/' || *target == '*'))
		return 1;
	return sniff_target(target, rest);
}
