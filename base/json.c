/* SPDX-License-Identifier: ISC */
/*
 * The JSON emitter. It is on the path of every record, so runs of plain bytes
 * are found by a table and copied whole, UTF-8 is checked in the same pass, and
 * numbers and times are written without printf. Pure; any process.
 */
#include "base/json.h"

#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

static const char hex_digits[] = "0123456789abcdef";

void
json_init(struct json *j, struct buf *out)
{
	*j = (struct json){.out = out};
}

int
json_error(const struct json *j)
{
	return j->error;
}

void
json_fail(struct json *j, int error)
{
	if (j->error == 0)
		j->error = error;
}

static void
put(struct json *j, const void *bytes, size_t length)
{
	if (j->error == 0)
		j->error = buf_append(j->out, bytes, length);
}

/* The comma, the key and its colon: what stands before every value. */
static void
begin_value(struct json *j, const char *key)
{
	if (j->comma)
		put(j, ",", 1);
	j->comma = true;
	if (key == NULL)
		return;
	put(j, "\"", 1);
	put(j, key, strlen(key));
	put(j, "\":", 2);
}

void
json_member(struct json *j, const char *start, size_t length)
{
	put(j, start + !j->comma, length - !j->comma);
	j->comma = false;
}

void
json_object_begin(struct json *j, const char *key)
{
	begin_value(j, key);
	put(j, "{", 1);
	j->comma = false;
}

void
json_object_end(struct json *j)
{
	put(j, "}", 1);
	j->comma = true;
}

void
json_array_begin(struct json *j, const char *key)
{
	begin_value(j, key);
	put(j, "[", 1);
	j->comma = false;
}

void
json_array_end(struct json *j)
{
	put(j, "]", 1);
	j->comma = true;
}

/* --- strings --- */

/* Bytes that stand for themselves in a JSON string. */
static const uint8_t plain[256] = {
#define EIGHT 1, 1, 1, 1, 1, 1, 1, 1
	[0x20] = 1, 1, 0 /* quote */, 1, 1, 1, 1, 1, EIGHT,
	[0x30] = EIGHT, EIGHT,
	[0x40] = EIGHT, EIGHT,
	[0x50] = EIGHT, 1, 1, 1, 1, 0 /* backslash */, 1, 1, 1,
	[0x60] = EIGHT, EIGHT,
	[0x70] = EIGHT, 1, 1, 1, 1, 1, 1, 1, 0 /* DEL */
#undef EIGHT
};

static void
put_escape(struct json *j, uint8_t byte)
{
	static const char short_names[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	char text[6] = {'\\', 'u', '0', '0', hex_digits[byte >> 4],
	    hex_digits[byte & 15]};

	for (size_t i = 0; i + 1 < sizeof(short_names); i += 2) {
		if ((uint8_t)short_names[i] != byte)
			continue;
		text[1] = short_names[i + 1];
		put(j, text, 2);
		return;
	}
	put(j, text, sizeof(text));
}

/* A byte that is not UTF-8, as the code point of its number. */
static void
put_latin1(struct json *j, uint8_t byte)
{
	const uint8_t text[2] = {(uint8_t)(0xc0 | byte >> 6),
	    (uint8_t)(0x80 | (byte & 0x3f))};

	put(j, text, sizeof(text));
}

/* The inside of a string. */
static void
put_escaped(struct json *j, const uint8_t *p, size_t length)
{
	if (length == 0) /* p may be NULL then */
		return;

	const uint8_t *end = p + length, *run = p;
	while (p < end && j->error == 0) {
		int sequence = 0;
		if (plain[*p] ||
		    (*p >= 0x80 &&
		        (sequence = utf8_length(p, (size_t)(end - p))) > 0)) {
			p += sequence > 0 ? sequence : 1;
			continue;
		}
		put(j, run, (size_t)(p - run));
		if (*p < 0x80)
			put_escape(j, *p);
		else
			put_latin1(j, *p);
		run = ++p;
	}
	put(j, run, (size_t)(end - run));
}

static void
put_string(struct json *j, const uint8_t *p, size_t length)
{
	put(j, "\"", 1);
	put_escaped(j, p, length);
	put(j, "\"", 1);
}

void
json_string_begin(struct json *j, const char *key)
{
	begin_value(j, key);
	put(j, "\"", 1);
}

void
json_string_part(struct json *j, const void *bytes, size_t length)
{
	put_escaped(j, bytes, length);
}

void
json_string_end(struct json *j)
{
	put(j, "\"", 1);
}

void
json_string(struct json *j, const char *key, const void *bytes, size_t length)
{
	begin_value(j, key);
	put_string(j, bytes, length);
}

void
json_text(struct json *j, const char *key, const char *text)
{
	begin_value(j, key);
	if (text == NULL)
		put(j, "null", 4);
	else
		put_string(j, (const uint8_t *)text, strlen(text));
}

void
json_key(struct json *j, const void *key, size_t length)
{
	begin_value(j, NULL);
	put_string(j, key, length);
	put(j, ":", 1);
	j->comma = false;
}

bool
json_is_utf8(const void *bytes, size_t length)
{
	const uint8_t *text = bytes;

	for (size_t at = 0; at < length;) {
		int sequence = text[at] < 0x80 ? 1 : utf8_length(text + at, length - at);
		if (sequence <= 0)
			return false;
		at += (size_t)sequence;
	}
	return true;
}

/* Three bytes into four digits (RFC 4648 section 4). */
static void
encode_group(const uint8_t in[3], uint8_t out[4])
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	out[0] = (uint8_t)digits[in[0] >> 2];
	out[1] = (uint8_t)digits[(in[0] & 3) << 4 | in[1] >> 4];
	out[2] = (uint8_t)digits[(in[1] & 15) << 2 | in[2] >> 6];
	out[3] = (uint8_t)digits[in[2] & 63];
}

