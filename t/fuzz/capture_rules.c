/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/capture_rules: each line of the input is a rule up to an empty
 * one, and each line behind that the host, the type and the application of an
 * exchange. Before the answer no less is promised than comes of it, and what is decided
 * then stays so. An error is about a part of its line. Runs in the fuzzer and in the
 * unit suite.
 */
#include "mitm/capture_rules.h"

#include <stdlib.h>
#include <string.h>

#include "t/fuzz/conversation.h"

#define LINES_MAX 80u

static void
ask(const struct capture_rules *r, char *line)
{
	const struct policy_subject subject = {.executable = line};
	struct capture_flow flow = capture_rules_flow(r, &subject);
	struct bytes text = {(const uint8_t *)line, strlen(line)};
	struct capture_subject asked = {.host = text, .method = text, .type = &text,
	    .status = (unsigned)(100 + text.length % 500)};
	struct capture_verdict early = capture_rules_ask(r, &flow, &asked);

	asked.answered = true;
	struct capture_verdict late = capture_rules_ask(r, &flow, &asked);
	must(late.decided && late.level >= early.level);
	must(!early.decided || late.level == early.level);
}

/* Cuts the text into lines; returns how many come before an empty one. */
static size_t
split(char *text, char *items[LINES_MAX], size_t *count)
{
	size_t rules = LINES_MAX;

	for (*count = 0; *count < LINES_MAX && text != NULL; ++*count) {
		char *end = strchr(text, '\n');
		if (end != NULL)
			*end++ = '\0';
		if (*text == '\0' && rules == LINES_MAX)
			rules = *count;
		items[*count] = text;
		text = end;
	}
	return rules < *count ? rules : *count;
}

static void
check_error(const struct conf_list *lines, const struct capture_rules_error *wrong)
{
	must(wrong->why != NULL && wrong->rule < lines->count);
	must(wrong->column + wrong->length <= strlen(lines->items[wrong->rule]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *items[LINES_MAX], *text = strndup((const char *)bytes, length);
	struct conf_list lines = {.items = items};
	struct capture_rules_error wrong;
	size_t count;

	must(text != NULL);
	lines.count = split(text, items, &count);
	struct capture_rules *r = capture_rules_new(&lines, &wrong);
	if (r == NULL)
		check_error(&lines, &wrong);
	for (size_t i = lines.count; r != NULL && i < count; i++)
		ask(r, items[i]);
	capture_rules_release(r);
	free(text);
	return 0;
}
