/* SPDX-License-Identifier: ISC */
/*
 * The HTTP/1 tap: two llhttp parsers, one a direction, and the queue of
 * exchanges between them, oldest first. Requests are appended as they begin,
 * responses belong to the oldest that has none. Worker only; pure. It never
 * guesses: where the two directions do not fit together it gives up and says so.
 *
 * llhttp knows a fixed list of methods. The tap reads the method by itself and
 * shows llhttp POST (or CONNECT, which ends HTTP) in its place: to the framing
 * of a request all others are the same (RFC 9112 section 6).
 */
#include "mitm/h1.h"

#include <stdlib.h>
#include <string.h>

#include <llhttp.h>

#include "base/err.h"
#include "mitm/h1_sniff.h"
#include "mitm/h1_span.h"
#include "mitm/http_builder.h"

#define CUT_HEAD_BYTES 1024u /* of a head where pending_bytes is passed */

/* Why the tap gives up, besides llhttp's own names. */
static const char pipeline_limit[] = "pipeline_limit";
static const char unexpected_response[] = "unexpected_response";
static const char out_of_memory[] = "no_memory";
static const char undecided_upgrade[] = "undecided_upgrade";
static const char http2_preface[] = "http2_preface";

struct exchange {
	struct exchange *next;
	struct http_builder request, response;
	struct bytes method, target, reason; /* in the messages' arenas */
	unsigned status;
	unsigned informational_count, last_informational;
	char version[4];
	bool is_head, is_connect;
	bool request_ended; /* complete, or its direction ended inside it */
	bool upgraded;
	struct capture_verdict capture;
	unsigned partials; /* how often it was told already */
	uint64_t stream;
	size_t kept; /* bytes of the request that wait for an answer */
};

/* One direction's parser and the text it is in the middle of. */
struct reader {
	llhttp_t parser;
	struct h1_span name, text; /* text: a value, the target or the reason */
	struct http_builder *message; /* being read, or NULL */
	bool in_trailers;
	bool ended;
};

struct h1 {
	struct h1_limits limits;
	struct tap_sink sink;
	struct reader readers[2]; /* by enum direction */
	struct exchange *oldest, **end;
	struct exchange *requesting; /* whose request is being read, or NULL */
	unsigned pending;
	size_t kept; /* by all that are pending */
	uint64_t streams;
	uint64_t now_us;
	const char *trouble; /* why it stopped; a callback sets it before llhttp does */
	bool reading;
	bool in_method;      /* the next client bytes are a request's method */
	bool holding;        /* whether they are HTTP depends on the answer */
	struct buf held;
	bool held_all;
	struct bytes behind; /* the answer that upgraded: borrowed of what is fed */
};

/* --- exchanges --- */

static void
begin_builder(const struct h1 *h, const struct exchange *x,
    struct http_builder *m, enum direction from)
{
	const struct body_place place = {.sink = &h->sink, .stream = x->stream,
	    .from = from};

	http_builder_init(m, h->limits.head_bytes, &h->limits.bodies, &place);
	m->is_undecided = h->sink.capture != NULL;
}

static struct exchange *
begin_exchange(struct h1 *h)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	memcpy(x->version, "1.1", sizeof(x->version));
	x->stream = ++h->streams;
	begin_builder(h, x, &x->request, FROM_CLIENT);
	begin_builder(h, x, &x->response, FROM_SERVER);
	/* A client that asks on and on without waiting gets less of each noted. */
	if (h->kept >= h->limits.pending_bytes) {
		http_builder_limit_head(&x->request, CUT_HEAD_BYTES);
		http_builder_limit_body(&x->request, 0);
	}
	*h->end = x;
	h->end = &x->next;
	h->pending++;
	h->requesting = x;
	return x;
}

static void
free_exchange(struct exchange *x)
{
	http_builder_free(&x->request);
	http_builder_free(&x->response);
	free(x);
}

static struct exchange *
take_oldest(struct h1 *h)
{
	struct exchange *x = h->oldest;

	h->oldest = x->next;
	if (h->oldest == NULL)
		h->end = &h->oldest;
	h->pending--;
	h->kept -= x->kept;
	if (h->requesting == x) {
		h->requesting = NULL;
		h->readers[FROM_CLIENT].message = NULL;
	}
	h->readers[FROM_SERVER].message = NULL;
	return x;
}

