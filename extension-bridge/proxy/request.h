/* SPDX-License-Identifier: ISC */
/*
 * The head of a request to an HTTP proxy: CONNECT (RFC 9110 section 9.3.6), or
 * any other method with a target in absolute form (RFC 9112 section 3.2.2),
 * which is rewritten for the server that it names. Strict where a lenient
 * reading could be understood otherwise by the server: bare CR or LF, folded
 * lines and blanks before a colon are refused. Pure; the proxy forwarder.
 */
#ifndef SIGHTGLASS_PROXY_REQUEST_H
#define SIGHTGLASS_PROXY_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "extension-bridge/proxy/target.h"

#define REQUEST_HEAD_BYTES_MAX (63u * 1024)

/* A rewritten head is at most this much longer than the one that came. */
#define REQUEST_GROWTH_BYTES_MAX 64u

enum request_form { REQUEST_CONNECT, REQUEST_ABSOLUTE };

struct request {
	enum request_form form;
	struct target target;
};

/* Where the head ends that the bytes begin with: its length with the empty line
 * behind it; E_MORE; E_LIMIT (longer than REQUEST_HEAD_BYTES_MAX). The first
 * `searched` bytes are known not to hold the end. */
int request_head_end(const uint8_t *bytes, size_t length, size_t searched)
    WUNRES NONNULL(1);

/* Reads a head. Returns the bytes used; E_MORE, E_LIMIT as above; E_SYNTAX;
 * E_VERSION (not HTTP/1); E_DENIED (a target in origin form: the client takes
 * us for a server); E_NOTFOUND (a scheme other than http). *out is written only
 * on success. */
int request_parse(const uint8_t *bytes, size_t length, struct request *out)
    WUNRES NONNULL(1, 3);

/* Appends the head of a REQUEST_ABSOLUTE request as the server shall get it:
 * target in origin form, Host from the target, one Connection field with
 * "close" and the client's other options, without the fields that are for the
 * proxy alone. The rest stands byte for byte. Returns the bytes used, or as
 * request_parse (E_SYNTAX also for a CONNECT), E_NOMEM, or E_LIMIT when out is
 * full. */
int request_rewrite(const uint8_t *bytes, size_t length, struct buf *out)
    WUNRES NONNULL(1, 3);

#endif
