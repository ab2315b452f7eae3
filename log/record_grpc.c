/* SPDX-License-Identifier: ISC */
/* What an http record says of a call of gRPC. Pure; worker. */
#include <string.h>

#include "base/json.h"
#include "log/record_line.h"

static bool
is_hidden(const struct record_writer *w, const char *name)
{
	const struct bytes text = {(const uint8_t *)name, strlen(name)};

	return record_is_redacted(w, &text);
}

static void
put_bytes(struct json *j, const char *key, struct bytes text)
{
	if (text.length > 0)
		json_string(j, key, text.data, text.length);
}

static void
put_messages(struct json *j, const char *key, const struct grpc_messages *m,
    struct bytes encoding)
{
	if (m == NULL)
		return;
	json_object_begin(j, key);
	json_uint(j, "messages", m->count);
	json_uint(j, "bytes", m->bytes);
	if (m->largest > 0)
		json_uint(j, "largest", m->largest);
	if (m->compressed > 0)
		json_uint(j, "compressed", m->compressed);
	put_bytes(j, "encoding", encoding);
	record_text(j, "error", m->error);
	json_object_end(j);
}

void
record_grpc(struct json *j, const struct record_writer *w,
    const struct http_exchange *e)
{
	const struct grpc_call *call = e->grpc;

	if (call == NULL)
		return;
	json_object_begin(j, "grpc");
	put_bytes(j, "service", call->service);
	put_bytes(j, "method", call->method);
	if (call->has_status && !is_hidden(w, "grpc-status")) {
		json_uint(j, "status_code", call->status);
		record_text(j, "status", call->status_name);
	}
	if (call->message.length > 0 && is_hidden(w, "grpc-message"))
		json_text(j, "message", "[redacted]");
	else
		put_bytes(j, "message", call->message);
	put_messages(j, "request", e->request.grpc, call->encodings[FROM_CLIENT]);
	put_messages(j, "response", e->response.grpc, call->encodings[FROM_SERVER]);
	json_object_end(j);
}
