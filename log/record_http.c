/* SPDX-License-Identifier: ISC */
/*
 * Records of dataset http: an exchange as the tap saw it, with the URL put
 * together as RFC 9110 section 7.1 says. Pure; worker. Writes header values and
 * bodies as they were sent, but for the header fields that are to be redacted.
 */
#include "log/record.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "log/member.h"
#include "log/record_line.h"

#define FEW_FIELDS 48u /* as many need no memory of their own */
#define POINTER_BYTES sizeof(const struct http_field *)

/* A request's target taken apart; all borrowed. */
struct target {
	struct bytes scheme; /* empty: the flow's own */
	struct bytes authority;
	struct bytes path;
	struct bytes query;
	bool has_query;
};

static struct bytes
text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static bool
is_name(const struct bytes *name, const char *text)
{
	return name->length == strlen(text) &&
	    strncasecmp((const char *)name->data, text, name->length) == 0;
}

static bool
same_name(const struct bytes *a, const struct bytes *b)
{
	return a->length == b->length &&
	    strncasecmp((const char *)a->data, (const char *)b->data,
	        a->length) == 0;
}

/* The first field of that name, or NULL. */
static const struct bytes *
field(const struct http_message *m, const char *name)
{
	for (size_t i = 0; i < m->field_count; i++) {
		if (is_name(&m->fields[i].name, name))
			return &m->fields[i].value;
	}
	return NULL;
}

/* --- URL --- */

/* Splits `from` at the first byte that is in `set`; the rest keeps it. */
static struct bytes
take_until(struct bytes *from, const char *set)
{
	size_t n = 0;

	while (n < from->length && (from->data[n] == '\0' ||
	           strchr(set, from->data[n]) == NULL))
		n++;
	struct bytes head = {from->data, n};
	from->data += n;
	from->length -= n;
	return head;
}

/* The four forms of a request's target (RFC 9112 section 3.2), and the parts that
 * HTTP/2 has of it. */
static void
split_target(const struct http_exchange *e, struct target *t)
{
	struct bytes rest = e->target;

	*t = (struct target){.scheme = e->scheme, .authority = e->authority};
	if (is_name(&e->method, "CONNECT") && e->protocol.length == 0) {
		if (rest.length > 0)
			t->authority = rest;
		return;
	}
	if (rest.length > 0 && rest.data[0] != '/' && rest.data[0] != '*') {
		struct bytes scheme = take_until(&rest, ":/?");
		if (rest.length >= 3 && memcmp(rest.data, "://", 3) == 0) {
			rest.data += 3;
			rest.length -= 3;
			t->scheme = scheme;
			t->authority = take_until(&rest, "/?");
		} else {
			rest = e->target;
		}
	}
	t->path = take_until(&rest, "?");
	if (rest.length > 0) {
		t->has_query = true;
		t->query = (struct bytes){rest.data + 1, rest.length - 1};
	}
}

/* "host:port" into both; false: no port stands there. */
static bool
split_port(struct bytes *host, unsigned *port)
{
	size_t n = host->length;

	*port = 0;
	while (n > 0 && isdigit(host->data[n - 1]))
		n--;
	if (n == 0 || n == host->length || host->data[n - 1] != ':' ||
	    host->length - n > 5)
		return false;
	for (size_t i = n; i < host->length; i++)
		*port = *port * 10 + (unsigned)(host->data[i] - '0');
	host->length = n - 1;
	return true;
}

static void
put_full(struct json *j, const struct http_exchange *e, const struct target *t,
    struct bytes scheme, struct bytes authority)
{
	member_begin(j, F_URL_FULL);
	json_string_begin(j, NULL);
	json_string_part(j, scheme.data, scheme.length);
	json_string_part(j, "://", 3);
	json_string_part(j, authority.data, authority.length);
	if (t->path.length > 0 && t->path.data[0] == '/') /* and the query */
		json_string_part(j, t->path.data, (size_t)(e->target.data +
		    e->target.length - t->path.data));
	json_string_end(j);
}

/* Whom the request is for, by itself (RFC 9112 section 3.3) or by its flow. */
static struct bytes
authority_of(const struct record_facts *facts, const struct http_exchange *e,
    const struct target *t)
{
	const struct bytes *named = field(&e->request, "host");

	return t->authority.length > 0 ? t->authority
	    : named != NULL && named->length > 0 ? *named
	    : text_bytes(facts->scheme_host);
}

struct bytes
record_http_host(const struct record_facts *facts, const struct http_exchange *e)
{
	struct target t;
	unsigned port;

	split_target(e, &t);
	struct bytes host = authority_of(facts, e, &t);
	(void)split_port(&host, &port);
	return host;
}

