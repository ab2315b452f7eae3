/* SPDX-License-Identifier: ISC */
/*
 * The format har: HTTP Archive 1.2, as browsers write and read it. An entry goes out
 * as it is made, its bodies in pieces, so that memory does not grow. What HAR has no
 * member for stands in one that begins with an underscore, by the names that Chromium
 * has where it has some. CLI.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/json.h"
#include "cli/exchanges.h"
#include "cli/har_lists.h"
#include "cli/heads.h"
#include "cli/safe.h"
#include "cli/view.h"
#include "log/when.h"
#include "mitm/event.h"

#define FORM_BYTES_MAX ((size_t)1024 * 1024)
#define MS_MAX 1e12 /* what is longer is no measure of time */

struct har {
	struct view *v;
	struct json j;
	const struct exchange *e;
};

static yyjson_val *
at(const struct har *h, const char *pointer)
{
	return yyjson_ptr_get(h->e->record, pointer);
}

static void
put_value(struct har *h, const char *key, yyjson_val *text, const char *otherwise)
{
	if (yyjson_is_str(text))
		json_string(&h->j, key, yyjson_get_str(text), yyjson_get_len(text));
	else if (otherwise != NULL)
		json_text(&h->j, key, otherwise);
}

/* --- heads --- */

/* What the head takes in HTTP/1, where it was that and all of it is there. */
static void
put_headers_size(struct har *h, yyjson_val *message, size_t line_bytes,
    size_t fields_bytes)
{
	bool known = strncmp(head_version(h->e->record, ""), "HTTP/1", 6) == 0 &&
	    yyjson_obj_get(message, "head_too_long") == NULL &&
	    at(h, "/sightglass/redacted") == NULL;

	json_int(&h->j, "headersSize",
	    known ? (int64_t)(line_bytes + fields_bytes + 2) : -1);
}

/* Returns how many bytes they are, as "name: value" with an end of line. */
static size_t
put_headers(struct har *h, yyjson_val *message)
{
	struct head_walk walk;
	struct head_field field;
	size_t bytes = 0;

	json_array_begin(&h->j, "headers");
	head_begin(&walk, message);
	while (head_next(&walk, &field)) {
		json_object_begin(&h->j, NULL);
		json_string(&h->j, "name", field.name, field.name_length);
		json_string(&h->j, "value", field.value, field.value_length);
		json_object_end(&h->j);
		bytes += field.name_length + field.value_length + 4;
	}
	json_array_end(&h->j);
	return bytes;
}

/* --- bodies --- */

static int
put_text_piece(void *context, const uint8_t *bytes, size_t length)
{
	struct har *h = context;

	json_string_part(&h->j, bytes, length);
	return json_error(&h->j) != 0 ? json_error(&h->j) : view_flush_some(h->v);
}

static int
put_base64_piece(void *context, const uint8_t *bytes, size_t length)
{
	struct har *h = context;

	json_base64_part(&h->j, bytes, length);
	return json_error(&h->j) != 0 ? json_error(&h->j) : view_flush_some(h->v);
}

static int
put_body_text(struct har *h, enum exchange_side side)
{
	const struct exchange_body *body = &h->e->bodies[side];

	if (!body->is_kept)
		return 0;
	if (!body->is_text)
		json_text(&h->j, "encoding", "base64");
	json_string_begin(&h->j, "text");
	int error = exchange_read_body(h->e, side,
	    body->is_text ? put_text_piece : put_base64_piece, h);
	json_string_end(&h->j);
	return error;
}

static void
put_cut(struct har *h, enum exchange_side side)
{
	if (h->e->bodies[side].is_cut)
		json_text(&h->j, "comment", "not all of it was kept");
}

static uint64_t
body_number(const struct har *h, enum exchange_side side, const char *name)
{
	return yyjson_get_uint(yyjson_obj_get(h->e->bodies[side].facts, name));
}

static int
collect_form(void *context, const uint8_t *bytes, size_t length)
{
	return buf_append(context, bytes, length);
}

