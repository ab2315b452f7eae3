/* SPDX-License-Identifier: ISC */
/*
 * A walker over length-prefixed messages, behind a decoder of base64 where the body
 * is text; and what of a call stands in its heads. Worker only.
 */
#include "mitm/grpc.h"

#include <string.h>
#include <strings.h>

#include "base/be.h"
#include "base/digits.h"
#include "base/err.h"
#include "mitm/http_fields.h"

/* PROTOCOL-WEB: the first byte of a prefix. */
#define COMPRESSED 0x01u
#define TRAILERS 0x80u

#define BASE64_DIGITS 4u
#define DECODED_BYTES 1024u

/* Why the counting ended. */
static const char wrong_flag[] = "wrong_flag";
static const char wrong_base64[] = "wrong_base64";
static const char behind_trailers[] = "behind_trailers";
static const char compressed_trailers[] = "compressed_trailers";
static const char content_encoding[] = "content_encoding";
static const char cut_message[] = "cut_message";

/* --- which bodies --- */

enum grpc_format
grpc_format_of(const struct http_field *fields, size_t count)
{
	static const struct {
		const char *type;
		enum grpc_format format;
	} known[] = {{"application/grpc", GRPC_PLAIN},
	    {"application/grpc-web", GRPC_WEB},
	    {"application/grpc-web-text", GRPC_WEB_TEXT}};
	const struct bytes *type = http_fields_find(fields, count, "content-type");

	if (type == NULL)
		return GRPC_NONE;
	/* What the messages are in may stand behind it: "+proto". */
	const char *text = (const char *)type->data;
	size_t length = 0;
	while (length < type->length && memchr("+; \t", text[length], 4) == NULL)
		length++;
	for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
		if (strlen(known[i].type) == length &&
		    strncasecmp(known[i].type, text, length) == 0)
			return known[i].format;
	}
	return GRPC_NONE;
}

/* A content coding lies around the framing then; gRPC has its own. */
static bool
is_coded(const struct http_field *fields, size_t count)
{
	const struct bytes *coding =
	    http_fields_find(fields, count, "content-encoding");

	return coding != NULL && coding->length > 0 &&
	    !http_has_word(*coding, "identity");
}

void
grpc_body_init(struct grpc_body *b, enum grpc_format format,
    const struct http_field *fields, size_t count, size_t trailer_bytes)
{
	*b = (struct grpc_body){.format = format};
	buf_init(&b->trailers, trailer_bytes);
	if (is_coded(fields, count))
		b->seen.error = content_encoding;
}

void
grpc_body_free(struct grpc_body *b)
{
	buf_free(&b->trailers);
}

/* --- messages --- */

static bool
in_trailers(const struct grpc_body *b)
{
	return (b->prefix[0] & TRAILERS) != 0;
}

static void
end_message(struct grpc_body *b)
{
	b->prefix_length = 0;
	if (in_trailers(b)) {
		b->trailers_whole = true;
		return;
	}
	b->seen.count++;
	if ((b->prefix[0] & COMPRESSED) != 0)
		b->seen.compressed++;
}

static void
begin_message(struct grpc_body *b)
{
	const uint8_t *p = b->prefix;
	uint32_t length = be32_dec(p + 1);

	b->payload_left = length;
	if (!in_trailers(b) && length > b->seen.largest)
		b->seen.largest = length;
	if (in_trailers(b) && (p[0] & COMPRESSED) != 0)
		b->seen.error = compressed_trailers;
	else if (length == 0)
		end_message(b);
}

static bool
is_flag(const struct grpc_body *b, uint8_t byte)
{
	unsigned trailers = b->format == GRPC_PLAIN ? 0 : TRAILERS;

	return (byte & ~(COMPRESSED | trailers)) == 0;
}

static size_t
read_prefix(struct grpc_body *b, const uint8_t *bytes, size_t length)
{
	size_t room = GRPC_PREFIX_BYTES - b->prefix_length;
	size_t used = length < room ? length : room;

	if (b->trailers_whole)
		b->seen.error = behind_trailers;
	else if (b->prefix_length == 0 && !is_flag(b, bytes[0]))
		b->seen.error = wrong_flag;
	if (b->seen.error != NULL)
		return length;
	memcpy(b->prefix + b->prefix_length, bytes, used);
	b->prefix_length += used;
	if (b->prefix_length == GRPC_PREFIX_BYTES)
		begin_message(b);
	return used;
}

