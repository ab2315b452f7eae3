/* SPDX-License-Identifier: ISC */
/*
 * The table of refusals: a row each. Pure; the proxy forwarder. It puts nothing
 * of the client's bytes into an answer but a host that passed as one.
 */
#include "extension-bridge/proxy/refusal.h"

#include <stdio.h>

#include "base/err.h"

static const struct {
	const char *status;
	enum socks_reply socks;
	const char *words;
} refusals[] = {
    [REFUSE_SYNTAX] = {"400 Bad Request", SOCKS_FAILURE,
	"the request could not be understood"},
    [REFUSE_ORIGIN_FORM] = {"400 Bad Request", SOCKS_FAILURE,
	"this is a proxy, not a web server: set it as https_proxy and http_proxy"},
    [REFUSE_SCHEME] = {"501 Not Implemented", SOCKS_FAILURE,
	"only http:// can be asked for this way: use CONNECT for the rest"},
    [REFUSE_HTTP_VERSION] = {"505 HTTP Version Not Supported", SOCKS_FAILURE,
	"a proxy's client speaks HTTP/1.0 or HTTP/1.1"},
    [REFUSE_HEAD_TOO_LONG] = {"431 Request Header Fields Too Large",
	SOCKS_FAILURE, "the head of the request is longer than 63 KiB"},
    [REFUSE_TIMEOUT] = {"408 Request Timeout", SOCKS_FAILURE,
	"the request took too long"},
    [REFUSE_SOCKS_COMMAND] = {"501 Not Implemented", SOCKS_NO_SUCH_COMMAND,
	"only CONNECT is done"},
    [REFUSE_SOCKS_ADDRESS_TYPE] = {"501 Not Implemented",
	SOCKS_NO_SUCH_ADDRESS_TYPE, "no such type of address"},
    [REFUSE_NO_MEMORY] = {"503 Service Unavailable", SOCKS_FAILURE,
	"out of memory"},
    [REFUSE_NAME] = {"502 Bad Gateway", SOCKS_HOST_UNREACHABLE,
	"the name does not resolve"},
    [REFUSE_NO_DAEMON] = {"503 Service Unavailable", SOCKS_FAILURE,
	"the sightglass daemon cannot take the connection"},
};

enum refusal
refusal_of_head(int error)
{
	switch (error) {
	case E_DENIED:
		return REFUSE_ORIGIN_FORM;
	case E_NOTFOUND:
		return REFUSE_SCHEME;
	case E_VERSION:
		return REFUSE_HTTP_VERSION;
	case E_LIMIT:
		return REFUSE_HEAD_TOO_LONG;
	default:
		return REFUSE_SYNTAX;
	}
}

enum socks_reply
refusal_socks(enum refusal why)
{
	return refusals[why].socks;
}

size_t
refusal_write_http(enum refusal why, const char *host, const char *detail,
    char out[REFUSAL_BYTES_MAX])
{
	char body[REFUSAL_BYTES_MAX / 2];

	int length = snprintf(body, sizeof(body), "sightglass: %s%s%s%s%s\n", host,
	    host[0] != '\0' ? ": " : "", refusals[why].words,
	    detail != NULL ? ": " : "", detail != NULL ? detail : "");
	if (length >= (int)sizeof(body))
		length = (int)sizeof(body) - 1;
	length = snprintf(out, REFUSAL_BYTES_MAX, "HTTP/1.1 %s\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
	    "Connection: close\r\nProxy-Connection: close\r\n\r\n%s",
	    refusals[why].status, length, body);
	return (size_t)length;
}
