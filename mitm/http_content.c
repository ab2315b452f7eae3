/* SPDX-License-Identifier: ISC */
/* What was captured goes through the streams in one piece. Worker only. */
#include "mitm/http_content.h"

#include "mitm/http_fields.h"
#include "mitm/redact_head.h"

#define CODINGS_BYTES_MAX 256u
/* How much longer a text may become by what is put in the place of values, before
 * it is cut. */
#define GROWTH_MAX 4u
#define GROWTH_LEAST_BYTES 4096u
/* Copies of fields: those of two heads at most, with what replaces values. */
#define HEADS_BYTES_MAX ((size_t)4 * 1024 * 1024)

/* All the fields of that name as one list (RFC 9110 section 5.3). One that is longer
 * than any that is meant names a coding that nobody knows. */
static void
join_codings(const struct http_field *fields, size_t count, struct buf *list)
{
	bool fits = true;

	for (size_t i = 0; fits && i < count; i++) {
		if (!http_field_is(&fields[i], "content-encoding"))
			continue;
		fits = buf_append_some(list, ",", 1) && buf_append_some(list,
		    fields[i].value.data, fields[i].value.length);
	}
	if (!fits)
		buf_clear(list);
	if (!fits)
		(void)buf_append_some(list, "?", 1);
}

struct content *
http_content_new(const struct http_content_options *options,
    const struct http_field *fields, size_t count)
{
	const struct bytes *type = http_fields_find(fields, count, "content-type");
	struct buf codings;

	buf_init(&codings, CODINGS_BYTES_MAX);
	join_codings(fields, count, &codings);
	const struct content_options how = {
	    .rules = options->rules,
	    .type = type != NULL ? *type : (struct bytes){0},
	    .codings = {buf_data(&codings), buf_length(&codings)},
	    .decoded_bytes = options->decoded_bytes,
	};
	struct content *c = content_new(&how);
	buf_free(&codings);
	return c;
}

static size_t
room_for(const struct http_content_options *options, struct bytes captured)
{
	size_t most = captured.length > options->decoded_bytes
	    ? captured.length : options->decoded_bytes;

	return GROWTH_MAX * most + GROWTH_LEAST_BYTES;
}

/* All of a stream at once. Without memory for it nothing is shown. */
static void
read_whole(struct content *c, struct bytes in, bool cut, struct buf *out,
    struct content_facts *facts)
{
	*facts = (struct content_facts){.cut = true, .error = "no_memory"};
	if (c == NULL)
		return;
	while (content_feed(c, &in, SIZE_MAX, out))
		continue;
	if (cut)
		content_is_cut(c);
	content_end(c, out, facts);
}

static bool
hides_nothing(const struct http_content_options *options,
    const struct content_facts *facts)
{
	if (options->rules == NULL || options->rules->count == 0)
		return true;
	/* What was not decoded may hold what the rules would have met. */
	bool met = facts->cut || facts->error != NULL;
	for (size_t i = 0; i < ARRAY_LENGTH(facts->redacted.bits); i++)
		met |= facts->redacted.names != NULL && facts->redacted.bits[i] != 0;
	return !met;
}

/* What came, where the content is something else. */
static struct bytes
find_as_sent(const struct http_content_options *options,
    const struct http_body *body, const struct content_facts *facts)
{
	bool differs = facts->decoded || facts->charset != NULL;

	return differs && !body->truncated &&
	        body->captured.length <= options->as_sent_bytes &&
	        hides_nothing(options, facts) ? body->captured : (struct bytes){0};
}

static void
read_body(const struct http_content_options *options, struct http_message *m,
    struct buf *out, struct content **stream)
{
	struct http_body *body = &m->body;
	struct content_facts facts;

	buf_init(out, room_for(options, body->captured));
	if (body->captured.length == 0)
		return;
	*stream = http_content_new(options, m->fields, m->field_count);
	read_whole(*stream, body->captured, body->truncated, out, &facts);
	body->content = (struct bytes){buf_data(out), buf_length(out)};
	body->decoded = facts.decoded;
	body->decoded_bytes = facts.decoded_bytes;
	body->content_truncated = body->truncated || facts.cut;
	body->decode_error = facts.error;
	body->charset = facts.charset;
	body->replaced = facts.replaced;
	body->redacted = facts.redacted;
	body->as_sent = find_as_sent(options, body, &facts);
}

static void
read_target(const struct http_content_options *options, struct http_exchange *e,
    struct buf *out)
{
	buf_init(out, room_for(options, e->target));
	redact_url(options->rules, e->target, out, &e->redacted,
	    &e->redacted_userinfo);
	e->target = (struct bytes){buf_data(out), buf_length(out)};
}

static void
read_heads(const struct http_content_options *options, struct http_exchange *e,
    struct http_content *content)
{
	if (options->rules == NULL || options->rules->count == 0)
		return;
	read_target(options, e, &content->target);
	redact_head(options->rules, &e->request, &content->arena);
	redact_head(options->rules, &e->response, &content->arena);
}

void
http_content_read(const struct http_content_options *options,
    struct http_exchange *e, struct http_content *content)
{
	*content = (struct http_content){0};
	arena_init(&content->arena, HEADS_BYTES_MAX);
	read_heads(options, e, content);
	read_body(options, &e->request, &content->request, &content->streams[0]);
	read_body(options, &e->response, &content->response, &content->streams[1]);
}

void
http_content_read_message(const struct http_content_options *options,
    struct websocket_message *m, struct http_content *content)
{
	struct content_facts facts;

	*content = (struct http_content){0};
	buf_init(&content->request, room_for(options, m->content));
	if (m->content.length == 0)
		return;
	content->streams[0] = http_content_new(options, NULL, 0);
	read_whole(content->streams[0], m->content, m->truncated, &content->request,
	    &facts);
	m->content = (struct bytes){buf_data(&content->request),
	    buf_length(&content->request)};
	m->truncated |= facts.cut;
	if (m->decode_error == NULL)
		m->decode_error = facts.error;
	m->redacted = facts.redacted;
}

void
http_content_free(struct http_content *content)
{
	arena_free(&content->arena);
	buf_free(&content->target);
	buf_free(&content->request);
	buf_free(&content->response);
	content_free(content->streams[0]);
	content_free(content->streams[1]);
}