static enum http_incomplete
missing(const struct exchange *x)
{
	if (x->response.complete || x->upgraded)
		return x->request.complete ? HTTP_WHOLE : HTTP_CUT_REQUEST;
	if (x->response.began)
		return HTTP_CUT_RESPONSE;
	return x->request.complete ? HTTP_NO_RESPONSE : HTTP_CUT_REQUEST;
}

static struct bytes
keep_text(struct reader *r)
{
	struct bytes text, kept = {0};
	bool whole = h1_span_bytes(&r->text, &text);

	if (r->message != NULL) {
		kept = http_builder_keep(r->message, text);
		r->message->head_too_long |= !whole;
	}
	h1_span_clear(&r->text);
	return kept;
}

static void
describe(const struct exchange *x, struct http_exchange *out)
{
	*out = (struct http_exchange){
	    .version = x->version,
	    .method = x->method,
	    .target = x->target,
	    .status = x->status,
	    .reason = x->reason,
	    .informational_count = x->informational_count,
	    .last_informational = x->last_informational,
	    .upgraded = x->upgraded,
	    .capture = x->capture.level,
	    .incomplete = missing(x),
	    .partials = x->partials,
	    .stream = x->stream,
	};
	http_builder_describe(&x->request, &out->request);
	http_builder_describe(&x->response, &out->response);
}

/* More is known of it: what will not be logged is not kept either. */
static void
decide_capture(const struct h1 *h, struct exchange *x, bool answered)
{
	struct http_exchange so_far;

	if (x->capture.decided || h->sink.capture == NULL)
		return;
	describe(x, &so_far);
	x->capture = h->sink.capture(h->sink.context, &so_far, answered);
	http_builder_obey(&x->request, &x->capture);
	http_builder_obey(&x->response, &x->capture);
}

static void
hand_on(struct h1 *h, const struct exchange *x, enum http_incomplete incomplete,
    const char *parse_error)
{
	struct http_exchange out;

	describe(x, &out);
	out.incomplete = incomplete;
	out.parse_error = parse_error;
	h->sink.http(h->sink.context, &out);
}

/* Hands on the oldest exchange and frees it. One of which not even the method
 * came is nothing to tell. */
static void
emit_oldest(struct h1 *h, const char *parse_error)
{
	struct exchange *x = h->oldest;

	/* Ended inside the target: what came of it. Not after an error: llhttp
	 * keeps back what it had of the text then. */
	if (h->requesting == x && x->method.length > 0 &&
	    x->target.length == 0 && parse_error == NULL)
		x->target = keep_text(&h->readers[FROM_CLIENT]);
	(void)take_oldest(h);
	decide_capture(h, x, true);
	enum http_incomplete incomplete = missing(x);
	bool gave_up = incomplete != HTTP_WHOLE && parse_error != NULL;
	http_builder_end_body(&x->request);
	http_builder_end_body(&x->response);
	if (x->method.length > 0)
		hand_on(h, x, gave_up ? HTTP_PARSER_GAVE_UP : incomplete,
		    gave_up ? parse_error : NULL);
	free_exchange(x);
}

static void
emit_if_whole(struct h1 *h)
{
	struct exchange *x = h->oldest;

	if (x != NULL && x->response.complete && x->request_ended)
		emit_oldest(h, NULL);
}

/* --- what is told before its end --- */

/* The exchange whose message is being read; NULL: none that can be told. */
static struct exchange *
exchange_under_way(const struct h1 *h, enum direction direction)
{
	struct exchange *x = direction == FROM_CLIENT ? h->requesting : h->oldest;

	return x != NULL && h->readers[direction].message != NULL &&
	    x->request.has_head && x->method.length > 0 ? x : NULL;
}

static void
tell_exchange(struct h1 *h, struct exchange *x)
{
	http_builder_tell(&x->request, h->now_us);
	http_builder_tell(&x->response, h->now_us);
	hand_on(h, x, HTTP_CONTINUES, NULL);
	x->partials++;
	http_builder_told(&x->request, h->now_us);
	http_builder_told(&x->response, h->now_us);
}

