/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/redact_patterns: the first byte says how often the rest is
 * repeated, so that it outgrows the window. The same is shown whatever pieces it
 * comes in; without a match that is what came; and no digit is left between two
 * letters. Runs in the fuzzer and in the unit suite.
 */
#include <stdlib.h>
#include <string.h>

#include "mitm/redact_patterns.h"
#include "t/fuzz/target.h"

#define TEXT_BYTES_MAX ((size_t)20 * 1024)

static const char *const expressions[] = {"(?<=[a-z])[0-9](?=[a-z])",
    "\\b\\d{4}(?: ?\\d{4}){3}\\b", "(?s)<s>.*?</s>", "(?i)token=\\K[^&\\s]+",
    "(?m)^#.*$", "(\\w+,)+!", "\\p{Lu}{3}"};

static struct redact_patterns *
compile(void)
{
	struct redact_patterns *p = redact_patterns_new();
	struct redact_pattern_error error;

	must(p != NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(expressions); i++)
		must(redact_patterns_add(p, expressions[i], &error) == 0);
	return p;
}

static uint64_t
match(struct redact_patterns *p, struct bytes text, size_t piece_bytes,
    struct buf *out)
{
	struct redact_matcher m;

	redact_matcher_init(&m, p);
	while (text.length > 0) {
		size_t length = text.length < piece_bytes ? text.length : piece_bytes;
		redact_matcher_feed(&m, (struct bytes){text.data, length}, out);
		text.data += length;
		text.length -= length;
	}
	redact_matcher_end(&m, out);
	must(!m.cut);
	uint64_t met = m.gave_up ? UINT64_MAX : m.met;
	redact_matcher_free(&m);
	return met;
}

static bool
is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool
has_hidden_digit(const uint8_t *p, size_t length)
{
	for (size_t i = 2; i < length; i++) {
		if (is_lower(p[i - 2]) && p[i - 1] >= '0' && p[i - 1] <= '9' &&
		    is_lower(p[i]))
			return true;
	}
	return false;
}

static bool
same(const struct buf *a, struct bytes b)
{
	const uint8_t *data = buf_data(a);

	return buf_length(a) == b.length && (data == NULL || b.data == NULL ||
	    memcmp(data, b.data, b.length) == 0);
}

static void
check(struct redact_patterns *p, struct bytes text)
{
	static const size_t pieces[] = {13, 4096};
	struct buf whole, other;

	buf_init(&whole, SIZE_MAX);
	buf_init(&other, SIZE_MAX);
	uint64_t met = match(p, text, SIZE_MAX, &whole);
	size_t length = buf_length(&whole);
	must(met != 0 || same(&whole, text));
	must((met & 1) == 0 || length == 0 || met == UINT64_MAX ||
	    !has_hidden_digit(buf_data(&whole), length));
	for (size_t i = 0; met != UINT64_MAX && i < ARRAY_LENGTH(pieces); i++) {
		buf_clear(&other);
		/* What may be spent grows with what has come. */
		uint64_t again = match(p, text, pieces[i], &other);
		must(again == UINT64_MAX || (again == met && same(&other,
		    (struct bytes){buf_data(&whole), length})));
	}
	buf_free(&whole);
	buf_free(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buf text;

	if (length < 2)
		return 0;
	struct redact_patterns *p = compile();
	buf_init(&text, TEXT_BYTES_MAX);
	for (size_t i = 0; i <= (size_t)bytes[0] &&
	    buf_append(&text, bytes + 1, length - 1) == 0; i++)
		continue;
	check(p, (struct bytes){buf_data(&text), buf_length(&text)});
	buf_free(&text);
	redact_patterns_free(p);
	return 0;
}
