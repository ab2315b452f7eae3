/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of log/record_http: the input is an exchange, written down as
 *
 *   flags method target LF {name:value LF} LF {name:value LF} LF body
 *
 * with one byte of flags, the first of the lists the request's fields and the
 * second the response's. Whatever it holds, the record is one line of JSON that
 * a strict parser takes, loses no field and no byte of the body, and is not
 * written at all into a buffer one byte too small. Runs in the fuzzer and in
 * the unit suite.
 */
#include "log/record.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/err.h"
#include "t/fuzz/target.h"

#define FIELDS_MAX 64

enum { IS_TLS = 1, IS_CUT = 2, NO_ANSWER = 4, HAS_TRAILERS = 8 };

static const char *const redacted[] = {"cookie"};
static const struct record_writer writer = {.run_id = "abcdefgh",
    .hostname = "box", .redact_headers = redacted, .redact_count = 1};

/* Takes what stands before the first `mark`, and the mark. */
static struct bytes
take(struct bytes *from, uint8_t mark)
{
	struct bytes head = *from;
	const uint8_t *at = from->length == 0 ? NULL
	    : memchr(from->data, mark, from->length);

	if (at != NULL)
		head.length = (size_t)(at - from->data);
	size_t used = head.length + (at != NULL);
	from->data += used;
	from->length -= used;
	return head;
}

/* Up to an empty line. */
static size_t
take_fields(struct bytes *from, struct http_field fields[FIELDS_MAX])
{
	size_t count = 0;

	while (from->length > 0) {
		struct bytes line = take(from, '\n');
		if (line.length == 0)
			break;
		if (count == FIELDS_MAX)
			continue;
		fields[count].name = take(&line, ':');
		fields[count++].value = line;
	}
	return count;
}

static size_t
count_values(yyjson_val *fields)
{
	size_t index, count, sum = 0;
	yyjson_val *key, *values;

	if (fields == NULL)
		return 0;
	yyjson_obj_foreach(fields, index, count, key, values) {
		must(yyjson_is_str(key) && yyjson_arr_size(values) > 0);
		sum += yyjson_arr_size(values);
	}
	return sum;
}

static unsigned
digit(char c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = strchr(digits, c);

	must(at != NULL && c != '\0');
	return (unsigned)(at - digits);
}

/* RFC 4648 section 4, byte by byte against what was encoded. */
static void
check_base64(const char *text, size_t length, const struct bytes *body)
{
	must(length == (body->length + 2) / 3 * 4);
	for (size_t i = 0; i < body->length; i++) {
		const char *group = text + i / 3 * 4 + i % 3;
		unsigned pair = digit(group[0]) << 6 | digit(group[1]);
		must((uint8_t)(pair >> (4 - 2 * (i % 3))) == body->data[i]);
	}
}

/* The beginning of a character, and not all of it. */
static bool
is_cut_character(const uint8_t *p, size_t length)
{
	size_t whole = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return false;
	}
	return p[0] >= 0xc2 && p[0] <= 0xf4 && length < whole;
}

static void
check_body(yyjson_val *body, const struct http_body *sent)
{
	yyjson_val *content = yyjson_obj_get(body, "content");
	const char *text = yyjson_get_str(content);
	size_t length = yyjson_get_len(content);

	must(yyjson_get_uint(yyjson_obj_get(body, "bytes")) == sent->wire_bytes);
	must(length <= sent->content.length || !yyjson_equals_str(
	    yyjson_obj_get(body, "encoding"), "utf-8"));
	must((text != NULL) == (sent->content.length > 0));
	if (text == NULL)
		return;
	if (yyjson_equals_str(yyjson_obj_get(body, "encoding"), "base64")) {
		check_base64(text, length, &sent->content);
		return;
	}
	must(length == 0 || memcmp(text, sent->content.data, length) == 0);
	if (length < sent->content.length)
		must(sent->content_truncated && is_cut_character(
		    sent->content.data + length, sent->content.length - length));
}

static void
check_message(yyjson_val *message, const struct http_message *sent)
{
	must(count_values(yyjson_obj_get(message, "headers")) ==
	    sent->field_count);
	must(count_values(yyjson_obj_get(message, "trailers")) ==
	    sent->trailer_count);
	check_body(yyjson_obj_get(message, "body"), &sent->body);
}

static void
check_line(const struct buf *out, const struct http_exchange *e)
{
	const char *line = (const char *)buf_data(out);
	size_t length = buf_length(out);

	must(memchr(line, '\n', length) == line + length - 1);
	yyjson_doc *doc = yyjson_read(line, length - 1, YYJSON_READ_NOFLAG);
	must(doc != NULL);
	yyjson_val *http = yyjson_doc_ptr_get(doc, "/http");
	check_message(yyjson_obj_get(http, "request"), &e->request);
	if (e->status != 0)
		check_message(yyjson_obj_get(http, "response"), &e->response);
	must(yyjson_is_str(yyjson_doc_ptr_get(doc, "/url/full")));
	must(yyjson_is_str(yyjson_doc_ptr_get(doc, "/url/path")));
	must(yyjson_is_uint(yyjson_doc_ptr_get(doc, "/url/port")));
	yyjson_doc_free(doc);
}

/* `all` holds the line: a buffer with less room must stay as it was. */
static void
check_small(const struct record_facts *facts, const struct http_exchange *e,
    const struct buf *all)
{
	struct buf small;

	buf_init(&small, buf_length(all) - 1);
	must(record_http(&writer, 1, facts, NULL, e, &small) == E_LIMIT);
	must(buf_length(&small) == 0);
	buf_free(&small);
}

static void
play(const struct http_exchange *e, bool tls)
{
	static const struct flow_facts flow = {.id = "flow"};
	struct record_facts facts;
	struct buf out;

	must(record_facts_make(&writer, &flow, tls, &facts) == 0);
	buf_init(&out, 64u * 1024 * 1024);
	must(record_http(&writer, 1, &facts, NULL, e, &out) == 0);
	check_line(&out, e);
	check_small(&facts, e, &out);
	buf_free(&out);
	record_facts_free(&facts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct http_field request[FIELDS_MAX], response[FIELDS_MAX];
	struct bytes rest = {bytes, length};
	struct http_exchange e = {.version = "1.1", .stream = 1,
	    .request.fields = request, .response.fields = response,
	    .request.trailers = response};

	if (length == 0)
		return 0;
	unsigned flags = *rest.data++;
	rest.length--;
	struct bytes line = take(&rest, '\n');
	e.method = take(&line, ' ');
	e.target = line;
	e.status = (flags & NO_ANSWER) != 0 ? 0 : 200;
	e.request.field_count = take_fields(&rest, request);
	e.response.field_count = take_fields(&rest, response);
	e.request.trailer_count =
	    (flags & HAS_TRAILERS) != 0 ? e.response.field_count : 0;
	e.response.body = (struct http_body){.content = rest,
	    .content_truncated = (flags & IS_CUT) != 0,
	    .wire_bytes = rest.length + ((flags & IS_CUT) != 0)};
	play(&e, (flags & IS_TLS) != 0);
	return 0;
}
