/* SPDX-License-Identifier: ISC */
/* From an exchange in JSON to a transaction of DNS. Pure; worker. */
#include "mitm/dns_json.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <yyjson.h>

#include "mitm/dns_types.h"
#include "mitm/http_fields.h"

#define BODY_BYTES_MAX ((size_t)64 * 1024)
/* What yyjson may take for that, and the messages. */
#define ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define TYPES_NAMED 1024u /* mnemonics stand for numbers below */

static bool
has_type(const struct http_message *m, const char *field, const char *type)
{
	const struct bytes *value =
	    http_fields_find(m->fields, m->field_count, field);

	return value != NULL && http_has_word(*value, type);
}

static struct bytes
text_of(yyjson_val *value)
{
	struct bytes text = {(const uint8_t *)yyjson_get_str(value),
	    yyjson_get_len(value)};

	return text.data == NULL ? (struct bytes){NULL, 0} : text;
}

/* A name has no final dot here, unless it is the root. */
static struct bytes
without_dot(struct bytes name)
{
	if (name.length > 1 && name.data[name.length - 1] == '.')
		name.length--;
	return name;
}

/* --- the query --- */

static uint16_t
number_of(struct bytes text)
{
	unsigned number = 0;

	for (size_t i = 0; i < text.length; i++) {
		if (!isdigit(text.data[i]) || number > UINT16_MAX / 10)
			return 0;
		number = number * 10 + (unsigned)(text.data[i] - '0');
	}
	return number > UINT16_MAX ? 0 : (uint16_t)number;
}

/* A, unless it says another, by its number or mnemonic. */
static uint16_t
type_asked(struct bytes text)
{
	char name[DNS_NAME_BYTES];
	uint16_t number = number_of(text);

	if (text.length == 0)
		return DNS_TYPE_A;
	for (unsigned i = 1; number == 0 && i < TYPES_NAMED; i++) {
		dns_type_name((uint16_t)i, name);
		if (strlen(name) == text.length &&
		    strncasecmp(name, (const char *)text.data, text.length) == 0)
			number = (uint16_t)i;
	}
	return number;
}

static void
put_question(struct dns_http *d, struct bytes name, uint16_t type)
{
	struct dns_question *q = arena_alloc(&d->arena, sizeof(*q));

	if (q == NULL)
		return;
	*q = (struct dns_question){.name = without_dot(name), .type_number = type,
	    .class_name = "IN"};
	dns_type_name(type, q->type);
	d->query.question = q;
}

static void
begin(struct dns_message *m)
{
	*m = (struct dns_message){.counts = {1}};
	dns_opcode_name(0, m->opcode);
	dns_rcode_name(0, m->rcode);
}

/* --- the answer --- */

static uint32_t
number_in(yyjson_val *object, const char *key)
{
	uint64_t number = yyjson_get_uint(yyjson_obj_get(object, key));

	return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* Their data are names, and nothing else. */
static bool
is_name_type(uint16_t type)
{
	const char *layout = dns_type_layout(type);

	return layout != NULL && strcmp(layout, "n") == 0;
}

static void
read_record(yyjson_val *value, struct dns_record *r)
{
	struct bytes data = text_of(yyjson_obj_get(value, "data"));

	*r = (struct dns_record){.section = DNS_ANSWER,
	    .name = without_dot(text_of(yyjson_obj_get(value, "name"))),
	    .type_number = (uint16_t)number_in(value, "type"),
	    .ttl_s = number_in(value, "TTL"), .class_name = "IN"};
	r->data = is_name_type(r->type_number) ? without_dot(data) : data;
	dns_type_name(r->type_number, r->type);
}

static void
read_records(struct dns_http *d, yyjson_val *list)
{
	size_t count = yyjson_arr_size(list), i, most;
	struct dns_record *records =
	    count == 0 ? NULL : arena_alloc(&d->arena, count * sizeof(*records));
	yyjson_val *value;

	d->response.counts[1] = (unsigned)count;
	if (records == NULL)
		return;
	yyjson_arr_foreach(list, i, most, value)
		read_record(value, &records[i]);
	d->response.records = records;
	d->response.record_count = count;
}

static bool
flag(yyjson_val *root, const char *key)
{
	return yyjson_get_bool(yyjson_obj_get(root, key));
}

static void
read_root(struct dns_http *d, yyjson_val *root)
{
	struct dns_message *m = &d->response;

	begin(m);
	m->is_response = true;
	dns_rcode_name(number_in(root, "Status") & 0xfff, m->rcode);
	m->truncated = flag(root, "TC");
	m->recursion_desired = flag(root, "RD");
	m->recursion_available = flag(root, "RA");
	m->authentic = flag(root, "AD");
	m->checking_disabled = flag(root, "CD");
	m->question = d->query.question;
	read_records(d, yyjson_obj_get(root, "Answer"));
}

/* NULL: it is none that says how the query ended. All of it is in the arena. */
static yyjson_val *
parse(struct dns_http *d, struct bytes body)
{
	yyjson_alc alc;
	size_t room = yyjson_read_max_memory_usage(body.length, 0);
	void *memory = body.length == 0 || body.length > BODY_BYTES_MAX
	    ? NULL : arena_alloc(&d->arena, room);

	if (memory == NULL || !yyjson_alc_pool_init(&alc, memory, room))
		return NULL;
	yyjson_doc *doc = yyjson_read_opts(
	    (char *)arena_copy(&d->arena, body.data, body.length), body.length, 0,
	    &alc, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	return yyjson_is_uint(yyjson_obj_get(root, "Status")) &&
	        yyjson_is_arr(yyjson_obj_get(root, "Question")) ? root : NULL;
}

static void
read_answer(const struct http_exchange *e, struct dns_http *d, yyjson_val *root)
{
	struct dns_transaction *t = &d->transaction;

	if (root == NULL) {
		t->incomplete = e->incomplete == HTTP_WHOLE ? "not_dns" : "flow_end";
		return;
	}
	read_root(d, root);
	d->response.bytes = e->response.body.content.length;
	t->response = &d->response;
	t->response_messages = 1;
	t->response_bytes = d->response.bytes;
	t->answers = d->response.counts[1];
}

/* What was asked, best as the answer repeats it: a parameter may be escaped. */
static void
read_query(struct dns_http *d, struct bytes target, yyjson_val *root)
{
	yyjson_val *first = yyjson_arr_get_first(yyjson_obj_get(root, "Question"));
	struct bytes name = text_of(yyjson_obj_get(first, "name"));

	begin(&d->query);
	if (name.length > 0)
		put_question(d, name, (uint16_t)number_in(first, "type"));
	else
		put_question(d, dns_http_parameter(target, "name"),
		    type_asked(dns_http_parameter(target, "type")));
	d->query.recursion_desired = true;
}

bool
dns_json_read(const struct http_exchange *e, struct bytes target, struct dns_http *d)
{
	static const char type[] = "application/dns-json";
	bool is_json = has_type(&e->response, "content-type", type) ||
	    has_type(&e->response, "content-type", "application/json");

	dns_http_begin(e, d, ARENA_BYTES_MAX);
	if (e->method.length != 3 || memcmp(e->method.data, "GET", 3) != 0 ||
	    dns_http_parameter(target, "name").length == 0)
		return false;
	yyjson_val *root = is_json ? parse(d, e->response.body.content) : NULL;
	if (root == NULL && !has_type(&e->request, "accept", type) &&
	    !has_type(&e->response, "content-type", type))
		return false;
	read_query(d, target, root);
	if (d->query.question == NULL)
		return false;
	read_answer(e, d, root);
	return true;
}
