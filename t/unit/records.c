/* SPDX-License-Identifier: ISC */
#include "t/unit/records.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "log/fields.h"

#define OUT_BYTES_MAX (1024u * 1024)

static const char *const redacted[] = {"authorization", "cookie"};
const struct record_writer writer = {.run_id = "abcdefgh", .writer = 3,
    .hostname = "box", .redact_headers = redacted, .redact_count = 2};
const uint32_t pid = 4711;
static const uint32_t uid = 1000;

struct flow_facts flow;
struct record_facts facts;
struct http_exchange exchange;
struct tls_event tls;
struct flow_event end;
struct buf out;
yyjson_doc *doc;

/* --- what happened --- */

void
set_address(struct sockaddr_storage *a, const char *text, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)a;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return;
	}
	ck_assert_int_eq(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
}

static void
set_flow(void)
{
	flow = (struct flow_facts){.id = "abcdefgh-3-17", .domain = "example.com",
	    .pid = &pid, .uid = &uid, .executable = "/usr/bin/curl",
	    .signing_id = "com.example.curl", .team_id = "TEAM",
	    .forwarder = "exec"};
	set_address(&flow.source, "127.0.0.1", 50000);
	set_address(&flow.destination, "192.0.2.1", 8080);
}

void
make_facts(bool is_tls)
{
	record_facts_free(&facts);
	ck_assert_int_eq(record_facts_make(&writer, &flow, is_tls, &facts), 0);
}

static const struct http_field request_fields[] = {
    {BYTES("Host"), BYTES("www.example.com")},
    {BYTES("User-Agent"), BYTES("curl/8.1")},
    {BYTES("Accept"), BYTES("text/html")},
    {BYTES("ACCEPT"), BYTES("image/png")}};
static const struct http_field response_fields[] = {
    {BYTES("Content-Type"), BYTES("text/plain")}};

static void
set_exchange(void)
{
	exchange = (struct http_exchange){.version = "1.1", .method = BYTES("GET"),
	    .target = BYTES("/a/b?c=d&e"), .status = 200, .reason = BYTES("OK"),
	    .stream = 2, .serial = 5,
	    .request = {.fields = request_fields,
	        .field_count = ARRAY_LENGTH(request_fields), .complete = true,
	        .first_us = START_US, .last_us = START_US + 1000},
	    .response = {.fields = response_fields,
	        .field_count = ARRAY_LENGTH(response_fields), .complete = true,
	        .first_us = START_US + 3500, .last_us = START_US + 10250,
	        .body = {.wire_bytes = 5, .captured = BYTES("hello"),
	            .content = BYTES("hello")}}};
}

void
record_setup(void)
{
	buf_init(&out, OUT_BYTES_MAX);
	set_flow();
	buf_init(&facts.members, 0);
	make_facts(false);
	set_exchange();
	tls = (struct tls_event){.start_us = START_US,
	    .client = {.alert_received = -1, .alert_sent = -1},
	    .server = {.alert_received = -1, .alert_sent = -1}};
	end = (struct flow_event){.start_us = START_US,
	    .end_us = START_US + 2000};
}

void
record_teardown(void)
{
	yyjson_doc_free(doc);
	doc = NULL;
	record_facts_free(&facts);
	buf_free(&out);
}

/* --- reading it back --- */

static void check_object(yyjson_val *object, const char *name, unsigned dataset);

static bool
is_time(yyjson_val *value)
{
	int n = 0;

	return yyjson_is_str(value) && sscanf(yyjson_get_str(value),
	    "%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*6dZ%n", &n) == 0 && n == 27;
}

static bool
is_address(yyjson_val *value)
{
	struct in6_addr address;

	return yyjson_is_str(value) &&
	    (inet_pton(AF_INET, yyjson_get_str(value), &address) == 1 ||
	        inet_pton(AF_INET6, yyjson_get_str(value), &address) == 1);
}

static bool
is_of_kind(yyjson_val *value, enum field_kind kind)
{
	switch (kind) {
	case KIND_TEXT:
		return yyjson_is_str(value);
	case KIND_NUMBER:
		return yyjson_is_num(value);
	case KIND_BOOLEAN:
		return yyjson_is_bool(value);
	case KIND_TIME:
		return is_time(value);
	case KIND_ADDRESS:
		return is_address(value);
	case KIND_OBJECT:
	case KIND_MAP:
		return yyjson_is_obj(value);
	case KIND_TEXTS:
	case KIND_ADDRESSES:
	case KIND_OBJECTS:
		return yyjson_is_arr(value);
	}
	return false;
}

