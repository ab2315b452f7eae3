/* SPDX-License-Identifier: ISC */
/*
 * The HTTP/2 tap: a walker of frames and an HPACK decoder for each direction, and
 * the streams that are open. nghttp2 decodes; what it is fed, and what becomes of
 * the fields, is decided here. Every header block is decoded, also of streams
 * that are not known (any more): the blocks behind it depend on it.
 *
 * Of SETTINGS only that they come first is read. What bounds a decoder's table
 * (SETTINGS_HEADER_TABLE_SIZE) is kept by the encoder, which says in its next
 * block what size it chose (RFC 7541 section 4.2); that the two ends agreed on it
 * is their affair.
 */
#include "mitm/h2.h"

#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include "base/err.h"
#include "mitm/h2_frames.h"
#include "mitm/h2_streams.h"
#include "mitm/http_builder.h"
#include "mitm/ws.h"

#define CUT_HEAD_BYTES 1024u   /* of a head where pending_bytes is passed */
#define LEAST_HEAD_BYTES 256u  /* where it is passed twice over */
#define GOAWAYS_MAX 16u /* an orderly end takes two; each walks through all streams */
/* With windows for compressed messages both ways. */
#define WEBSOCKET_BYTES ((size_t)80 * 1024)
/* Browsers announce 64 KiB. In nghttp2's hands a table of short fields takes seven
 * times what RFC 7541 section 4.1 counts. */
#define HPACK_TABLE_BYTES_MAX ((size_t)256 * 1024)

/* Why the tap gives up. */
static const char wrong_preface[] = "http2_preface";
static const char wrong_frame[] = "http2_frame";
static const char wrong_continuation[] = "http2_continuation";
static const char wrong_block[] = "hpack";
static const char stream_limit[] = "stream_limit";
static const char out_of_memory[] = "no_memory";

/* The header block that a direction is in the middle of. */
struct block {
	bool open;
	uint32_t id; /* of the stream whose frames carry it */
	struct h2_stream *stream; /* NULL: decoded for the table's sake */
	enum { REQUEST, RESPONSE, TRAILERS } part;
	bool end_stream;
};

struct half {
	struct h2_frames frames;
	bool began; /* its first frame has come */
	nghttp2_hd_inflater *inflater; /* of the blocks that come this way */
	struct block block;
};

struct h2 {
	struct h2_limits limits;
	struct tap_sink sink;
	struct half halves[2]; /* by enum direction */
	struct h2_streams streams;
	size_t kept;             /* by all of them */
	uint32_t last_requested; /* the client's highest stream so far */
	uint32_t last_promised;  /* the server's */
	uint32_t last_processed; /* of the client's, as GOAWAY has it */
	unsigned goaways;
	size_t preface_seen;
	uint64_t due_us; /* nothing is before then */
	uint64_t now_us;
	const char *trouble; /* why it stopped */
	bool reading;
};

/* --- exchanges --- */

static struct http_builder *
builder_of(struct h2_stream *s, enum direction direction)
{
	return direction == FROM_CLIENT ? &s->request : &s->response;
}

static enum http_incomplete
missing(const struct h2_stream *s)
{
	if (s->tunnel)
		return HTTP_WHOLE;
	if (s->response.complete && s->status != 0)
		return s->request.complete ? HTTP_WHOLE : HTTP_CUT_REQUEST;
	if (s->response.began)
		return HTTP_CUT_RESPONSE;
	return s->request.complete ? HTTP_NO_RESPONSE : HTTP_CUT_REQUEST;
}

/* The server will do nothing about it (RFC 9113 section 6.8). */
static bool
is_unprocessed(const struct h2 *h, const struct h2_stream *s)
{
	return s->id > h->last_processed && !s->pushed && !s->tunnel &&
	    !s->response.began && s->informational_count == 0;
}

