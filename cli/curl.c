/* SPDX-License-Identifier: ISC */
/*
 * The format curl: for each exchange a command for sh that sends the request again,
 * with the fields that it had and no others. What curl(1) cannot send, and what the log
 * does not have, is said in comments in front. CLI; starts nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "cli/exchanges.h"
#include "cli/heads.h"
#include "cli/safe.h"
#include "cli/shell.h"
#include "cli/view.h"
#include "log/payload.h"

/* An argument of a program is 128 KiB at most on Linux. */
#define ARGUMENT_BYTES_MAX ((size_t)60 * 1024)
#define PRINTED_BYTES 1024u    /* in one line */
#define EXPECT_BYTES 1000u     /* with more curl asks for leave first */
#define WORD_BYTES_MAX ((size_t)4 * 1024 * 1024)

static const char tchars[] =
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/* RFC 3986 section 3.3 and 3.4, with "%". */
static const char target_chars[] =
    "-._~!$&'()*+,;=:@/?%0123456789abcdefghijklmnopqrstuvwxyz"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char authority_chars[] =
    "-._:[]0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* What becomes of the body. */
enum sending {
	SEND_NOTHING,
	SEND_ARGUMENT, /* in the command, as `body` */
	SEND_PIPE      /* printed in front of it */
};

struct curl {
	struct view *v;
	struct buf *out; /* the view's page */
	const struct exchange *e;
	yyjson_val *request;
	struct buf target, authority, body, as_sent;
	enum sending sending;
	bool decoded; /* the body is without its codings */
	int error;    /* the first */
};

static void
put(struct curl *c, const char *text)
{
	if (c->error == 0)
		c->error = buf_puts(c->out, text);
}

static void
put_word(struct curl *c, const char *text, size_t length)
{
	if (c->error == 0)
		c->error = shell_word(c->out, text, length);
}

static void
option(struct curl *c, const char *text)
{
	put(c, " ");
	put(c, text);
}

static void
option_word(struct curl *c, const char *text, const struct buf *word)
{
	option(c, text);
	put(c, text[0] == '\0' ? "" : " ");
	put_word(c, (const char *)buf_data(word), buf_length(word));
}

static void
comment(struct curl *c, const char *text, const char *from_outside)
{
	put(c, "# ");
	put(c, text);
	if (c->error == 0 && from_outside != NULL)
		c->error = safe_text(c->out, from_outside, strlen(from_outside), "");
	put(c, "\n");
}

static yyjson_val *
at(const struct curl *c, const char *pointer)
{
	return yyjson_ptr_get(c->e->record, pointer);
}

static bool
is_all_of(const char *text, size_t length, const char *set)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\0' || strchr(set, text[i]) == NULL)
			return false;
	}
	return length > 0;
}

static bool
buf_is_all_of(const struct buf *b, const char *set)
{
	return is_all_of((const char *)buf_data(b), buf_length(b), set);
}

/* What no line of HTTP/1 may have within. */
static bool
breaks_line(const char *text, size_t length)
{
	return length > 0 && (memchr(text, '\0', length) != NULL ||
	    memchr(text, '\r', length) != NULL || memchr(text, '\n', length) != NULL);
}

/* --- where to --- */

static int
append_text(struct buf *out, yyjson_val *text)
{
	return buf_append(out, yyjson_get_str(text), yyjson_get_len(text));
}

static void
read_target(struct curl *c)
{
	yyjson_val *query = at(c, "/url/query");

	c->error = append_text(&c->target, at(c, "/url/path"));
	if (query != NULL && c->error == 0)
		c->error = buf_puts(&c->target, "?");
	if (query != NULL && c->error == 0)
		c->error = append_text(&c->target, query);
}

/* What stands between "://" and the path. Where a field said something odd, the
 * destination's address instead. */
static void
read_authority(struct curl *c)
{
	const char *full = yyjson_get_str(at(c, "/url/full"));
	const char *host = full == NULL ? NULL : strstr(full, "://");
	const char *ip = yyjson_get_str(at(c, "/destination/ip"));
	size_t length = host == NULL ? 0 : strcspn(host + 3, "/?#");

	if (c->error != 0)
		return;
	if (host != NULL && is_all_of(host + 3, length, authority_chars)) {
		c->error = buf_append(&c->authority, host + 3, length);
		return;
	}
	if (ip == NULL)
		return;
	bool six = strchr(ip, ':') != NULL;
	c->error = buf_printf(&c->authority, "%s%s%s:%" PRIu64, six ? "[" : "", ip,
	    six ? "]" : "", yyjson_get_uint(at(c, "/destination/port")));
}