/* Its first telling is the exchange's; then there are parts. */
static void
tell(struct h1 *h, enum direction direction)
{
	struct http_builder *m = h->readers[direction].message;

	if (m->told)
		http_builder_flush(m, h->now_us);
	else
		tell_exchange(h, exchange_under_way(h, direction));
}

/* --- the end --- */

/* Ends the reading: every exchange goes out as far as it came. */
static void
stop(struct h1 *h, const char *parse_error)
{
	h->reading = false;
	h->trouble = parse_error;
	while (h->oldest != NULL)
		emit_oldest(h, parse_error);
	buf_free(&h->held);
	for (int i = 0; i < 2; i++) {
		h1_span_clear(&h->readers[i].name);
		h1_span_clear(&h->readers[i].text);
	}
}

/* --- what both parsers say --- */

static struct h1 *
tap_of(llhttp_t *parser)
{
	return parser->data;
}

static struct reader *
reader_of(llhttp_t *parser)
{
	return &tap_of(parser)->readers[parser->type == HTTP_REQUEST ?
	    FROM_CLIENT : FROM_SERVER];
}

static int
fail(llhttp_t *parser, const char *why)
{
	tap_of(parser)->trouble = why;
	return HPE_USER;
}

static int
on_text(llhttp_t *parser, const char *at, size_t length)
{
	h1_span_add(&reader_of(parser)->text, (const uint8_t *)at, length);
	return 0;
}

static int
on_field_name(llhttp_t *parser, const char *at, size_t length)
{
	h1_span_add(&reader_of(parser)->name, (const uint8_t *)at, length);
	return 0;
}

static int
on_field(llhttp_t *parser)
{
	struct reader *r = reader_of(parser);
	struct http_builder *m = r->message;
	struct bytes name, value;
	bool whole = h1_span_bytes(&r->name, &name);

	whole = h1_span_bytes(&r->text, &value) && whole;
	if (m != NULL && whole)
		http_builder_add_field(m, r->in_trailers ? &m->trailers : &m->fields,
		    name, value);
	else if (m != NULL)
		m->head_too_long = true;
	h1_span_clear(&r->name);
	h1_span_clear(&r->text);
	return 0;
}

static int
on_body(llhttp_t *parser, const char *at, size_t length)
{
	struct h1 *h = tap_of(parser);
	enum direction direction = parser->type == HTTP_REQUEST ? FROM_CLIENT
	                                                        : FROM_SERVER;
	struct http_builder *m = h->readers[direction].message;

	if (m == NULL)
		return 0;
	http_builder_add_body(m, (const uint8_t *)at, length, h->now_us);
	if (http_builder_is_over_budget(m) &&
	    exchange_under_way(h, direction) != NULL)
		tell(h, direction);
	return 0;
}

static void
begin_message(struct h1 *h, struct reader *r, struct http_builder *m)
{
	r->message = m;
	r->in_trailers = false;
	m->began = true;
	m->first_us = m->last_us = h->now_us;
}

static void
complete_message(struct h1 *h, struct reader *r)
{
	http_builder_complete(r->message);
	r->message->last_us = h->now_us;
	r->message = NULL;
}

/* --- requests --- */

/* Pauses, so that the method is read by read_method. */
static int
on_request_begin(llhttp_t *parser)
{
	struct h1 *h = tap_of(parser);

	if (h->pending >= h->limits.pipelined)
		return fail(parser, pipeline_limit);
	struct exchange *x = begin_exchange(h);
	if (x == NULL)
		return fail(parser, out_of_memory);
	begin_message(h, &h->readers[FROM_CLIENT], &x->request);
	h->in_method = true;
	return HPE_PAUSED;
}

static int
on_target_complete(llhttp_t *parser)
{
	struct h1 *h = tap_of(parser);
	struct bytes target = keep_text(&h->readers[FROM_CLIENT]);

	if (h->requesting != NULL)
		h->requesting->target = target;
	return 0;
}

static int
on_request_head(llhttp_t *parser)
{
	struct h1 *h = tap_of(parser);

	h->readers[FROM_CLIENT].in_trailers = true;
	if (h->requesting != NULL) {
		h->requesting->version[0] = (char)('0' + parser->http_major);
		h->requesting->version[2] = (char)('0' + parser->http_minor);
		http_builder_end_head(&h->requesting->request, h->now_us);
		decide_capture(h, h->requesting, false);
	}
	return 0;
}

