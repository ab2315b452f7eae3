/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/redact: what is redacted once has nothing left to redact, what
 * holds no name stays as it is, and the same comes out a byte at a time. Runs in the
 * fuzzer and in the unit suite.
 */
#include <stdlib.h>
#include <string.h>

#include "t/fuzz/redact_all.h"
#include "t/fuzz/target.h"

static const char *const names[] = {"token", "password", "a", "b[].c", "d.*",
    "[].e"};

static bool
same(struct bytes a, const struct buf *b)
{
	const uint8_t *data = buf_data(b);

	return a.length == buf_length(b) && (a.data == NULL || data == NULL ||
	    memcmp(a.data, data, a.length) == 0);
}

static void
check(const struct redact_rules *rules, enum redact_form form, struct bytes text)
{
	struct buf once, again;

	buf_init(&once, SIZE_MAX);
	buf_init(&again, SIZE_MAX);
	struct redacted met = redact_all(rules, form, text, SIZE_MAX, &once);
	struct bytes redacted = {buf_data(&once), buf_length(&once)};
	must(met.bits[0] >> ARRAY_LENGTH(names) == 0);
	must(met.names != NULL || same(text, &once));
	struct redacted same_met = redact_all(rules, form, text, 1, &again);
	must(memcmp(&met, &same_met, sizeof(met)) == 0 && same(redacted, &again));
	buf_clear(&again);
	same_met = redact_all(rules, form, redacted, SIZE_MAX, &again);
	must(memcmp(&met, &same_met, sizeof(met)) == 0 && same(redacted, &again));
	buf_free(&once);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const enum redact_form forms[] = {REDACT_GUESS, REDACT_PAIRS,
	    REDACT_MULTIPART, REDACT_JSON};
	struct redact_rules *rules = redact_fields(names, ARRAY_LENGTH(names));

	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
		check(rules, forms[i], (struct bytes){bytes, length});
	redact_rules_unref(rules);
	return 0;
}
