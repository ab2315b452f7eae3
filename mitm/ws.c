/* SPDX-License-Identifier: ISC */
/*
 * One reader a direction: frames are walked, messages collected. A control message
 * may stand between the fragments of another and is collected beside it. Worker
 * only.
 */
#include "mitm/ws.h"

#include <stdlib.h>
#include <string.h>

#include "base/be.h"
#include "base/err.h"
#include "mitm/http_fields.h"
#include "mitm/ws_inflate.h"

#define HEADER_BYTES_MAX 14u /* RFC 6455 section 5.2 */
#define CONTROL_BYTES_MAX 125u
#define UNMASK_BYTES 4096u

/* Section 5.2. */
#define FIN 0x80u
#define RSV1 0x40u
#define RSV2_RSV3 0x30u
#define OPCODE 0x0fu
#define MASKED 0x80u
#define IS_CONTROL 0x08u

struct message {
	bool open;
	uint8_t opcode;
	bool compressed;
	unsigned frames;
	uint64_t wire_bytes, first_us, last_us;
	struct buf content;
	bool cut;          /* there was more than the content holds */
	const char *error; /* of the decompression */
};

struct reader {
	uint8_t held[HEADER_BYTES_MAX];
	size_t held_count;
	bool in_payload;
	uint8_t first; /* the byte with FIN, RSV and opcode */
	uint64_t payload_left;
	uint8_t mask[4];
	size_t masked; /* payload bytes of this frame so far */
	bool is_masked;
	struct message data, control;
	struct ws_inflate inflate;
	bool ended; /* nothing behind an error is read */
};

struct ws {
	struct ws_limits limits;
	struct tap_sink sink;
	struct reader readers[2]; /* by enum direction */
	uint64_t stream, messages;
	uint64_t now_us;
};

/* --- what was agreed on --- */

/* What a server accepts names the extension once, with its parameters (RFC 7692
 * section 7). The windows' sizes need not be known: ours is the largest. */
static void
read_extensions(struct ws *ws, struct bytes accepted)
{
	struct ws_inflate *client = &ws->readers[FROM_CLIENT].inflate;
	struct ws_inflate *server = &ws->readers[FROM_SERVER].inflate;

	if (!http_has_word(accepted, "permessage-deflate"))
		return;
	client->agreed = server->agreed = true;
	client->no_takeover = http_has_word(accepted, "client_no_context_takeover");
	server->no_takeover = http_has_word(accepted, "server_no_context_takeover");
}

bool
ws_is_agreed(const struct http_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (http_field_is(&fields[i], "upgrade") &&
		    http_has_word(fields[i].value, "websocket"))
			return true;
	}
	return false;
}

/* --- messages --- */

static bool
keeps_content(const struct ws *ws)
{
	return ws->limits.capture == CAPTURE_BODY;
}

static void
begin_message(struct ws *ws, struct message *m, uint8_t opcode, bool compressed)
{
	struct buf content = m->content;

	buf_clear(&content);
	content.limit_bytes = (opcode & IS_CONTROL) != 0 ? CONTROL_BYTES_MAX
	    : keeps_content(ws) ? ws->limits.message_bytes : 0;
	*m = (struct message){.open = true, .opcode = opcode,
	    .compressed = compressed, .first_us = ws->now_us,
	    .content = content};
}

static const char *
inflate_error(int error)
{
	return error == 0 ? NULL : error == E_LIMIT ? "limit"
	    : error == E_NOMEM ? "no_memory" : "corrupt";
}

static void
describe_close(const struct message *m, struct websocket_message *out)
{
	const uint8_t *p = buf_data(&m->content);

	if (m->opcode != WS_CLOSE || buf_length(&m->content) < 2)
		return;
	out->close_code = be16_dec(p); /* section 5.5.1 */
	out->content.data += 2;
	out->content.length -= 2;
}

