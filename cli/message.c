/* SPDX-License-Identifier: ISC */
/*
 * The format raw: the messages of an exchange one behind the other, in the form of
 * HTTP/1.1 (RFC 9112), whatever they were sent in. Fields stand as they were logged but
 * for those that tell a receiver how to read the body: they are about the body that
 * stands there. CLI.
 */
#include <inttypes.h>
#include <string.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/exchanges.h"
#include "cli/heads.h"
#include "cli/safe.h"
#include "cli/view.h"

struct message {
	struct view *v;
	const struct exchange *e;
	enum exchange_side side;
	yyjson_val *fields; /* http.request or http.response */
	bool framed_anew;   /* what stands there has another length or form */
	uint64_t length;    /* of what stands there */
	int error;          /* the first */
};

static void
put_bytes(struct message *m, const char *text, size_t length)
{
	if (m->error == 0)
		m->error = buf_append(&m->v->page, text, length);
}

static void
put(struct message *m, const char *text)
{
	put_bytes(m, text, strlen(text));
}

static void
put_value(struct message *m, yyjson_val *text)
{
	put_bytes(m, yyjson_get_str(text), yyjson_get_len(text));
}

/* A terminal takes the return for a command. */
static void
put_end(struct message *m)
{
	put(m, m->v->terminal ? "\n" : "\r\n");
}

static yyjson_val *
at(const struct message *m, const char *pointer)
{
	return yyjson_ptr_get(m->e->record, pointer);
}

/* --- heads --- */

static void
put_request_line(struct message *m)
{
	yyjson_val *query = at(m, "/url/query");

	put_value(m, yyjson_obj_get(m->fields, "method"));
	put(m, " ");
	put_value(m, at(m, "/url/path"));
	put(m, query == NULL ? "" : "?");
	put_value(m, query);
	put(m, " ");
	put(m, head_version(m->e->record, "HTTP/1.1"));
	put_end(m);
}

static void
put_status_line(struct message *m)
{
	put(m, head_version(m->e->record, "HTTP/1.1"));
	if (m->error == 0)
		m->error = buf_printf(&m->v->page, " %03" PRIu64 " ",
		    yyjson_get_uint(yyjson_obj_get(m->fields, "status_code")));
	put_value(m, yyjson_obj_get(m->fields, "reason"));
	put_end(m);
}

/* How to read the body (RFC 9112 section 6, RFC 9110 section 8.4). */
static bool
frames_body(const struct head_field *field)
{
	return head_is(field, "content-length") ||
	    head_is(field, "transfer-encoding");
}

static bool
is_undone(const struct message *m, const struct head_field *field)
{
	return head_is(field, "content-encoding") &&
	    yyjson_obj_get(m->e->bodies[m->side].facts, "decoded_bytes") != NULL;
}

static void
put_field(struct message *m, const struct head_field *field)
{
	put_bytes(m, field->name, field->name_length);
	put(m, ": ");
	put_bytes(m, field->value, field->value_length);
	put_end(m);
}

/* HTTP/2 has it in front of the fields (RFC 9113 section 8.3.1). */
static void
put_host(struct message *m)
{
	const char *full = yyjson_get_str(at(m, "/url/full"));
	const char *host = full == NULL ? NULL : strstr(full, "://");

	if (m->side != EXCHANGE_REQUEST || host == NULL ||
	    strcmp(head_version(m->e->record, "2"), "2") != 0 ||
	    head_find(m->fields, "host") != NULL)
		return;
	put(m, "host: ");
	put_bytes(m, host + 3, strcspn(host + 3, "/?#"));
	put_end(m);
}

static void
put_fields(struct message *m)
{
	struct head_walk walk;
	struct head_field field;

	put_host(m);
	head_begin(&walk, m->fields);
	while (head_next(&walk, &field)) {
		if (!is_undone(m, &field) && !(m->framed_anew && frames_body(&field)))
			put_field(m, &field);
	}
	if (m->framed_anew) {
		if (m->error == 0)
			m->error = buf_printf(&m->v->page,
			    "content-length: %" PRIu64, m->length);
		put_end(m);
	}
	put_end(m);
}

/* --- body --- */

static int
count_piece(void *context, const uint8_t *bytes, size_t length)
{
	struct message *m = context;

	(void)bytes;
	m->length += length;
	return 0;
}

static int
put_piece(void *context, const uint8_t *bytes, size_t length)
{
	struct message *m = context;
	int error = buf_append(&m->v->page, bytes, length);

	return error != 0 ? error : view_flush_some(m->v);
}

/* Answers to HEAD, and 204 and 304, have fields about a body that is not there. */
static bool
has_body(const struct message *m)
{
	const struct exchange_body *body = &m->e->bodies[m->side];

	return body->is_kept ||
	    yyjson_get_uint(yyjson_obj_get(body->facts, "bytes")) > 0;
}

/* What was sent in chunks, in HTTP/2 or coded, or is cut, is framed by its length. */
static void
measure(struct message *m)
{
	const char *length = head_find(m->fields, "content-length");
	char text[24];

	if (m->error != 0 || !has_body(m))
		return;
	m->error = exchange_read_body(m->e, m->side, count_piece, m);
	(void)snprintf(text, sizeof(text), "%" PRIu64, m->length);
	m->framed_anew = length == NULL || strcmp(length, text) != 0 ||
	    head_find(m->fields, "transfer-encoding") != NULL;
}

static void
tell_cut(const struct message *m)
{
	const char *id = yyjson_get_str(at(m, "/event/id"));

	if (has_body(m) && (m->e->bodies[m->side].is_cut ||
	                       !m->e->bodies[m->side].is_kept))
		diag_warning("%s: not all of the body of the %s is in the log",
		    id == NULL ? "?" : id,
		    m->side == EXCHANGE_REQUEST ? "request" : "response");
}

/* --- messages --- */

static bool
is_asked_for(const struct view *v, unsigned part)
{
	return v->pretty.parts == 0 || (v->pretty.parts & part) != 0;
}

static int
write_message(struct view *v, const struct exchange *e, enum exchange_side side,
    unsigned head, unsigned body)
{
	struct message m = {.v = v, .e = e, .side = side,
	    .fields = exchange_message(e, side)};

	if (m.fields == NULL)
		return 0;
	measure(&m);
	if (is_asked_for(v, head)) {
		if (side == EXCHANGE_REQUEST)
			put_request_line(&m);
		else
			put_status_line(&m);
		put_fields(&m);
	}
	if (is_asked_for(v, body) && m.error == 0) {
		tell_cut(&m);
		m.error = exchange_read_body(e, side, put_piece, &m);
	}
	return m.error;
}

static int
write_exchange(struct view *v, const struct exchange *e)
{
	int error = write_message(v, e, EXCHANGE_REQUEST, PRETTY_REQUEST_HEAD,
	    PRETTY_REQUEST_BODY);

	return error != 0 ? error : write_message(v, e, EXCHANGE_RESPONSE,
	    PRETTY_RESPONSE_HEAD, PRETTY_RESPONSE_BODY);
}

const struct format_writer format_raw = {.exchange = write_exchange,
    .escape = safe_text, .keep = "\n\t"};
