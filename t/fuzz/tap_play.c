/* SPDX-License-Identifier: ISC */
/* Plays bytes of connections to the tap. Fuzz targets and unit suites only. */
#include "t/fuzz/tap_play.h"

#include <stdlib.h>
#include <string.h>

#include "mitm/tap.h"
#include "t/fuzz/exchange_text.h"

#define PIPELINED 16u
#define CONTENT_BYTES 4096u

/* An exchange that was told: there is no second one of its number. */
struct told {
	bool http2; /* what HTTP/1 says of its version is the client's word */
	uint64_t stream;
};

struct player {
	struct tap *tap;
	bool began_as_http1, reading, finished;
	struct exchange_text text;
	struct cutter cutter;
	struct told *told; /* owned */
	size_t told_count, told_room;
};

static void
check_told_once(struct player *p, const struct http_exchange *x, bool continues)
{
	struct told told = {strcmp(x->version, "2") == 0, x->stream};

	for (size_t i = 0; i < p->told_count; i++)
		must(p->told[i].http2 != told.http2 ||
		    p->told[i].stream != told.stream);
	if (continues)
		return;
	if (p->told_count == p->told_room) {
		p->told_room = p->told_room * 2 + 16;
		p->told = realloc(p->told, p->told_room * sizeof(*p->told));
		if (p->told == NULL)
			abort();
	}
	p->told[p->told_count++] = told;
}

/* Some of this and some of that, as if there were rules. */
static struct capture_verdict
on_capture(void *context, const struct http_exchange *x, bool answered)
{
	const struct player *p = context;
	size_t length = x->target.length;

	must(p->reading && !p->finished);
	if (!answered && length % 2 == 0)
		return (struct capture_verdict){CAPTURE_BODY, false};
	if (!answered)
		return (struct capture_verdict){(enum capture_level)(length % 3), true};
	return (struct capture_verdict){(enum capture_level)((length + x->status) % 3),
	    true};
}

/* What is not to be logged is not there. */
static void
check_capture(const struct http_exchange *x)
{
	const struct http_body *bodies[] = {&x->request.body, &x->response.body};

	must(x->capture != CAPTURE_COUNT || x->incomplete != HTTP_CONTINUES);
	for (int i = 0; x->capture != CAPTURE_BODY && i < 2; i++) {
		must(bodies[i]->captured.length == 0 && bodies[i]->content.length == 0);
		must(!bodies[i]->in_parts && bodies[i]->parts == 0);
	}
}

static void
on_http(void *context, const struct http_exchange *x)
{
	struct player *p = context;

	must(p->reading && !p->finished);
	must(strcmp(x->version, "2") == 0 || p->began_as_http1);
	must(x->reset_error == NULL || x->incomplete != HTTP_WHOLE);
	must(!x->unprocessed || x->status == 0);
	check_capture(x);
	check_told_once(p, x, x->incomplete == HTTP_CONTINUES);
	exchange_text_put(&p->text, x);
}

static void
on_body(void *context, const struct body_part *part)
{
	struct player *p = context;

	must(p->reading && !p->finished);
	exchange_text_put_part(&p->text, part);
}

static void
on_websocket(void *context, const struct websocket_message *message)
{
	struct player *p = context;

	must(p->reading && !p->finished);
	exchange_text_put_websocket(&p->text, message);
}

static void
feed(void *context, enum direction direction, const uint8_t *bytes, size_t length)
{
	struct player *p = context;
	bool reads = tap_feed(p->tap, direction, bytes, length, ++p->text.now_us);

	must(p->reading || !reads);
	p->reading = reads;
}

static size_t
read_uint16(const uint8_t *at)
{
	return (size_t)at[0] << 8 | at[1];
}

static void
start(struct player *p, const uint8_t *header)
{
	size_t body_bytes = read_uint16(header + 3);
	struct tap_limits limits = {
	    .head_bytes = read_uint16(header + 1),
	    .bodies = {
		.inline_bytes = body_bytes,
		.body_bytes = (header[0] & TAP_PLAY_ALL) != 0 ? BODY_ALL
		                                              : body_bytes,
		.content_bytes = CONTENT_BYTES,
		.interval_us = EXCHANGE_TEXT_INTERVAL_US,
	    },
	    .message_bytes = body_bytes,
	    .pipelined = PIPELINED,
	    .streams = header[5],
	    .pending_bytes = read_uint16(header + 6),
	};
	struct tap_sink sink = {.context = p, .http = on_http,
	    .body = on_body, .websocket = on_websocket,
	    .capture = (header[0] & TAP_PLAY_CAPTURE) != 0 ? on_capture : NULL};

	p->began_as_http1 = (header[0] & TAP_PLAY_HTTP1) != 0;
	p->text.head_bytes = limits.head_bytes;
	p->text.body_bytes = body_bytes;
	p->text.content_bytes = CONTENT_BYTES;
	p->tap = tap_new(p->began_as_http1 ? TAP_HTTP1 : TAP_HTTP2, &limits, &sink);
	must(p->tap != NULL);
	p->reading = true;
}

/* So much time passes that all is due which is open. */
static void
tick(struct player *p)
{
	p->text.now_us += EXCHANGE_TEXT_INTERVAL_US;
	tap_tick(p->tap, p->text.now_us);
	must(tap_due_us(p->tap) > p->text.now_us);
}

/* Plays the first segment; returns how long it was in the input. */
static size_t
play_segment(struct player *p, const uint8_t *at, size_t left)
{
	size_t length = read_uint16(at + 1);
	enum direction direction = (at[0] & TAP_PLAY_FROM_SERVER) != 0 ? FROM_SERVER
	                                                               : FROM_CLIENT;

	if (length > left - TAP_PLAY_SEGMENT_BYTES)
		length = left - TAP_PLAY_SEGMENT_BYTES;
	cutter_feed(&p->cutter, direction, at + TAP_PLAY_SEGMENT_BYTES, length);
	if ((at[0] & TAP_PLAY_EOF) != 0 && cutter_stands(&p->cutter))
		tap_eof(p->tap, direction, ++p->text.now_us);
	if ((at[0] & TAP_PLAY_TICK) != 0 && cutter_stands(&p->cutter))
		tick(p);
	return TAP_PLAY_SEGMENT_BYTES + length;
}

static void
finish(struct player *p)
{
	tap_finish(p->tap, ++p->text.now_us);
	p->finished = true;
	must(!tap_feed(p->tap, FROM_CLIENT, (const uint8_t *)"GET", 3,
	    p->text.now_us));
	must(!tap_feed(p->tap, FROM_SERVER, (const uint8_t *)"\0\0\0", 3,
	    p->text.now_us));
	tap_finish(p->tap, p->text.now_us);
	tap_free(p->tap);
	/* The request that asks for an upgrade is told twice. */
	for (int i = 0; i < 2; i++)
		must(p->text.body_bytes_told[i] <=
		    (p->began_as_http1 ? 2 : 1) * p->cutter.bytes[i]);
	exchange_text_free(&p->text);
	free(p->told);
}

size_t
tap_play(const uint8_t *input, size_t length, const struct cut *how,
    struct buf *out)
{
	struct player p = {.text = {.out = out, .now_us = 1000},
	    .cutter = {.how = *how, .random = how->seed, .feed = feed,
	        .context = &p}};

	if (length < TAP_PLAY_HEADER_BYTES)
		return 0;
	start(&p, input);
	for (size_t at = TAP_PLAY_HEADER_BYTES;
	    at + TAP_PLAY_SEGMENT_BYTES <= length;)
		at += play_segment(&p, input + at, length - at);
	finish(&p);
	return p.cutter.played;
}
