/* SPDX-License-Identifier: ISC */
/* Cookies and pairs. Pure; CLI only. Reads what anybody sent: nothing is refused. */
#include "cli/har_lists.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/buf.h"
#include "base/digits.h"
#include "cli/heads.h"

#define VALUE_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct text {
	const char *at;
	size_t length;
};

/* Takes what stands in front of `mark`, and it, off *rest. */
static struct text
take_until(struct text *rest, char mark)
{
	const char *end = rest->length == 0 ? NULL
	                                    : memchr(rest->at, mark, rest->length);
	struct text head = {rest->at,
	    end == NULL ? rest->length : (size_t)(end - rest->at)};
	size_t used = head.length + (end != NULL);

	rest->at += used;
	rest->length -= used;
	return head;
}

static struct text
trim(struct text t)
{
	while (t.length > 0 && (t.at[0] == ' ' || t.at[0] == '\t'))
		t = (struct text){t.at + 1, t.length - 1};
	while (t.length > 0 &&
	    (t.at[t.length - 1] == ' ' || t.at[t.length - 1] == '\t'))
		t.length--;
	return t;
}

/* --- pairs --- */

/* The byte that "%41" stands for. */
static bool
is_escape(struct text t, uint8_t *byte)
{
	int high, low;

	if (t.length < 3 || t.at[0] != '%')
		return false;
	high = digit_hex((uint8_t)t.at[1]);
	low = digit_hex((uint8_t)t.at[2]);
	*byte = (uint8_t)(high * 16 + low);
	return high >= 0 && low >= 0;
}

static int
unescape(struct text t, struct buf *out)
{
	int error = 0;

	while (t.length > 0 && error == 0) {
		uint8_t byte;
		size_t n = is_escape(t, &byte) ? 3 : 1;
		if (n == 1)
			byte = t.at[0] == '+' ? ' ' : (uint8_t)t.at[0];
		error = buf_append(out, &byte, 1);
		t.at += n;
		t.length -= n;
	}
	return error;
}

static void
put_decoded(struct json *j, const char *key, struct text t)
{
	struct buf plain;

	buf_init(&plain, VALUE_BYTES_MAX);
	if (unescape(t, &plain) == 0 && buf_length(&plain) > 0 &&
	    json_is_utf8(buf_data(&plain), buf_length(&plain)))
		json_string(j, key, buf_data(&plain), buf_length(&plain));
	else
		json_string(j, key, t.at, t.length);
	buf_free(&plain);
}

void
har_pairs(struct json *j, const char *key, const char *text, size_t length)
{
	struct text rest = {text, length};

	json_array_begin(j, key);
	while (rest.length > 0) {
		struct text pair = take_until(&rest, '&');
		if (pair.length == 0)
			continue;
		struct text name = take_until(&pair, '=');
		json_object_begin(j, NULL);
		put_decoded(j, "name", name);
		put_decoded(j, "value", pair);
		json_object_end(j);
	}
	json_array_end(j);
}

/* --- cookies --- */

static void
put_named(struct json *j, struct text pair)
{
	struct text name = trim(take_until(&pair, '='));
	struct text value = trim(pair);

	json_string(j, "name", name.at, name.length);
	json_string(j, "value", value.at, value.length);
}

void
har_cookies_sent(struct json *j, yyjson_val *message)
{
	struct head_walk walk;
	struct head_field field;

	json_array_begin(j, "cookies");
	head_begin(&walk, message);
	while (head_next(&walk, &field)) {
		struct text rest = {field.value, field.value_length};
		while (head_is(&field, "cookie") && rest.length > 0) {
			struct text pair = trim(take_until(&rest, ';'));
			if (pair.length == 0)
				continue;
			json_object_begin(j, NULL);
			put_named(j, pair);
			json_object_end(j);
		}
	}
	json_array_end(j);
}

/* A date as cookies have it (RFC 6265 section 4.1.1, and with dashes) as RFC 3339. */
static void
put_expires(struct json *j, struct text t)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S",
	    "%a, %d-%b-%Y %H:%M:%S", "%A, %d-%b-%y %H:%M:%S"};
	char copy[64];

	if (t.length == 0 || t.length >= sizeof(copy))
		return;
	memcpy(copy, t.at, t.length);
	copy[t.length] = '\0';
	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		struct tm tm = {0};
		const char *end = strptime(copy, forms[i], &tm);
		time_t seconds = end == NULL ? -1 : timegm(&tm);
		if (seconds < 0 || tm.tm_year > 9999 - 1900)
			continue;
		json_time(j, "expires", (uint64_t)seconds * 1000000);
		return;
	}
}

static bool
is_named(struct text name, const char *wanted)
{
	return name.length == strlen(wanted) &&
	    strncasecmp(name.at, wanted, name.length) == 0;
}

/* The last attribute of a name counts (RFC 6265 section 5.3), but one is enough here. */
static void
put_attributes(struct json *j, struct text rest)
{
	static const struct {
		const char *name, *member;
	} texts[] = {{"path", "path"}, {"domain", "domain"}, {"samesite", "sameSite"}},
	  flags[] = {{"httponly", "httpOnly"}, {"secure", "secure"}};
	bool told[ARRAY_LENGTH(texts)] = {false}, set[ARRAY_LENGTH(flags)] = {false};
	bool expires = false;

	while (rest.length > 0) {
		struct text value = trim(take_until(&rest, ';'));
		struct text name = trim(take_until(&value, '='));
		value = trim(value);
		for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
			if (!told[i] && is_named(name, texts[i].name)) {
				told[i] = true;
				json_string(j, texts[i].member, value.at,
				    value.length);
			}
		}
		for (size_t i = 0; i < ARRAY_LENGTH(flags); i++)
			set[i] |= is_named(name, flags[i].name);
		if (!expires && is_named(name, "expires")) {
			expires = true;
			put_expires(j, value);
		}
	}
	for (size_t i = 0; i < ARRAY_LENGTH(flags); i++)
		json_bool(j, flags[i].member, set[i]);
}

void
har_cookies_set(struct json *j, yyjson_val *message)
{
	struct head_walk walk;
	struct head_field field;

	json_array_begin(j, "cookies");
	head_begin(&walk, message);
	while (head_next(&walk, &field)) {
		struct text rest = {field.value, field.value_length};
		if (!head_is(&field, "set-cookie"))
			continue;
		json_object_begin(j, NULL);
		put_named(j, take_until(&rest, ';'));
		put_attributes(j, rest);
		json_object_end(j);
	}
	json_array_end(j);
}