/* The pairs of a form, unless it is longer than any that a person fills in. */
static int
put_params(struct har *h, const char *type)
{
	struct buf form;

	if (strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0 ||
	    !h->e->bodies[EXCHANGE_REQUEST].is_text)
		return 0;
	buf_init(&form, FORM_BYTES_MAX);
	int error = exchange_read_body(h->e, EXCHANGE_REQUEST, collect_form, &form);
	if (error == 0)
		har_pairs(&h->j, "params", (const char *)buf_data(&form),
		    buf_length(&form));
	buf_free(&form);
	return error == E_LIMIT ? 0 : error;
}

static int
put_post_data(struct har *h, yyjson_val *request)
{
	const char *type = head_find(request, "content-type");

	if (body_number(h, EXCHANGE_REQUEST, "bytes") == 0 &&
	    !h->e->bodies[EXCHANGE_REQUEST].is_kept)
		return 0;
	json_object_begin(&h->j, "postData");
	json_text(&h->j, "mimeType", type == NULL ? "" : type);
	int error = put_params(h, type == NULL ? "" : type);
	if (error == 0)
		error = put_body_text(h, EXCHANGE_REQUEST);
	put_cut(h, EXCHANGE_REQUEST);
	json_object_end(&h->j);
	return error;
}

static int
put_content(struct har *h, yyjson_val *response)
{
	const char *type = head_find(response, "content-type");
	uint64_t bytes = body_number(h, EXCHANGE_RESPONSE, "bytes");
	uint64_t decoded = body_number(h, EXCHANGE_RESPONSE, "decoded_bytes");
	uint64_t size = decoded > 0 ? decoded : bytes;

	json_object_begin(&h->j, "content");
	json_uint(&h->j, "size", size);
	if (decoded > 0)
		json_int(&h->j, "compression", (int64_t)size - (int64_t)bytes);
	json_text(&h->j, "mimeType", type == NULL ? "x-unknown" : type);
	int error = put_body_text(h, EXCHANGE_RESPONSE);
	put_cut(h, EXCHANGE_RESPONSE);
	json_object_end(&h->j);
	return error;
}

/* --- messages --- */

/* Of a WebSocket, whose scheme is said of TLS and of plain text by other names. */
static void
put_url(struct har *h)
{
	yyjson_val *full = at(h, "/url/full");
	const char *text = yyjson_get_str(full);

	if (!h->e->is_socket || text == NULL || strncmp(text, "http", 4) != 0) {
		put_value(h, "url", full, "");
		return;
	}
	json_string_begin(&h->j, "url");
	json_string_part(&h->j, "ws", 2);
	json_string_part(&h->j, text + 4, yyjson_get_len(full) - 4);
	json_string_end(&h->j);
}

static int
put_request(struct har *h)
{
	yyjson_val *request = exchange_message(h->e, EXCHANGE_REQUEST);
	yyjson_val *query = at(h, "/url/query");
	yyjson_val *path = at(h, "/url/path");
	yyjson_val *method = yyjson_obj_get(request, "method");
	size_t query_bytes = query == NULL ? 0 : yyjson_get_len(query) + 1;

	json_object_begin(&h->j, "request");
	put_value(h, "method", method, "");
	put_url(h);
	json_text(&h->j, "httpVersion", head_version(h->e->record, "HTTP/2.0"));
	har_cookies_sent(&h->j, request);
	size_t bytes = put_headers(h, request);
	har_pairs(&h->j, "queryString", yyjson_get_str(query), yyjson_get_len(query));
	int error = put_post_data(h, request);
	put_headers_size(h, request, yyjson_get_len(method) + yyjson_get_len(path) +
	    query_bytes + sizeof("  HTTP/1.1\r\n") - 1, bytes);
	json_uint(&h->j, "bodySize", body_number(h, EXCHANGE_REQUEST, "bytes"));
	json_object_end(&h->j);
	return error;
}