/* Of an array, each element; of a map, each value. */
static void
check_elements(yyjson_val *values, const char *name, enum field_kind kind,
    unsigned dataset)
{
	size_t index, count;
	yyjson_val *key, *value;

	if (kind == KIND_MAP) {
		yyjson_obj_foreach(values, index, count, key, value)
			check_elements(value, name, KIND_TEXTS, dataset);
		return;
	}
	ck_assert_msg(yyjson_is_arr(values), "%s has what is no array", name);
	yyjson_arr_foreach(values, index, count, value) {
		ck_assert_msg(is_of_kind(value, kind == KIND_TEXTS ? KIND_TEXT
		    : kind == KIND_ADDRESSES ? KIND_ADDRESS : KIND_OBJECT),
		    "%s has an element of another kind", name);
		if (kind == KIND_OBJECTS)
			check_object(value, name, dataset);
	}
}

/* What the table of fields says of a member. */
static void
check_member(yyjson_val *value, const char *name, unsigned dataset)
{
	enum field field = field_find(name, strlen(name), dataset);

	ck_assert_msg(field != FIELD_COUNT &&
	        (field_datasets(field, name) & dataset) != 0,
	    "log/fields.h has no %s in that dataset", name);
	enum field_kind kind = field_rows[field].kind;
	ck_assert_msg(is_of_kind(value, kind), "%s is of another kind", name);
	if (kind == KIND_OBJECT)
		check_object(value, name, dataset);
	else if (kind > KIND_OBJECT || kind == KIND_TEXTS || kind == KIND_ADDRESSES)
		check_elements(value, name, kind, dataset);
}

static void
check_object(yyjson_val *object, const char *name, unsigned dataset)
{
	size_t index, count;
	yyjson_val *key, *value;
	char member[FIELD_NAME_MAX * 2];

	yyjson_obj_foreach(object, index, count, key, value) {
		(void)snprintf(member, sizeof(member), "%s%s%s", name,
		    name[0] == '\0' ? "" : ".", yyjson_get_str(key));
		check_member(value, member, dataset);
	}
}

static void
check_fields(void)
{
	const char *word = yyjson_get_str(at("/event/dataset"));
	unsigned dataset = 0;

	for (unsigned i = 0; i < DATASET_COUNT; i++) {
		if (strcmp(word, dataset_rows[i].word) == 0)
			dataset = 1u << i;
	}
	check_object(yyjson_doc_get_root(doc), "", dataset);
}

void
parse(int error)
{
	const char *text = (const char *)buf_data(&out);
	size_t length = buf_length(&out);

	ck_assert_int_eq(error, 0);
	ck_assert_uint_gt(length, 0);
	ck_assert_ptr_eq(memchr(text, '\n', length), text + length - 1);
	yyjson_doc_free(doc);
	doc = yyjson_read(text, length - 1, YYJSON_READ_NOFLAG);
	ck_assert_msg(doc != NULL, "no JSON: %.*s", (int)length, text);
	buf_clear(&out);
	check_fields();
}

void
write_http(void)
{
	parse(record_http(&writer, 99, &facts, NULL, &exchange, &out));
}

void
write_tls(void)
{
	parse(record_tls(&writer, 99, &facts, &tls, &out));
}

void
write_flow(void)
{
	parse(record_flow(&writer, 99, &facts, &end, &out));
}

yyjson_val *
at(const char *pointer)
{
	return yyjson_doc_ptr_get(doc, pointer);
}

void
check_text(const char *pointer, const char *text)
{
	yyjson_val *value = at(pointer);

	ck_assert_msg(yyjson_is_str(value), "no text at %s", pointer);
	ck_assert_msg(yyjson_equals_strn(value, text, strlen(text)),
	    "%s is '%s', not '%s'", pointer, yyjson_get_str(value), text);
}

void
check_number(const char *pointer, uint64_t number)
{
	ck_assert_msg(yyjson_is_uint(at(pointer)), "no number at %s", pointer);
	ck_assert_uint_eq(yyjson_get_uint(at(pointer)), number);
}

void
check_ms(const char *pointer, double ms)
{
	ck_assert_msg(yyjson_is_num(at(pointer)), "no number at %s", pointer);
	ck_assert_double_eq_tol(yyjson_get_num(at(pointer)), ms, 1e-9);
}

void
check_true(const char *pointer)
{
	ck_assert_msg(yyjson_is_true(at(pointer)), "%s is not true", pointer);
}

void
check_false(const char *pointer)
{
	ck_assert_msg(yyjson_is_false(at(pointer)), "%s is not false", pointer);
}

void
check_absent(const char *pointer)
{
	ck_assert_msg(at(pointer) == NULL, "%s is there", pointer);
}

void
check_count(const char *pointer, size_t count)
{
	ck_assert_msg(yyjson_is_ctn(at(pointer)), "nothing at %s", pointer);
	ck_assert_uint_eq(yyjson_is_arr(at(pointer))
	        ? yyjson_arr_size(at(pointer)) : yyjson_obj_size(at(pointer)),
	    count);
}
