/* SPDX-License-Identifier: ISC */
/*
 * What the raw bytes of a line must have for a test to be true of it, so that
 * most lines need not be parsed. That is known of lines of our own writer only,
 * which writes each text in one way (base/json.h), without blanks, and integers in
 * decimal. Pure; CLI only. When in doubt it asks for nothing.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "log/filter_tree.h"

#define LEAST_BYTES 2u /* a shorter need is met by every line */

/* --- finding --- */

/* Takes over what f->text holds. */
static int
set_bytes(struct filter *f, struct filter_need *need)
{
	size_t length = buf_length(&f->text);

	if (length < LEAST_BYTES)
		return 0;
	need->bytes = arena_copy(&f->arena, buf_data(&f->text), length);
	need->length = length;
	return need->bytes == NULL ? E_NOMEM : 0;
}

/* Puts a text as our writer writes it into f->text, without its quotes but for
 * those asked for. */
static int
write_text(struct filter *f, const char *text, size_t length, bool front,
    bool back)
{
	struct json j;

	buf_clear(&f->text);
	json_init(&j, &f->text);
	json_string(&j, NULL, text, length);
	int error = json_error(&j);
	if (error != 0)
		return error;
	if (!front)
		buf_consume(&f->text, 1);
	if (!back)
		f->text.length--;
	return 0;
}

/* The last name of the test's only field, or NULL. */
static const char *
last_name(const struct filter_test *test)
{
	if (test->subject != FILTER_FIELDS || test->field_count != 1)
		return NULL;
	const char *name = test->fields[0].names;
	for (size_t i = 1; i < test->fields[0].count; i++)
		name += strlen(name) + 1;
	return name;
}

/* "name":value as it stands in a line; an empty value is any. */
static int
need_member(struct filter *f, const struct filter_test *test, const char *value,
    struct filter_need *need)
{
	const char *name = last_name(test);

	if (name == NULL)
		return 0;
	int error = write_text(f, name, strlen(name), true, true);
	if (error == 0)
		error = buf_puts(&f->text, ":");
	if (error == 0)
		error = buf_puts(&f->text, value);
	return error != 0 ? error : set_bytes(f, need);
}

/* Or it is an element of an array. */
static int
need_value(struct filter *f, struct filter_test *test, const char *value)
{
	int error = need_member(f, test, value, &test->need);

	return error != 0 ? error : need_member(f, test, "[", &test->other);
}

static int
need_number(struct filter *f, struct filter_test *test)
{
	double number = test->value.number;
	char digits[32];

	if (test->compare != FILTER_EQUAL || !(number > -9e15) || !(number < 9e15) ||
	    number != (double)(int64_t)number)
		return need_member(f, test, "", &test->need);
	(void)snprintf(digits, sizeof(digits), "%" PRId64, (int64_t)number);
	return need_value(f, test, digits);
}

static int
need_text(struct filter *f, struct filter_test *test)
{
	const struct filter_value *v = &test->value;
	bool equal = test->compare == FILTER_EQUAL;

	if (!equal && test->compare != FILTER_CONTAINS &&
	    test->compare != FILTER_STARTS && test->compare != FILTER_ENDS)
		return need_member(f, test, "", &test->need);
	int error = write_text(f, v->text, v->length,
	    equal || test->compare == FILTER_STARTS,
	    equal || test->compare == FILTER_ENDS);
	return error != 0 ? error : set_bytes(f, &test->need);
}

/* --- patterns --- */

/* "name: value" and "address:port" do not stand in a line so; their parts do. */
static const char *
longest_part(const char *text, size_t *length)
{
	const char *best = text, *end = text + *length;
	size_t best_length = 0;

	for (const char *p = text; p < end;) {
		const char *start = p;
		while (p < end && *p != ':' && *p != ' ')
			p++;
		if ((size_t)(p - start) > best_length) {
			best = start;
			best_length = (size_t)(p - start);
		}
		p += p < end;
	}
	*length = best_length;
	return best;
}

static bool
has_cases(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (isalpha((unsigned char)text[i]) || (text[i] & 0x80) != 0)
			return true;
	}
	return false;
}