/* Whether the request asks another host for something than TLS was begun with
 * (RFC 9110 section 7.4); a dot at the end changes no name. */
static bool
host_differs(const struct record_facts *facts, const struct http_exchange *e)
{
	struct bytes host = record_http_host(facts, e);

	if (host.length > 1 && host.data[host.length - 1] == '.')
		host.length--;
	return facts->tls && facts->named && !is_name(&host, facts->scheme_host);
}

static void
put_url(struct json *j, const struct record_facts *facts,
    const struct http_exchange *e)
{
	const struct bytes *named = field(&e->request, "host");
	struct target t;
	unsigned port;

	split_target(e, &t);
	struct bytes scheme = t.scheme.length > 0 ? t.scheme
	    : text_bytes(facts->tls ? "https" : "http");
	struct bytes authority = authority_of(facts, e, &t);
	struct bytes host = authority;
	if (!split_port(&host, &port))
		port = t.authority.length > 0 || named != NULL
		    ? (is_name(&scheme, "https") ? 443 : 80) : facts->port;
	member_object(j, F_URL);
	put_full(j, e, &t, scheme, authority);
	member_bytes(j, F_URL_SCHEME, scheme);
	member_bytes(j, F_URL_DOMAIN, host);
	member_uint(j, F_URL_PORT, port);
	member_bytes(j, F_URL_PATH, t.path);
	if (t.has_query)
		member_bytes(j, F_URL_QUERY, t.query);
	json_object_end(j);
}

/* --- fields --- */

/* Keys in lower case: in the escaped text too, ASCII letters alone change, and
 * no escape has one in upper case that means something else. */
static void
put_lower_key(struct json *j, const struct bytes *name)
{
	size_t before = buf_length(j->out);

	json_key(j, name->data, name->length);
	for (uint8_t *p = buf_data(j->out) + before,
	             *end = buf_data(j->out) + buf_length(j->out); p < end; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (uint8_t)(*p + ('a' - 'A'));
	}
}

bool
record_is_redacted(const struct record_writer *w, const struct bytes *name)
{
	for (size_t i = 0; i < w->redact_count; i++) {
		if (is_name(name, w->redact_headers[i]))
			return true;
	}
	return false;
}

static int
by_name(const void *a, const void *b)
{
	const struct http_field *x = *(const struct http_field *const *)a;
	const struct http_field *y = *(const struct http_field *const *)b;
	size_t length = x->name.length < y->name.length ? x->name.length
	                                                : y->name.length;
	int order = strncasecmp((const char *)x->name.data,
	    (const char *)y->name.data, length);

	if (order == 0)
		order = (x->name.length > y->name.length) -
		    (x->name.length < y->name.length);
	return order != 0 ? order : (x > y) - (x < y);
}

/* The values of one name: of the field at `at` and of those behind it. */
static void
put_values(struct json *j, const struct http_field *const *at,
    const struct http_field *const *end, bool hide)
{
	const struct bytes *name = &(*at)->name;

	put_lower_key(j, name);
	json_array_begin(j, NULL);
	for (; at < end && same_name(&(*at)->name, name); at++) {
		if (hide)
			json_text(j, NULL, "[redacted]");
		else
			json_string(j, NULL, (*at)->value.data, (*at)->value.length);
	}
	json_array_end(j);
}

/* Equal names become one member, in the order of their first. How many there are
 * is the sender's choice, so they are found in sorted order. */
static void
put_sorted(struct json *j, const struct record_writer *w,
    const struct http_field *fields, size_t count,
    const struct http_field **sorted)
{
	for (size_t i = 0; i < count; i++)
		sorted[i] = &fields[i];
	qsort(sorted, count, POINTER_BYTES, by_name);
	for (size_t i = 0; i < count; i++) {
		const struct http_field *field = &fields[i];
		const struct http_field **at =
		    bsearch(&field, sorted, count, POINTER_BYTES, by_name);
		if (at == sorted || !same_name(&at[-1]->name, &field->name))
			put_values(j, at, sorted + count,
			    record_is_redacted(w, &field->name));
	}
}

static void
put_fields(struct json *j, enum field map, const struct record_writer *w,
    const struct http_field *fields, size_t count)
{
	const struct http_field *few[FEW_FIELDS], **sorted = few;

	if (count > FEW_FIELDS)
		sorted = malloc(count * POINTER_BYTES);
	member_object(j, map);
	if (sorted == NULL)
		json_fail(j, E_NOMEM);
	else
		put_sorted(j, w, fields, count, sorted);
	json_object_end(j);
	if (sorted != few)
		free(sorted);
}

