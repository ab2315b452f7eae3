/* SPDX-License-Identifier: ISC */
/* Records of dataset websocket: one a message. Pure; worker. */
#include "log/member.h"
#include "log/record_line.h"

static const char *
opcode_name(enum ws_opcode opcode)
{
	switch (opcode) {
	case WS_TEXT:
		return "text";
	case WS_BINARY:
		return "binary";
	case WS_CLOSE:
		return "close";
	case WS_PING:
		return "ping";
	case WS_PONG:
		return "pong";
	}
	return "unknown";
}

static void
put_message(struct json *j, const struct websocket_message *m)
{
	member_object(j, F_WEBSOCKET);
	member_text(j, F_WS_FROM, m->from == FROM_CLIENT ? "client" : "server");
	member_text(j, F_WS_TYPE, opcode_name(m->opcode));
	member_uint(j, F_WS_NUMBER, m->number);
	member_uint(j, F_WS_FRAMES, m->frames);
	member_uint(j, F_WS_BYTES, m->wire_bytes);
	record_content(j, m->content, m->truncated);
	member_uint_if(j, F_WS_CLOSE_CODE, m->close_code);
	member_true_if(j, F_WS_COMPRESSED, m->compressed);
	member_text_if(j, F_WS_DECODE_ERROR, m->decode_error);
	member_true_if(j, F_WS_TRUNCATED, m->truncated);
	json_object_end(j);
}

static void
put_redacted(struct json *j, const struct redacted *redacted)
{
	if (redacted->names == NULL)
		return;
	member_array(j, F_REDACTED);
	for (size_t i = 0; i < REDACT_RULES_MAX; i++) {
		if (record_met(redacted, i))
			json_text(j, NULL, redacted->names[i]);
	}
	json_array_end(j);
}

int
record_websocket(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct websocket_message *m,
    struct buf *out)
{
	struct record_line line;

	record_begin(&line, w, sequence, DATASET_WEBSOCKET, m->first_us,
	    m->last_us > m->first_us ? m->last_us - m->first_us : 0, facts, out);
	member_object(&line.json, F_HTTP);
	member_object(&line.json, F_REQUEST);
	record_request_id(&line.json, facts, m->serial);
	json_object_end(&line.json);
	json_object_end(&line.json);
	put_message(&line.json, m);
	record_begin_own(&line, facts);
	member_uint(&line.json, F_STREAM, m->stream);
	if (!m->complete)
		member_text(&line.json, F_INCOMPLETE, "cut_message");
	record_capture(&line.json, m->capture);
	put_redacted(&line.json, &m->redacted);
	return record_end(&line);
}
