/* SPDX-License-Identifier: ISC */
/*
 * Collecting one HTTP message. The head lives in an arena of the message, the
 * body in a buffer that doubles up to its limit; an empty message holds no
 * memory. Pure; worker. Out of memory is treated as "too long": the record says
 * that it is cut, the bytes on the wire are not touched.
 */
#include "mitm/http_builder.h"

#include <stdlib.h>
#include <string.h>

#include "mitm/dns_http.h"
#include "mitm/http_fields.h"

/* A field costs more memory than wire bytes: what a head may take at most, in
 * units of the head's limit. */
#define ARENA_PER_HEAD 4u
#define ARENA_LEAST_BYTES 4096u
#define FIRST_FIELDS 16u
#define FIELD_FRAMING_BYTES 4u /* ": " and CR LF */
#define FIELDS_MAX 1000u /* servers take 100 to 2000: more is an attack */

/* So much is held although the budget is used up: records of less would be dearer
 * than the memory. */
#define HELD_LEAST_BYTES ((size_t)16 * 1024)

void
http_builder_init(struct http_builder *m, size_t head_bytes,
    const struct body_rules *bodies, const struct body_place *place)
{
	*m = (struct http_builder){.head_limit = head_bytes,
	    .head_left = head_bytes, .bodies = bodies, .place = *place,
	    .due_us = BODY_NEVER};
	arena_init(&m->arena, ARENA_PER_HEAD * head_bytes + ARENA_LEAST_BYTES);
	buf_init(&m->body, bodies->inline_bytes);
}

/* What it holds of its body has changed. */
static void
settle(struct http_builder *m)
{
	struct body_budget *budget = m->bodies == NULL ? NULL : m->bodies->budget;
	size_t held = m->body.capacity +
	    (m->parts == NULL ? 0 : body_parts_held(m->parts));

	if (budget != NULL)
		budget->held_bytes = budget->held_bytes - m->held_bytes + held;
	m->held_bytes = held;
}

void
http_builder_free(struct http_builder *m)
{
	arena_free(&m->arena);
	buf_free(&m->body);
	if (m->grpc != NULL)
		grpc_body_free(m->grpc);
	free(m->grpc);
	m->grpc = NULL;
	body_parts_free(m->parts);
	m->parts = NULL;
	settle(m);
}

static void
drop_body(struct http_builder *m)
{
	buf_free(&m->body);
	m->body.limit_bytes = 0;
	m->capped = m->no_body = true;
	settle(m);
}

/* How much of it is logged is not asked again. */
void
http_builder_restart(struct http_builder *m)
{
	bool is_undecided = m->is_undecided, no_body = m->no_body;

	http_builder_free(m);
	http_builder_init(m, m->head_limit, m->bodies, &m->place);
	m->is_undecided = is_undecided;
	if (no_body)
		drop_body(m);
}

void
http_builder_forget(struct http_builder *m)
{
	http_builder_restart(m);
	http_builder_limit_head(m, 0);
	http_builder_limit_body(m, 0);
}

void
http_builder_limit_head(struct http_builder *m, size_t head_bytes)
{
	if (m->head_left > head_bytes)
		m->head_left = head_bytes;
}

void
http_builder_limit_body(struct http_builder *m, size_t body_bytes)
{
	size_t kept = buf_length(&m->body);

	if (m->parts != NULL)
		body_parts_cut(m->parts);
	else if (m->body.limit_bytes - kept > body_bytes)
		m->body.limit_bytes = kept + body_bytes;
	m->capped = true;
	settle(m);
}

void
http_builder_obey(struct http_builder *m, const struct capture_verdict *verdict)
{
	if (verdict->decided && verdict->level != CAPTURE_COUNT)
		m->is_undecided = false;
	if (verdict->level != CAPTURE_BODY)
		drop_body(m);
}

/* Room for one more; the old array stays in the arena until the message goes. */
static bool
grow(struct http_builder *m, struct http_fields *list)
{
	size_t capacity = list->capacity == 0 ? FIRST_FIELDS : list->capacity * 2;
	struct http_field *items;

	if (list->count < list->capacity)
		return true;
	items = arena_alloc(&m->arena, capacity * sizeof(*items));
	if (items == NULL)
		return false;
	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(*items));
	list->items = items;
	list->capacity = capacity;
	return true;
}

static bool
is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