/* A list that is begun with its first item. */
static void
put_redacted_name(struct json *j, bool *any, const char *place, const char *name)
{
	if (!*any)
		member_array(j, F_REDACTED);
	*any = true;
	json_string_begin(j, NULL);
	json_string_part(j, place, strlen(place));
	json_string_part(j, name, strlen(name));
	json_string_end(j);
}

void
record_redacted(struct json *j, bool *any, const char *place,
    const struct redacted *redacted)
{
	if (redacted->names == NULL)
		return;
	for (size_t i = 0; i < REDACT_RULES_MAX; i++) {
		if (record_met(redacted, i))
			put_redacted_name(j, any, place, redacted->names[i]);
	}
}

static void
put_redacted(struct json *j, const struct record_writer *w,
    const struct http_exchange *e)
{
	bool any = false;

	for (size_t i = 0; i < w->redact_count; i++) {
		if (field(&e->request, w->redact_headers[i]) != NULL ||
		    field(&e->response, w->redact_headers[i]) != NULL)
			put_redacted_name(j, &any, "", w->redact_headers[i]);
	}
	record_redacted(j, &any, "url.", &e->redacted_userinfo);
	record_redacted(j, &any, "url.query.", &e->redacted);
	record_redacted(j, &any, "http.request.headers.", &e->request.redacted);
	record_redacted(j, &any, "http.response.headers.", &e->response.redacted);
	record_redacted(j, &any, "http.request.body.", &e->request.body.redacted);
	record_redacted(j, &any, "http.response.body.", &e->response.body.redacted);
	if (any)
		json_array_end(j);
}

/* --- body --- */

static void
put_body(struct json *j, const struct http_message *m)
{
	const struct http_body *body = &m->body;
	const struct bytes *coding = field(m, "content-encoding");

	member_object(j, F_BODY);
	member_uint(j, F_BODY_BYTES, body->wire_bytes);
	record_content(j, body->content, body->content_truncated);
	if (coding != NULL && body->wire_bytes > 0)
		member_bytes(j, F_CONTENT_ENCODING, *coding);
	if (body->decoded)
		member_uint(j, F_DECODED_BYTES, body->decoded_bytes);
	member_text_if(j, F_CHARSET, body->charset);
	member_uint_if(j, F_REPLACED, body->replaced);
	member_text_if(j, F_DECODE_ERROR, body->decode_error);
	if (body->as_sent.length > 0) {
		member_begin(j, F_AS_SENT);
		json_base64(j, NULL, body->as_sent.data, body->as_sent.length);
	}
	if (body->in_parts)
		member_uint(j, F_BODY_PARTS, body->parts);
	member_true_if(j, F_BODY_TRUNCATED, body->content_truncated);
	json_object_end(j);
}

static bool
has_upper_case(const struct bytes *name)
{
	for (size_t i = 0; i < name->length; i++) {
		if (name->data[i] >= 'A' && name->data[i] <= 'Z')
			return true;
	}
	return false;
}

/* Whether the map of them says how they came: in lower case, equal ones together. Few
 * fields are looked through twice, many are taken for what they say. */
static bool
is_told_by_map(const struct http_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (has_upper_case(&fields[i].name))
			return false;
	}
	for (size_t i = 2; i < count && count <= FEW_FIELDS; i++) {
		for (size_t k = 0; k + 1 < i; k++) {
			if (same_name(&fields[k].name, &fields[i].name) &&
			    !same_name(&fields[i - 1].name, &fields[i].name))
				return false;
		}
	}
	return true;
}

static void
put_names(struct json *j, const struct http_field *fields, size_t count)
{
	if (is_told_by_map(fields, count))
		return;
	member_array(j, F_HEADER_NAMES);
	for (size_t i = 0; i < count; i++)
		json_string(j, NULL, fields[i].name.data, fields[i].name.length);
	json_array_end(j);
}

static void
put_message(struct json *j, const struct record_writer *w,
    const struct http_message *m)
{
	put_fields(j, F_HEADERS, w, m->fields, m->field_count);
	put_names(j, m->fields, m->field_count);
	put_body(j, m);
	if (m->trailer_count > 0)
		put_fields(j, F_TRAILERS, w, m->trailers, m->trailer_count);
	member_true_if(j, F_HEAD_TOO_LONG, m->head_too_long);
}