static size_t
read_payload(struct grpc_body *b, const uint8_t *bytes, size_t length)
{
	size_t used = length < b->payload_left ? length : b->payload_left;

	if (!in_trailers(b)) {
		b->seen.bytes += used;
	} else {
		size_t before = buf_length(&b->trailers);
		(void)buf_append_some(&b->trailers, bytes, used);
		b->trailers_lost += used - (buf_length(&b->trailers) - before);
	}
	b->payload_left -= (uint32_t)used;
	if (b->payload_left == 0)
		end_message(b);
	return used;
}

static void
read_messages(struct grpc_body *b, const uint8_t *bytes, size_t length)
{
	while (length > 0 && b->seen.error == NULL) {
		size_t used = b->prefix_length < GRPC_PREFIX_BYTES
		    ? read_prefix(b, bytes, length)
		    : read_payload(b, bytes, length);
		bytes += used;
		length -= used;
	}
}

/* --- base64 --- */

/* The bytes that the digits so far stand for. */
static size_t
end_quantum(struct grpc_body *b, uint8_t *out)
{
	size_t count = b->digits - 1;
	uint32_t bits = b->quantum << 6 * (BASE64_DIGITS - b->digits);

	for (size_t i = 0; i < count; i++)
		out[i] = (uint8_t)(bits >> (16 - 8 * i));
	b->quantum = 0;
	b->digits = 0;
	return count;
}

/* Padding may stand in the middle: each piece of a stream may be coded by itself.
 * Returns how many bytes it gave. */
static size_t
read_padding(struct grpc_body *b, uint8_t *out)
{
	if (b->padding > 0) {
		b->padding--;
		return 0;
	}
	if (b->digits < 2) {
		b->seen.error = wrong_base64;
		return 0;
	}
	b->padding = BASE64_DIGITS - b->digits - 1;
	return end_quantum(b, out);
}

static size_t
read_digit(struct grpc_body *b, uint8_t byte, uint8_t *out)
{
	int digit = digit_base64(byte);

	if (byte == '=')
		return read_padding(b, out);
	if (digit < 0 || b->padding > 0) {
		b->seen.error = wrong_base64;
		return 0;
	}
	b->quantum = b->quantum << 6 | (uint32_t)digit;
	b->digits++;
	return b->digits == BASE64_DIGITS ? end_quantum(b, out) : 0;
}

static void
read_text(struct grpc_body *b, const uint8_t *bytes, size_t length)
{
	uint8_t out[DECODED_BYTES];
	size_t count = 0;

	for (size_t i = 0; i < length && b->seen.error == NULL; i++) {
		count += read_digit(b, bytes[i], out + count);
		if (count + BASE64_DIGITS <= sizeof(out))
			continue;
		read_messages(b, out, count);
		count = 0;
	}
	/* What stood before an error is read; it may bring its own. */
	const char *error = b->seen.error;
	b->seen.error = NULL;
	read_messages(b, out, count);
	if (b->seen.error == NULL)
		b->seen.error = error;
}

bool
grpc_body_feed(struct grpc_body *b, const uint8_t *bytes, size_t length)
{
	bool before = b->trailers_whole;

	if (b->seen.error != NULL)
		return false;
	if (b->format == GRPC_WEB_TEXT)
		read_text(b, bytes, length);
	else
		read_messages(b, bytes, length);
	return b->trailers_whole && !before;
}

void
grpc_body_end(struct grpc_body *b)
{
	if (b->seen.error == NULL && (b->prefix_length > 0 || b->digits > 0))
		b->seen.error = cut_message;
}

