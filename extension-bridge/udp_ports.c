/* SPDX-License-Identifier: ISC */
/* A short list, in the order of the settings. Pure. */
#include "extension-bridge/udp_ports.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/err.h"

bool
udp_ports_have(const struct udp_ports *p, uint16_t port)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->ports[i] == port)
			return true;
	}
	return false;
}

int
udp_ports_add(struct udp_ports *p, uint64_t port)
{
	if (port == 0 || port > UINT16_MAX)
		return E_RANGE;
	if (udp_ports_have(p, (uint16_t)port))
		return 0;
	if (p->count == UDP_PORTS_MAX)
		return E_LIMIT;
	p->ports[p->count++] = (uint16_t)port;
	return 0;
}

/* 0, which is no port: it is no number. */
static uint64_t
number(const char *text)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return 0;
	unsigned long long value = strtoull(text, &end, 10);
	return *end == '\0' ? value : 0;
}

int
udp_ports_read(char *const *items, size_t count, struct udp_ports *out,
    size_t *wrong)
{
	int error = 0;

	*out = (struct udp_ports){0};
	for (*wrong = 0; *wrong < count; (*wrong)++) {
		error = udp_ports_add(out, number(items[*wrong]));
		if (error != 0)
			break;
	}
	return error;
}
