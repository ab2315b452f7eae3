/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/content: the first byte chooses the codings, the second the
 * type, the third how much may come of it, the rest is the body. The same comes out
 * whole, a byte at a time, and through a buffer that is emptied whenever it holds
 * something; and what is no coding is not lost. Runs in the fuzzer and in the unit
 * suite.
 */
#include <stdlib.h>
#include <string.h>

#include "mitm/content.h"
#include "t/fuzz/target.h"

#define LIMIT_UNIT 1024u

static const char *const codings[] = {"", "gzip", "deflate", "br", "zstd",
    "gzip, br", "compress"};
static const char *const types[] = {"", "application/json",
    "application/x-www-form-urlencoded", "text/plain", "text/html; charset=sjis",
    "application/xml"};
#define TYPES_AS_THEY_ARE 1u /* no charset is looked for */

static struct bytes
text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static struct redact_rules *
make_rules(void)
{
	char *fields[] = {(char *)"token", (char *)"password", (char *)"a"};
	char *patterns[] = {(char *)"(?i)secret\\d*", (char *)"\\be+f\\b"};
	struct conf conf = {.capture_redact_fields = {.items = fields, .count = 3},
	    .capture_redact_patterns = {.items = patterns, .count = 2}};
	struct conf_error error;
	struct redact_rules *rules = redact_rules_new(&conf, &error);

	must(rules != NULL);
	return rules;
}

static void
say(const struct content_options *options, struct bytes in, size_t piece_bytes,
    size_t enough, struct buf *out, struct content_facts *facts)
{
	struct content *c = content_new(options);
	struct buf some;

	must(c != NULL);
	buf_init(&some, SIZE_MAX);
	while (in.length > 0) {
		size_t length = in.length < piece_bytes ? in.length : piece_bytes;
		struct bytes piece = {in.data, length};
		bool more;
		do {
			more = content_feed(c, &piece, enough, &some);
			must(more ? buf_length(&some) >= enough : piece.length == 0);
			must(enough == SIZE_MAX || buf_length(&some) <
			    enough + CONTENT_GROWTH_BYTES);
			must(buf_append(out, buf_data(&some), buf_length(&some)) == 0);
			buf_clear(&some);
		} while (more);
		in.data += length;
		in.length -= length;
	}
	content_end(c, &some, facts);
	must(buf_append(out, buf_data(&some), buf_length(&some)) == 0);
	/* The names go with the rules, which are this test's. */
	content_free(c);
	buf_free(&some);
}

static bool
same_facts(const struct content_facts *a, const struct content_facts *b)
{
	return a->decoded == b->decoded && a->decoded_bytes == b->decoded_bytes &&
	    a->cut == b->cut && a->error == b->error && a->charset == b->charset &&
	    a->replaced == b->replaced &&
	    memcmp(&a->redacted, &b->redacted, sizeof(a->redacted)) == 0;
}

/* Where a body breaks, its decoders may have said more or less by then. */
static bool
breaks(const struct content_facts *facts)
{
	return facts->error != NULL && facts->decoded;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct {
		size_t piece_bytes, enough;
	} ways[] = {{1, SIZE_MAX}, {SIZE_MAX, 1}, {7, 50}};
	struct buf whole, other;
	struct content_facts facts, other_facts;

	if (length < 3)
		return 0;
	struct redact_rules *rules = make_rules();
	const struct content_options options = {
	    .rules = rules,
	    .codings = text_bytes(codings[bytes[0] % ARRAY_LENGTH(codings)]),
	    .type = text_bytes(types[bytes[1] % ARRAY_LENGTH(types)]),
	    .decoded_bytes = bytes[2] * LIMIT_UNIT,
	};
	struct bytes in = {bytes + 3, length - 3};
	buf_init(&whole, SIZE_MAX);
	buf_init(&other, SIZE_MAX);
	say(&options, in, SIZE_MAX, SIZE_MAX, &whole, &facts);
	must(facts.decoded || facts.redacted.names != NULL ||
	    bytes[1] % ARRAY_LENGTH(types) >= TYPES_AS_THEY_ARE ||
	    (buf_length(&whole) == in.length && (in.length == 0 ||
	        memcmp(buf_data(&whole), in.data, in.length) == 0)));
	for (size_t i = 0; i < ARRAY_LENGTH(ways); i++) {
		buf_clear(&other);
		say(&options, in, ways[i].piece_bytes, ways[i].enough, &other,
		    &other_facts);
		must(breaks(&facts) == breaks(&other_facts));
		must(breaks(&facts) || (same_facts(&facts, &other_facts) &&
		    buf_length(&whole) == buf_length(&other) &&
		    (buf_length(&whole) == 0 || memcmp(buf_data(&whole),
		        buf_data(&other), buf_length(&whole)) == 0)));
	}
	buf_free(&whole);
	buf_free(&other);
	redact_rules_unref(rules);
	return 0;
}
