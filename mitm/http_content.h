/* SPDX-License-Identifier: ISC */
/*
 * What exchanges and messages of WebSockets say, for the record alone: the content
 * of their bodies (content.h), their targets and fields (redact_head.h), without what
 * is to be hidden. Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_HTTP_CONTENT_H
#define SIGHTGLASS_MITM_HTTP_CONTENT_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "mitm/content.h"
#include "mitm/event.h"

struct http_content_options {
	struct redact_rules *rules; /* NULL: all is shown */
	size_t decoded_bytes;       /* as of struct content_options */
	size_t as_sent_bytes;       /* how long a body that is shown as it came, too,
	                             * may be */
};

/* A stream for the body of the message with these fields; as content_new. */
struct content *http_content_new(const struct http_content_options *options,
    const struct http_field *fields, size_t count) WUNRES NONNULL(1);

/* Memory of what is borrowed by that which was read. */
struct http_content {
	struct arena arena; /* of fields */
	struct buf target, request, response;
	struct content *streams[2]; /* owned: they hold the names of rules */
};

/* Reads all of an exchange: sets its target, its fields and what its bodies say of
 * their content. Free *content when the exchange has been used. */
void http_content_read(const struct http_content_options *options,
    struct http_exchange *e, struct http_content *content) NONNULL(1, 2, 3);

/* The same for a message of a WebSocket. */
void http_content_read_message(const struct http_content_options *options,
    struct websocket_message *m, struct http_content *content) NONNULL(1, 2, 3);

void http_content_free(struct http_content *content) NONNULL(1);

#endif