void
json_base64_part(struct json *j, const void *bytes, size_t length)
{
	const uint8_t *in = bytes;
	uint8_t last[3] = {0};
	uint8_t *room;
	size_t n = 0;

	if (j->error == 0)
		j->error = length > SIZE_MAX / 2
		    ? E_LIMIT
		    : buf_reserve(j->out, (length + 2) / 3 * 4, &room);
	if (j->error != 0)
		return;
	for (; length >= 3; in += 3, length -= 3, n += 4)
		encode_group(in, room + n);
	if (length > 0) {
		memcpy(last, in, length);
		encode_group(last, room + n);
		memset(room + n + 1 + length, '=', 3 - length);
		n += 4;
	}
	buf_commit(j->out, n);
}

void
json_base64(struct json *j, const char *key, const void *bytes, size_t length)
{
	json_string_begin(j, key);
	json_base64_part(j, bytes, length);
	json_string_end(j);
}

/* --- numbers and times --- */

/* The decimal digits of value at the end of text; where they start. */
static char *
decimal(uint64_t value, char text[20])
{
	char *p = text + 20;

	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	return p;
}

static void
put_decimal(struct json *j, uint64_t value)
{
	char text[20];
	char *start = decimal(value, text);

	put(j, start, (size_t)(text + sizeof(text) - start));
}

void
json_uint(struct json *j, const char *key, uint64_t value)
{
	begin_value(j, key);
	put_decimal(j, value);
}

void
json_int(struct json *j, const char *key, int64_t value)
{
	begin_value(j, key);
	if (value < 0)
		put(j, "-", 1);
	put_decimal(j, value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value);
}

void
json_bool(struct json *j, const char *key, bool value)
{
	begin_value(j, key);
	put(j, value ? "true" : "false", value ? 4 : 5);
}

/* `value` in `width` digits with zeros in front. */
static void
digits(char *out, unsigned width, uint64_t value)
{
	while (width > 0) {
		out[--width] = (char)('0' + value % 10);
		value /= 10;
	}
}

void
json_ms(struct json *j, const char *key, uint64_t microseconds)
{
	char fraction[4] = {'.'};
	size_t length = sizeof(fraction);

	begin_value(j, key);
	put_decimal(j, microseconds / 1000);
	digits(fraction + 1, 3, microseconds % 1000);
	while (length > 1 && fraction[length - 1] == '0')
		length--;
	if (length > 1)
		put(j, fraction, length);
}

/* The civil date of a count of days since 1970-01-01, by the 400-year cycle of
 * the Gregorian calendar counted from 1 March. */
static void
civil(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
	uint64_t shifted = days + 719468; /* since 0000-03-01 */
	uint64_t era = shifted / 146097;
	uint64_t of_era = shifted % 146097;
	uint64_t year_of_era =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint64_t of_year =
	    of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint64_t shifted_month = (5 * of_year + 2) / 153;

	*day = (unsigned)(of_year - (153 * shifted_month + 2) / 5 + 1);
	*month = (unsigned)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
	*year = (unsigned)(year_of_era + era * 400 + (*month <= 2));
}

void
json_time(struct json *j, const char *key, uint64_t microseconds)
{
	char text[] = "\"0000-00-00T00:00:00.000000Z\"";
	uint64_t seconds = microseconds / 1000000;
	unsigned year, month, day;

	civil(seconds / 86400, &year, &month, &day);
	digits(text + 1, 4, year);
	digits(text + 6, 2, month);
	digits(text + 9, 2, day);
	digits(text + 12, 2, seconds / 3600 % 24);
	digits(text + 15, 2, seconds / 60 % 60);
	digits(text + 18, 2, seconds % 60);
	digits(text + 21, 6, microseconds % 1000000);
	begin_value(j, key);
	put(j, text, sizeof(text) - 1);
}

void
json_raw(struct json *j, const void *fragment, size_t length)
{
	if (length == 0)
		return;
	begin_value(j, NULL);
	put(j, fragment, length);
}