static bool
is_https(const struct curl *c)
{
	const char *scheme = yyjson_get_str(at(c, "/url/scheme"));

	return scheme != NULL && strcasecmp(scheme, "https") == 0;
}

/* A path with segments that curl would take away, or an empty query. */
static bool
is_rewritten(const struct buf *target)
{
	const char *text = (const char *)buf_data(target);
	size_t length = buf_length(target);

	return memmem(text, length, "/.", 2) != NULL || text[0] != '/' ||
	    text[length - 1] == '?';
}

static void
put_url(struct curl *c)
{
	struct buf url;
	bool plain = buf_is_all_of(&c->target, target_chars) &&
	    !is_rewritten(&c->target);

	if (memchr(buf_data(&c->authority), '[', buf_length(&c->authority)) != NULL)
		option(c, "-g");
	if (!plain)
		option_word(c, "--request-target", &c->target);
	buf_init(&url, WORD_BYTES_MAX);
	if (c->error == 0)
		c->error = buf_puts(&url, is_https(c) ? "https://" : "http://");
	if (c->error == 0)
		c->error = buf_append(&url, buf_data(&c->authority),
		    buf_length(&c->authority));
	if (c->error == 0)
		c->error = plain ? buf_append(&url, buf_data(&c->target),
		    buf_length(&c->target)) : buf_puts(&url, "/");
	option_word(c, "", &url);
	buf_free(&url);
}

/* --- body --- */

static int
collect(void *context, const uint8_t *bytes, size_t length)
{
	return buf_append(context, bytes, length);
}

static uint64_t
body_number(const struct curl *c, const char *name)
{
	return yyjson_get_uint(
	    yyjson_obj_get(c->e->bodies[EXCHANGE_REQUEST].facts, name));
}

static bool
method_is(const struct curl *c, const char *name)
{
	const char *method = yyjson_get_str(yyjson_obj_get(c->request, "method"));

	return method != NULL && strcmp(method, name) == 0;
}

/* A body of no bytes that is announced is sent, too. */
static void
read_body(struct curl *c)
{
	const struct exchange_body *body = &c->e->bodies[EXCHANGE_REQUEST];

	c->sending = SEND_NOTHING;
	c->decoded = yyjson_obj_get(body->facts, "decoded_bytes") != NULL;
	if (c->error != 0 || method_is(c, "HEAD"))
		return;
	if (yyjson_obj_get(body->facts, "as_sent") != NULL) {
		struct payload payload;
		c->error = payload_read_as_sent(body->facts, &c->as_sent, &payload);
		c->sending = SEND_PIPE;
		c->decoded = false;
		return;
	}
	if (!body->is_kept) {
		if (body_number(c, "bytes") == 0 &&
		    (head_find(c->request, "content-length") != NULL ||
		        head_find(c->request, "transfer-encoding") != NULL))
			c->sending = SEND_ARGUMENT;
		return;
	}
	int error = body->is_text ? exchange_read_body(c->e, EXCHANGE_REQUEST,
	    collect, &c->body) : E_LIMIT;
	if (error != E_LIMIT)
		c->error = error;
	c->sending = error == 0 && shell_is_plain((const char *)buf_data(&c->body),
	    buf_length(&c->body)) ? SEND_ARGUMENT : SEND_PIPE;
}

static int
print_piece(void *context, const uint8_t *bytes, size_t length)
{
	struct curl *c = context;
	int error = 0;

	while (length > 0 && error == 0) {
		size_t n = length < PRINTED_BYTES ? length : PRINTED_BYTES;
		error = shell_printf(c->out, bytes, n);
		bytes += n;
		length -= n;
	}
	return error != 0 ? error : view_flush_some(c->v);
}

