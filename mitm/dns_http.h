/* SPDX-License-Identifier: ISC */
/*
 * Queries of DNS in exchanges of HTTP (RFC 8484): with GET in the query of the target,
 * with POST in the body. Pure. Worker.
 */
#ifndef SIGHTGLASS_MITM_DNS_HTTP_H
#define SIGHTGLASS_MITM_DNS_HTTP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "mitm/event.h"

/* Whether the fields say that the body is a message (application/dns-message). */
bool dns_http_is_message(const struct http_field *fields, size_t count) WUNRES;

struct dns_http {
	struct dns_transaction transaction; /* all but its transport */
	struct dns_message query, response;
	struct arena arena; /* what they say */
};

/* True: the exchange, whose bodies' content was read, asked for `target` and is one.
 * `incomplete` is then NULL, "flow_end" (no answer came whole) or "not_dns" (one came,
 * and no message of DNS in it). out->transaction points into *out and borrows nothing
 * else; free *out in either case. */
bool dns_http_read(const struct http_exchange *e, struct bytes target,
    struct dns_http *out) WUNRES NONNULL(1, 3);
void dns_http_free(struct dns_http *dns) NONNULL(1);

/* For the other form (mitm/dns_json.h): *d with what the exchange says of time, and
 * an arena of so many bytes at most; */
void dns_http_begin(const struct http_exchange *e, struct dns_http *d,
    size_t limit_bytes) NONNULL(1, 2);
/* what stands behind "name=" in the target's query; empty: nothing does. */
struct bytes dns_http_parameter(struct bytes target, const char *name) WUNRES
    NONNULL(2);

#endif