static void
hand_on(struct ws *ws, enum direction direction, const struct message *m,
    bool complete)
{
	struct websocket_message out = {
	    .stream = ws->stream,
	    .number = ++ws->messages,
	    .from = direction,
	    .opcode = (enum ws_opcode)m->opcode,
	    .frames = m->frames,
	    .wire_bytes = m->wire_bytes,
	    .content = {buf_data(&m->content), buf_length(&m->content)},
	    .compressed = m->compressed,
	    .decode_error = m->error,
	    .complete = complete,
	    .capture = ws->limits.capture,
	    .first_us = m->first_us,
	    .last_us = m->last_us,
	};

	out.truncated = m->cut || m->error != NULL;
	describe_close(m, &out);
	if (!keeps_content(ws)) {
		out.truncated = m->wire_bytes > 0;
		out.content.length = 0;
	}
	ws->sink.websocket(ws->sink.context, &out);
}

static void
end_message(struct ws *ws, enum direction direction, struct message *m)
{
	struct ws_inflate *inflate = &ws->readers[direction].inflate;

	if (m->compressed && keeps_content(ws)) {
		uint64_t said = 0;
		int error = ws_inflate_end(inflate, &m->content, &said);
		if (m->error == NULL)
			m->error = inflate_error(error);
		m->cut = said > buf_length(&m->content);
	}
	hand_on(ws, direction, m, true);
	m->open = false;
	buf_free(&m->content); /* an idle connection keeps none */
}

static void
add_content(const struct ws *ws, struct reader *r, struct message *m,
    const uint8_t *bytes, size_t length)
{
	if (!m->compressed || !keeps_content(ws))
		m->cut |= !buf_append_some(&m->content, bytes, length);
	else if (m->error == NULL)
		m->error = inflate_error(ws_inflate_more(&r->inflate, bytes, length,
		    &m->content));
}

/* Section 5.3. What is not looked at need not be unmasked. */
static void
add_payload(const struct ws *ws, struct reader *r, struct message *m,
    const uint8_t *bytes, size_t length)
{
	uint8_t clear[UNMASK_BYTES];

	m->wire_bytes += length;
	if (!r->is_masked) {
		add_content(ws, r, m, bytes, length);
		return;
	}
	while (length > 0) {
		size_t n = length < sizeof(clear) ? length : sizeof(clear);
		for (size_t i = 0; i < n; i++)
			clear[i] = bytes[i] ^ r->mask[(r->masked + i) & 3];
		r->masked += n;
		add_content(ws, r, m, clear, n);
		bytes += n;
		length -= n;
	}
}

/* --- frames --- */

static struct message *
message_of(struct reader *r)
{
	return (r->first & IS_CONTROL) != 0 ? &r->control : &r->data;
}

/* How long the header is, as far as its bytes tell. */
static size_t
header_bytes(const struct reader *r)
{
	size_t length = 2;

	if (r->held_count < 2)
		return length;
	uint8_t small = r->held[1] & 0x7f;
	length += small == 126 ? 2 : small == 127 ? 8 : 0;
	return length + ((r->held[1] & MASKED) != 0 ? 4 : 0);
}

static uint64_t
payload_length(const struct reader *r, size_t *used)
{
	uint8_t small = r->held[1] & 0x7f;
	size_t count = small == 126 ? 2 : small == 127 ? 8 : 0;

	*used = 2 + count;
	return count == 0 ? small : be_dec(r->held + 2, count);
}

/* Whether a frame may begin so (sections 5.2, 5.4, 5.5; RFC 7692 section 6). */
static bool
is_sound(const struct reader *r)
{
	uint8_t opcode = r->first & OPCODE;
	bool fin = (r->first & FIN) != 0, rsv1 = (r->first & RSV1) != 0;

	if ((r->first & RSV2_RSV3) != 0 || r->payload_left > INT64_MAX)
		return false;
	if (opcode >= IS_CONTROL)
		return opcode <= WS_PONG && fin && !rsv1 &&
		    r->payload_left <= CONTROL_BYTES_MAX;
	if (opcode == 0)
		return r->data.open && !rsv1;
	return opcode <= WS_BINARY && !r->data.open &&
	    (!rsv1 || r->inflate.agreed);
}