bool
grpc_next_trailer(struct bytes *rest, struct http_field *field)
{
	while (rest->length > 0) {
		const uint8_t *end = memchr(rest->data, '\n', rest->length);
		struct bytes line = {rest->data, end == NULL ? rest->length
		                                            : (size_t)(end - rest->data)};
		size_t used = line.length + (end != NULL);

		rest->data += used;
		rest->length -= used;
		if (line.length > 0 && line.data[line.length - 1] == '\r')
			line.length--;
		const uint8_t *colon = memchr(line.data, ':', line.length);
		if (colon == NULL)
			continue;
		size_t name = (size_t)(colon - line.data);
		field->name = (struct bytes){line.data, name};
		field->value = (struct bytes){colon + 1, line.length - name - 1};
		return true;
	}
	return false;
}

/* --- calls --- */

/* "/service/method"; what gRPC-Web has in front of that is a proxy's. */
static void
read_path(struct bytes path, struct grpc_call *call)
{
	const uint8_t *query = path.length == 0 ? NULL
	    : memchr(path.data, '?', path.length);
	size_t end = query == NULL ? path.length : (size_t)(query - path.data);
	size_t method = end;

	while (method > 0 && path.data[method - 1] != '/')
		method--;
	if (method < 2)
		return;
	size_t service = method - 1;
	while (service > 0 && path.data[service - 1] != '/')
		service--;
	if (service == 0)
		return;
	call->service = (struct bytes){path.data + service, method - 1 - service};
	call->method = (struct bytes){path.data + method, end - method};
}

/* It stands behind the messages, or in the head of an answer that has none. */
static const struct bytes *
find_status(const struct http_message *m, const char *name)
{
	const struct bytes *value =
	    http_fields_find(m->trailers, m->trailer_count, name);

	return value != NULL ? value
	                     : http_fields_find(m->fields, m->field_count, name);
}

/* doc/statuscodes.md. */
static const char *
status_name(unsigned status)
{
	static const char *const names[] = {"OK", "CANCELLED", "UNKNOWN",
	    "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
	    "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
	    "DATA_LOSS", "UNAUTHENTICATED"};

	return status < ARRAY_LENGTH(names) ? names[status] : NULL;
}

static void
read_status(const struct bytes *text, struct grpc_call *call)
{
	unsigned status = 0;

	if (text == NULL || text->length == 0 || text->length > 4)
		return;
	for (size_t i = 0; i < text->length; i++) {
		if (text->data[i] < '0' || text->data[i] > '9')
			return;
		status = status * 10 + (unsigned)(text->data[i] - '0');
	}
	call->has_status = true;
	call->status = status;
	call->status_name = status_name(status);
}

/* The byte that "%XX" stands for, or -1: it is none. */
static int
coded_byte(const uint8_t *p, size_t left)
{
	if (left < 3 || p[0] != '%')
		return -1;
	int high = digit_hex(p[1]), low = digit_hex(p[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Percent-encoded; what is not well formed stands as it is, as the protocol asks. */
static void
read_message(const struct bytes *text, struct grpc_call *call, struct buf *scratch)
{
	uint8_t *room;

	if (text == NULL || buf_reserve(scratch, text->length, &room) != 0)
		return;
	size_t length = 0;
	for (size_t i = 0; i < text->length; i++) {
		const uint8_t *p = text->data + i;
		int coded = coded_byte(p, text->length - i);
		room[length++] = coded < 0 ? *p : (uint8_t)coded;
		i += coded < 0 ? 0 : 2;
	}
	buf_commit(scratch, length);
	call->message = (struct bytes){buf_data(scratch), length};
}

static struct bytes
encoding_of(const struct http_message *m)
{
	static const struct bytes none = {0};
	const struct bytes *encoding =
	    http_fields_find(m->fields, m->field_count, "grpc-encoding");

	return encoding == NULL ? none : *encoding;
}

bool
grpc_describe(const struct http_exchange *e, struct grpc_call *call,
    struct buf *scratch)
{
	*call = (struct grpc_call){0};
	if (e->request.grpc == NULL && e->response.grpc == NULL)
		return false;
	read_path(e->target, call);
	read_status(find_status(&e->response, "grpc-status"), call);
	read_message(find_status(&e->response, "grpc-message"), call, scratch);
	call->encodings[FROM_CLIENT] = encoding_of(&e->request);
	call->encodings[FROM_SERVER] = encoding_of(&e->response);
	return true;
}
