/* SPDX-License-Identifier: ISC */
/* Ordered rules for hosts, each pattern a policy of one rule. They are few and
 * asked seldom: when a server does not verify, or asks for a certificate. Pure. */
#include "mitm/host_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mitm/policy.h"

struct host_rules {
	struct policy **patterns; /* owned */
	size_t count;
};

struct host_rules *
host_rules_new(void)
{
	return calloc(1, sizeof(struct host_rules));
}

void
host_rules_free(struct host_rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++)
		policy_free(r->patterns[i]);
	free(r->patterns);
	free(r);
}

int
host_rules_split(const char *rule, char pattern[HOST_PATTERN_BYTES],
    const char **value, const char **why)
{
	size_t length = strcspn(rule, "=");

	if (rule[length] == '\0') {
		*why = "expected PATTERN=VALUE";
		return E_SYNTAX;
	}
	if (length >= HOST_PATTERN_BYTES) {
		*why = "the pattern is longer than a name can be";
		return E_SYNTAX;
	}
	memcpy(pattern, rule, length);
	pattern[length] = '\0';
	*value = rule + length + 1;
	return 0;
}

static int
append(struct host_rules *r, struct policy *p)
{
	struct policy **grown =
	    realloc(r->patterns, (r->count + 1) * sizeof(struct policy *));

	if (grown == NULL)
		return E_NOMEM;
	r->patterns = grown;
	r->patterns[r->count++] = p;
	return 0;
}

int
host_rules_add(struct host_rules *r, const char *pattern, const char **why)
{
	if (r->count >= HOST_RULES_MAX) {
		*why = "more than 1024 rules";
		return E_LIMIT;
	}
	struct policy *p = policy_new(DECIDE_INSPECT);
	*why = "out of memory";
	if (p == NULL)
		return E_NOMEM;
	int error = policy_add_host(p, pattern, DECIDE_REFUSE, why);
	if (error == 0) {
		error = append(r, p);
		*why = error == 0 ? NULL : "out of memory";
	}
	if (error != 0)
		policy_free(p);
	return error;
}

int
host_rules_find(const struct host_rules *r, const char *name,
    const struct sockaddr_storage *address, const char **reason)
{
	const struct policy_subject subject = {.server_name = name,
	    .address = address};

	for (size_t i = 0; i < r->count; i++) {
		struct verdict v = policy_ask(r->patterns[i], &subject);
		*reason = v.reason;
		if (v.decision == DECIDE_REFUSE)
			return (int)i;
	}
	*reason = "default";
	return -1;
}