static int
put_response(struct har *h)
{
	yyjson_val *response = exchange_message(h->e, EXCHANGE_RESPONSE);
	yyjson_val *reason = yyjson_obj_get(response, "reason");
	const char *location = head_find(response, "location");

	json_object_begin(&h->j, "response");
	json_uint(&h->j, "status",
	    yyjson_get_uint(yyjson_obj_get(response, "status_code")));
	put_value(h, "statusText", reason, "");
	json_text(&h->j, "httpVersion",
	    response == NULL ? "" : head_version(h->e->record, "HTTP/2.0"));
	har_cookies_set(&h->j, response);
	size_t bytes = put_headers(h, response);
	int error = put_content(h, response);
	json_text(&h->j, "redirectURL", location == NULL ? "" : location);
	if (response == NULL)
		json_int(&h->j, "headersSize", -1);
	else
		put_headers_size(h, response,
		    sizeof("HTTP/1.1 200 \r\n") - 1 + yyjson_get_len(reason), bytes);
	json_int(&h->j, "bodySize", response == NULL
	        ? -1 : (int64_t)body_number(h, EXCHANGE_RESPONSE, "bytes"));
	json_object_end(&h->j);
	return error;
}

/* --- times --- */

/* sightglass.timing, in µs; -1: not known. */
static int64_t
timing_us(const struct har *h, const char *name)
{
	yyjson_val *ms = yyjson_obj_get(at(h, "/sightglass/timing"), name);
	double value = yyjson_get_num(ms);

	return yyjson_is_num(ms) && value >= 0 && value < MS_MAX
	    ? (int64_t)(value * 1000 + 0.5) : -1;
}

static void
put_us(struct har *h, const char *key, int64_t us)
{
	if (us < 0)
		json_int(&h->j, key, -1);
	else
		json_ms(&h->j, key, (uint64_t)us);
}

static int64_t
at_least_0(int64_t us)
{
	return us > 0 ? us : 0;
}

/* "connect" has in it what "ssl" says; send, wait and receive are never unknown. */
static void
put_timings(struct har *h)
{
	int64_t connect = timing_us(h, "connect"), tls = timing_us(h, "tls");
	int64_t both = connect < 0 ? tls : connect + at_least_0(tls);
	int64_t send = at_least_0(timing_us(h, "send"));
	int64_t wait = at_least_0(timing_us(h, "wait"));
	int64_t receive = at_least_0(timing_us(h, "receive"));

	put_us(h, "time", at_least_0(both) + send + wait + receive);
	json_object_begin(&h->j, "timings");
	json_int(&h->j, "blocked", -1);
	json_int(&h->j, "dns", -1);
	put_us(h, "connect", both);
	put_us(h, "ssl", tls);
	put_us(h, "send", send);
	put_us(h, "wait", wait);
	put_us(h, "receive", receive);
	json_object_end(&h->j);
}

/* --- WebSocket --- */

static unsigned
opcode_of(const char *type)
{
	static const struct {
		const char *type;
		enum ws_opcode opcode;
	} table[] = {{"text", WS_TEXT}, {"binary", WS_BINARY}, {"close", WS_CLOSE},
	    {"ping", WS_PING}, {"pong", WS_PONG}};

	for (size_t i = 0; type != NULL && i < ARRAY_LENGTH(table); i++) {
		if (strcmp(table[i].type, type) == 0)
			return table[i].opcode;
	}
	return WS_BINARY;
}

static void
put_seconds(struct har *h, yyjson_val *stamp)
{
	char text[48];
	int64_t us;

	if (!yyjson_is_str(stamp) || !when_stamp(yyjson_get_str(stamp),
	        yyjson_get_len(stamp), &us) || us < 0)
		us = 0;
	int n = snprintf(text, sizeof(text), "%" PRId64 ".%06" PRId64, us / 1000000,
	    us % 1000000);
	json_key(&h->j, "time", 4);
	json_raw(&h->j, text, (size_t)n);
}

/* In base64 what is binary, whether or not it could be text. */
static void
put_data(struct har *h, yyjson_val *message, unsigned opcode)
{
	const char *encoding =
	    yyjson_get_str(yyjson_obj_get(message, "encoding"));
	yyjson_val *content = yyjson_obj_get(message, "content");

	if (opcode == WS_BINARY && encoding != NULL && strcmp(encoding, "utf-8") == 0)
		json_base64(&h->j, "data", yyjson_get_str(content),
		    yyjson_get_len(content));
	else
		put_value(h, "data", content, "");
}

