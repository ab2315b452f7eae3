/* SPDX-License-Identifier: ISC */
/*
 * Why the proxy does not serve a client, and how that is said in the client's
 * language. Pure; the proxy forwarder.
 */
#ifndef SIGHTGLASS_PROXY_REFUSAL_H
#define SIGHTGLASS_PROXY_REFUSAL_H

#include <stddef.h>

#include "base/attr.h"
#include "extension-bridge/proxy/socks.h"

#define REFUSAL_BYTES_MAX 1400u

enum refusal {
	REFUSE_SYNTAX,
	REFUSE_ORIGIN_FORM,
	REFUSE_SCHEME,
	REFUSE_HTTP_VERSION,
	REFUSE_HEAD_TOO_LONG,
	REFUSE_TIMEOUT,
	REFUSE_SOCKS_COMMAND,
	REFUSE_SOCKS_ADDRESS_TYPE,
	REFUSE_NO_MEMORY,
	REFUSE_NAME,
	REFUSE_NO_DAEMON
};

/* What an error of request_parse or request_head_end comes to. */
enum refusal refusal_of_head(int error) WUNRES;

/* The SOCKS5 code (RFC 1928 section 6). */
enum socks_reply refusal_socks(enum refusal why) WUNRES;

/* Writes a whole HTTP answer with a body for a person and returns its length.
 * host: what was asked for, "" when not known; detail: more words, or NULL. */
size_t refusal_write_http(enum refusal why, const char *host, const char *detail,
    char out[REFUSAL_BYTES_MAX]) WUNRES NONNULL(2, 4);

#endif