static void
describe(const struct h2 *h, const struct h2_stream *s, struct http_exchange *out)
{
	*out = (struct http_exchange){
	    .version = "2",
	    .method = s->method,
	    .target = s->path,
	    .scheme = s->scheme,
	    .authority = s->authority,
	    .protocol = s->protocol,
	    .status = s->status,
	    .informational_count = s->informational_count,
	    .last_informational = s->last_informational,
	    .upgraded = s->tunnel,
	    .pushed = s->pushed,
	    .reset_error = s->reset_error,
	    .reset_by = s->reset_by,
	    .unprocessed = is_unprocessed(h, s),
	    .capture = s->capture.level,
	    .incomplete = missing(s),
	    .partials = s->partials,
	    .stream = s->id,
	};
	http_builder_describe(&s->request, &out->request);
	http_builder_describe(&s->response, &out->response);
}

/* More is known of it: what will not be logged is not kept either. */
static void
decide_capture(const struct h2 *h, struct h2_stream *s, bool answered)
{
	struct http_exchange so_far;

	if (s->capture.decided || h->sink.capture == NULL)
		return;
	describe(h, s, &so_far);
	s->capture = h->sink.capture(h->sink.context, &so_far, answered);
	http_builder_obey(&s->request, &s->capture);
	http_builder_obey(&s->response, &s->capture);
}

static void
hand_on(struct h2 *h, const struct h2_stream *s, enum http_incomplete incomplete,
    const char *parse_error)
{
	struct http_exchange out;

	describe(h, s, &out);
	out.incomplete = incomplete;
	out.parse_error = parse_error;
	h->sink.http(h->sink.context, &out);
}

/* One of which neither the head nor so much as the method came is nothing to tell. */
static void
emit(struct h2 *h, struct h2_stream *s, const char *parse_error)
{
	decide_capture(h, s, true);
	enum http_incomplete incomplete = missing(s);
	bool gave_up = incomplete != HTTP_WHOLE && parse_error != NULL;

	http_builder_end_body(&s->request);
	http_builder_end_body(&s->response);
	if (s->method.length > 0 || s->has_head[FROM_CLIENT])
		hand_on(h, s, gave_up ? HTTP_PARSER_GAVE_UP : incomplete,
		    gave_up ? parse_error : NULL);
}

static bool
is_under_way(const struct h2_stream *s, enum direction direction)
{
	return !s->tunnel && s->has_head[FROM_CLIENT] && s->has_head[direction] &&
	    !s->ended[direction];
}

/* What is due may go away without that being noted: a tick finds out. */
static void
note_due(struct h2 *h, struct h2_stream *s, enum direction direction)
{
	uint64_t due_us = is_under_way(s, direction)
	    ? http_builder_due_us(builder_of(s, direction)) : BODY_NEVER;

	if (due_us < h->due_us)
		h->due_us = due_us;
}

/* What the stream keeps has changed. */
static void
settle(struct h2 *h, struct h2_stream *s)
{
	size_t kept = sizeof(*s) + http_builder_bytes(&s->request) +
	    http_builder_bytes(&s->response) +
	    (s->ws != NULL ? WEBSOCKET_BYTES : 0);

	h->kept = h->kept - s->kept + kept;
	s->kept = kept;
	note_due(h, s, FROM_CLIENT);
	note_due(h, s, FROM_SERVER);
}

static void
drop(struct h2 *h, struct h2_stream *s)
{
	h->kept -= s->kept;
	for (int i = 0; i < 2; i++) {
		if (h->halves[i].block.stream == s)
			h->halves[i].block.stream = NULL;
	}
	h2_streams_remove(&h->streams, s);
	if (h->streams.count == 0)
		h->due_us = BODY_NEVER;
}

/* Its last word: what follows on it belongs to nobody. */
static void
end_stream(struct h2 *h, struct h2_stream *s, const char *parse_error)
{
	if (!s->tunnel)
		emit(h, s, parse_error);
	if (s->ws != NULL)
		ws_finish(s->ws, h->now_us);
	drop(h, s);
}

/* Ends the reading: every exchange goes out as far as it came. */
static void
stop(struct h2 *h, const char *parse_error)
{
	struct h2_stream *s;

	h->reading = false;
	h->trouble = parse_error;
	while ((s = h2_streams_first(&h->streams)) != NULL)
		end_stream(h, s, parse_error);
}