/* RFC 9112 section 5.1: the blanks around are not part of it. */
static struct bytes
trim(struct bytes text)
{
	while (text.length > 0 && is_blank(text.data[text.length - 1]))
		text.length--;
	while (text.length > 0 && is_blank(text.data[0])) {
		text.data++;
		text.length--;
	}
	return text;
}

static bool
add_field(struct http_builder *m, struct http_fields *list,
    struct bytes name, struct bytes value)
{
	size_t cost = name.length + value.length + FIELD_FRAMING_BYTES;

	if (m->head_too_long || m->no_fields || cost > m->head_left ||
	    list->count >= FIELDS_MAX || !grow(m, list))
		return false;
	struct bytes n = trim(name), v = trim(value);
	uint8_t *copy = arena_alloc(&m->arena, n.length + v.length);
	if (copy == NULL)
		return false;
	m->head_left -= cost;
	if (n.length > 0)
		memcpy(copy, n.data, n.length);
	if (v.length > 0)
		memcpy(copy + n.length, v.data, v.length);
	list->items[list->count++] = (struct http_field){
	    .name = {copy, n.length}, .value = {copy + n.length, v.length}};
	return true;
}

void
http_builder_add_field(struct http_builder *m, struct http_fields *list,
    struct bytes name, struct bytes value)
{
	if (!add_field(m, list, name, value))
		m->head_too_long = true;
}

struct bytes
http_builder_keep(struct http_builder *m, struct bytes text)
{
	size_t length = text.length < m->head_left ? text.length : m->head_left;
	uint8_t *copy = length == 0 ? NULL : arena_alloc(&m->arena, length);

	if (copy == NULL)
		length = 0;
	else
		memcpy(copy, text.data, length);
	m->head_too_long |= length < text.length;
	m->head_left -= length;
	return (struct bytes){copy, length};
}

static void
begin_grpc(struct http_builder *m)
{
	enum grpc_format format = grpc_format_of(m->fields.items, m->fields.count);

	if (format == GRPC_NONE || m->grpc != NULL)
		return;
	m->grpc = malloc(sizeof(*m->grpc));
	if (m->grpc != NULL)
		grpc_body_init(m->grpc, format, m->fields.items, m->fields.count,
		    m->head_left);
}

/* The trailers of gRPC-Web are the message's own, wherever they stand. */
static void
take_trailers(struct http_builder *m)
{
	struct bytes rest = {buf_data(&m->grpc->trailers),
	    buf_length(&m->grpc->trailers)};
	struct http_field field;
	bool whole = m->grpc->trailers_lost == 0;

	while (grpc_next_trailer(&rest, &field) && (whole || rest.length > 0))
		http_builder_add_field(m, &m->trailers, field.name, field.value);
	m->head_too_long |= !whole;
	buf_free(&m->grpc->trailers);
}

void
http_builder_end_head(struct http_builder *m, uint64_t now_us)
{
	m->has_head = true;
	m->is_dns = dns_http_is_message(m->fields.items, m->fields.count) &&
	    http_fields_find(m->fields.items, m->fields.count,
	        "content-encoding") == NULL;
	if (m->bodies->interval_us != 0)
		m->due_us = now_us + m->bodies->interval_us;
	begin_grpc(m);
}

/* --- parts --- */

/* Without memory for that the body stays what was captured of it. */
static void
begin_parts(struct http_builder *m, enum body_rest rest, uint64_t now_us)
{
	const struct bytes captured = {buf_data(&m->body), buf_length(&m->body)};

	m->parts = body_parts_new(m->bodies, &m->place, m->fields.items,
	    m->fields.count);
	if (m->parts == NULL) {
		m->capped = true;
		return;
	}
	body_parts_begin(m->parts, captured, rest, now_us);
	buf_free(&m->body);
}

/* Whether more of the body is captured than its http record holds. */
static bool
wants_parts(const struct http_builder *m)
{
	const struct body_rules *bodies = m->bodies;

	return !m->capped && !m->is_undecided &&
	    (bodies->body_bytes > bodies->inline_bytes ||
	    (bodies->interval_us != 0 &&
	        body_is_feed(m->fields.items, m->fields.count)));
}

static void
add_captured(struct http_builder *m, struct bytes *more, uint64_t now_us)
{
	size_t room = m->body.limit_bytes - buf_length(&m->body);
	size_t length = more->length < room ? more->length : room;

	(void)buf_append_some(&m->body, more->data, length);
	more->data += length;
	more->length -= length;
	if (more->length > 0 && wants_parts(m))
		begin_parts(m, BODY_GOES_ON, now_us);
	else if (more->length > 0)
		m->capped = true;
}

