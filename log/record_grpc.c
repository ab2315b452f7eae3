/* SPDX-License-Identifier: ISC */
/* What an http record says of a call of gRPC. Pure; worker. */
#include <string.h>

#include "log/member.h"
#include "log/record_line.h"

static bool
is_hidden(const struct record_writer *w, const char *name)
{
	const struct bytes text = {(const uint8_t *)name, strlen(name)};

	return record_is_redacted(w, &text);
}

static void
put_messages(struct json *j, enum field side, const struct grpc_messages *m,
    struct bytes encoding)
{
	if (m == NULL)
		return;
	member_object(j, side);
	member_uint(j, F_GRPC_MESSAGES, m->count);
	member_uint(j, F_GRPC_BYTES, m->bytes);
	member_uint_if(j, F_GRPC_LARGEST, m->largest);
	member_uint_if(j, F_GRPC_COMPRESSED, m->compressed);
	member_bytes_if(j, F_GRPC_ENCODING, encoding);
	member_text_if(j, F_GRPC_ERROR, m->error);
	json_object_end(j);
}

void
record_grpc(struct json *j, const struct record_writer *w,
    const struct http_exchange *e)
{
	const struct grpc_call *call = e->grpc;

	if (call == NULL)
		return;
	member_object(j, F_GRPC);
	member_bytes_if(j, F_GRPC_SERVICE, call->service);
	member_bytes_if(j, F_GRPC_METHOD, call->method);
	if (call->has_status && !is_hidden(w, "grpc-status")) {
		member_uint(j, F_GRPC_STATUS_CODE, call->status);
		member_text_if(j, F_GRPC_STATUS, call->status_name);
	}
	if (call->message.length > 0 && is_hidden(w, "grpc-message"))
		member_text(j, F_GRPC_MESSAGE, "[redacted]");
	else
		member_bytes_if(j, F_GRPC_MESSAGE, call->message);
	put_messages(j, F_GRPC_REQUEST, e->request.grpc,
	    call->encodings[FROM_CLIENT]);
	put_messages(j, F_GRPC_RESPONSE, e->response.grpc,
	    call->encodings[FROM_SERVER]);
	json_object_end(j);
}