/* A head is about to be read: how much of it there is room for. */
static void
limit_head(const struct h2 *h, struct http_builder *m)
{
	if (h->kept < h->limits.pending_bytes)
		return;
	m->no_fields = h->kept / 2 >= h->limits.pending_bytes;
	http_builder_limit_head(m, m->no_fields ? LEAST_HEAD_BYTES : CUT_HEAD_BYTES);
}

/* However the body comes in pieces, the same of it is kept. */
static void
limit_body(const struct h2 *h, struct http_builder *m, size_t length)
{
	size_t room = h->kept < h->limits.pending_bytes
	    ? h->limits.pending_bytes - h->kept : 0;

	if (length > room)
		http_builder_limit_body(m, room);
}

static void
begin_builder(const struct h2 *h, struct h2_stream *s, enum direction from)
{
	const struct body_place place = {.sink = &h->sink, .stream = s->id,
	    .from = from};

	http_builder_init(builder_of(s, from), h->limits.head_bytes,
	    &h->limits.bodies, &place);
	builder_of(s, from)->is_undecided = h->sink.capture != NULL;
}

static struct h2_stream *
open_stream(struct h2 *h, uint32_t id)
{
	struct h2_stream *s;

	if (h->streams.count >= h->limits.streams) {
		stop(h, stream_limit);
		return NULL;
	}
	s = h2_streams_add(&h->streams, id);
	if (s == NULL) {
		stop(h, out_of_memory);
		return NULL;
	}
	begin_builder(h, s, FROM_CLIENT);
	begin_builder(h, s, FROM_SERVER);
	settle(h, s);
	return s;
}

/* The message has a byte more. */
static void
touch(const struct h2 *h, struct http_builder *m)
{
	if (!m->began)
		m->first_us = h->now_us;
	m->began = true;
	m->last_us = h->now_us;
}

static void
end_direction(struct h2 *h, struct h2_stream *s, enum direction direction)
{
	struct http_builder *m = builder_of(s, direction);

	s->ended[direction] = true;
	http_builder_complete(m);
	touch(h, m);
	if ((s->ended[FROM_CLIENT] && s->ended[FROM_SERVER]) ||
	    (direction == FROM_CLIENT && is_unprocessed(h, s)))
		end_stream(h, s, NULL);
}

/* --- header blocks --- */

/* That which the block is of. */
static struct http_builder *
block_builder(const struct block *b, enum direction direction)
{
	return b->part == REQUEST ? &b->stream->request
	                          : builder_of(b->stream, direction);
}

static void
open_block(struct half *half, uint32_t id, bool end_stream)
{
	half->block = (struct block){.open = true, .id = id,
	    .end_stream = end_stream};
}

/* A request on a new stream, an answer, or the trailers of either. */
static void
begin_headers(struct h2 *h, enum direction direction)
{
	struct half *half = &h->halves[direction];
	const struct h2_frame *frame = &half->frames.frame;
	struct h2_stream *s = h2_streams_find(&h->streams, frame->stream);

	open_block(half, frame->stream, (frame->flags & H2_END_STREAM) != 0);
	if (s == NULL && direction == FROM_CLIENT && frame->stream % 2 == 1 &&
	    frame->stream > h->last_requested) {
		h->last_requested = frame->stream;
		s = open_stream(h, frame->stream);
	}
	if (s == NULL || s->ended[direction])
		return;
	half->block.stream = s;
	half->block.part = s->has_head[direction] ? TRAILERS
	    : direction == FROM_CLIENT ? REQUEST : RESPONSE;
	limit_head(h, builder_of(s, direction));
	touch(h, builder_of(s, direction));
}

