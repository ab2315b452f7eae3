/* SPDX-License-Identifier: ISC */
/*
 * DER written backwards: content first, then its length, then its tag. Pure;
 * signer, worker and CLI. It writes what it is told: whether a value is right
 * for its type is the caller's matter.
 */
#include "ca/der.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"

#define SHORT_LENGTH_MAX 0x7f
#define LONG_LENGTH 0x80

void
der_init(struct der *d, uint8_t *buffer, size_t size)
{
	*d = (struct der){.start = buffer, .at = buffer + size};
}

int
der_result(const struct der *d)
{
	return d->full ? E_LIMIT : 0;
}

void
der_bytes(struct der *d, const void *bytes, size_t length)
{
	if (length == 0 || d->full)
		return;
	if (length > (size_t)(d->at - d->start)) {
		d->full = true;
		return;
	}
	d->at -= length;
	memcpy(d->at, bytes, length);
}

static void
octet(struct der *d, unsigned value)
{
	const uint8_t byte = (uint8_t)value;

	der_bytes(d, &byte, 1);
}

void
der_wrap(struct der *d, unsigned tag, const uint8_t *end)
{
	size_t length = (size_t)(end - d->at);
	unsigned octets = 0;

	if (length <= SHORT_LENGTH_MAX) {
		octet(d, (unsigned)length);
	} else {
		for (size_t rest = length; rest > 0; rest >>= 8, octets++)
			octet(d, rest & 0xff);
		octet(d, LONG_LENGTH | octets);
	}
	octet(d, tag);
}

void
der_value(struct der *d, unsigned tag, const void *bytes, size_t length)
{
	const uint8_t *end = d->at;

	der_bytes(d, bytes, length);
	der_wrap(d, tag, end);
}

void
der_unsigned(struct der *d, const uint8_t *bytes, size_t length)
{
	const uint8_t *end = d->at;

	while (length > 1 && bytes[0] == 0) {
		bytes++;
		length--;
	}
	der_bytes(d, bytes, length);
	if (length == 0 || (bytes[0] & 0x80) != 0)
		octet(d, 0);
	der_wrap(d, DER_INTEGER, end);
}

void
der_bits(struct der *d, const void *bytes, size_t length)
{
	const uint8_t *end = d->at;

	der_bytes(d, bytes, length);
	octet(d, 0);
	der_wrap(d, DER_BIT_STRING, end);
}

void
der_time(struct der *d, int64_t seconds)
{
	const time_t when = (time_t)seconds;
	struct tm tm;
	char text[32];

	if (gmtime_r(&when, &tm) == NULL) {
		d->full = true;
		return;
	}
	bool utc = tm.tm_year >= 50 && tm.tm_year < 150;
	size_t length = strftime(text, sizeof(text),
	    utc ? "%y%m%d%H%M%SZ" : "%Y%m%d%H%M%SZ", &tm);
	der_value(d, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, text, length);
}