static void
put_printed(struct curl *c)
{
	if (c->sending != SEND_PIPE)
		return;
	put(c, "{\n");
	if (c->error == 0)
		c->error = buf_length(&c->as_sent) > 0
		    ? print_piece(c, buf_data(&c->as_sent), buf_length(&c->as_sent))
		    : exchange_read_body(c->e, EXCHANGE_REQUEST, print_piece, c);
	put(c, "} |\n");
}

static void
put_data(struct curl *c)
{
	if (c->sending == SEND_PIPE)
		option(c, "--data-binary @-");
	else if (c->sending == SEND_ARGUMENT)
		option_word(c, "--data-raw", &c->body);
}

/* --- fields --- */

/* As curl would write Host by itself. */
static bool
is_own_host(const struct curl *c, const struct head_field *field)
{
	const char *port = is_https(c) ? ":443" : ":80";
	const char *text = (const char *)buf_data(&c->authority);
	size_t length = buf_length(&c->authority), n = strlen(port);

	if (length > n && memcmp(text + length - n, port, n) == 0)
		length -= n;
	return field->value_length == length &&
	    memcmp(field->value, text, length) == 0;
}

enum fate { FIELD_SENT, FIELD_BY_CURL, FIELD_NOT };

static enum fate
fate_of(const struct curl *c, const struct head_field *field)
{
	if (!is_all_of(field->name, field->name_length, tchars) ||
	    breaks_line(field->value, field->value_length))
		return FIELD_NOT;
	if (head_is(field, "host") && is_own_host(c, field))
		return FIELD_BY_CURL;
	if (head_is(field, "content-length"))
		return c->sending != SEND_NOTHING ||
		        c->e->bodies[EXCHANGE_REQUEST].is_cut ||
		        body_number(c, "bytes") > 0
		    ? FIELD_BY_CURL : FIELD_SENT;
	return head_is(field, "content-encoding") && c->decoded ? FIELD_BY_CURL
	                                                        : FIELD_SENT;
}

static bool
is_blank(const struct head_field *field)
{
	return strspn(field->value, " \t") == field->value_length;
}

/* A semicolon for the colon says that the value is empty. */
static void
put_field(struct curl *c, const struct head_field *field)
{
	struct buf text;

	buf_init(&text, WORD_BYTES_MAX);
	c->error = buf_append(&text, field->name, field->name_length);
	if (c->error == 0)
		c->error = buf_puts(&text, is_blank(field) ? ";" : ": ");
	if (c->error == 0 && !is_blank(field))
		c->error = buf_append(&text, field->value, field->value_length);
	put(c, " \\\n ");
	option_word(c, "-H", &text);
	buf_free(&text);
}

/* What curl says unless it is told not to. */
static void
put_absent(struct curl *c, const char *name, bool said)
{
	if (!said || head_find(c->request, name) != NULL)
		return;
	put(c, " \\\n  -H '");
	put(c, name);
	put(c, ":'");
}

static void
put_fields(struct curl *c)
{
	struct head_walk walk;
	struct head_field field;
	bool two = at(c, "/http/version") != NULL &&
	    strcmp(head_version(c->e->record, "2"), "2") == 0;

	head_begin(&walk, c->request);
	while (c->error == 0 && head_next(&walk, &field)) {
		if (fate_of(c, &field) == FIELD_SENT)
			put_field(c, &field);
	}
	put_absent(c, "host", !two);
	put_absent(c, "user-agent", true);
	put_absent(c, "accept", true);
	put_absent(c, "content-type", c->sending != SEND_NOTHING);
	put_absent(c, "expect", body_number(c, "bytes") > EXPECT_BYTES);
}

/* --- what cannot be --- */

static void
comment_fields(struct curl *c)
{
	struct head_walk walk;
	struct head_field field;

	head_begin(&walk, c->request);
	while (c->error == 0 && head_next(&walk, &field)) {
		if (fate_of(c, &field) == FIELD_NOT)
			comment(c, "left out, since no line can hold it: the field ",
			    field.name);
	}
}

static void
comment_redacted(struct curl *c)
{
	yyjson_val *redacted = at(c, "/sightglass/redacted"), *name;
	size_t index, count;

	yyjson_arr_foreach(redacted, index, count, name)
		comment(c, "redacted, and not in the log: ", yyjson_get_str(name));
}

