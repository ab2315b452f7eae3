/* SPDX-License-Identifier: ISC */
/*
 * Reading the parts of a DNS message (RFC 1035 section 3) and writing them as a zone
 * file would say them (section 5.1). Two differences: a name has no final dot unless
 * it is the root, and a quotation mark in one is escaped. Pure. Worker.
 */
#ifndef SIGHTGLASS_MITM_DNS_TEXT_H
#define SIGHTGLASS_MITM_DNS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

/* A place in a message. Errors are sticky, so that reading a record reads like its
 * definition: once there is one, nothing is read (numbers are 0) or written. */
struct dns_cursor {
	struct bytes message; /* borrowed; whole: names point back into it */
	size_t at, end;       /* what may be read; end <= message.length */
	struct buf *out;      /* borrowed: takes the text */
	int error;            /* 0; E_MORE: what is said to be there is not; E_SYNTAX;
	                       * E_LIMIT, E_NOMEM: the text found no room */
};

/* How much is left to read. */
static inline size_t
dns_left(const struct dns_cursor *c)
{
	return c->error != 0 ? 0 : c->end - c->at;
}

void dns_fail(struct dns_cursor *c, int error) NONNULL(1);

/* The next `length` bytes, or NULL. */
const uint8_t *dns_take(struct dns_cursor *c, size_t length) WUNRES NONNULL(1);
uint8_t dns_take_uint8(struct dns_cursor *c) NONNULL(1);
uint16_t dns_take_uint16(struct dns_cursor *c) NONNULL(1);
uint32_t dns_take_uint32(struct dns_cursor *c) NONNULL(1);

void dns_put(struct dns_cursor *c, const char *text) NONNULL(1, 2);
void dns_put_format(struct dns_cursor *c, const char *format, ...)
    NONNULL(1, 2) PRINTF_LIKE(2, 3);

/* Takes a domain name, compressed or not (RFC 1035 section 4.1.4), and puts it. Only
 * pointers to what stands before are followed, so that it ends. E_SYNTAX also for a
 * name of more than 255 bytes. */
void dns_put_name(struct dns_cursor *c) NONNULL(1);
/* Takes it only. */
void dns_skip_name(struct dns_cursor *c) NONNULL(1);

/* Takes a <character-string> or `length` bytes and puts them in quotation marks. */
void dns_put_string(struct dns_cursor *c) NONNULL(1);
void dns_put_quoted(struct dns_cursor *c, size_t length) NONNULL(1);
/* The same without the marks: of what is text by its definition. */
void dns_put_plain(struct dns_cursor *c, size_t length) NONNULL(1);

/* Takes `length` bytes. Upper case, as RFC 4034 section 5.3 has it. */
void dns_put_hex(struct dns_cursor *c, size_t length) NONNULL(1);
/* RFC 4648 section 4, padded; section 7 in lower case, not padded (RFC 5155). */
void dns_put_base64(struct dns_cursor *c, size_t length) NONNULL(1);
void dns_put_base32hex(struct dns_cursor *c, size_t length) NONNULL(1);

/* Takes an address of AF_INET or AF_INET6. */
void dns_put_address(struct dns_cursor *c, int family) NONNULL(1);

#endif
