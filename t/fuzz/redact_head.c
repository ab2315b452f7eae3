/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/redact_head: the first byte chooses the field, the rest is its
 * value. What was hidden once has nothing left to hide, and where nothing was, the
 * value is the one that came. Runs in the fuzzer and in the unit suite.
 */
#include <stdlib.h>
#include <string.h>

#include "mitm/redact_head.h"
#include "t/fuzz/target.h"

static const char *const names[] = {"cookie", "Set-Cookie", "referer", "Location"};

static struct redact_rules *
make_rules(void)
{
	char *fields[] = {(char *)"token", (char *)"a.b", (char *)"c[]"};
	char *cookies[] = {(char *)"sid", (char *)"a"};
	struct conf conf = {.capture_redact_fields = {.items = fields, .count = 3},
	    .capture_redact_cookies = {.items = cookies, .count = 2},
	    .capture_redact_userinfo = true};
	struct conf_error error;
	struct redact_rules *rules = redact_rules_new(&conf, &error);

	must(rules != NULL);
	return rules;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct redact_rules *rules = make_rules();
	struct arena arena;

	if (length > 0) {
		const char *name = names[bytes[0] % ARRAY_LENGTH(names)];
		const struct http_field field = {
		    {(const uint8_t *)name, strlen(name)}, {bytes + 1, length - 1}};
		struct http_message m = {.fields = &field, .field_count = 1};
		arena_init(&arena, SIZE_MAX);
		redact_head(rules, &m, &arena);
		must(m.field_count == 1);
		must((m.fields == &field) == (m.redacted.names == NULL));
		struct http_message again = {.fields = m.fields, .field_count = 1};
		redact_head(rules, &again, &arena);
		must(memcmp(&again.redacted, &m.redacted, sizeof(m.redacted)) == 0);
		const struct bytes *a = &m.fields->value, *b = &again.fields->value;
		must(a->length == b->length &&
		    (a->length == 0 || memcmp(a->data, b->data, a->length) == 0));
		arena_free(&arena);
	}
	redact_rules_unref(rules);
	return 0;
}
