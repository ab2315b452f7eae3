/* SPDX-License-Identifier: ISC */
/*
 * Reads and rewrites the head of a proxy request. Pure; the proxy forwarder.
 * It does not look at bodies, and it refuses what two readers could understand
 * in two ways. "9112" is RFC 9112.
 */
#include "extension-bridge/proxy/request.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

/* A run of bytes of the head. */
struct text {
	const char *data;
	size_t length;
};

struct field {
	struct text line; /* whole, with its CRLF */
	struct text name;
	struct text value;
};

/* The head, taken apart as far as the first line goes. */
struct head {
	struct text method;
	struct text target;
	struct text version;
	struct text fields; /* all field lines, up to the empty one */
	/* Of a target in absolute form: */
	struct text authority;
	struct text path; /* path and query; may be empty */
};

static bool
is_token_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_token(struct text t)
{
	for (size_t i = 0; i < t.length; i++)
		if (!is_token_byte(t.data[i]))
			return false;
	return t.length > 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct text
trim(struct text t)
{
	while (t.length > 0 && is_blank(t.data[0])) {
		t.data++;
		t.length--;
	}
	while (t.length > 0 && is_blank(t.data[t.length - 1]))
		t.length--;
	return t;
}

static bool
equals(struct text t, const char *word)
{
	return t.length == strlen(word) && strncasecmp(t.data, word, t.length) == 0;
}

/* Splits t at the first `separator`: before it to *first, behind it to *rest.
 * Without one, *first is all and *rest is empty at its end. */
static bool
split(struct text t, char separator, struct text *first, struct text *rest)
{
	const char *at = memchr(t.data, separator, t.length);
	size_t before = at == NULL ? t.length : (size_t)(at - t.data);
	size_t used = at == NULL ? t.length : before + 1;

	*first = (struct text){t.data, before};
	*rest = (struct text){t.data + used, t.length - used};
	return at != NULL;
}

/* Takes the next line from *rest; 0 or E_SYNTAX (a bare CR or LF, a NUL). */
static int
next_line(struct text *rest, struct text *line)
{
	const char *end = memchr(rest->data, '\n', rest->length);

	if (end == NULL || end == rest->data || end[-1] != '\r')
		return E_SYNTAX;
	*line = (struct text){rest->data, (size_t)(end - rest->data) - 1};
	if (memchr(line->data, '\r', line->length) != NULL ||
	    memchr(line->data, '\0', line->length) != NULL)
		return E_SYNTAX;
	rest->data += line->length + 2;
	rest->length -= line->length + 2;
	return 0;
}

/* Takes the next field from *rest. 1: a field; 0: the end; E_SYNTAX. */
static int
next_field(struct text *rest, struct field *f)
{
	struct text line;

	if (rest->length == 0)
		return 0;
	int error = next_line(rest, &line);
	if (error != 0)
		return error;
	f->line = (struct text){line.data, line.length + 2};
	if (!split(line, ':', &f->name, &f->value) || !is_token(f->name))
		return E_SYNTAX;
	f->value = trim(f->value);
	return 1;
}

int
request_head_end(const uint8_t *bytes, size_t length, size_t searched)
{
	size_t i = searched < 3 ? 3 : searched;

	for (; i < length && i < REQUEST_HEAD_BYTES_MAX; i++)
		if (bytes[i] == '\n' && memcmp(bytes + i - 3, "\r\n\r", 3) == 0)
			return (int)i + 1;
	return length >= REQUEST_HEAD_BYTES_MAX ? E_LIMIT : E_MORE;
}

/* 9112 section 3: method SP target SP version. */
static int
parse_request_line(struct text line, struct head *h)
{
	struct text rest;

	if (!split(line, ' ', &h->method, &rest) ||
	    !split(rest, ' ', &h->target, &h->version))
		return E_SYNTAX;
	if (!is_token(h->method) || h->target.length == 0)
		return E_SYNTAX;
	for (size_t i = 0; i < h->target.length; i++)
		if ((unsigned char)h->target.data[i] < '!' ||
		    h->target.data[i] == 0x7F || h->target.data[i] == '#')
			return E_SYNTAX;
	if (h->version.length < 5 || memcmp(h->version.data, "HTTP/", 5) != 0)
		return E_SYNTAX;
	if (h->version.length != 8 || h->version.data[5] != '1' ||
	    h->version.data[6] != '.' || h->version.data[7] < '0' ||
	    h->version.data[7] > '9')
		return E_VERSION;
	return 0;
}

/* Takes "http://authority/path?query" apart (RFC 3986 section 3). */
static int
parse_absolute(struct head *h)
{
	static const char scheme[] = "http://";
	const size_t scheme_length = sizeof(scheme) - 1;
	struct text t = h->target;

	if (t.data[0] == '/' || equals(t, "*"))
		return E_DENIED;
	if (t.length < scheme_length ||
	    strncasecmp(t.data, scheme, scheme_length) != 0) {
		struct text name, rest;
		bool other = split(t, ':', &name, &rest) && is_token(name) &&
		    rest.length >= 2 && memcmp(rest.data, "//", 2) == 0;
		return other ? E_NOTFOUND : E_SYNTAX;
	}
	t.data += scheme_length;
	t.length -= scheme_length;

	size_t end = 0;
	while (end < t.length && t.data[end] != '/' && t.data[end] != '?')
		end++;
	h->authority = (struct text){t.data, end};
	h->path = (struct text){t.data + end, t.length - end};
	return 0;
}

static int
check_fields(struct text fields)
{
	struct field f;
	int more;

	while ((more = next_field(&fields, &f)) == 1)
		continue;
	return more;
}

/* Takes a head apart and checks every line of it. */
static int
parse_head(const uint8_t *bytes, size_t length, struct head *h)
{
	int used = request_head_end(bytes, length, 0);
	struct text line;

	if (used < 0)
		return used;
	struct text rest = {(const char *)bytes, (size_t)used - 2};
	int error = next_line(&rest, &line);
	if (error == 0)
		error = parse_request_line(line, h);
	if (error != 0)
		return error;
	h->fields = rest;
	if (!equals(h->method, "CONNECT"))
		error = parse_absolute(h);
	if (error == 0)
		error = check_fields(rest);
	return error != 0 ? error : used;
}

int
request_parse(const uint8_t *bytes, size_t length, struct request *out)
{
	struct request r;
	struct head h;

	int used = parse_head(bytes, length, &h);
	if (used <= 0)
		return used;
	r.form = equals(h.method, "CONNECT") ? REQUEST_CONNECT : REQUEST_ABSOLUTE;
	struct text authority =
	    r.form == REQUEST_CONNECT ? h.target : h.authority;
	int error = target_set_authority(&r.target, authority.data,
	    authority.length, r.form == REQUEST_CONNECT ? 0 : 80);
	if (error != 0)
		return error;
	*out = r;
	return used;
}

/* The fields that are for this hop alone (RFC 9110 section 7.6.1), or that are
 * written anew. Nothing is upgraded here, since only one request passes. */
static bool
is_dropped(struct text name)
{
	static const char *const names[] = {"Connection", "Host",
	    "HTTP2-Settings", "Keep-Alive", "Proxy-Authorization",
	    "Proxy-Connection", "Upgrade"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		if (equals(name, names[i]))
			return true;
	return false;
}

static int
append(struct buf *out, struct text t)
{
	return buf_append(out, t.data, t.length);
}

/* 9112 section 3.2.1, and 3.2.4 for an OPTIONS of the server as a whole. */
static int
write_request_line(struct buf *out, const struct head *h)
{
	const char *lead = " ";

	if (h->path.length == 0)
		lead = equals(h->method, "OPTIONS") ? " *" : " /";
	else if (h->path.data[0] == '?')
		lead = " /";
	int error = append(out, h->method);
	if (error == 0)
		error = buf_puts(out, lead);
	if (error == 0)
		error = append(out, h->path);
	if (error == 0)
		error = buf_puts(out, " ");
	if (error == 0)
		error = append(out, h->version);
	return error != 0 ? error : buf_puts(out, "\r\n");
}

static int
write_host(struct buf *out, const struct head *h)
{
	int error = buf_puts(out, "Host: ");

	if (error == 0)
		error = append(out, h->authority);
	return error != 0 ? error : buf_puts(out, "\r\n");
}

/* The options of one Connection field, except those that "close" replaces. */
static int
write_options(struct buf *out, struct text value)
{
	struct text option;
	int error = 0;

	while (error == 0 && value.length > 0) {
		(void)split(value, ',', &option, &value);
		option = trim(option);
		if (option.length == 0 || equals(option, "close") ||
		    is_dropped(option))
			continue;
		error = buf_puts(out, ","); /* no blank: see the growth bound */
		if (error == 0)
			error = append(out, option);
	}
	return error;
}

static int
write_connection(struct buf *out, struct text fields)
{
	struct field f;
	int error = buf_puts(out, "Connection: close");

	while (error == 0 && next_field(&fields, &f) == 1)
		if (equals(f.name, "Connection"))
			error = write_options(out, f.value);
	return error != 0 ? error : buf_puts(out, "\r\n");
}

static int
write_fields(struct buf *out, struct text fields)
{
	struct field f;
	int error = 0;

	while (error == 0 && next_field(&fields, &f) == 1)
		if (!is_dropped(f.name))
			error = append(out, f.line);
	return error;
}

int
request_rewrite(const uint8_t *bytes, size_t length, struct buf *out)
{
	struct request checked = {0};
	struct head h;

	int used = request_parse(bytes, length, &checked);
	if (used < 0)
		return used;
	if (checked.form != REQUEST_ABSOLUTE)
		return E_SYNTAX;
	int error = parse_head(bytes, length, &h);
	if (error < 0)
		return error;
	error = write_request_line(out, &h);
	if (error == 0)
		error = write_host(out, &h);
	if (error == 0)
		error = write_fields(out, h.fields);
	if (error == 0)
		error = write_connection(out, h.fields);
	if (error == 0)
		error = buf_puts(out, "\r\n");
	return error != 0 ? error : used;
}
