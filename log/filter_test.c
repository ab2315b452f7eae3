/* SPDX-License-Identifier: ISC */
/*
 * One test of a filter on one record. Pure; CLI only. A field that is an array is
 * as good as each of its elements, and one that is not there fails every test.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "log/filter_tree.h"
#include "log/payload.h"
#include "log/when.h"

#define ARRAYS_DEEP 8u

static bool
order_is(enum filter_compare compare, int order)
{
	switch (compare) {
	case FILTER_EQUAL:
		return order == 0;
	case FILTER_LESS:
		return order < 0;
	case FILTER_LESS_EQUAL:
		return order <= 0;
	case FILTER_GREATER:
		return order > 0;
	case FILTER_GREATER_EQUAL:
		return order >= 0;
	case FILTER_HAS:
	case FILTER_CONTAINS:
	case FILTER_STARTS:
	case FILTER_ENDS:
	case FILTER_MATCHES:
		break;
	}
	return false;
}

/* --- values --- */

static bool
compare_text(const struct filter_test *test, const char *text, size_t length)
{
	const struct filter_value *v = &test->value;
	size_t least = length < v->length ? length : v->length;

	switch (test->compare) {
	case FILTER_CONTAINS:
		return v->length == 0 ||
		    memmem(text, length, v->text, v->length) != NULL;
	case FILTER_STARTS:
		return length >= v->length && memcmp(text, v->text, v->length) == 0;
	case FILTER_ENDS:
		return length >= v->length &&
		    memcmp(text + length - v->length, v->text, v->length) == 0;
	default:
		break;
	}
	int order = memcmp(text, v->text, least);
	if (order == 0)
		order = (length > v->length) - (length < v->length);
	return order_is(test->compare, order);
}

static bool
compare_number(const struct filter_test *test, double number)
{
	double wanted = test->value.number;

	return order_is(test->compare, (number > wanted) - (number < wanted));
}

static bool
compare_time(const struct filter_test *test, const char *text, size_t length)
{
	int64_t us, wanted = test->value.time_us;

	return when_stamp(text, length, &us) &&
	    order_is(test->compare, (us > wanted) - (us < wanted));
}

/* The address in the shorter of its forms: one of IPv4 that is mapped into IPv6
 * (RFC 4291 section 2.5.5.2) is of IPv4. */
static bool
parse_address(const char *text, struct filter_network *out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	out->family = AF_INET;
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		return true;
	out->family = AF_INET6;
	if (inet_pton(AF_INET6, text, out->bytes) != 1)
		return false;
	if (memcmp(out->bytes, mapped, sizeof(mapped)) == 0) {
		out->family = AF_INET;
		memmove(out->bytes, out->bytes + sizeof(mapped), 4);
	}
	return true;
}

static bool
is_within(const struct filter_network *net, const char *text)
{
	struct filter_network address;

	if (!parse_address(text, &address) || address.family != net->family)
		return false;
	size_t whole = net->prefix / 8;
	unsigned rest = net->prefix % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);
	return memcmp(address.bytes, net->bytes, whole) == 0 &&
	    (rest == 0 ||
	        ((address.bytes[whole] ^ net->bytes[whole]) & mask) == 0);
}

static bool
match_value(const struct filter_test *test, yyjson_val *value)
{
	char digits[32];

	if (yyjson_is_str(value))
		return pattern_matches(test->value.pattern, yyjson_get_str(value),
		    yyjson_get_len(value));
	if (!yyjson_is_int(value))
		return false;
	if (yyjson_is_uint(value))
		(void)snprintf(digits, sizeof(digits), "%" PRIu64,
		    yyjson_get_uint(value));
	else
		(void)snprintf(digits, sizeof(digits), "%" PRId64,
		    yyjson_get_sint(value));
	return pattern_matches(test->value.pattern, digits, strlen(digits));
}

static bool
compare_value(const struct filter_test *test, yyjson_val *value)
{
	const char *text = yyjson_get_str(value);
	size_t length = yyjson_get_len(value);

	switch (test->value.kind) {
	case FILTER_NOTHING:
		return !yyjson_is_null(value);
	case FILTER_TEXT:
		return text != NULL && compare_text(test, text, length);
	case FILTER_NUMBER:
		return yyjson_is_num(value) &&
		    compare_number(test, yyjson_get_num(value));
	case FILTER_TRUTH:
		return yyjson_is_bool(value) &&
		    yyjson_get_bool(value) == test->value.truth;
	case FILTER_NETWORK:
		return text != NULL && is_within(&test->value.network, text);
	case FILTER_TIME:
		return text != NULL && compare_time(test, text, length);
	case FILTER_PATTERN:
		return match_value(test, value);
	}
	return false;
}

/* --- fields --- */

static bool
any_value(const struct filter_test *test, yyjson_val *value, unsigned deep)
{
	size_t index, count;
	yyjson_val *element;

	if (value == NULL)
		return false;
	if (test->compare == FILTER_HAS || !yyjson_is_arr(value))
		return compare_value(test, value);
	if (deep == 0)
		return false;
	yyjson_arr_foreach(value, index, count, element) {
		if (any_value(test, element, deep - 1))
			return true;
	}
	return false;
}

