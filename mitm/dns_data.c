/* SPDX-License-Identifier: ISC */
/*
 * Reads the data of a record by the layout of its type. Pure; worker. What does not
 * fit its layout is shown as bytes: it is never guessed at.
 */
#include "mitm/dns_data.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/err.h"
#include "mitm/dns_types.h"

/* --- numbers --- */

/* RFC 4034 section 3.2, as YYYYMMDDHHmmSS. */
static void
put_time(struct dns_cursor *c)
{
	time_t seconds = (time_t)dns_take_uint32(c);
	struct tm t;

	if (c->error == 0 && gmtime_r(&seconds, &t) != NULL)
		dns_put_format(c, "%04d%02d%02d%02d%02d%02d", t.tm_year + 1900,
		    t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

static void
put_type(struct dns_cursor *c, uint16_t type)
{
	char name[DNS_NAME_BYTES];

	dns_type_name(type, name);
	dns_put(c, name);
}

/* RFC 4034 section 4.1.2: windows of 256 types, in order. */
static void
put_bitmap(struct dns_cursor *c)
{
	const char *before = "";
	int last = -1;

	while (dns_left(c) > 0) {
		int window = dns_take_uint8(c);
		uint8_t length = dns_take_uint8(c);
		const uint8_t *bits = dns_take(c, length);
		if (bits == NULL || length == 0 || length > 32 || window <= last) {
			dns_fail(c, E_SYNTAX);
			return;
		}
		last = window;
		for (unsigned bit = 0; bit < length * 8u; bit++) {
			if ((bits[bit / 8] & 0x80 >> bit % 8) == 0)
				continue;
			dns_put(c, before);
			put_type(c, (uint16_t)((unsigned)window << 8 | bit));
			before = " ";
		}
	}
}

/* --- LOC (RFC 1876) --- */

static void
put_degrees(struct dns_cursor *c, char above, char below)
{
	uint32_t at = dns_take_uint32(c), equator = UINT32_C(1) << 31;
	uint32_t off = at >= equator ? at - equator : equator - at;

	dns_put_format(c, "%u %u %u.%03u %c ", off / 3600000, off / 60000 % 60,
	    off / 1000 % 60, off % 1000, at >= equator ? above : below);
}

static void
put_centimetres(struct dns_cursor *c, int64_t value)
{
	uint64_t positive = (uint64_t)(value < 0 ? -value : value);

	dns_put_format(c, "%s%llu.%02llum", value < 0 ? "-" : "",
	    (unsigned long long)(positive / 100),
	    (unsigned long long)(positive % 100));
}

/* A digit, and the power of ten that it is to be multiplied by. */
static void
put_precision(struct dns_cursor *c, uint8_t packed)
{
	int64_t value = packed >> 4;
	unsigned power = packed & 0x0f;

	if (value > 9 || power > 9)
		dns_fail(c, E_SYNTAX);
	while (power-- > 0)
		value *= 10;
	put_centimetres(c, value);
}

static void
put_location(struct dns_cursor *c)
{
	uint8_t version = dns_take_uint8(c);
	const uint8_t *precision = dns_take(c, 3);

	if (version != 0 || precision == NULL) {
		dns_fail(c, E_SYNTAX);
		return;
	}
	put_degrees(c, 'N', 'S');
	put_degrees(c, 'E', 'W');
	put_centimetres(c, (int64_t)dns_take_uint32(c) - 10000000);
	for (int i = 0; i < 3; i++) {
		dns_put(c, " ");
		put_precision(c, precision[i]);
	}
}

/* --- fields --- */

static void
put_strings(struct dns_cursor *c)
{
	dns_put_string(c);
	while (dns_left(c) > 0) {
		dns_put(c, " ");
		dns_put_string(c);
	}
}

/* RFC 5155 section 3.3: no salt is a hyphen. */
static void
put_counted_hex(struct dns_cursor *c)
{
	uint8_t length = dns_take_uint8(c);

	if (length == 0)
		dns_put(c, "-");
	else
		dns_put_hex(c, length);
}

/* RFC 7043. */
static void
put_hardware_address(struct dns_cursor *c, size_t length)
{
	const uint8_t *p = dns_take(c, length);

	for (size_t i = 0; p != NULL && i < length; i++)
		dns_put_format(c, "%s%02x", i > 0 ? "-" : "", p[i]);
}

static void
put_field(struct dns_cursor *c, char field)
{
	switch (field) {
	case 'a':
		dns_put_address(c, AF_INET);
		break;
	case 'q':
		dns_put_address(c, AF_INET6);
		break;
	case 'n':
		dns_put_name(c);
		break;
	case '1':
		dns_put_format(c, "%u", dns_take_uint8(c));
		break;
	case '2':
		dns_put_format(c, "%u", dns_take_uint16(c));
		break;
	case '4':
		dns_put_format(c, "%u", dns_take_uint32(c));
		break;
	case 'd':
		put_time(c);
		break;
	case 'y':
		put_type(c, dns_take_uint16(c));
		break;
	case 'm':
		put_bitmap(c);
		break;
	case 's':
		dns_put_string(c);
		break;
	case 'S':
		put_strings(c);
		break;
	case 't':
		dns_put_plain(c, dns_take_uint8(c));
		break;
	case 'r':
		dns_put_quoted(c, dns_left(c));
		break;
	case 'h':
		put_counted_hex(c);
		break;
	case 'o':
		dns_put_base32hex(c, dns_take_uint8(c));
		break;
	case 'x':
		dns_put_hex(c, dns_left(c));
		break;
	case 'b':
		dns_put_base64(c, dns_left(c));
		break;
	case '6':
	case '8':
		put_hardware_address(c, (size_t)(field - '0'));
		break;
	case 'l':
		put_location(c);
		break;
	case 'p':
		dns_put_service(c);
		break;
	default:
		dns_fail(c, E_SYNTAX);
		break;
	}
}

static void
put_fields(struct dns_cursor *c, const char *layout)
{
	for (const char *field = layout; *field != '\0' && c->error == 0; field++) {
		/* Parameters bring their blanks, and what is empty has none. */
		bool bare = *field == 'p' ||
		    (dns_left(c) == 0 && strchr("mxb", *field) != NULL);
		if (field > layout && !bare)
			dns_put(c, " ");
		put_field(c, *field);
	}
	if (dns_left(c) > 0)
		dns_fail(c, E_SYNTAX);
}

/* RFC 3597 section 5. */
static void
put_general(struct dns_cursor *c)
{
	size_t length = dns_left(c);

	dns_put_format(c, "\\# %zu", length);
	if (length > 0)
		dns_put(c, " ");
	dns_put_hex(c, length);
}

bool
dns_put_data(struct dns_cursor *c, uint16_t type)
{
	const char *layout = dns_type_layout(type);
	struct dns_cursor before = *c;
	size_t kept = buf_length(c->out);

	if (layout != NULL) {
		put_fields(c, layout);
		if (c->error == 0)
			return true;
		c->at = before.at;
		c->error = 0;
		c->out->length = kept;
	}
	put_general(c);
	return layout == NULL;
}
