/* SPDX-License-Identifier: ISC */
/*
 * PCRE2, compiled to machine code where the system allows that. Pure; CLI only.
 * Never runs without bounds: an expression that backtracks without end finds
 * nothing in that record.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "log/pattern.h"

#include <pcre2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MATCH_LIMIT 1000000u
#define HEAP_LIMIT_KIB (16u * 1024)
#define JIT_STACK_BYTES (1024u * 1024)

struct pattern {
	pcre2_code *code;
	pcre2_match_data *found;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
};

static uint32_t
options(unsigned flags)
{
	uint32_t wanted = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;

	if ((flags & PATTERN_CASELESS) != 0)
		wanted |= PCRE2_CASELESS;
	if ((flags & PATTERN_LITERAL) != 0)
		return wanted | PCRE2_LITERAL;
	if ((flags & PATTERN_DOTALL) != 0)
		wanted |= PCRE2_DOTALL;
	return wanted | PCRE2_NEVER_BACKSLASH_C;
}

/* Without machine code it is slower, no more. */
static bool
prepare(struct pattern *p)
{
	p->found = pcre2_match_data_create_from_pattern(p->code, NULL);
	p->limits = pcre2_match_context_create(NULL);
	if (p->found == NULL || p->limits == NULL)
		return false;
	(void)pcre2_set_match_limit(p->limits, MATCH_LIMIT);
	(void)pcre2_set_heap_limit(p->limits, HEAP_LIMIT_KIB);
	if (pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE) == 0) {
		p->stack = pcre2_jit_stack_create(32 * 1024, JIT_STACK_BYTES, NULL);
		pcre2_jit_stack_assign(p->limits, NULL, p->stack);
	}
	return true;
}

struct pattern *
pattern_new(const char *text, size_t length, unsigned flags,
    struct pattern_error *error)
{
	struct pattern *p = calloc(1, sizeof(*p));
	PCRE2_SIZE offset = 0;
	int code = PCRE2_ERROR_NOMEMORY;

	if (p != NULL)
		p->code = pcre2_compile((PCRE2_SPTR)text, length, options(flags),
		    &code, &offset, NULL);
	if (p != NULL && p->code != NULL && prepare(p))
		return p;
	error->offset = offset > length ? length : offset;
	if (pcre2_get_error_message(code, (PCRE2_UCHAR *)error->words,
	        sizeof(error->words)) < 0 && error->words[0] == '\0')
		(void)snprintf(error->words, sizeof(error->words), "not well formed");
	pattern_free(p);
	return NULL;
}

void
pattern_free(struct pattern *p)
{
	if (p == NULL)
		return;
	pcre2_jit_stack_free(p->stack);
	pcre2_match_context_free(p->limits);
	pcre2_match_data_free(p->found);
	pcre2_code_free(p->code);
	free(p);
}

bool
pattern_find(struct pattern *p, const void *bytes, size_t length, size_t *at)
{
	PCRE2_SPTR subject = length == 0 ? (PCRE2_SPTR)"" : bytes;

	int found = pcre2_match(p->code, subject, length, 0, 0, p->found, p->limits);
	if (found == PCRE2_ERROR_JIT_STACKLIMIT)
		found = pcre2_match(p->code, subject, length, 0, PCRE2_NO_JIT,
		    p->found, p->limits);
	if (found < 0)
		return false;
	*at = pcre2_get_ovector_pointer(p->found)[0];
	return true;
}

bool
pattern_matches(struct pattern *p, const void *bytes, size_t length)
{
	size_t at;

	return pattern_find(p, bytes, length, &at);
}