/* What is at the end of the path; an array on the way is as good as each of its
 * elements. */
static bool
any_at(const struct filter_test *test, yyjson_val *value, struct filter_path path,
    unsigned deep)
{
	size_t index, count;
	yyjson_val *element;

	for (; path.count > 0 && !yyjson_is_arr(value); path.count--) {
		value = yyjson_obj_get(value, path.names);
		path.names += strlen(path.names) + 1;
	}
	if (path.count == 0 || value == NULL)
		return any_value(test, value, deep);
	yyjson_arr_foreach(value, index, count, element) {
		if (deep > 0 && any_at(test, element, path, deep - 1))
			return true;
	}
	return false;
}

static bool
test_fields(const struct filter_test *test, yyjson_val *record)
{
	for (size_t i = 0; i < test->field_count; i++) {
		if (any_at(test, record, test->fields[i], ARRAYS_DEEP))
			return true;
	}
	return false;
}

/* --- headers, bodies, endpoints --- */

static bool
match_text(struct filter *f, const struct filter_test *test)
{
	return pattern_matches(test->value.pattern, buf_data(&f->text),
	    buf_length(&f->text));
}

static bool
match_header(struct filter *f, const struct filter_test *test, yyjson_val *name,
    yyjson_val *value)
{
	buf_clear(&f->text);
	return yyjson_is_str(value) &&
	    buf_append(&f->text, yyjson_get_str(name), yyjson_get_len(name)) == 0 &&
	    buf_puts(&f->text, ": ") == 0 &&
	    buf_append(&f->text, yyjson_get_str(value), yyjson_get_len(value)) ==
	        0 &&
	    match_text(f, test);
}

static bool
match_headers(struct filter *f, const struct filter_test *test,
    yyjson_val *headers)
{
	size_t index, count, k, n;
	yyjson_val *name, *values, *value;

	if (headers == NULL)
		return false;
	yyjson_obj_foreach(headers, index, count, name, values) {
		yyjson_arr_foreach(values, k, n, value) {
			if (match_header(f, test, name, value))
				return true;
		}
	}
	return false;
}

static bool
match_body(struct filter *f, const struct filter_test *test, yyjson_val *holder)
{
	struct payload payload;

	return payload_read(holder, &f->text, &payload) == 0 &&
	    pattern_matches(test->value.pattern, payload.bytes, payload.length);
}

static bool
test_message(struct filter *f, const struct filter_test *test,
    yyjson_val *message)
{
	if (test->subject == FILTER_BODY)
		return match_body(f, test, yyjson_obj_get(message, "body"));
	return match_headers(f, test, yyjson_obj_get(message, "headers")) ||
	    match_headers(f, test, yyjson_obj_get(message, "trailers"));
}

/* A message of a WebSocket is its sender's. */
static bool
test_websocket(struct filter *f, const struct filter_test *test,
    yyjson_val *message)
{
	const char *from = yyjson_get_str(yyjson_obj_get(message, "from"));

	if (from == NULL || test->subject != FILTER_BODY)
		return false;
	enum filter_side side = strcmp(from, "client") == 0 ? FILTER_REQUEST
	                                                    : FILTER_RESPONSE;
	return (test->side == FILTER_BOTH || test->side == side) &&
	    match_body(f, test, message);
}

static bool
test_messages(struct filter *f, const struct filter_test *test,
    yyjson_val *record)
{
	yyjson_val *http = yyjson_obj_get(record, "http");

	return (test->side != FILTER_RESPONSE &&
	           test_message(f, test, yyjson_obj_get(http, "request"))) ||
	    (test->side != FILTER_REQUEST &&
	        test_message(f, test, yyjson_obj_get(http, "response"))) ||
	    test_websocket(f, test, yyjson_obj_get(record, "websocket"));
}

/* "192.0.2.1:443", and by its name. */
static bool
test_endpoint(struct filter *f, const struct filter_test *test,
    yyjson_val *record)
{
	static const char *const names[] = {"ip", "domain"};
	yyjson_val *end = yyjson_obj_get(record,
	    test->side == FILTER_REQUEST ? "source" : "destination");
	yyjson_val *port = yyjson_obj_get(end, "port");

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		const char *host = yyjson_get_str(yyjson_obj_get(end, names[i]));
		buf_clear(&f->text);
		if (host != NULL &&
		    buf_printf(&f->text, "%s:%" PRIu64, host,
		        yyjson_get_uint(port)) == 0 && match_text(f, test))
			return true;
	}
	return false;
}

bool
filter_test_passes(struct filter *f, const struct filter_test *test,
    yyjson_val *record)
{
	switch (test->subject) {
	case FILTER_FIELDS:
		return test_fields(test, record);
	case FILTER_HEADERS:
	case FILTER_BODY:
		return test_messages(f, test, record);
	case FILTER_ENDPOINT:
		return test_endpoint(f, test, record);
	case FILTER_LINE:
	case FILTER_ALL:
		break;
	}
	return false;
}
