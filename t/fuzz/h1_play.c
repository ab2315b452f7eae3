/* SPDX-License-Identifier: ISC */
/* Plays conversations to the tap. Fuzzer and unit suite only. */
#include "t/fuzz/h1_play.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mitm/h1.h"
#include "t/fuzz/exchange_text.h"

#define CONTENT_BYTES 4096u
#define SEGMENT_BYTES_MAX ((size_t)8 * 1024 * 1024)

struct player {
	struct h1 *tap;
	struct h1_limits limits;
	struct exchange_text text;
	struct cutter cutter;
	uint64_t last_stream;
	bool finished;
};

static void
on_http(void *context, const struct http_exchange *x)
{
	struct player *p = context;

	must(!p->finished);
	must(x->stream > p->last_stream);
	must(x->method.length > 0);
	if (x->incomplete != HTTP_CONTINUES)
		p->last_stream = x->stream;
	exchange_text_put(&p->text, x);
}

static void
on_body(void *context, const struct body_part *part)
{
	struct player *p = context;

	must(!p->finished && part->stream > p->last_stream);
	exchange_text_put_part(&p->text, part);
}

/* --- playing --- */

static void
start(struct player *p)
{
	struct tap_sink sink = {.context = p, .http = on_http, .body = on_body};
	struct body_rules *bodies = &p->limits.bodies;

	if (p->tap != NULL)
		return;
	if (bodies->body_bytes != BODY_ALL)
		bodies->body_bytes = bodies->inline_bytes;
	p->tap = h1_new(&p->limits, &sink);
	must(p->tap != NULL);
	p->text.head_bytes = p->limits.head_bytes;
	p->text.body_bytes = bodies->inline_bytes;
	p->text.content_bytes = bodies->content_bytes;
}

static void
feed(void *context, enum direction direction, const uint8_t *bytes, size_t length)
{
	struct player *p = context;

	start(p);
	h1_feed(p->tap, direction, bytes, length, ++p->text.now_us);
}

static void
flush(struct player *p, enum direction direction, struct buf *segment)
{
	cutter_feed(&p->cutter, direction, buf_data(segment), buf_length(segment));
	buf_clear(segment);
}

static void
set_limit(struct player *p, const char *line)
{
	unsigned long value = strtoul(line + strcspn(line, "0123456789"), NULL, 10);

	if (p->tap != NULL || value > 1000000)
		return;
	if (strncmp(line, "% head", 6) == 0)
		p->limits.head_bytes = value;
	else if (strncmp(line, "% body", 6) == 0)
		p->limits.bodies.inline_bytes = value;
	else if (strncmp(line, "% all", 5) == 0)
		p->limits.bodies.body_bytes = BODY_ALL;
	else if (strncmp(line, "% pipe", 6) == 0)
		p->limits.pipelined = (unsigned)value;
	else if (strncmp(line, "% pending", 9) == 0)
		p->limits.pending_bytes = value;
}

/* So much time passes that all is due which is open. */
static void
tick(struct player *p)
{
	if (!cutter_stands(&p->cutter))
		return;
	start(p);
	p->text.now_us += EXCHANGE_TEXT_INTERVAL_US;
	h1_tick(p->tap, p->text.now_us);
	must(h1_due_us(p->tap) > p->text.now_us);
}

static void
play_line(struct player *p, const uint8_t *line, size_t length,
    enum direction *direction, struct buf *segment)
{
	char limit[32] = "";
	enum direction mine;

	if (length == 0)
		return;
	if (line[0] == '%') {
		memcpy(limit, line, length < sizeof(limit) ? length :
		    sizeof(limit) - 1);
		set_limit(p, limit);
	}
	if (length >= 5 && memcmp(line, "!tick", 5) == 0) {
		flush(p, *direction, segment);
		tick(p);
		return;
	}
	bool ends = line[0] == '!' && length > 1;
	uint8_t mark = ends ? line[1] : line[0];
	if (mark != '>' && mark != '<')
		return;
	mine = mark == '>' ? FROM_CLIENT : FROM_SERVER;
	if (mine != *direction || ends)
		flush(p, *direction, segment);
	*direction = mine;
	if (!ends) {
		conversation_add(line, length, segment);
	} else if (cutter_stands(&p->cutter)) {
		start(p);
		h1_eof(p->tap, mine, ++p->text.now_us);
	}
}

size_t
h1_play(const uint8_t *text, size_t length, const struct cut *how, struct buf *out)
{
	struct player p = {.text = {.out = out, .now_us = 1000},
	    .cutter = {.how = *how, .random = how->seed, .feed = feed,
	        .context = &p},
	    .limits = {.head_bytes = 4096, .pipelined = 16,
	        .pending_bytes = 65536,
	        .bodies = {.inline_bytes = 256, .content_bytes = CONTENT_BYTES,
	            .interval_us = EXCHANGE_TEXT_INTERVAL_US}}};
	enum direction direction = FROM_CLIENT;
	struct buf segment;

	buf_init(&segment, SEGMENT_BYTES_MAX);
	for (size_t at = 0; at < length;) {
		size_t line = conversation_line(text + at, length - at);
		play_line(&p, text + at, line, &direction, &segment);
		at += line + 1;
	}
	flush(&p, direction, &segment);
	start(&p);
	h1_finish(p.tap, ++p.text.now_us);
	p.finished = true;
	must(!h1_reading(p.tap));
	h1_feed(p.tap, FROM_SERVER, (const uint8_t *)"HTTP/1.1 200\r\n\r\n", 16,
	    p.text.now_us);
	h1_eof(p.tap, FROM_SERVER, p.text.now_us);
	h1_finish(p.tap, p.text.now_us);
	h1_free(p.tap);
	for (int i = 0; i < 2; i++)
		must(p.text.body_bytes_told[i] <= p.cutter.bytes[i]);
	exchange_text_free(&p.text);
	buf_free(&segment);
	return p.cutter.played;
}
