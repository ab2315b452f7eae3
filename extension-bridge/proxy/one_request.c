/* SPDX-License-Identifier: ISC */
/*
 * One request by llhttp, of which nothing is kept. Pure; the proxy forwarder. It
 * reads no target and no field but those that tell the body's length.
 *
 * llhttp knows a fixed list of methods. It is shown POST in the place of each:
 * to the length of a request's body all are the same (RFC 9112 section 6.3).
 */
#include "extension-bridge/proxy/one_request.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <llhttp.h>

struct one_request {
	llhttp_t parser;
	bool behind_method;
	bool ended;
};

static int
on_complete(llhttp_t *parser UNUSED)
{
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {.on_message_complete = on_complete};

struct one_request *
one_request_new(void)
{
	struct one_request *r = calloc(1, sizeof(*r));

	if (r != NULL)
		llhttp_init(&r->parser, HTTP_REQUEST, &settings);
	return r;
}

void
one_request_free(struct one_request *r)
{
	free(r);
}

/* The blank behind the method is llhttp's again. */
static size_t
skip_method(struct one_request *r, const uint8_t *bytes, size_t length)
{
	const uint8_t *blank = memchr(bytes, ' ', length);

	if (blank == NULL)
		return length;
	r->behind_method = true;
	r->ended = llhttp_execute(&r->parser, "POST", 4) != HPE_OK;
	return (size_t)(blank - bytes);
}

size_t
one_request_take(struct one_request *r, const uint8_t *bytes, size_t length)
{
	size_t used = r->ended || r->behind_method ? 0
	                                           : skip_method(r, bytes, length);

	if (r->ended || used == length)
		return used;
	const char *rest = (const char *)bytes + used;
	if (llhttp_execute(&r->parser, rest, length - used) == HPE_OK)
		return length;
	r->ended = true;
	return used + (size_t)(llhttp_get_error_pos(&r->parser) - rest);
}
