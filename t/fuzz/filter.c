/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of the filters; the unit suite calls it too. The input's first line
 * is an expression behind the letter of its language (~ letters, ? fields, / a
 * regular expression), the others are records. What must hold: an error is told at
 * a place inside the expression; and of a record as our own writer would write
 * it, what its raw bytes say never differs from what the parsed record says, nor
 * is any of its bytes passed over when it is wanted.
 */
#include "log/filter.h"

#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "t/fuzz/target.h"

#define DEEP_MAX 32u
#define LINE_MAX_BYTES (1024u * 1024)
#define INPUT_MAX (64u * 1024)

static void write_value(struct json *j, yyjson_val *value, unsigned deep);

static void
write_object(struct json *j, yyjson_val *object, unsigned deep)
{
	size_t index, count;
	yyjson_val *name, *value;

	json_object_begin(j, NULL);
	yyjson_obj_foreach(object, index, count, name, value) {
		json_key(j, yyjson_get_str(name), yyjson_get_len(name));
		write_value(j, value, deep);
	}
	json_object_end(j);
}

static void
write_array(struct json *j, yyjson_val *array, unsigned deep)
{
	size_t index, count;
	yyjson_val *value;

	json_array_begin(j, NULL);
	yyjson_arr_foreach(array, index, count, value)
		write_value(j, value, deep);
	json_array_end(j);
}

/* As our writer has it: numbers with a fraction are milliseconds. */
static void
write_value(struct json *j, yyjson_val *value, unsigned deep)
{
	double number = yyjson_get_real(value);

	if (deep == 0)
		json_fail(j, E_LIMIT);
	else if (yyjson_is_obj(value))
		write_object(j, value, deep - 1);
	else if (yyjson_is_arr(value))
		write_array(j, value, deep - 1);
	else if (yyjson_is_str(value))
		json_string(j, NULL, yyjson_get_str(value),
		    yyjson_get_len(value));
	else if (yyjson_is_bool(value))
		json_bool(j, NULL, yyjson_get_bool(value));
	else if (yyjson_is_uint(value))
		json_uint(j, NULL, yyjson_get_uint(value));
	else if (yyjson_is_sint(value))
		json_int(j, NULL, yyjson_get_sint(value));
	else if (yyjson_is_real(value) && number >= 0 && number < 1e9)
		json_ms(j, NULL, (uint64_t)(number * 1000));
	else
		json_text(j, NULL, NULL);
}

static void
judge(struct filter *f, const char *line, size_t length)
{
	bool wanted = filter_passes(f, line, length, false);

	must(wanted == filter_passes(f, line, length, true));
	size_t skip = filter_skip(f, (const uint8_t *)line, length);
	must(skip <= length);
	must(!wanted || skip < length || length == 0);
}

static void
judge_record(struct filter *f, const char *line, size_t length)
{
	yyjson_doc *doc = yyjson_read(line, length, 0);
	struct buf written;
	struct json j;

	(void)filter_passes(f, line, length, false);
	(void)filter_passes(f, line, length, true);
	buf_init(&written, LINE_MAX_BYTES);
	json_init(&j, &written);
	if (yyjson_is_obj(yyjson_doc_get_root(doc))) {
		write_value(&j, yyjson_doc_get_root(doc), DEEP_MAX);
		if (json_error(&j) == 0)
			judge(f, (const char *)buf_data(&written),
			    buf_length(&written));
	}
	buf_free(&written);
	yyjson_doc_free(doc);
}

static int
add(struct filter *f, const char *text)
{
	struct filter_error error = {.column = SIZE_MAX};
	int outcome;

	if (text[0] == '~')
		outcome = filter_add_letters(f, text + 1, &error);
	else if (text[0] == '?')
		outcome = filter_add_where(f, text + 1, &error);
	else
		outcome = filter_add_regex(f, text + 1, &error);
	if (outcome != 0) {
		must(outcome == E_SYNTAX || outcome == E_NOMEM);
		must(error.column <= strlen(text + 1));
		must(error.words[0] != '\0');
	}
	return outcome;
}

static char *
copy_text(const uint8_t *bytes, size_t length)
{
	char *text = malloc(length + 1);

	must(text != NULL);
	memcpy(text, bytes, length);
	text[length] = '\0';
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const uint8_t *newline = length == 0 ? NULL : memchr(bytes, '\n', length);
	struct filter *f = filter_new();

	must(f != NULL);
	if (newline == NULL || newline == bytes || length > INPUT_MAX) {
		filter_free(f);
		return 0;
	}
	char *text = copy_text(bytes, (size_t)(newline - bytes));
	const uint8_t *end = bytes + length;
	int error = add(f, text);
	for (const uint8_t *p = newline + 1; error == 0 && p < end;) {
		newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((newline == NULL ? end : newline) - p);
		char *line = copy_text(p, n);
		judge_record(f, line, n);
		free(line);
		p += n + 1;
	}
	free(text);
	filter_free(f);
	return 0;
}