static int
on_request_complete(llhttp_t *parser)
{
	struct h1 *h = tap_of(parser);
	struct exchange *x = h->requesting;

	if (x == NULL)
		return 0;
	complete_message(h, &h->readers[FROM_CLIENT]);
	x->request_ended = true;
	x->kept = http_builder_bytes(&x->request);
	h->kept += x->kept;
	h->requesting = NULL;
	/* What follows a request to upgrade is HTTP only if the server declines
	 * (RFC 9110 section 7.8); if it has answered already, it has. */
	h->holding = parser->upgrade != 0 && !x->response.complete;
	h->held_all = true;
	emit_if_whole(h);
	return 0;
}

/* --- responses --- */

static int
on_response_begin(llhttp_t *parser)
{
	struct h1 *h = tap_of(parser);

	if (h->oldest == NULL || h->oldest->response.complete)
		return fail(parser, unexpected_response);
	begin_message(h, &h->readers[FROM_SERVER], &h->oldest->response);
	return 0;
}

static int
on_reason_complete(llhttp_t *parser)
{
	struct h1 *h = tap_of(parser);

	h->oldest->reason = keep_text(&h->readers[FROM_SERVER]);
	return 0;
}

/* 1: there is no body, whatever the fields say (RFC 9112 section 6.3). 2: nor
 * is there any HTTP behind it. */
static int
on_response_head(llhttp_t *parser)
{
	struct h1 *h = tap_of(parser);
	struct exchange *x = h->oldest;
	unsigned status = parser->status_code;

	h->readers[FROM_SERVER].in_trailers = true;
	x->status = status;
	http_builder_end_head(&x->response, h->now_us);
	x->upgraded = status == 101 || (x->is_connect && status / 100 == 2);
	if (x->upgraded || status / 100 != 1)
		decide_capture(h, x, true);
	if (x->upgraded)
		return 2;
	return x->is_head || status / 100 == 1 || status == 204 || status == 304;
}

/* RFC 9110 section 15.2: more will follow, and only the last answer counts. */
static void
pass_informational(struct h1 *h, struct exchange *x)
{
	x->informational_count++;
	x->last_informational = x->status;
	x->status = 0;
	x->reason = (struct bytes){0};
	http_builder_restart(&x->response);
	h->readers[FROM_SERVER].message = NULL;
}

static int
on_response_complete(llhttp_t *parser)
{
	struct h1 *h = tap_of(parser);
	struct exchange *x = h->oldest;

	if (x->status / 100 == 1 && !x->upgraded) {
		pass_informational(h, x);
		return 0;
	}
	complete_message(h, &h->readers[FROM_SERVER]);
	if (x->upgraded)
		return 0; /* llhttp pauses, and feed_server stops the tap */
	bool decided = h->holding && x->next == NULL;
	emit_if_whole(h);
	return decided ? HPE_PAUSED : 0;
}

/* --- the parsers --- */

static const llhttp_settings_t request_settings = {
	.on_message_begin = on_request_begin,
	.on_url = on_text,
	.on_url_complete = on_target_complete,
	.on_header_field = on_field_name,
	.on_header_value = on_text,
	.on_header_value_complete = on_field,
	.on_headers_complete = on_request_head,
	.on_body = on_body,
	.on_message_complete = on_request_complete,
};

static const llhttp_settings_t response_settings = {
	.on_message_begin = on_response_begin,
	.on_status = on_text,
	.on_status_complete = on_reason_complete,
	.on_header_field = on_field_name,
	.on_header_value = on_text,
	.on_header_value_complete = on_field,
	.on_headers_complete = on_response_head,
	.on_body = on_body,
	.on_message_complete = on_response_complete,
};

/* As lenient as it gets: whatever the two ends make of it, they understood each
 * other, and nothing is let through or held back because of how we read it. */
