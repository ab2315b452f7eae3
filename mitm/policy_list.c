/* SPDX-License-Identifier: ISC */
/* Lists of rules: lines, comments, and the letters before rules in messages.
 * Pure; parent and worker. What a rule means is policy.c's. */
#include "mitm/policy_list.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"

struct span {
	const char *at;
	size_t length;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The line's rule: without comment and blanks around. */
static struct span
rule_of(struct span line)
{
	size_t end = 0;

	while (end < line.length &&
	    (line.at[end] != '#' || (end > 0 && !is_blank(line.at[end - 1]))))
		end++;
	while (end > 0 && is_blank(line.at[end - 1]))
		end--;
	size_t start = 0;
	while (start < end && is_blank(line.at[start]))
		start++;
	return (struct span){line.at + start, end - start};
}

/* Cuts the next line off *rest. */
static struct span
next_line(struct span *rest)
{
	const char *newline = memchr(rest->at, '\n', rest->length);
	size_t length = newline == NULL ? rest->length
	                                : (size_t)(newline - rest->at);
	size_t used = newline == NULL ? length : length + 1;
	struct span line = {rest->at, length};

	rest->at += used;
	rest->length -= used;
	return line;
}

static int
add(struct policy *p, enum policy_list_kind kind, const char *rule,
    const char **why)
{
	switch (kind) {
	case POLICY_LIST_INSPECT:
		return policy_add(p, rule, DECIDE_INSPECT, why);
	case POLICY_LIST_SPLICE:
		return policy_add(p, rule, DECIDE_SPLICE, why);
	case POLICY_LIST_REFUSE:
		return policy_add(p, rule, DECIDE_REFUSE, why);
	case POLICY_LIST_KNOWN:
		return policy_add_known(p, rule, why);
	}
	*why = "no such kind of list";
	return E_CORRUPT;
}

static int
add_span(struct policy *p, enum policy_list_kind kind, struct span rule,
    const char **why)
{
	char text[POLICY_RULE_BYTES_MAX + 1];

	if (rule.length > POLICY_RULE_BYTES_MAX) {
		*why = "longer than a rule may be";
		return E_SYNTAX;
	}
	if (memchr(rule.at, '\0', rule.length) != NULL) {
		*why = "not a text: it has a NUL in it";
		return E_SYNTAX;
	}
	memcpy(text, rule.at, rule.length);
	text[rule.length] = '\0';
	return add(p, kind, text, why);
}

static int
append(struct buf *out, enum policy_list_kind kind, struct span rule,
    const char **why)
{
	const char letter = (char)kind;
	int error = buf_append(out, &letter, 1);

	if (error == 0)
		error = buf_append(out, rule.at, rule.length);
	if (error == 0)
		error = buf_append(out, "\n", 1);
	if (error != 0)
		*why = "the lists are too long together";
	return error;
}

static void
tell(struct policy_list_error *error, struct span rule, const char *why)
{
	size_t length = rule.length < sizeof(error->rule) - 1
	    ? rule.length : sizeof(error->rule) - 1;

	memcpy(error->rule, rule.at, length);
	error->rule[length] = '\0';
	error->why = why;
}

int
policy_list_read(const char *text, size_t length, enum policy_list_kind kind,
    struct policy *p, struct buf *out, struct policy_list_error *error)
{
	struct span rest = {text, length};

	*error = (struct policy_list_error){0};
	while (rest.length > 0) {
		struct span rule = rule_of(next_line(&rest));
		const char *why = NULL;

		error->line++;
		if (rule.length == 0)
			continue;
		int outcome = add_span(p, kind, rule, &why);
		if (outcome == 0)
			outcome = append(out, kind, rule, &why);
		if (outcome == 0)
			continue;
		tell(error, rule, why);
		return outcome;
	}
	return 0;
}

int
policy_list_compile(struct policy *p, const char *rules, size_t length)
{
	struct span rest = {rules, length};

	while (rest.length > 0) {
		struct span line = next_line(&rest);
		const char *why;

		if (line.length < 2)
			return E_CORRUPT;
		struct span rule = {line.at + 1, line.length - 1};
		int error = add_span(p, (enum policy_list_kind)line.at[0], rule, &why);
		if (error != 0)
			return error == E_NOMEM ? error : E_CORRUPT;
	}
	return 0;
}