/* The server asks in the client's place (RFC 9113 section 8.4). */
static void
begin_promise(struct h2 *h, enum direction direction)
{
	struct half *half = &h->halves[direction];
	const struct h2_frame *frame = &half->frames.frame;

	open_block(half, frame->stream, false);
	if (direction == FROM_CLIENT || frame->promised % 2 == 1 ||
	    frame->promised <= h->last_promised)
		return;
	h->last_promised = frame->promised;
	struct h2_stream *s = open_stream(h, frame->promised);
	if (s == NULL)
		return;
	s->pushed = true;
	s->ended[FROM_CLIENT] = true;
	half->block.stream = s;
	half->block.part = REQUEST;
	limit_head(h, &s->request);
	touch(h, &s->request);
}

static unsigned
read_status(struct bytes text)
{
	unsigned status = 0;

	if (text.length != 3)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return 0;
		status = status * 10 + (unsigned)(text.data[i] - '0');
	}
	return status;
}

static bool
is_text(struct bytes text, const char *other)
{
	return text.length == strlen(other) &&
	    memcmp(text.data, other, text.length) == 0;
}

static void
put_pseudo(const struct block *b, struct bytes name, struct bytes value)
{
	struct h2_stream *s = b->stream;
	const struct {
		const char *name;
		struct bytes *text;
	} known[] = {{":method", &s->method}, {":scheme", &s->scheme},
	    {":authority", &s->authority}, {":path", &s->path},
	    {":protocol", &s->protocol}};

	if (b->part == RESPONSE && is_text(name, ":status") && s->status == 0)
		s->status = read_status(value);
	for (size_t i = 0; b->part == REQUEST && i < ARRAY_LENGTH(known); i++) {
		if (is_text(name, known[i].name) && known[i].text->length == 0)
			*known[i].text = http_builder_keep(&s->request, value);
	}
}

static void
put_field(const struct block *b, enum direction direction,
    const nghttp2_nv *field)
{
	struct bytes name = {field->name, field->namelen};
	struct bytes value = {field->value, field->valuelen};

	if (b->stream == NULL)
		return;
	struct http_builder *m = block_builder(b, direction);
	if (b->part == TRAILERS)
		http_builder_add_field(m, &m->trailers, name, value);
	else if (name.length > 0 && name.data[0] == ':')
		put_pseudo(b, name, value);
	else
		http_builder_add_field(m, &m->fields, name, value);
}

static void
decode(struct h2 *h, enum direction direction, struct bytes in, bool final)
{
	struct half *half = &h->halves[direction];
	int flags = 0;

	while (in.length > 0 || (final && (flags & NGHTTP2_HD_INFLATE_FINAL) == 0)) {
		nghttp2_nv field;
		flags = 0;
		ssize_t used = nghttp2_hd_inflate_hd2(half->inflater, &field, &flags,
		    in.data, in.length, final);
		if (used < 0) {
			stop(h, used == NGHTTP2_ERR_NOMEM ? out_of_memory
			                                  : wrong_block);
			return;
		}
		in.data += used;
		in.length -= (size_t)used;
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
			put_field(&half->block, direction, &field);
		else if (used == 0)
			break;
	}
	if (final)
		(void)nghttp2_hd_inflate_end_headers(half->inflater);
}

/* RFC 9113 section 8.1: more will follow, and only the last answer counts. */
static void
pass_informational(struct h2_stream *s)
{
	s->informational_count++;
	s->last_informational = s->status;
	s->status = 0;
	http_builder_restart(&s->response);
}

/* RFC 8441. A client that does not wait for the answer has begun already; unless
 * its beginning is at hand, its messages cannot be told apart. */
static void
begin_websocket(struct h2 *h, struct h2_stream *s)
{
	const struct ws_limits limits = {.message_bytes = h->limits.message_bytes,
	    .capture = s->capture.level};
	const struct http_builder *sent = &s->request;

	if (!is_text(s->protocol, "websocket") ||
	    h->kept >= h->limits.pending_bytes ||
	    sent->wire_bytes > buf_length(&sent->body))
		return;
	s->ws = ws_new(&limits, &h->sink, s->id, s->response.fields.items,
	    s->response.fields.count);
	if (s->ws != NULL)
		ws_feed(s->ws, FROM_CLIENT, buf_data(&sent->body),
		    buf_length(&sent->body), h->now_us);
}

