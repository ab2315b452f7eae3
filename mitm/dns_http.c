/* SPDX-License-Identifier: ISC */
/* From an exchange of HTTP to a transaction of DNS. Pure; worker. */
#include "mitm/dns_http.h"

#include <string.h>
#include <strings.h>

#include "base/digits.h"
#include "mitm/dns_message.h"
#include "mitm/http_fields.h"

#define MESSAGE_TYPE "application/dns-message"
/* Of what both messages say. */
#define ARENA_BYTES_MAX ((size_t)1024 * 1024)

static bool
is_word(struct bytes text, const char *word)
{
	return text.length == strlen(word) &&
	    memcmp(text.data, word, text.length) == 0;
}

/* Parameters may stand behind it (RFC 9110 section 8.3.1); this type has none. */
bool
dns_http_is_message(const struct http_field *fields, size_t count)
{
	const struct bytes *type = http_fields_find(fields, count, "content-type");
	size_t length = strlen(MESSAGE_TYPE);

	return type != NULL && type->length >= length &&
	    strncasecmp((const char *)type->data, MESSAGE_TYPE, length) == 0 &&
	    (type->length == length || type->data[length] == ';' ||
	        type->data[length] == ' ');
}

static bool
is_message_type(const struct http_message *m)
{
	return dns_http_is_message(m->fields, m->field_count);
}

/* --- GET --- */

struct bytes
dns_http_parameter(struct bytes target, const char *name)
{
	size_t skip = strlen(name) + 1; /* with its = */
	const uint8_t *end = target.data + target.length;
	const uint8_t *at = target.length == 0 ? NULL
	    : memchr(target.data, '?', target.length);

	while (at != NULL && (size_t)(end - at) > skip) {
		at++; /* ? or & */
		const uint8_t *next = memchr(at, '&', (size_t)(end - at));
		const uint8_t *stop = next != NULL ? next : end;
		if ((size_t)(stop - at) > skip && memcmp(at, name, skip - 1) == 0 &&
		    at[skip - 1] == '=')
			return (struct bytes){at + skip, (size_t)(stop - at) - skip};
		at = next;
	}
	return (struct bytes){NULL, 0};
}

/* Not padded; empty when it is no base64url, or there is no room. */
static struct bytes
decode(struct bytes text, struct arena *arena)
{
	uint8_t *bytes = arena_alloc(arena, text.length * 3 / 4 + 1);
	size_t length;

	if (bytes == NULL || text.length == 0 || !digits_to_bytes(digit_base64url,
	        text.data, text.length, bytes, &length))
		return (struct bytes){NULL, 0};
	return (struct bytes){bytes, length};
}

/* --- the exchange --- */

static struct bytes
asked_with(const struct http_exchange *e, struct bytes target, struct arena *arena)
{
	struct bytes nothing = {NULL, 0};

	if (is_word(e->method, "POST"))
		return is_message_type(&e->request) ? e->request.body.content : nothing;
	return is_word(e->method, "GET")
	    ? decode(dns_http_parameter(target, "dns"), arena) : nothing;
}

static bool
read_message(struct bytes in, struct arena *arena, struct dns_message *out)
{
	return in.length >= DNS_HEADER_BYTES &&
	    in.length <= DNS_MESSAGE_BYTES_MAX &&
	    dns_message_read(in.data, in.length, arena, out) == 0;
}

/* What other services take as a parameter of that name is seldom a query. */
static bool
is_query(const struct dns_message *m)
{
	return !m->is_response && m->question != NULL &&
	    (m->malformed == NULL || strcmp(m->malformed, "data") == 0);
}

static void
read_answer(const struct http_exchange *e, struct dns_http *d)
{
	struct dns_transaction *t = &d->transaction;

	if (!is_message_type(&e->response) ||
	    !read_message(e->response.body.content, &d->arena, &d->response) ||
	    !d->response.is_response) {
		t->incomplete = e->incomplete == HTTP_WHOLE ? "not_dns" : "flow_end";
		return;
	}
	t->response = &d->response;
	t->response_messages = 1;
	t->response_bytes = e->response.body.content.length;
	t->answers = d->response.counts[1];
}

void
dns_http_begin(const struct http_exchange *e, struct dns_http *d, size_t limit_bytes)
{
	*d = (struct dns_http){.transaction = {.query = &d->query,
	    .asked_us = e->request.first_us, .answered_us = e->response.last_us,
	    .asked_by = FROM_CLIENT, .serial = e->serial}};
	arena_init(&d->arena, limit_bytes);
	if (d->transaction.answered_us == 0)
		d->transaction.answered_us = e->request.last_us;
}

bool
dns_http_read(const struct http_exchange *e, struct bytes target,
    struct dns_http *d)
{
	dns_http_begin(e, d, ARENA_BYTES_MAX);
	if (!read_message(asked_with(e, target, &d->arena), &d->arena, &d->query) ||
	    !is_query(&d->query))
		return false;
	read_answer(e, d);
	return true;
}

void
dns_http_free(struct dns_http *d)
{
	arena_free(&d->arena);
}
