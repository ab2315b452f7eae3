/* SPDX-License-Identifier: ISC */
/* Records of dataset websocket: one a message. Pure; worker. */
#include "base/json.h"
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
	json_object_begin(j, "websocket");
	json_text(j, "from", m->from == FROM_CLIENT ? "client" : "server");
	json_text(j, "type", opcode_name(m->opcode));
	json_uint(j, "number", m->number);
	json_uint(j, "frames", m->frames);
	json_uint(j, "bytes", m->wire_bytes);
	record_content(j, m->content, m->truncated);
	if (m->close_code != 0)
		json_uint(j, "close_code", m->close_code);
	if (m->compressed)
		json_bool(j, "compressed", true);
	record_text(j, "decode_error", m->decode_error);
	if (m->truncated)
		json_bool(j, "truncated", true);
	json_object_end(j);
}

static void
put_redacted(struct json *j, const struct redacted *redacted)
{
	if (redacted->names == NULL)
		return;
	json_array_begin(j, "redacted");
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

	record_begin(&line, w, sequence, "sightglass.websocket", m->first_us,
	    m->last_us > m->first_us ? m->last_us - m->first_us : 0, facts, out);
	json_object_begin(&line.json, "http");
	json_object_begin(&line.json, "request");
	record_request_id(&line.json, facts, m->serial);
	json_object_end(&line.json);
	json_object_end(&line.json);
	put_message(&line.json, m);
	record_begin_own(&line, facts);
	json_uint(&line.json, "stream", m->stream);
	if (!m->complete)
		json_text(&line.json, "incomplete", "cut_message");
	record_capture(&line.json, m->capture);
	put_redacted(&line.json, &m->redacted);
	return record_end(&line);
}