/* As Chromium has them, with seconds since the epoch. */
static int
put_message(void *context, yyjson_val *record)
{
	struct har *h = context;
	yyjson_val *message = yyjson_obj_get(record, "websocket");
	const char *from = yyjson_get_str(yyjson_obj_get(message, "from"));
	unsigned opcode =
	    opcode_of(yyjson_get_str(yyjson_obj_get(message, "type")));

	json_object_begin(&h->j, NULL);
	json_text(&h->j, "type",
	    from != NULL && strcmp(from, "client") == 0 ? "send" : "receive");
	put_seconds(h, yyjson_obj_get(record, "@timestamp"));
	json_uint(&h->j, "opcode", opcode);
	put_data(h, message, opcode);
	json_object_end(&h->j);
	return json_error(&h->j) != 0 ? json_error(&h->j) : view_flush_some(h->v);
}

static int
put_socket(struct har *h)
{
	if (!h->e->is_socket)
		return 0;
	json_text(&h->j, "_resourceType", "websocket");
	json_array_begin(&h->j, "_webSocketMessages");
	int error = exchange_read_messages(h->e, put_message, h);
	json_array_end(&h->j);
	return error;
}

/* --- entries --- */

/* What of it is not as it was sent. */
static void
put_comment(struct har *h)
{
	yyjson_val *redacted = at(h, "/sightglass/redacted"), *name;
	size_t index, count;

	if (redacted == NULL)
		return;
	json_string_begin(&h->j, "comment");
	json_string_part(&h->j, "redacted:", 9);
	yyjson_arr_foreach(redacted, index, count, name) {
		json_string_part(&h->j, index == 0 ? " " : ", ", index == 0 ? 1 : 2);
		json_string_part(&h->j, yyjson_get_str(name), yyjson_get_len(name));
	}
	json_string_end(&h->j);
}

static int
put_entry(struct har *h)
{
	json_object_begin(&h->j, NULL);
	put_value(h, "startedDateTime", at(h, "/@timestamp"), "1970-01-01T00:00:00Z");
	put_timings(h);
	int error = put_request(h);
	if (error == 0)
		error = put_response(h);
	json_object_begin(&h->j, "cache");
	json_object_end(&h->j);
	put_value(h, "serverIPAddress", at(h, "/destination/ip"), NULL);
	put_value(h, "connection", at(h, "/sightglass/flow"), NULL);
	put_comment(h);
	if (error == 0)
		error = put_socket(h);
	put_value(h, "_error", at(h, "/sightglass/incomplete"), NULL);
	put_value(h, "_process", at(h, "/process/name"), NULL);
	put_value(h, "_id", at(h, "/event/id"), NULL);
	json_object_end(&h->j);
	return error != 0 ? error : json_error(&h->j);
}

static int
write_exchange(struct view *v, const struct exchange *e)
{
	struct har h = {.v = v, .e = e};
	int error = buf_puts(&v->page, v->shown == 0 ? "\n" : ",\n");

	json_init(&h.j, &v->page);
	return error != 0 ? error : put_entry(&h);
}

static int
begin(struct view *v)
{
	struct json j;

	json_init(&j, &v->page);
	json_object_begin(&j, NULL);
	json_object_begin(&j, "log");
	json_text(&j, "version", "1.2");
	json_object_begin(&j, "creator");
	json_text(&j, "name", "sightglass");
	json_text(&j, "version", SIGHTGLASS_VERSION);
	json_object_end(&j);
	json_array_begin(&j, "pages");
	json_array_end(&j);
	json_array_begin(&j, "entries");
	return json_error(&j);
}

static int
end(struct view *v)
{
	return buf_puts(&v->page, "\n]}}\n");
}

const struct format_writer format_har = {.begin = begin,
    .exchange = write_exchange, .end = end, .escape = safe_json, .keep = "\n"};
