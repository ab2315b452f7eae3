/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/policy_list: the input is a list. Read whole, or up to the
 * line that is wrong, what it says compiles again from the message, and every
 * question about one of its lines has the same answer in both. As a message it
 * compiles or is refused. Runs in the fuzzer and in the unit suite.
 */
#include "mitm/policy_list.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

#define MESSAGE_BYTES_MAX (1024u * 1024)

static void
same_answers(const struct policy *a, const struct policy *b, const char *rules)
{
	char name[300];

	for (const char *at = rules; *at != '\0'; at += strcspn(at, "\n") + 1) {
		size_t length = strcspn(at + 1, "\n");
		if (length >= sizeof(name))
			continue;
		memcpy(name, at + 1, length);
		name[length] = '\0';
		const struct policy_subject subject = {.server_name = name,
		    .executable = name, .signing_id = name};
		must(policy_ask(a, &subject).decision ==
		    policy_ask(b, &subject).decision);
	}
}

static void
as_list(const uint8_t *bytes, size_t length, enum policy_list_kind kind)
{
	struct policy *p = policy_new(DECIDE_INSPECT);
	struct policy *again = policy_new(DECIDE_INSPECT);
	struct policy_list_error error;
	struct buf rules;

	buf_init(&rules, MESSAGE_BYTES_MAX);
	if (p != NULL && again != NULL) {
		int outcome = policy_list_read((const char *)bytes, length, kind, p,
		    &rules, &error);
		must(outcome == 0 || (error.why != NULL && error.line > 0 &&
		    (outcome == E_SYNTAX || outcome == E_LIMIT)));
		must(policy_list_compile(again, (const char *)buf_data(&rules),
		    buf_length(&rules)) == 0);
		must(buf_append(&rules, "", 1) == 0 || outcome == E_LIMIT);
		same_answers(p, again, (const char *)buf_data(&rules));
	}
	policy_free(p);
	policy_free(again);
	buf_free(&rules);
}

static void
as_message(const uint8_t *bytes, size_t length)
{
	struct policy *p = policy_new(DECIDE_INSPECT);

	if (p != NULL) {
		int error = policy_list_compile(p, (const char *)bytes, length);
		must(error == 0 || error == E_CORRUPT);
	}
	policy_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const enum policy_list_kind kinds[] = {POLICY_LIST_INSPECT,
	    POLICY_LIST_SPLICE, POLICY_LIST_REFUSE, POLICY_LIST_KNOWN};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		as_list(bytes, length, kinds[i]);
	as_message(bytes, length);
	return 0;
}
