/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/ws: the first byte chooses what was agreed on, then segments
 * of one direction each: a byte with the direction and the length, and the bytes.
 * What is told is the same however the bytes are cut, in whole segments or one by
 * one, and keeps within its limit. Runs in the fuzzer and in the unit suite.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mitm/ws.h"
#include "t/fuzz/target.h"

#define MESSAGE_BYTES 300u
#define OUT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define SEGMENT_BYTES_MAX 127u

static void
note(void *context, const struct websocket_message *m)
{
	struct buf *out = context;

	must(m->content.length <= MESSAGE_BYTES);
	must(m->first_us <= m->last_us);
	must(m->compressed || m->content.length <= m->wire_bytes);
	must(buf_printf(out, "%" PRIu64 " %d %d %u %" PRIu64 " %d%d%d %u %s:",
	    m->number, m->from, m->opcode, m->frames, m->wire_bytes, m->compressed,
	    m->truncated, m->complete, m->close_code,
	    m->decode_error != NULL ? m->decode_error : "") == 0);
	must(buf_append(out, m->content.data, m->content.length) == 0);
}

static void
feed(struct ws *ws, enum direction direction, const uint8_t *bytes, size_t length,
    size_t step)
{
	for (size_t at = 0; at < length; at += step)
		ws_feed(ws, direction, bytes + at,
		    length - at < step ? length - at : step, 1000);
}

static void
play(const uint8_t *bytes, size_t length, size_t step, struct buf *out)
{
	static const char *const agreed[] = {"", "permessage-deflate",
	    "permessage-deflate; client_no_context_takeover",
	    ("permessage-deflate; server_no_context_takeover; "
	     "server_max_window_bits=10")};
	static const char name[] = "Sec-WebSocket-Extensions";
	const char *value = agreed[bytes[0] % ARRAY_LENGTH(agreed)];
	const struct http_field field = {
	    .name = {(const uint8_t *)name, strlen(name)},
	    .value = {(const uint8_t *)value, strlen(value)}};
	const struct ws_limits limits = {.message_bytes = MESSAGE_BYTES};
	const struct tap_sink sink = {.context = out, .websocket = note};
	struct ws *ws = ws_new(&limits, &sink, 1, &field, 1);

	must(ws != NULL);
	buf_init(out, OUT_BYTES_MAX);
	for (size_t at = 1; at < length;) {
		size_t segment = bytes[at] & SEGMENT_BYTES_MAX;
		enum direction direction =
		    bytes[at] > SEGMENT_BYTES_MAX ? FROM_SERVER : FROM_CLIENT;
		at++;
		if (segment > length - at)
			segment = length - at;
		feed(ws, direction, bytes + at, segment, step);
		at += segment;
	}
	ws_finish(ws, 1000);
	ws_free(ws);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buf whole, cut;

	if (length == 0)
		return 0;
	play(bytes, length, SEGMENT_BYTES_MAX, &whole);
	play(bytes, length, 1, &cut);
	must_be_same(&whole, &cut);
	buf_free(&whole);
	buf_free(&cut);
	return 0;
}