static void
init_reader(struct h1 *h, enum direction direction)
{
	struct reader *r = &h->readers[direction];
	llhttp_t *p = &r->parser;

	if (direction == FROM_CLIENT)
		llhttp_init(p, HTTP_REQUEST, &request_settings);
	else
		llhttp_init(p, HTTP_RESPONSE, &response_settings);
	p->data = h;
	llhttp_set_lenient_headers(p, 1);
	llhttp_set_lenient_chunked_length(p, 1);
	llhttp_set_lenient_keep_alive(p, 1);
	llhttp_set_lenient_transfer_encoding(p, 1);
	llhttp_set_lenient_version(p, 1);
	llhttp_set_lenient_data_after_close(p, 1);
	llhttp_set_lenient_optional_lf_after_cr(p, 1);
	llhttp_set_lenient_optional_crlf_after_chunk(p, 1);
	llhttp_set_lenient_optional_cr_before_lf(p, 1);
	llhttp_set_lenient_spaces_after_chunk_size(p, 1);
	h1_span_init(&r->name, h->limits.head_bytes);
	h1_span_init(&r->text, h->limits.head_bytes);
}

/* Runs the parser to the end of the bytes or to where it stops. Returns how
 * many it used. */
static size_t
execute(struct h1 *h, struct reader *r, const uint8_t *bytes, size_t length,
    llhttp_errno_t *stopped)
{
	llhttp_t *p = &r->parser;
	llhttp_errno_t error = llhttp_execute(p, (const char *)bytes, length);
	size_t used = length;

	if (error == HPE_PAUSED || error == HPE_PAUSED_UPGRADE) {
		used = (size_t)(llhttp_get_error_pos(p) - (const char *)bytes);
		if (error == HPE_PAUSED)
			llhttp_resume(p);
		else
			llhttp_resume_after_upgrade(p);
	} else if (error != HPE_OK) {
		stop(h, h->trouble != NULL ? h->trouble : llhttp_errno_name(error));
	}
	if (r->message != NULL)
		r->message->last_us = h->now_us;
	h1_span_settle(&r->name);
	h1_span_settle(&r->text);
	*stopped = error;
	return used;
}

static bool
method_is(const struct exchange *x, const char *name)
{
	return x->method.length == strlen(name) &&
	    memcmp(x->method.data, name, x->method.length) == 0;
}

/* The method is whole: keeps it, and tells llhttp its stand-in. */
static void
end_method(struct h1 *h)
{
	struct reader *r = &h->readers[FROM_CLIENT];
	struct exchange *x = h->requesting;
	llhttp_errno_t stopped;

	h->in_method = false;
	x->method = keep_text(r);
	x->is_head = method_is(x, "HEAD");
	x->is_connect = method_is(x, "CONNECT");
	if (method_is(x, "PRI")) {
		stop(h, http2_preface);
		return;
	}
	const char *shown = x->is_connect ? "CONNECT" : "POST";
	(void)execute(h, r, (const uint8_t *)shown, strlen(shown), &stopped);
}

/* Reads on in the request's method. Returns the bytes used; the blank behind it
 * is llhttp's. */
static size_t
read_method(struct h1 *h, const uint8_t *bytes, size_t length)
{
	struct h1_span *text = &h->readers[FROM_CLIENT].text;
	size_t used = 0;

	while (used < length && h1_is_token_byte(bytes[used]))
		used++;
	h1_span_add(text, bytes, used);
	h1_span_settle(text);
	if (text->length > H1_METHOD_BYTES_MAX ||
	    (used < length && (bytes[used] != ' ' || text->length == 0)))
		stop(h, llhttp_errno_name(HPE_INVALID_METHOD));
	else if (used < length)
		end_method(h);
	return used;
}

static void
hold(struct h1 *h, const uint8_t *bytes, size_t length)
{
	if (buf_append(&h->held, bytes, length) != 0)
		h->held_all = false;
}

static void
feed_client(struct h1 *h, const uint8_t *bytes, size_t length)
{
	struct reader *r = &h->readers[FROM_CLIENT];
	llhttp_errno_t stopped;

	for (size_t at = 0; at < length && h->reading;) {
		if (h->holding) {
			hold(h, bytes + at, length - at);
			return;
		}
		if (h->in_method)
			at += read_method(h, bytes + at, length - at);
		else
			at += execute(h, r, bytes + at, length - at, &stopped);
	}
}

