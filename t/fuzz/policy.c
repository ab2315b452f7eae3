/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/policy: each line of the input is a rule ("+" in front
 * refuses, "-" splices, else inspects), and each line is also asked about as
 * a name and an application. The question never finds less than a rule that
 * is literally the name asked for. Runs in the fuzzer and in the unit suite.
 */
#include "mitm/policy.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

#define LINE_BYTES 512u

/* Copies the next line to `line`; false at the end. */
static bool
next_line(const uint8_t *bytes, size_t length, size_t *at, char *line)
{
	size_t kept = 0;

	if (*at >= length)
		return false;
	for (; *at < length && bytes[*at] != '\n'; (*at)++) {
		if (kept < LINE_BYTES - 1 && bytes[*at] != '\0')
			line[kept++] = (char)bytes[*at];
	}
	line[kept] = '\0';
	(*at)++;
	return true;
}

static enum decision
decision_of(const char *line, const char **rule)
{
	*rule = line + (*line == '+' || *line == '-');
	return *line == '+' ? DECIDE_REFUSE :
	    *line == '-' ? DECIDE_SPLICE : DECIDE_INSPECT;
}

static void
add_line(struct policy *p, const char *line)
{
	const char *rule, *why;
	enum decision decision = decision_of(line, &rule);
	int error = policy_add(p, rule, decision, &why);

	if (error != 0 ? why == NULL || *why == '\0' : why != NULL)
		abort();
	bool plain = strpbrk(rule, "*/:.") == NULL;
	struct verdict v = policy_ask(p,
	    &(struct policy_subject){.server_name = rule});
	if (error == 0 && plain && v.decision < decision)
		abort();
}

static void
ask_line(const struct policy *p, const char *line)
{
	struct sockaddr_storage address = {.ss_family =
	    strlen(line) % 2 == 0 ? AF_INET : AF_INET6};
	size_t room = sizeof(address) - sizeof(address.ss_family);
	size_t length = strlen(line) < room ? strlen(line) : room;

	memcpy((char *)&address + sizeof(address.ss_family), line, length);
	uint32_t uid = (uint32_t)length;
	const struct policy_subject subject = {.server_name = line,
	    .address = &address, .executable = line, .signing_id = line,
	    .team_id = line,
	    .uid = &uid};
	struct verdict v = policy_ask(p, &subject);
	if (v.reason == NULL || v.decision > DECIDE_REFUSE)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct policy *p = policy_new(DECIDE_INSPECT);
	char line[LINE_BYTES];

	if (p == NULL)
		return 0;
	for (size_t at = 0; next_line(bytes, length, &at, line);)
		add_line(p, line);
	for (size_t at = 0; next_line(bytes, length, &at, line);)
		ask_line(p, line);
	policy_free(p);
	return 0;
}