/* What was told is let go of, and nothing more is kept. */
static void
forget(struct h2_stream *s)
{
	s->method = s->scheme = s->authority = s->path = s->protocol =
	    (struct bytes){0};
	http_builder_forget(&s->request);
	http_builder_forget(&s->response);
}

/* What follows on it is the other protocol's. */
static void
become_tunnel(struct h2 *h, struct h2_stream *s)
{
	s->tunnel = true;
	emit(h, s, NULL);
	begin_websocket(h, s);
	forget(s);
}

static void
end_head(struct h2 *h, struct h2_stream *s, enum direction direction,
    bool end_stream)
{
	if (direction == FROM_SERVER && s->status / 100 == 1 && !end_stream) {
		pass_informational(s);
		return;
	}
	s->has_head[direction] = true;
	http_builder_end_head(builder_of(s, direction), h->now_us);
	decide_capture(h, s, direction == FROM_SERVER);
	if (direction == FROM_SERVER && s->status / 100 == 2 &&
	    is_text(s->method, "CONNECT"))
		become_tunnel(h, s);
}

/* All of the request that will come. */
static void
end_promise(const struct h2 *h, struct h2_stream *s)
{
	s->has_head[FROM_CLIENT] = s->request.complete = true;
	http_builder_end_head(&s->request, h->now_us);
	decide_capture(h, s, false);
}

static void
end_block(struct h2 *h, enum direction direction)
{
	struct block block = h->halves[direction].block;
	struct h2_stream *s = block.stream;

	h->halves[direction].block = (struct block){.open = false};
	if (s == NULL)
		return;
	touch(h, block_builder(&block, direction));
	if (block.part == REQUEST && direction == FROM_SERVER)
		end_promise(h, s);
	else if (block.part != TRAILERS)
		end_head(h, s, direction, block.end_stream);
	settle(h, s);
	if (block.end_stream)
		end_direction(h, s, direction);
}

/* --- what is told before its end --- */

/* Its first telling is the exchange's; then there are parts. */
static void
tell(struct h2 *h, struct h2_stream *s, enum direction direction)
{
	if (builder_of(s, direction)->told) {
		http_builder_flush(builder_of(s, direction), h->now_us);
	} else {
		http_builder_tell(&s->request, h->now_us);
		http_builder_tell(&s->response, h->now_us);
		hand_on(h, s, HTTP_CONTINUES, NULL);
		s->partials++;
		http_builder_told(&s->request, h->now_us);
		http_builder_told(&s->response, h->now_us);
	}
	settle(h, s);
}

static void
tell_due(struct h2 *h, struct h2_stream *s)
{
	for (int i = 0; i < 2; i++) {
		enum direction direction = (enum direction)i;
		if (is_under_way(s, direction) &&
		    http_builder_is_due(builder_of(s, direction), h->now_us))
			tell(h, s, direction);
	}
}

uint64_t
h2_due_us(const struct h2 *h)
{
	return h->due_us;
}

void
h2_tick(struct h2 *h, uint64_t now_us)
{
	struct h2_stream *s;

	h->now_us = now_us;
	for (s = h2_streams_first(&h->streams); s != NULL; s = h2_streams_next(s))
		tell_due(h, s);
	/* Only now: what one direction told may have noted the other's as due. */
	h->due_us = BODY_NEVER;
	for (s = h2_streams_first(&h->streams); s != NULL; s = h2_streams_next(s)) {
		note_due(h, s, FROM_CLIENT);
		note_due(h, s, FROM_SERVER);
	}
}

/* --- frames --- */

static void
add_body(struct h2 *h, enum direction direction, struct bytes content)
{
	const struct h2_frame *frame = &h->halves[direction].frames.frame;
	struct h2_stream *s = h2_streams_find(&h->streams, frame->stream);

	if (s == NULL || s->ended[direction])
		return;
	if (s->ws != NULL)
		ws_feed(s->ws, direction, content.data, content.length, h->now_us);
	if (s->tunnel)
		return;
	struct http_builder *m = builder_of(s, direction);
	limit_body(h, m, content.length);
	http_builder_add_body(m, content.data, content.length, h->now_us);
	touch(h, m);
	settle(h, s);
	if (is_under_way(s, direction) && http_builder_is_over_budget(m))
		tell(h, s, direction);
}

