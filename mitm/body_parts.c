/* SPDX-License-Identifier: ISC */
/*
 * What the body says waits in one buffer until the http record has taken its beginning
 * and the parts the rest. Parts end between two characters of UTF-8, so that each is
 * text if the body is. Worker only.
 */
#include "mitm/body_parts.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "mitm/http_content.h"
#include "mitm/http_fields.h"

#define CHARACTER_BYTES_MAX 4u
/* Of the memory that a decoder has, a middle: see mitm/decode.h. */
#define DECODER_BYTES ((size_t)256 * 1024)

struct body_parts {
	const struct body_rules *rules;
	struct body_place place;
	struct content *content; /* owned: what the bytes say */
	struct content_facts facts;
	bool is_feed, is_coded;
	bool begun;       /* `first` is whole: what is read now is for the parts */
	bool ended;       /* nothing more is read */
	bool cut;         /* something is not told */
	struct buf first; /* for the http record */
	struct buf waiting;
	uint64_t offset;  /* of `waiting`, in the content */
	uint64_t skipped; /* content behind `waiting` that is not told */
	uint64_t left;    /* bytes on the wire that may still be read */
	uint64_t room;    /* for content, in this interval or in all */
	uint64_t room_us; /* when the interval began */
	uint64_t told_us; /* when something was told last */
	uint64_t first_us, last_us; /* of what waits */
	unsigned count;
};

/* --- what is read as it comes --- */

bool
body_is_feed(const struct http_field *fields, size_t field_count)
{
	static const char *const types[] = {"text/event-stream",
	    "application/x-ndjson", "application/jsonl", "application/json-seq",
	    "application/stream+json", "multipart/x-mixed-replace"};
	const struct bytes *named =
	    http_fields_find(fields, field_count, "content-type");

	for (size_t i = 0; named != NULL && i < ARRAY_LENGTH(types); i++) {
		if (http_has_word(*named, types[i]))
			return true;
	}
	return false;
}

/* --- life --- */

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void
body_content_options(const struct body_rules *rules,
    struct http_content_options *options)
{
	*options = (struct http_content_options){
	    .rules = rules->redact != NULL ? *rules->redact : NULL,
	    .decoded_bytes = rules->content_bytes,
	    .as_sent_bytes = rules->as_sent_bytes,
	};
}

/* What is told in parts may become as long as it does. */
static struct content *
new_content(const struct body_parts *p, const struct http_field *fields,
    size_t field_count)
{
	struct http_content_options options;

	body_content_options(p->rules, &options);
	if (p->left == BODY_ALL && options.decoded_bytes > 0)
		options.decoded_bytes = SIZE_MAX;
	return http_content_new(&options, fields, field_count);
}

