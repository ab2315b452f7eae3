/* SPDX-License-Identifier: ISC */
/*
 * Where one HTTP/1 request ends (RFC 9112 section 6). A client that speaks to a
 * proxy in absolute form may send its next request, for another server, on the
 * same connection: what is behind the first must not reach the first's server.
 * Pure; the proxy forwarder.
 */
#ifndef SIGHTGLASS_PROXY_ONE_REQUEST_H
#define SIGHTGLASS_PROXY_ONE_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct one_request;

/* NULL: out of memory. */
struct one_request *one_request_new(void) WUNRES;
void one_request_free(struct one_request *r);

/* How many of the next bytes of the connection belong to the request: all until
 * it ends, then none. Bytes that are not HTTP belong to none. */
size_t one_request_take(struct one_request *r, const uint8_t *bytes,
    size_t length) WUNRES NONNULL(1, 2);

#endif
