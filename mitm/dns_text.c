/* SPDX-License-Identifier: ISC */
/*
 * The parts of a DNS message as text. Pure; worker. It knows no record type and
 * reads nothing outside of the cursor's bounds but what a name points back to.
 */
#include "mitm/dns_text.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/be.h"
#include "base/err.h"

#define LABEL_BYTES_MAX 63u
#define NAME_BYTES_MAX 255u
#define POINTER 0xc0u /* the two bits that say so */

/* --- taking --- */

void
dns_fail(struct dns_cursor *c, int error)
{
	if (c->error == 0)
		c->error = error;
}

const uint8_t *
dns_take(struct dns_cursor *c, size_t length)
{
	if (c->error != 0)
		return NULL;
	if (length > c->end - c->at) {
		dns_fail(c, E_MORE);
		return NULL;
	}
	c->at += length;
	return c->message.data + c->at - length;
}

uint8_t
dns_take_uint8(struct dns_cursor *c)
{
	const uint8_t *p = dns_take(c, 1);

	return p == NULL ? 0 : p[0];
}

uint16_t
dns_take_uint16(struct dns_cursor *c)
{
	const uint8_t *p = dns_take(c, 2);

	return p == NULL ? 0 : be16_dec(p);
}

uint32_t
dns_take_uint32(struct dns_cursor *c)
{
	uint32_t high = dns_take_uint16(c);

	return high << 16 | dns_take_uint16(c);
}

/* --- putting --- */

void
dns_put(struct dns_cursor *c, const char *text)
{
	if (c->error == 0)
		c->error = buf_puts(c->out, text);
}

void
dns_put_format(struct dns_cursor *c, const char *format, ...)
{
	char text[64];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	dns_put(c, text);
}

static void
put_byte(struct dns_cursor *c, char byte)
{
	if (c->error == 0)
		c->error = buf_append(c->out, &byte, 1);
}

static bool
is_in(char byte, const char *set)
{
	for (; *set != '\0'; set++) {
		if (*set == byte)
			return true;
	}
	return false;
}

/* Printable bytes stand as they are, those of `marked` behind a backslash, others as
 * \DDD. */
static void
put_escaped(struct dns_cursor *c, const uint8_t *bytes, size_t length,
    const char *marked, uint8_t least)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] < least || bytes[i] >= 0x7f) {
			dns_put_format(c, "\\%03u", bytes[i]);
			continue;
		}
		if (is_in((char)bytes[i], marked))
			put_byte(c, '\\');
		put_byte(c, (char)bytes[i]);
	}
}

/* --- names --- */

static void
put_label(struct dns_cursor *c, const uint8_t *label, size_t length)
{
	put_escaped(c, label, length, ".;()\\\"", 0x21);
}

/* Follows the labels of the name at `c`, which goes where they are. `to` is what
 * puts them, or NULL. */
static void
walk_name(struct dns_cursor *c, struct dns_cursor *to)
{
	size_t bytes = 1; /* the root's */

	for (;;) {
		size_t here = c->at;
		uint8_t length = dns_take_uint8(c);
		if (c->error != 0)
			return;
		if (length == 0) {
			if (to != NULL && bytes == 1)
				put_byte(to, '.');
			return;
		}
		if ((length & POINTER) == POINTER) {
			size_t target = (size_t)(length & ~POINTER) << 8 |
			    dns_take_uint8(c);
			if (c->error == 0 && target >= here)
				dns_fail(c, E_SYNTAX);
			c->at = target;
			c->end = here;
			continue;
		}
		const uint8_t *label =
		    length > LABEL_BYTES_MAX ? NULL : dns_take(c, length);
		bytes += length + 1u;
		if (label == NULL || bytes > NAME_BYTES_MAX) {
			dns_fail(c, E_SYNTAX);
			return;
		}
		if (to == NULL)
			continue;
		if (bytes > length + 2u)
			put_byte(to, '.');
		put_label(to, label, length);
	}
}

/* What a name takes where it stands: up to its first pointer. */
void
dns_skip_name(struct dns_cursor *c)
{
	for (;;) {
		uint8_t length = dns_take_uint8(c);
		if (c->error != 0 || length == 0)
			return;
		if ((length & POINTER) == POINTER) {
			(void)dns_take_uint8(c);
			return;
		}
		if (length > LABEL_BYTES_MAX)
			dns_fail(c, E_SYNTAX);
		else if (dns_take(c, length) == NULL)
			return;
	}
}

void
dns_put_name(struct dns_cursor *c)
{
	struct dns_cursor walk = *c;

	dns_skip_name(c);
	if (c->error != 0)
		return;
	walk_name(&walk, c);
	if (walk.error != 0)
		dns_fail(c, walk.error);
}

/* --- strings --- */

void
dns_put_plain(struct dns_cursor *c, size_t length)
{
	const uint8_t *p = dns_take(c, length);

	if (p != NULL)
		put_escaped(c, p, length, "\\\"", 0x20);
}

void
dns_put_quoted(struct dns_cursor *c, size_t length)
{
	put_byte(c, '"');
	dns_put_plain(c, length);
	put_byte(c, '"');
}

void
dns_put_string(struct dns_cursor *c)
{
	uint8_t length = dns_take_uint8(c);

	dns_put_quoted(c, length);
}

/* --- numbers in other bases --- */

void
dns_put_hex(struct dns_cursor *c, size_t length)
{
	static const char digits[] = "0123456789ABCDEF";
	const uint8_t *p = dns_take(c, length);

	for (size_t i = 0; p != NULL && i < length; i++) {
		put_byte(c, digits[p[i] >> 4]);
		put_byte(c, digits[p[i] & 0x0f]);
	}
}

/* `width` bits a digit, the first ones first; how many digits that made. */
static size_t
put_digits(struct dns_cursor *c, size_t length, unsigned width, const char *digits)
{
	const uint8_t *p = dns_take(c, length);
	uint32_t held = 0, mask = (1u << width) - 1;
	unsigned bits = 0;
	size_t count = 0;

	for (size_t i = 0; p != NULL && i < length; i++) {
		held = held << 8 | p[i];
		for (bits += 8; bits >= width; count++) {
			bits -= width;
			put_byte(c, digits[held >> bits & mask]);
		}
	}
	if (bits > 0) {
		put_byte(c, digits[held << (width - bits) & mask]);
		count++;
	}
	return count;
}

void
dns_put_base64(struct dns_cursor *c, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t count = put_digits(c, length, 6, digits);

	for (; count % 4 != 0; count++)
		put_byte(c, '=');
}

void
dns_put_base32hex(struct dns_cursor *c, size_t length)
{
	(void)put_digits(c, length, 5, "0123456789abcdefghijklmnopqrstuv");
}

/* --- addresses --- */

void
dns_put_address(struct dns_cursor *c, int family)
{
	char text[INET6_ADDRSTRLEN];
	const uint8_t *p = dns_take(c, family == AF_INET ? 4 : 16);

	if (p != NULL && inet_ntop(family, p, text, sizeof(text)) != NULL)
		dns_put(c, text);
}