struct body_parts *
body_parts_new(const struct body_rules *rules, const struct body_place *place,
    const struct http_field *fields, size_t field_count)
{
	struct body_parts *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->rules = rules;
	p->place = *place;
	p->is_feed = rules->interval_us != 0 && body_is_feed(fields, field_count);
	p->left = p->is_feed ? BODY_ALL : rules->body_bytes;
	p->room = p->is_feed ? rules->body_bytes
	                     : larger(rules->body_bytes, rules->content_bytes);
	buf_init(&p->first, (size_t)larger(rules->inline_bytes,
	    rules->content_bytes));
	buf_init(&p->waiting, SIZE_MAX);
	p->is_coded = http_fields_find(fields, field_count, "content-encoding") !=
	    NULL;
	p->content = new_content(p, fields, field_count);
	if (p->content == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
body_parts_free(struct body_parts *p)
{
	if (p == NULL)
		return;
	content_free(p->content);
	buf_free(&p->first);
	buf_free(&p->waiting);
	free(p);
}

size_t
body_parts_held(const struct body_parts *p)
{
	return p->first.capacity + p->waiting.capacity;
}

size_t
body_parts_bytes(const struct body_parts *p)
{
	return sizeof(*p) + body_parts_held(p) +
	    (p->is_coded && !p->ended ? DECODER_BYTES : 0);
}

/* --- handing on --- */

/* How much of the bytes ends between two characters, if they are UTF-8 (RFC 3629):
 * without the last one when that goes on behind them. */
static size_t
whole_characters(const uint8_t *bytes, size_t length)
{
	size_t back = 1;

	while (back < CHARACTER_BYTES_MAX && back < length &&
	    (bytes[length - back] & 0xc0) == 0x80)
		back++;
	if (back >= length)
		return length;
	uint8_t lead = bytes[length - back];
	size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	return wanted > back ? length - back : length;
}

static void
tell(struct body_parts *p, size_t length, bool last)
{
	if (!p->ended)
		content_describe(p->content, &p->facts);
	const struct body_part part = {
	    .stream = p->place.stream,
	    .from = p->place.from,
	    .number = ++p->count,
	    .offset = p->offset,
	    .content = {buf_data(&p->waiting), length},
	    .last = last,
	    .truncated = length == buf_length(&p->waiting) &&
	        (p->skipped > 0 || (last && p->facts.cut)),
	    .redacted = p->facts.redacted,
	    .first_us = p->first_us,
	    .last_us = p->last_us,
	};

	p->place.sink->body(p->place.sink->context, &part);
	p->offset += length;
	buf_consume(&p->waiting, length);
	p->first_us = p->last_us;
}

/* More than one part's worth waits: so none of these is the last. */
static void
tell_full(struct body_parts *p)
{
	while (buf_length(&p->waiting) > BODY_PART_BYTES)
		tell(p, whole_characters(buf_data(&p->waiting), BODY_PART_BYTES),
		    false);
}

void
body_parts_flush(struct body_parts *p, uint64_t now_us)
{
	size_t waits = buf_length(&p->waiting);

	if (waits > 0)
		tell(p, p->skipped > 0 ? waits
		    : whole_characters(buf_data(&p->waiting), waits), false);
	if (buf_length(&p->waiting) == 0)
		buf_free(&p->waiting);
	p->told_us = now_us;
}

/* Another interval of what is read as it comes. */
static void
renew_room(struct body_parts *p, uint64_t now_us)
{
	if (!p->is_feed || (now_us >= p->room_us &&
	        now_us < p->room_us + p->rules->interval_us))
		return;
	if (p->skipped > 0)
		body_parts_flush(p, now_us);
	p->offset += p->skipped;
	p->skipped = 0;
	p->room = p->rules->body_bytes;
	p->room_us = now_us;
}

/* --- reading --- */

/* What stands in the http record is all that was read so far, as far as that may. */
static void
fill_first(struct body_parts *p, bool is_over)
{
	size_t waits = buf_length(&p->waiting);
	size_t limit = p->first.limit_bytes;
	size_t length = waits < limit ? waits : limit;

	if (!is_over)
		length = whole_characters(buf_data(&p->waiting), length);
	p->begun = true;
	if (length == 0 || buf_append(&p->first, buf_data(&p->waiting), length) != 0)
		return;
	p->offset = length;
	buf_consume(&p->waiting, length);
	if (buf_length(&p->waiting) == 0)
		buf_free(&p->waiting);
}

/* Of what was read just now, behind `before` bytes that waited already, only as much
 * is kept as there is room for. */
static void
keep(struct body_parts *p, size_t before)
{
	size_t read = buf_length(&p->waiting) - before;
	size_t kept = p->skipped > 0 ? 0 : read < p->room ? read : (size_t)p->room;

	p->waiting.length = before + kept;
	p->skipped += read - kept;
	p->cut |= kept < read;
	if (p->room != BODY_ALL)
		p->room -= kept;
	if (!p->begun && buf_length(&p->waiting) > p->first.limit_bytes)
		fill_first(p, false);
	if (p->begun)
		tell_full(p);
}

static void
read_content(struct body_parts *p, struct bytes in)
{
	bool more = in.length > 0;

	while (more) {
		size_t before = buf_length(&p->waiting);
		size_t enough = p->begun ? BODY_PART_BYTES : p->first.limit_bytes;
		more = content_feed(p->content, &in, enough + 1, &p->waiting);
		keep(p, before);
	}
}

/* Nothing behind is read. */
static void
end_content(struct body_parts *p)
{
	size_t before = buf_length(&p->waiting);

	content_end(p->content, &p->waiting, &p->facts);
	keep(p, before);
	p->cut |= p->facts.cut;
	p->ended = true;
}

/* What waits is the last part. */
static void
tell_last(struct body_parts *p)
{
	if (buf_length(&p->waiting) > 0 || p->count > 0)
		tell(p, buf_length(&p->waiting), true);
	buf_free(&p->waiting);
}

void
body_parts_end(struct body_parts *p)
{
	if (p->ended)
		return;
	end_content(p);
	tell_last(p);
}

/* What would have followed is not told. */
static void
note_cut(struct body_parts *p)
{
	p->cut = true;
	p->skipped++;
}

void
body_parts_cut(struct body_parts *p)
{
	if (p->ended)
		return;
	content_is_cut(p->content);
	end_content(p);
	note_cut(p);
	tell_last(p);
}

void
body_parts_begin(struct body_parts *p, struct bytes captured,
    enum body_rest rest, uint64_t now_us)
{
	if (p->left != BODY_ALL)
		p->left -= captured.length;
	p->room_us = p->first_us = p->last_us = now_us;
	read_content(p, captured);
	if (rest == BODY_IS_CUT)
		content_is_cut(p->content);
	if (rest != BODY_GOES_ON)
		end_content(p);
	if (!p->begun)
		fill_first(p, rest != BODY_GOES_ON);
	if (rest == BODY_IS_CUT)
		note_cut(p);
	if (rest != BODY_GOES_ON)
		tell_last(p);
}

void
body_parts_add(struct body_parts *p, struct bytes more, uint64_t now_us)
{
	struct bytes in = {more.data, more.length < p->left ? more.length
	                                                    : (size_t)p->left};

	p->cut |= p->ended;
	if (p->ended)
		return;
	renew_room(p, now_us);
	p->last_us = now_us;
	if (buf_length(&p->waiting) == 0)
		p->first_us = now_us;
	read_content(p, in);
	if (p->left != BODY_ALL)
		p->left -= in.length;
	if (in.length < more.length || (p->skipped > 0 && !p->is_feed))
		body_parts_cut(p);
}

/* --- what is said of it --- */

void
body_parts_describe(const struct body_parts *p, struct http_body *body)
{
	body->in_parts = true;
	body->parts = p->count;
	body->captured = (struct bytes){0};
	body->content = (struct bytes){buf_data(&p->first), buf_length(&p->first)};
	body->content_truncated = p->cut;
	struct content_facts facts = p->facts;
	if (!p->ended)
		content_describe(p->content, &facts);
	body->decoded = facts.decoded;
	body->decoded_bytes = facts.decoded_bytes;
	body->charset = facts.charset;
	body->replaced = facts.replaced;
	body->decode_error = facts.error;
	body->redacted = facts.redacted;
}

void
body_parts_told(struct body_parts *p, uint64_t now_us)
{
	buf_free(&p->first);
	p->told_us = now_us;
}

uint64_t
body_parts_due_us(const struct body_parts *p)
{
	return buf_length(&p->waiting) == 0 || p->rules->interval_us == 0
	    ? BODY_NEVER : p->told_us + p->rules->interval_us;
}
