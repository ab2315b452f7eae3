/* SPDX-License-Identifier: ISC */
/* networks.h. Pure; extension (macOS), CLI. */
#include "extension-bridge/networks.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* RFC 6890 says what each of them is. */
const char *const networks_always[] = {"127.0.0.0/8", "::1/128", "169.254.0.0/16",
    "fe80::/10", "224.0.0.0/4", "ff00::/8", "255.255.255.255/32", NULL};

const char *const networks_default[] = {"10.0.0.0/8", "172.16.0.0/12",
    "192.168.0.0/16", "fc00::/7", "17.0.0.0/8", "2403:300:a42::/48",
    "2403:300:a51::/48", "2620:149:a44::/48", "2a01:b740:a42::/48", NULL};

static int
parse_prefix(const char *text, unsigned most, unsigned *out)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return E_SYNTAX;
	unsigned long n = strtoul(text, &end, 10);
	if (*end != '\0' || n > most)
		return E_SYNTAX;
	*out = (unsigned)n;
	return 0;
}

static void
clear_behind(uint8_t *bytes, size_t length, unsigned prefix)
{
	for (size_t i = 0; i < length; i++) {
		unsigned kept = prefix > i * 8 ? prefix - (unsigned)i * 8 : 0;
		if (kept < 8)
			bytes[i] &= (uint8_t)(0xff00u >> kept);
	}
}

int
network_parse(const char *text, struct network *out)
{
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (length >= sizeof(address))
		return E_SYNTAX;
	memcpy(address, text, length);
	address[length] = '\0';
	int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
	size_t size = family == AF_INET6 ? 16 : 4;
	if (inet_pton(family, address, bytes) != 1)
		return E_SYNTAX;
	out->prefix = (unsigned)size * 8;
	if (slash != NULL && parse_prefix(slash + 1, out->prefix, &out->prefix) != 0)
		return E_SYNTAX;
	clear_behind(bytes, size, out->prefix);
	return inet_ntop(family, bytes, out->address, sizeof(out->address)) != NULL
	    ? 0 : E_SYNTAX;
}
