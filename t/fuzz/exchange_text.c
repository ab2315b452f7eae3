/* SPDX-License-Identifier: ISC */
/* Exchanges as text. Fuzz targets and unit suites only. */
#include "t/fuzz/exchange_text.h"

#include <inttypes.h>
#include <stdlib.h>

#include "mitm/body_parts.h"
#include "t/fuzz/conversation.h"

#define OUT_BODY_MAX 200u

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
print_captured(struct buf *out, const struct http_body *body)
{
	if (!body->truncated) {
		print(out, " bytes: ");
		return;
	}
	print(out, " bytes, first ");
	print_number(out, body->captured.length);
	print(out, ": ");
}

static void
print_body(struct buf *out, const char *mark, const struct http_body *body)
{
	struct bytes shown = body->in_parts ? body->content : body->captured;

	if (body->wire_bytes == 0)
		return;
	print(out, mark);
	print_number(out, body->wire_bytes);
	if (body->in_parts)
		must(buf_printf(out, " bytes, %u parts%s: ", body->parts,
		    body->content_truncated ? ", truncated" : "") == 0);
	else
		print_captured(out, body);
	if (shown.length > OUT_BODY_MAX)
		shown.length = OUT_BODY_MAX;
	print_bytes(out, shown);
	print(out, "\n");
}

static void
print_grpc(struct buf *out, const char *mark, const struct grpc_messages *m)
{
	if (m == NULL)
		return;
	must(buf_printf(out, "%s(gRPC: %" PRIu64 " messages, %" PRIu64 " bytes, "
	    "largest %" PRIu64 ", %" PRIu64 " compressed%s%s)\n", mark, m->count,
	    m->bytes, m->largest, m->compressed, m->error != NULL ? ", " : "",
	    m->error != NULL ? m->error : "") == 0);
}

static void
print_message(struct buf *out, bool request, const struct http_message *m)
{
	if (m->head_too_long)
		print(out, request ? "> (head too long)\n" : "< (head too long)\n");
	print_fields(out, request ? "> " : "< ", m->fields, m->field_count);
	print_body(out, request ? ">> " : "<< ", &m->body);
	print_grpc(out, request ? ">> " : "<< ", m->grpc);
	print_fields(out, request ? ">+ " : "<+ ", m->trailers, m->trailer_count);
}

/* Only what HTTP/2 has besides. */
static void
print_http2(struct buf *out, const struct http_exchange *x)
{
	const struct {
		const char *name;
		struct bytes text;
	} pseudo[] = {{"scheme", x->scheme}, {"authority", x->authority},
	    {"protocol", x->protocol}};

	for (size_t i = 0; i < ARRAY_LENGTH(pseudo); i++) {
		if (pseudo[i].text.length == 0)
			continue;
		must(buf_printf(out, ", %s ", pseudo[i].name) == 0);
		print_bytes(out, pseudo[i].text);
	}
	if (x->pushed)
		print(out, ", pushed");
	if (x->unprocessed)
		print(out, ", unprocessed");
	if (x->reset_error != NULL)
		must(buf_printf(out, ", reset by %s: %s", x->reset_by == FROM_CLIENT ?
		    "client" : "server", x->reset_error) == 0);
}

static void
print_exchange(struct buf *out, const struct http_exchange *x)
{
	static const char *const incomplete[] = {"whole", "no response",
	    "cut request", "cut response", "gave up", "continues"};

	print_number(out, x->stream);
	print(out, " ");
	print_bytes(out, x->method);
	print(out, " ");
	print_bytes(out, x->target);
	must(buf_printf(out, " %s, %u ", x->version, x->status) == 0);
	print_bytes(out, x->reason);
	must(buf_printf(out, ", %s", incomplete[x->incomplete]) == 0);
	if (x->parse_error != NULL)
		must(buf_printf(out, " (%s)", x->parse_error) == 0);
	if (x->upgraded)
		print(out, ", upgraded");
	if (x->informational_count > 0)
		must(buf_printf(out, ", %u informational, last %u",
		    x->informational_count, x->last_informational) == 0);
	if (x->capture != CAPTURE_BODY)
		print(out, x->capture == CAPTURE_HEAD ? ", head" : ", counted");
	print_http2(out, x);
	print(out, "\n");
	print_message(out, true, &x->request);
	print_message(out, false, &x->response);
}

static size_t
kept_of(const struct http_field *fields, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		kept += fields[i].name.length + fields[i].value.length;
	return kept;
}