/* The server declined to upgrade: what the client sent meanwhile is HTTP. */
static void
release_held(struct h1 *h)
{
	struct buf held = h->held;

	h->holding = false;
	buf_init(&h->held, h->limits.head_bytes);
	if (h->held_all)
		feed_client(h, buf_data(&held), buf_length(&held));
	else
		stop(h, undecided_upgrade);
	buf_free(&held);
}

/* HTTP/1 is over. What the client sent behind its request is kept for h1_rest. */
static void
end_upgraded(struct h1 *h, struct bytes behind)
{
	struct buf held = h->held;

	buf_init(&h->held, 0);
	stop(h, NULL);
	h->held = held;
	h->behind = behind;
}

static void
feed_server(struct h1 *h, const uint8_t *bytes, size_t length)
{
	struct reader *r = &h->readers[FROM_SERVER];
	llhttp_errno_t stopped;

	for (size_t at = 0; at < length && h->reading;) {
		at += execute(h, r, bytes + at, length - at, &stopped);
		if (stopped == HPE_PAUSED_UPGRADE)
			end_upgraded(h, (struct bytes){bytes + at, length - at});
		else if (stopped == HPE_PAUSED)
			release_held(h);
	}
}

/* --- the tap --- */

struct h1 *
h1_new(const struct h1_limits *limits, const struct tap_sink *sink)
{
	struct h1 *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->limits = *limits;
	h->sink = *sink;
	h->end = &h->oldest;
	h->reading = true;
	init_reader(h, FROM_CLIENT);
	init_reader(h, FROM_SERVER);
	buf_init(&h->held, limits->head_bytes);
	return h;
}

void
h1_free(struct h1 *h)
{
	if (h == NULL)
		return;
	while (h->oldest != NULL)
		free_exchange(take_oldest(h));
	for (int i = 0; i < 2; i++) {
		h1_span_free(&h->readers[i].name);
		h1_span_free(&h->readers[i].text);
	}
	buf_free(&h->held);
	free(h);
}

void
h1_feed(struct h1 *h, enum direction direction, const uint8_t *bytes,
    size_t length, uint64_t now_us)
{
	if (!h->reading || h->readers[direction].ended)
		return;
	h->now_us = now_us;
	if (direction == FROM_CLIENT)
		feed_client(h, bytes, length);
	else
		feed_server(h, bytes, length);
}

void
h1_eof(struct h1 *h, enum direction direction, uint64_t now_us)
{
	struct reader *r = &h->readers[direction];

	if (!h->reading || r->ended)
		return;
	h->now_us = now_us;
	r->ended = true;
	/* Ends a body that ends with the connection; else it is an error that
	 * says nothing new. */
	(void)llhttp_finish(&r->parser);
	if (direction == FROM_CLIENT && h->requesting != NULL) {
		h->requesting->request_ended = true;
		emit_if_whole(h);
	}
}

void
h1_finish(struct h1 *h, uint64_t now_us)
{
	h->now_us = now_us;
	stop(h, NULL);
}

uint64_t
h1_due_us(const struct h1 *h)
{
	uint64_t due_us = BODY_NEVER;

	for (int i = 0; i < 2; i++) {
		if (exchange_under_way(h, (enum direction)i) == NULL)
			continue;
		uint64_t at_us = http_builder_due_us(h->readers[i].message);
		if (at_us < due_us)
			due_us = at_us;
	}
	return due_us;
}

void
h1_tick(struct h1 *h, uint64_t now_us)
{
	h->now_us = now_us;
	for (int i = 0; i < 2; i++) {
		enum direction direction = (enum direction)i;
		if (exchange_under_way(h, direction) != NULL &&
		    http_builder_is_due(h->readers[i].message, now_us))
			tell(h, direction);
	}
}

bool
h1_reading(const struct h1 *h)
{
	return h->reading;
}

const char *
h1_trouble(const struct h1 *h)
{
	return h->trouble;
}

bool
h1_rest(const struct h1 *h, enum direction direction, struct bytes *rest)
{
	*rest = direction == FROM_SERVER ? h->behind
	    : (struct bytes){buf_data(&h->held), buf_length(&h->held)};
	return direction == FROM_SERVER || h->held_all || !h->holding;
}
