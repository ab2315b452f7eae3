/* SPDX-License-Identifier: ISC */
/* Plays conversations to the tap. Fuzzer and unit suite only. */
#include "t/fuzz/h1_play.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mitm/h1.h"

#define OUT_BODY_MAX 200u
#define SEGMENT_BYTES_MAX ((size_t)8 * 1024 * 1024)

struct player {
	struct h1 *tap;
	struct h1_limits limits;
	struct buf *out;
	const struct play *play;
	uint64_t now_us;
	size_t played;
	uint64_t payload[2];
	uint64_t body_seen[2];
	uint64_t last_stream;
	uint32_t random;
	bool finished;
};

static void
must(bool held)
{
	if (!held)
		abort();
}

static void
print(struct buf *out, const char *text)
{
	must(buf_puts(out, text) == 0);
}

static void
print_number(struct buf *out, uint64_t number)
{
	must(buf_printf(out, "%" PRIu64, number) == 0);
}

static void
print_bytes(struct buf *out, struct bytes bytes)
{
	for (size_t i = 0; i < bytes.length; i++) {
		uint8_t c = bytes.data[i];
		if (c > 0x20 && c < 0x7f && c != '\\')
			must(buf_append(out, &c, 1) == 0);
		else if (c == ' ')
			print(out, " ");
		else
			must(buf_printf(out, "\\x%02x", c) == 0);
	}
}

/* --- what the tap said --- */

static void
print_fields(struct buf *out, const char *mark, const struct http_field *fields,
    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		print(out, mark);
		print_bytes(out, fields[i].name);
		print(out, ": ");
		print_bytes(out, fields[i].value);
		print(out, "\n");
	}
}

static void
print_body(struct buf *out, const char *mark, const struct http_body *body)
{
	if (body->wire_bytes == 0)
		return;
	print(out, mark);
	print_number(out, body->wire_bytes);
	print(out, body->truncated ? " bytes, first " : " bytes");
	if (body->truncated)
		print_number(out, body->captured.length);
	print(out, ": ");
	print_bytes(out, (struct bytes){body->captured.data,
	    body->captured.length < OUT_BODY_MAX ? body->captured.length :
	    OUT_BODY_MAX});
	print(out, "\n");
}

static void
print_message(struct buf *out, bool request, const struct http_message *m)
{
	if (m->head_too_long)
		print(out, request ? "> (head too long)\n" : "< (head too long)\n");
	print_fields(out, request ? "> " : "< ", m->fields, m->field_count);
	print_body(out, request ? ">> " : "<< ", &m->body);
	print_fields(out, request ? ">+ " : "<+ ", m->trailers, m->trailer_count);
}

static void
check_message(const struct player *p, const struct http_message *m)
{
	size_t captured = m->body.captured.length;

	must(m->body.wire_bytes >= captured && captured <= p->limits.body_bytes);
	must(m->body.truncated == (m->body.wire_bytes > captured));
	must(m->first_us <= m->last_us && m->last_us <= p->now_us);
	must(m->first_us != 0 || (!m->complete && m->field_count == 0));
	size_t kept = 0;
	for (size_t i = 0; i < m->field_count; i++)
		kept += m->fields[i].name.length + m->fields[i].value.length;
	must(kept <= p->limits.head_bytes);
}

static void
on_http(void *context, const struct http_exchange *x)
{
	static const char *const incomplete[] = {"whole", "no response",
	    "cut request", "cut response", "gave up"};
	struct player *p = context;

	must(!p->finished);
	must(x->stream > p->last_stream);
	must((x->parse_error != NULL) == (x->incomplete == HTTP_PARSER_GAVE_UP));
	must(x->method.length > 0);
	p->last_stream = x->stream;
	check_message(p, &x->request);
	check_message(p, &x->response);
	p->body_seen[FROM_CLIENT] += x->request.body.wire_bytes;
	p->body_seen[FROM_SERVER] += x->response.body.wire_bytes;

	print_number(p->out, x->stream);
	print(p->out, " ");
	print_bytes(p->out, x->method);
	print(p->out, " ");
	print_bytes(p->out, x->target);
	must(buf_printf(p->out, " %s, %u ", x->version, x->status) == 0);
	print_bytes(p->out, x->reason);
	must(buf_printf(p->out, ", %s", incomplete[x->incomplete]) == 0);
	if (x->parse_error != NULL)
		must(buf_printf(p->out, " (%s)", x->parse_error) == 0);
	if (x->upgraded)
		print(p->out, ", upgraded");
	if (x->informational_count > 0)
		must(buf_printf(p->out, ", %u informational, last %u",
		    x->informational_count, x->last_informational) == 0);
	print(p->out, "\n");
	print_message(p->out, true, &x->request);
	print_message(p->out, false, &x->response);
}

/* --- playing --- */

static void
start(struct player *p)
{
	struct tap_sink sink = {p, on_http};

	if (p->tap == NULL)
		p->tap = h1_new(&p->limits, &sink);
	must(p->tap != NULL);
}