static void
end_data(struct h2 *h, enum direction direction)
{
	const struct h2_frame *frame = &h->halves[direction].frames.frame;
	struct h2_stream *s = h2_streams_find(&h->streams, frame->stream);

	if (s != NULL && (frame->flags & H2_END_STREAM) != 0 && !s->ended[direction])
		end_direction(h, s, direction);
}

/* RFC 9113 section 7. */
static const char *
error_name(uint32_t code)
{
	static const char *const names[] = {"NO_ERROR", "PROTOCOL_ERROR",
	    "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
	    "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL",
	    "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
	    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"};

	return code < ARRAY_LENGTH(names) ? names[code] : "UNKNOWN_ERROR";
}

static void
reset_stream(struct h2 *h, enum direction direction)
{
	const struct h2_frame *frame = &h->halves[direction].frames.frame;
	struct h2_stream *s = h2_streams_find(&h->streams, frame->stream);

	if (s == NULL)
		return;
	s->reset_by = direction;
	s->reset_error = error_name(frame->error);
	end_stream(h, s, NULL);
}

/* The client's streams behind the last one that the server takes are over. Each
 * GOAWAY may name an earlier one, never a later (section 6.8). After many of them
 * they are told later, when they end. */
static void
end_unprocessed(struct h2 *h, uint32_t last)
{
	struct h2_stream *s = h2_streams_first(&h->streams), *next;

	if (last >= h->last_processed)
		return;
	h->last_processed = last;
	if (h->goaways >= GOAWAYS_MAX)
		return;
	h->goaways++;
	for (; s != NULL; s = next) {
		next = h2_streams_next(s);
		if (is_unprocessed(h, s))
			end_stream(h, s, NULL);
	}
}

static bool
carries_block(const struct h2_frame *frame)
{
	return frame->type == H2_HEADERS || frame->type == H2_PUSH_PROMISE ||
	    frame->type == H2_CONTINUATION;
}

static void
begin_frame(struct h2 *h, enum direction direction)
{
	struct half *half = &h->halves[direction];
	const struct h2_frame *frame = &half->frames.frame;
	bool continues = frame->type == H2_CONTINUATION;
	bool is_first = !half->began;

	half->began = true;
	/* What begins with another frame is another protocol (section 3.4): an
	 * answer of HTTP/1, say. Nothing may stand inside a block (section 6.10). */
	if (is_first && frame->type != H2_SETTINGS)
		stop(h, wrong_preface);
	else if (half->block.open != continues ||
	    (continues && frame->stream != half->block.id))
		stop(h, wrong_continuation);
	else if (frame->type == H2_HEADERS)
		begin_headers(h, direction);
	else if (frame->type == H2_PUSH_PROMISE)
		begin_promise(h, direction);
}

static void
end_frame(struct h2 *h, enum direction direction)
{
	const struct h2_frame *frame = &h->halves[direction].frames.frame;

	if (frame->type == H2_DATA) {
		end_data(h, direction);
	} else if (frame->type == H2_RST_STREAM) {
		reset_stream(h, direction);
	} else if (frame->type == H2_GOAWAY && direction == FROM_SERVER) {
		end_unprocessed(h, frame->last);
	} else if (carries_block(frame) && (frame->flags & H2_END_HEADERS) != 0) {
		decode(h, direction, (struct bytes){(const uint8_t *)"", 0}, true);
		if (h->reading)
			end_block(h, direction);
	}
}

static void
read_content(struct h2 *h, enum direction direction, struct bytes content)
{
	const struct half *half = &h->halves[direction];

	if (half->frames.frame.type == H2_DATA) {
		add_body(h, direction, content);
	} else if (carries_block(&half->frames.frame)) {
		if (half->block.stream != NULL)
			touch(h, block_builder(&half->block, direction));
		decode(h, direction, content, false);
	}
}

/* --- the tap --- */

static int
make_half(struct half *half)
{
	h2_frames_init(&half->frames);
	if (nghttp2_hd_inflate_new2(&half->inflater, NULL) != 0)
		return E_NOMEM;
	/* What the encoder may choose at most. */
	return nghttp2_hd_inflate_change_table_size(half->inflater,
	    HPACK_TABLE_BYTES_MAX) == 0 ? 0 : E_NOMEM;
}

struct h2 *
h2_new(const struct h2_limits *limits, const struct tap_sink *sink)
{
	struct h2 *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->limits = *limits;
	h->sink = *sink;
	h->reading = true;
	h->last_processed = UINT32_MAX;
	h->due_us = BODY_NEVER;
	h2_streams_init(&h->streams);
	if (make_half(&h->halves[FROM_CLIENT]) != 0 ||
	    make_half(&h->halves[FROM_SERVER]) != 0) {
		h2_free(h);
		return NULL;
	}
	return h;
}

void
h2_free(struct h2 *h)
{
	if (h == NULL)
		return;
	h2_streams_free(&h->streams);
	for (int i = 0; i < 2; i++) {
		if (h->halves[i].inflater != NULL)
			nghttp2_hd_inflate_del(h->halves[i].inflater);
	}
	free(h);
}

void
h2_adopt(struct h2 *h, const struct http_exchange *upgrade)
{
	const struct http_message *from = &upgrade->request;
	struct h2_stream *s = open_stream(h, 1);

	if (s == NULL)
		return;
	struct http_builder *m = &s->request;
	s->method = http_builder_keep(m, upgrade->method);
	s->path = http_builder_keep(m, upgrade->target);
	for (size_t i = 0; i < from->field_count; i++)
		http_builder_add_field(m, &m->fields, from->fields[i].name,
		    from->fields[i].value);
	http_builder_end_head(m, from->first_us);
	http_builder_add_body(m, from->body.captured.data,
	    from->body.captured.length, from->last_us);
	m->wire_bytes = from->body.wire_bytes;
	m->head_too_long |= from->head_too_long;
	m->began = m->complete = true;
	m->first_us = from->first_us;
	m->last_us = from->last_us;
	s->has_head[FROM_CLIENT] = s->ended[FROM_CLIENT] = true;
	h->last_requested = 1;
	decide_capture(h, s, false);
	settle(h, s);
}

void
h2_feed(struct h2 *h, enum direction direction, const uint8_t *bytes,
    size_t length, uint64_t now_us)
{
	struct bytes in = {bytes, length}, content;

	h->now_us = now_us;
	if (h->reading && direction == FROM_CLIENT &&
	    !h2_frames_pass_preface(&h->preface_seen, &in))
		stop(h, wrong_preface);
	while (h->reading) {
		switch (h2_frames_next(&h->halves[direction].frames, &in, &content)) {
		case H2_MORE:
			return;
		case H2_FRAME:
			begin_frame(h, direction);
			break;
		case H2_CONTENT:
			read_content(h, direction, content);
			break;
		case H2_END:
			end_frame(h, direction);
			break;
		case H2_BROKEN:
			stop(h, wrong_frame);
			break;
		}
	}
}

void
h2_finish(struct h2 *h, uint64_t now_us)
{
	h->now_us = now_us;
	stop(h, NULL);
}

void
h2_give_up(struct h2 *h, const char *parse_error, uint64_t now_us)
{
	h->now_us = now_us;
	stop(h, parse_error);
}

bool
h2_reading(const struct h2 *h)
{
	return h->reading;
}

const char *
h2_trouble(const struct h2 *h)
{
	return h->trouble;
}

int
h2_sniff(const uint8_t *bytes, size_t length)
{
	struct bytes in = {bytes, length};
	size_t seen = 0;

	if (!h2_frames_pass_preface(&seen, &in))
		return 0;
	return seen == H2_PREFACE_BYTES ? 1 : E_MORE;
}