/* False: no frame looks like this. */
static bool
begin_frame(struct ws *ws, struct reader *r)
{
	size_t used;

	r->first = r->held[0];
	r->payload_left = payload_length(r, &used);
	r->is_masked = (r->held[1] & MASKED) != 0;
	if (r->is_masked)
		memcpy(r->mask, r->held + used, sizeof(r->mask));
	r->masked = 0;
	r->held_count = 0;
	if (!is_sound(r))
		return false;
	uint8_t opcode = r->first & OPCODE;
	struct message *m = message_of(r);
	if (opcode != 0)
		begin_message(ws, m, opcode, (r->first & RSV1) != 0);
	m->frames++;
	m->last_us = ws->now_us;
	r->in_payload = true;
	return true;
}

static size_t
read_header(struct ws *ws, struct reader *r, const uint8_t *bytes, size_t length)
{
	size_t used = 0;

	while (used < length && r->held_count < header_bytes(r))
		r->held[r->held_count++] = bytes[used++];
	if (r->held_count == header_bytes(r) && !begin_frame(ws, r))
		r->ended = true;
	return used;
}

static size_t
read_payload(struct ws *ws, enum direction direction, const uint8_t *bytes,
    size_t length)
{
	struct reader *r = &ws->readers[direction];
	struct message *m = message_of(r);
	size_t used = length < r->payload_left ? length : (size_t)r->payload_left;

	add_payload(ws, r, m, bytes, used);
	m->last_us = ws->now_us;
	r->payload_left -= used;
	if (r->payload_left > 0)
		return used;
	r->in_payload = false;
	if ((r->first & FIN) != 0)
		end_message(ws, direction, m);
	return used;
}

/* --- the tap --- */

struct ws *
ws_new(const struct ws_limits *limits, const struct tap_sink *sink,
    uint64_t stream, const struct http_field *fields, size_t field_count)
{
	struct ws *ws = calloc(1, sizeof(*ws));

	if (ws == NULL)
		return NULL;
	ws->limits = *limits;
	ws->sink = *sink;
	ws->stream = stream;
	for (int i = 0; i < 2; i++) {
		buf_init(&ws->readers[i].data.content, 0);
		buf_init(&ws->readers[i].control.content, 0);
	}
	for (size_t i = 0; i < field_count; i++) {
		if (http_field_is(&fields[i], "sec-websocket-extensions"))
			read_extensions(ws, fields[i].value);
	}
	return ws;
}

void
ws_free(struct ws *ws)
{
	if (ws == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		buf_free(&ws->readers[i].data.content);
		buf_free(&ws->readers[i].control.content);
		ws_inflate_free(&ws->readers[i].inflate);
	}
	free(ws);
}

void
ws_feed(struct ws *ws, enum direction direction, const uint8_t *bytes,
    size_t length, uint64_t now_us)
{
	struct reader *r = &ws->readers[direction];

	ws->now_us = now_us;
	/* A frame without payload ends where its header does. */
	while (!r->ended &&
	    (length > 0 || (r->in_payload && r->payload_left == 0))) {
		size_t used = r->in_payload
		    ? read_payload(ws, direction, bytes, length)
		    : read_header(ws, r, bytes, length);
		bytes += used;
		length -= used;
	}
}

void
ws_finish(struct ws *ws, uint64_t now_us)
{
	ws->now_us = now_us;
	for (int i = 0; i < 2; i++) {
		struct reader *r = &ws->readers[i];
		if (r->data.open)
			hand_on(ws, (enum direction)i, &r->data, false);
		if (r->control.open)
			hand_on(ws, (enum direction)i, &r->control, false);
		r->data.open = r->control.open = false;
		r->ended = true;
	}
}