void
http_builder_add_body(struct http_builder *m, const uint8_t *at, size_t length,
    uint64_t now_us)
{
	struct bytes more = {at, length};

	if (length == 0)
		return;
	if (m->is_dns && m->place.from == FROM_SERVER &&
	    m->place.sink->dns_bytes != NULL)
		m->place.sink->dns_bytes(m->place.sink->context, m->place.stream,
		    m->wire_bytes, more);
	m->wire_bytes += length;
	if (m->parts == NULL)
		add_captured(m, &more, now_us);
	if (m->parts != NULL && more.length > 0)
		body_parts_add(m->parts, more, now_us);
	settle(m);
	if (m->grpc != NULL && grpc_body_feed(m->grpc, at, length))
		take_trailers(m);
}

void
http_builder_complete(struct http_builder *m)
{
	m->complete = true;
	if (m->grpc != NULL)
		grpc_body_end(m->grpc);
	http_builder_end_body(m);
}

void
http_builder_end_body(struct http_builder *m)
{
	if (m->parts != NULL)
		body_parts_end(m->parts);
	settle(m);
}

uint64_t
http_builder_due_us(const struct http_builder *m)
{
	if (!m->has_head || m->complete || m->is_undecided)
		return BODY_NEVER;
	return !m->told ? m->due_us
	    : m->parts != NULL ? body_parts_due_us(m->parts) : BODY_NEVER;
}

/* A clock that was set back makes nothing wait for longer. */
bool
http_builder_is_due(const struct http_builder *m, uint64_t now_us)
{
	uint64_t due_us = http_builder_due_us(m);

	return due_us != BODY_NEVER && (due_us <= now_us ||
	    due_us > now_us + m->bodies->interval_us);
}

bool
http_builder_is_over_budget(const struct http_builder *m)
{
	const struct body_budget *budget = m->bodies->budget;

	return budget != NULL && !m->is_undecided &&
	    budget->held_bytes > budget->limit_bytes &&
	    m->held_bytes >= HELD_LEAST_BYTES;
}

void
http_builder_tell(struct http_builder *m, uint64_t now_us)
{
	bool is_cut = m->wire_bytes > buf_length(&m->body);
	bool is_over = m->complete || m->capped;

	if (!m->has_head || m->no_body || m->parts != NULL ||
	    (is_over && m->wire_bytes == 0))
		return;
	begin_parts(m, is_cut ? BODY_IS_CUT : is_over ? BODY_IS_OVER
	                                              : BODY_GOES_ON, now_us);
	settle(m);
}

void
http_builder_told(struct http_builder *m, uint64_t now_us)
{
	if (!m->has_head)
		return;
	m->told = true;
	if (m->parts != NULL)
		body_parts_told(m->parts, now_us);
	settle(m);
}

void
http_builder_flush(struct http_builder *m, uint64_t now_us)
{
	if (m->parts != NULL)
		body_parts_flush(m->parts, now_us);
	settle(m);
}

size_t
http_builder_bytes(const struct http_builder *m)
{
	size_t grpc_bytes = m->grpc == NULL ? 0
	    : sizeof(*m->grpc) + buf_length(&m->grpc->trailers);
	size_t parts_bytes = m->parts == NULL ? 0 : body_parts_bytes(m->parts);

	return m->arena.held_bytes + buf_length(&m->body) + grpc_bytes +
	    parts_bytes;
}

void
http_builder_describe(const struct http_builder *m, struct http_message *out)
{
	size_t captured = buf_length(&m->body);

	*out = (struct http_message){
	    .fields = m->fields.items,
	    .field_count = m->fields.count,
	    .trailers = m->trailers.items,
	    .trailer_count = m->trailers.count,
	    .body = {
		.wire_bytes = m->wire_bytes,
		.captured = {buf_data(&m->body), captured},
		.truncated = m->wire_bytes > captured,
		.content = {buf_data(&m->body), captured},
		.content_truncated = m->wire_bytes > captured,
	    },
	    .grpc = m->grpc == NULL ? NULL : &m->grpc->seen,
	    .first_us = m->first_us,
	    .last_us = m->last_us,
	    .complete = m->complete,
	    .head_too_long = m->head_too_long,
	};
	if (m->parts != NULL)
		body_parts_describe(m->parts, &out->body);
}