static void
comment_body(struct curl *c)
{
	const struct exchange_body *body = &c->e->bodies[EXCHANGE_REQUEST];

	if (body_number(c, "bytes") == 0)
		return;
	if (!body->is_kept)
		comment(c, "its body is not in the log", NULL);
	else if (c->sending == SEND_NOTHING)
		comment(c, "its body is left out: curl sends none with HEAD", NULL);
	else if (body->is_cut)
		comment(c, "its body is cut: not all of it is in the log", NULL);
	if (body->is_kept && c->decoded)
		comment(c, "its body was sent with a content coding, and is here "
		    "without: ", head_find(c->request, "content-encoding"));
	if (yyjson_obj_get(body->facts, "charset") != NULL &&
	    buf_length(&c->as_sent) == 0)
		comment(c, "its body is UTF-8 here, and was sent as ",
		    yyjson_get_str(yyjson_obj_get(body->facts, "charset")));
}

/* Why there is no command; NULL: there is one. */
static const char *
why_not(const struct curl *c)
{
	const char *method = yyjson_get_str(yyjson_obj_get(c->request, "method"));

	if (method == NULL || !is_all_of(method, strlen(method), tchars))
		return "curl cannot repeat it: it has no method that could be sent";
	if (method_is(c, "CONNECT"))
		return "curl cannot repeat it: CONNECT asks a proxy for a connection";
	if (buf_length(&c->authority) == 0 || buf_length(&c->target) == 0)
		return "curl cannot repeat it: the log does not say where to";
	if (breaks_line((const char *)buf_data(&c->target), buf_length(&c->target)))
		return "curl cannot repeat it: its target has ends of lines within";
	return NULL;
}

/* --- the command --- */

static void
put_version(struct curl *c)
{
	const char *version = head_version(c->e->record, "2");

	if (strcmp(version, "2") == 0)
		option(c, is_https(c) ? "--http2" : "--http2-prior-knowledge");
	else
		option(c, strcmp(version, "HTTP/1.0") == 0 ? "--http1.0"
		                                           : "--http1.1");
}

static void
put_method(struct curl *c)
{
	const char *usual = c->sending == SEND_NOTHING ? "GET" : "POST";
	yyjson_val *method = yyjson_obj_get(c->request, "method");

	if (method_is(c, "HEAD"))
		option(c, "--head");
	else if (!method_is(c, usual)) {
		option(c, "-X ");
		if (is_all_of(yyjson_get_str(method), yyjson_get_len(method), letters))
			put(c, yyjson_get_str(method));
		else
			put_word(c, yyjson_get_str(method), yyjson_get_len(method));
	}
}

static void
put_command(struct curl *c)
{
	put_printed(c);
	put(c, "curl");
	put_version(c);
	put_method(c);
	if (head_find(c->request, "accept-encoding") != NULL)
		option(c, "--compressed");
	put_url(c);
	put_fields(c);
	if (c->sending != SEND_NOTHING)
		put(c, " \\\n ");
	put_data(c);
	put(c, "\n");
}

static void
put_all(struct curl *c)
{
	const char *stamp = yyjson_get_str(at(c, "/@timestamp"));

	if (c->v->shown > 0)
		put(c, "\n");
	comment(c, "", stamp);
	const char *why = c->error == 0 ? why_not(c) : NULL;
	if (why != NULL) {
		comment(c, why, NULL);
		return;
	}
	comment_redacted(c);
	comment_fields(c);
	comment_body(c);
	put_command(c);
}

static int
write_exchange(struct view *v, const struct exchange *e)
{
	struct curl c = {.v = v, .out = &v->page, .e = e,
	    .request = exchange_message(e, EXCHANGE_REQUEST)};

	buf_init(&c.target, WORD_BYTES_MAX);
	buf_init(&c.authority, WORD_BYTES_MAX);
	buf_init(&c.body, ARGUMENT_BYTES_MAX);
	buf_init(&c.as_sent, WORD_BYTES_MAX);
	read_target(&c);
	read_authority(&c);
	read_body(&c);
	put_all(&c);
	buf_free(&c.target);
	buf_free(&c.authority);
	buf_free(&c.body);
	buf_free(&c.as_sent);
	return c.error;
}

const struct format_writer format_curl = {.exchange = write_exchange};