static size_t
next_step(struct player *p)
{
	if (p->play->step != 0)
		return p->play->step;
	if (p->play->seed == 0)
		return SIZE_MAX;
	p->random = p->random * 1664525u + 1013904223u;
	return 1 + (p->random >> 24) % 61;
}

static void
flush(struct player *p, enum direction direction, struct buf *segment)
{
	while (buf_length(segment) > 0 && p->played < p->play->stop) {
		size_t step = next_step(p), left = p->play->stop - p->played;
		if (step > buf_length(segment))
			step = buf_length(segment);
		if (step > left)
			step = left;
		/* A copy of its own, so that a borrow too long is found. */
		uint8_t *bytes = malloc(step);
		must(bytes != NULL);
		memcpy(bytes, buf_data(segment), step);
		start(p);
		h1_feed(p->tap, direction, bytes, step, ++p->now_us);
		free(bytes);
		buf_consume(segment, step);
		p->played += step;
		p->payload[direction] += step;
	}
	buf_clear(segment);
}

static int
hex(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void
unescape(const uint8_t *at, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length; i++) {
		uint8_t c = at[i];
		if (c == '\\' && i + 1 < length) {
			c = at[++i];
			if (c == 'x' && i + 2 < length && hex(at[i + 1]) >= 0 &&
			    hex(at[i + 2]) >= 0) {
				c = (uint8_t)(hex(at[i + 1]) * 16 + hex(at[i + 2]));
				i += 2;
			} else {
				c = c == 'r' ? '\r' : c == 'n' ? '\n' :
				    c == 't' ? '\t' : c;
			}
		}
		if (buf_append(out, &c, 1) != 0)
			return;
	}
}

/* A line "> bytes" or ">*100 bytes" onto the segment. */
static void
add_bytes(const uint8_t *line, size_t length, struct buf *segment)
{
	size_t at = 1;
	unsigned times = 1;

	if (at < length && line[at] == '*') {
		times = 0;
		for (at++; at < length && line[at] >= '0' && line[at] <= '9'; at++)
			times = times < 10000 ? times * 10 + line[at] - '0' : times;
	}
	if (at < length && line[at] == ' ')
		at++;
	for (unsigned i = 0; i < times; i++)
		unescape(line + at, length - at, segment);
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
		p->limits.body_bytes = value;
	else if (strncmp(line, "% pipe", 6) == 0)
		p->limits.pipelined = (unsigned)value;
	else if (strncmp(line, "% pending", 9) == 0)
		p->limits.pending_bytes = value;
}

static size_t
line_length(const uint8_t *text, size_t length)
{
	const uint8_t *end = length == 0 ? NULL : memchr(text, '\n', length);
	return end == NULL ? length : (size_t)(end - text);
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
	bool ends = line[0] == '!' && length > 1;
	uint8_t mark = ends ? line[1] : line[0];
	if (mark != '>' && mark != '<')
		return;
	mine = mark == '>' ? FROM_CLIENT : FROM_SERVER;
	if (mine != *direction || ends)
		flush(p, *direction, segment);
	*direction = mine;
	if (!ends) {
		add_bytes(line, length, segment);
	} else if (p->played < p->play->stop) {
		start(p);
		h1_eof(p->tap, mine, ++p->now_us);
	}
}

size_t
h1_play(const struct play *play, struct buf *out)
{
	struct player p = {.out = out, .play = play, .now_us = 1000,
	    .random = play->seed,
	    .limits = {.head_bytes = 4096, .body_bytes = 256, .pipelined = 16,
	        .pending_bytes = 65536}};
	enum direction direction = FROM_CLIENT;
	struct buf segment;

	buf_init(&segment, SEGMENT_BYTES_MAX);
	for (size_t at = 0; at < play->length;) {
		size_t length = line_length(play->text + at, play->length - at);
		play_line(&p, play->text + at, length, &direction, &segment);
		at += length + 1;
	}
	flush(&p, direction, &segment);
	start(&p);
	h1_finish(p.tap, ++p.now_us);
	p.finished = true;
	must(!h1_reading(p.tap));
	h1_feed(p.tap, FROM_SERVER, (const uint8_t *)"HTTP/1.1 200\r\n\r\n", 16,
	    p.now_us);
	h1_eof(p.tap, FROM_SERVER, p.now_us);
	h1_finish(p.tap, p.now_us);
	h1_free(p.tap);
	must(p.body_seen[0] <= p.payload[0] && p.body_seen[1] <= p.payload[1]);
	buf_free(&segment);
	return p.played;
}

void
h1_play_expected(const uint8_t *text, size_t length, struct buf *out)
{
	for (size_t at = 0; at < length;) {
		size_t line = line_length(text + at, length - at);
		if (line >= 2 && text[at] == '=') {
			must(buf_append(out, text + at + 2, line - 2) == 0);
			print(out, "\n");
		}
		at += line + 1;
	}
}