static void
put_http(struct json *j, const struct record_writer *w,
    const struct record_facts *facts, const struct http_exchange *e)
{
	member_object(j, F_HTTP);
	member_text(j, F_HTTP_VERSION, e->version);
	member_object(j, F_REQUEST);
	record_request_id(j, facts, e->serial);
	member_bytes_if(j, F_METHOD, e->method);
	put_message(j, w, &e->request);
	json_object_end(j);
	if (e->status != 0) {
		member_object(j, F_RESPONSE);
		member_uint(j, F_STATUS_CODE, e->status);
		member_bytes_if(j, F_REASON_PHRASE, e->reason);
		put_message(j, w, &e->response);
		json_object_end(j);
	}
	json_object_end(j);
}

/* --- the rest --- */

static void
put_span(struct json *j, enum field field, uint64_t from_us, uint64_t to_us)
{
	if (from_us != 0 && to_us != 0)
		member_ms(j, field, to_us > from_us ? to_us - from_us : 0);
}

static void
put_timing(struct json *j, const struct record_timing *timing,
    const struct http_exchange *e)
{
	member_object(j, F_TIMING);
	if (timing != NULL && timing->connect_us != 0)
		member_ms(j, F_TIMING_CONNECT, timing->connect_us);
	if (timing != NULL && timing->tls_us != 0)
		member_ms(j, F_TIMING_TLS, timing->tls_us);
	put_span(j, F_TIMING_SEND, e->request.first_us, e->request.last_us);
	put_span(j, F_TIMING_WAIT, e->request.last_us, e->response.first_us);
	put_span(j, F_TIMING_RECEIVE, e->response.first_us, e->response.last_us);
	json_object_end(j);
}

static const char *
incomplete_name(enum http_incomplete incomplete)
{
	switch (incomplete) {
	case HTTP_NO_RESPONSE:
		return "no_response";
	case HTTP_CUT_REQUEST:
		return "cut_request";
	case HTTP_CUT_RESPONSE:
		return "cut_response";
	case HTTP_PARSER_GAVE_UP:
		return "parser_gave_up";
	case HTTP_CONTINUES:
		return "continues";
	case HTTP_WHOLE:
		break;
	}
	return NULL;
}

static void
put_reset(struct json *j, const struct http_exchange *e)
{
	if (e->reset_error == NULL)
		return;
	member_object(j, F_RESET);
	member_text(j, F_RESET_BY,
	    e->reset_by == FROM_CLIENT ? "client" : "server");
	member_text(j, F_RESET_ERROR, e->reset_error);
	json_object_end(j);
}

static void
put_own(struct record_line *line, const struct record_writer *w,
    const struct record_facts *facts, const struct record_timing *timing,
    const struct http_exchange *e)
{
	struct json *j = &line->json;

	record_begin_own(line, facts);
	member_uint(j, F_STREAM, e->stream);
	member_true_if(j, F_HOST_MISMATCH, host_differs(facts, e));
	put_timing(j, timing, e);
	if (e->informational_count > 0) {
		member_object(j, F_INFORMATIONAL);
		member_uint(j, F_INFORMATIONAL_COUNT, e->informational_count);
		member_uint(j, F_INFORMATIONAL_LAST, e->last_informational);
		json_object_end(j);
	}
	member_true_if(j, F_UPGRADED, e->upgraded);
	member_bytes_if(j, F_EXTENDED_PROTOCOL, e->protocol);
	member_true_if(j, F_PUSHED, e->pushed);
	member_true_if(j, F_UNPROCESSED, e->unprocessed);
	put_reset(j, e);
	member_text_if(j, F_INCOMPLETE, incomplete_name(e->incomplete));
	member_uint_if(j, F_PARTIALS, e->partials);
	member_text_if(j, F_PARSE_ERROR, e->parse_error);
	record_capture(j, e->capture);
	put_redacted(j, w, e);
}

static uint64_t
duration_us(const struct http_exchange *e)
{
	uint64_t end_us = e->response.last_us != 0 ? e->response.last_us
	                                           : e->request.last_us;

	return end_us > e->request.first_us ? end_us - e->request.first_us : 0;
}

int
record_http(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct record_timing *timing,
    const struct http_exchange *e, struct buf *out)
{
	const struct bytes *agent = field(&e->request, "user-agent");
	struct record_line line;
	struct json *j = &line.json;

	record_begin(&line, w, sequence, DATASET_HTTP, e->request.first_us,
	    duration_us(e), facts, out);
	put_http(j, w, facts, e);
	put_url(j, facts, e);
	record_grpc(j, w, e);
	if (agent != NULL) {
		member_object(j, F_USER_AGENT);
		member_bytes(j, F_USER_AGENT_ORIGINAL, *agent);
		json_object_end(j);
	}
	put_own(&line, w, facts, timing, e);
	return record_end(&line);
}