static void
check_message(const struct exchange_text *t, const struct http_message *m)
{
	size_t captured = m->body.captured.length;

	must(m->body.wire_bytes >= captured && captured <= t->body_bytes);
	must(m->body.truncated == (m->body.wire_bytes > captured) ||
	    m->body.in_parts);
	must(!m->body.in_parts || captured == 0);
	must(m->body.in_parts || m->body.parts == 0);
	must(m->body.content.length <= t->body_bytes ||
	    m->body.content.length <= t->content_bytes);
	must(m->first_us <= m->last_us && m->last_us <= t->now_us);
	must(m->first_us != 0 || (!m->complete && m->field_count == 0));
	must(kept_of(m->fields, m->field_count) +
	    kept_of(m->trailers, m->trailer_count) <= t->head_bytes);
}

/* --- parts --- */

struct exchange_text_parts {
	struct exchange_text_parts *next;
	uint64_t stream, serial;
	enum direction from;
	uint64_t end; /* of the last one */
	unsigned count;
	bool last;
};

static struct exchange_text_parts *
find_parts(const struct exchange_text *t, uint64_t stream, uint64_t serial,
    enum direction from)
{
	struct exchange_text_parts *p = t->parts;

	while (p != NULL && (p->stream != stream || p->serial != serial ||
	           p->from != from))
		p = p->next;
	return p;
}

static void
check_parts(const struct exchange_text *t, const struct http_exchange *x,
    enum direction from, const struct http_body *body)
{
	const struct exchange_text_parts *p =
	    find_parts(t, x->stream, x->serial, from);

	must(body->parts == (p == NULL ? 0 : p->count));
	must(x->incomplete == HTTP_CONTINUES || p == NULL || p->last);
}

void
exchange_text_put_part(struct exchange_text *t, const struct body_part *part)
{
	struct exchange_text_parts *p =
	    find_parts(t, part->stream, part->serial, part->from);

	if (p == NULL) {
		p = calloc(1, sizeof(*p));
		if (p == NULL)
			abort();
		*p = (struct exchange_text_parts){.next = t->parts,
		    .stream = part->stream, .serial = part->serial,
		    .from = part->from, .end = part->offset};
		t->parts = p;
	}
	must(!p->last && part->number == ++p->count && part->offset >= p->end);
	must(part->last || part->content.length > 0);
	must(part->content.length <= BODY_PART_BYTES);
	must(part->first_us <= part->last_us && part->last_us <= t->now_us);
	p->end = part->offset + part->content.length;
	p->last = part->last;
	must(buf_printf(t->out, "%" PRIu64 " part %u %s at %" PRIu64 "%s%s: ",
	    part->stream, part->number, part->from == FROM_CLIENT ? ">" : "<",
	    part->offset, part->last ? ", last" : "",
	    part->truncated ? ", truncated" : "") == 0);
	print_bytes(t->out, (struct bytes){part->content.data,
	    part->content.length < OUT_BODY_MAX ? part->content.length :
	    OUT_BODY_MAX});
	print(t->out, "\n");
}

void
exchange_text_free(struct exchange_text *t)
{
	while (t->parts != NULL) {
		struct exchange_text_parts *next = t->parts->next;
		free(t->parts);
		t->parts = next;
	}
}

/* --- exchanges --- */

void
exchange_text_put(struct exchange_text *t, const struct http_exchange *x)
{
	must((x->parse_error != NULL) == (x->incomplete == HTTP_PARSER_GAVE_UP));
	must(x->stream > 0);
	check_message(t, &x->request);
	check_message(t, &x->response);
	check_parts(t, x, FROM_CLIENT, &x->request.body);
	check_parts(t, x, FROM_SERVER, &x->response.body);
	if (x->incomplete == HTTP_CONTINUES) {
		print_exchange(t->out, x);
		return;
	}
	t->body_bytes_told[FROM_CLIENT] += x->request.body.wire_bytes;
	t->body_bytes_told[FROM_SERVER] += x->response.body.wire_bytes;
	print_exchange(t->out, x);
}

void
exchange_text_put_websocket(struct exchange_text *t,
    const struct websocket_message *message)
{
	must(message->content.length <= t->body_bytes);
	must(message->first_us <= message->last_us &&
	    message->last_us <= t->now_us);
	must(buf_printf(t->out, "%" PRIu64 " message %" PRIu64 " %s opcode %u, %"
	    PRIu64 " bytes%s%s: ", message->stream, message->number,
	    message->from == FROM_CLIENT ? ">" : "<", message->opcode,
	    message->wire_bytes, message->complete ? "" : ", cut",
	    message->truncated ? ", truncated" : "") == 0);
	print_bytes(t->out, message->content);
	print(t->out, "\n");
}