/* The pattern is kept by the filter as those of tests are. */
static int
set_caseless(struct filter *f, struct filter_need *need)
{
	struct filter_patterns *entry = arena_alloc(&f->arena, sizeof(*entry));
	struct pattern_error error;

	if (entry == NULL)
		return E_NOMEM;
	need->pattern = pattern_new((const char *)buf_data(&f->text),
	    buf_length(&f->text), PATTERN_LITERAL | PATTERN_CASELESS, &error);
	if (need->pattern == NULL)
		return E_NOMEM;
	*entry = (struct filter_patterns){need->pattern, f->patterns};
	f->patterns = entry;
	need->length = buf_length(&f->text);
	return 0;
}

static int
need_literal(struct filter *f, struct filter_test *test, const char *text,
    size_t length, bool caseless)
{
	int error = 0;

	if (test->subject == FILTER_HEADERS || test->subject == FILTER_ENDPOINT)
		text = longest_part(text, &length);
	if (test->subject == FILTER_LINE) {
		buf_clear(&f->text);
		error = buf_append(&f->text, text, length);
	} else {
		error = write_text(f, text, length, false, false);
	}
	if (error != 0 || buf_length(&f->text) < LEAST_BYTES)
		return error;
	return caseless && has_cases((const char *)buf_data(&f->text),
	                       buf_length(&f->text))
	    ? set_caseless(f, &test->need) : set_bytes(f, &test->need);
}

static int
need_pattern(struct filter *f, struct filter_test *test, const char *regex,
    size_t length, unsigned flags)
{
	static const char base64[] = "\"encoding\":\"base64\"";
	char literal[PATTERN_LITERAL_MAX];

	size_t n = pattern_literal(regex, length, literal);
	int error = need_literal(f, test, literal, n,
	    (flags & PATTERN_CASELESS) != 0);
	if (error != 0 || test->subject != FILTER_BODY)
		return error;
	test->other = (struct filter_need){.bytes = base64,
	    .length = sizeof(base64) - 1};
	return 0;
}

int
filter_need_find(struct filter *f, struct filter_test *test, const char *regex,
    size_t length, unsigned flags)
{
	switch (test->value.kind) {
	case FILTER_NOTHING:
	case FILTER_NETWORK:
	case FILTER_TIME:
		return need_member(f, test, "", &test->need);
	case FILTER_TEXT:
		return need_text(f, test);
	case FILTER_NUMBER:
		return need_number(f, test);
	case FILTER_TRUTH:
		return need_value(f, test, test->value.truth ? "true" : "false");
	case FILTER_PATTERN:
		break;
	}
	return regex == NULL ? 0 : need_pattern(f, test, regex, length, flags);
}

/* --- searching --- */

size_t
filter_need_search(const struct filter_need *need, const void *bytes,
    size_t length)
{
	size_t at;

	if (need->bytes == NULL)
		return pattern_find(need->pattern, bytes, length, &at) ? at : length;
	const char *found = memmem(bytes, length, need->bytes, need->length);
	return found == NULL ? length : (size_t)(found - (const char *)bytes);
}

static bool
meets(const struct filter_test *test, const char *line, size_t length)
{
	if (test->need.length == 0)
		return true;
	if (filter_need_search(&test->need, line, length) < length)
		return true;
	return test->other.length > 0 &&
	    filter_need_search(&test->other, line, length) < length;
}

bool
filter_may_pass(const struct filter_node *node, const char *line, size_t length)
{
	switch (node->op) {
	case FILTER_AND:
		return filter_may_pass(node->left, line, length) &&
		    filter_may_pass(node->right, line, length);
	case FILTER_OR:
		return filter_may_pass(node->left, line, length) ||
		    filter_may_pass(node->right, line, length);
	case FILTER_NOT:
		return true;
	case FILTER_TEST:
		break;
	}
	return meets(&node->test, line, length);
}

const struct filter_need *
filter_anchor(const struct filter_node *node)
{
	if (node->op == FILTER_TEST)
		return node->test.need.length > 0 && node->test.other.length == 0
		    ? &node->test.need : NULL;
	if (node->op != FILTER_AND)
		return NULL;
	const struct filter_need *left = filter_anchor(node->left);
	const struct filter_need *right = filter_anchor(node->right);
	if (left == NULL || right == NULL)
		return left == NULL ? right : left;
	return left->length >= right->length ? left : right;
}
