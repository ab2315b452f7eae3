/* SPDX-License-Identifier: ISC */
/*
 * What every match of a regular expression must contain. Pure; CLI only. Reads
 * the expression from its beginning and understands as much of its syntax as it
 * can be sure of: characters that stand for themselves, classes, groups and
 * repetitions, which it steps over. At anything else it stops and keeps what it
 * has, for what is required stays required whatever follows; but an alternation
 * outside of groups voids all of it.
 */
#include <ctype.h>
#include <string.h>

#include "log/pattern.h"

struct scan {
	const char *p, *end;
	bool alternation;
	size_t run_length, best_length;
	char run[PATTERN_LITERAL_MAX], best[PATTERN_LITERAL_MAX];
};

static void
end_run(struct scan *s)
{
	if (s->run_length > s->best_length) {
		memcpy(s->best, s->run, s->run_length);
		s->best_length = s->run_length;
	}
	s->run_length = 0;
}

/* The last character may be repeated zero times. */
static void
drop_last(struct scan *s)
{
	while (s->run_length > 0 && (s->run[--s->run_length] & 0xc0) == 0x80)
		;
}

/* The character at p stands for itself. */
static void
take_character(struct scan *s)
{
	size_t n = 1;

	while (s->p + n < s->end && (s->p[n] & 0xc0) == 0x80)
		n++;
	if (s->run_length + n > sizeof(s->run))
		end_run(s);
	if (n <= sizeof(s->run)) {
		memcpy(s->run + s->run_length, s->p, n);
		s->run_length += n;
	}
	s->p += n;
	if (s->p == s->end || strchr("*?{+", *s->p) == NULL)
		return;
	if (*s->p != '+')
		drop_last(s);
	end_run(s);
}

/* The escapes with a letter that have no argument and are no character. */
static bool
take_escape(struct scan *s)
{
	if (s->p + 1 == s->end)
		return false;
	if (!isalnum((unsigned char)s->p[1])) {
		s->p++;
		take_character(s);
		return true;
	}
	if (strchr("dDwWsSbBAzZGhHvVRXnrtfae", s->p[1]) == NULL)
		return false;
	end_run(s);
	s->p += 2;
	return true;
}

/* From a "[" to behind its "]". False: not sure where that is. */
static bool
skip_class(const char **at, const char *end)
{
	const char *p = *at + 1;

	if (p < end && *p == '^')
		p++;
	if (p < end && *p == ']')
		p++;
	for (; p < end && *p != ']'; p++) {
		if (*p == '[' && p + 1 < end && strchr(":.=", p[1]) != NULL)
			return false;
		if (*p == '\\' && (++p == end || *p == 'Q'))
			return false;
	}
	*at = p + 1;
	return p < end;
}

/* Whether a group begins in a way that leaves the syntax inside as it is. */
static bool
is_plain_group(const char *p, const char *end)
{
	if (p + 2 >= end || p[1] != '?')
		return true;
	return strchr(":=!<>|'P", p[2]) != NULL;
}

/* From a "(" to behind its ")". */
static bool
skip_group(const char **at, const char *end)
{
	const char *p = *at;
	size_t depth = 0;

	while (p < end) {
		if (*p == '\\') {
			if (p + 1 == end || p[1] == 'Q')
				return false;
			p += 2;
			continue;
		}
		if (*p == '[') {
			if (!skip_class(&p, end))
				return false;
			continue;
		}
		if (*p == '(' && !is_plain_group(p, end))
			return false;
		depth += *p == '(';
		depth -= *p == ')';
		p++;
		if (depth == 0) {
			*at = p;
			return true;
		}
	}
	return false;
}

/* "{2,3}"; whatever else begins with a brace is not looked into. */
static bool
skip_braces(struct scan *s)
{
	const char *p = s->p + 1;

	while (p < s->end && (isdigit((unsigned char)*p) || *p == ',' || *p == ' '))
		p++;
	if (p == s->end || *p != '}')
		return false;
	s->p = p + 1;
	return true;
}

/* One item of the expression. False: stop here. */
static bool
take_item(struct scan *s)
{
	switch (*s->p) {
	case '|':
		s->alternation = true;
		return false;
	case ')':
		return false;
	case '\\':
		return take_escape(s);
	case '(':
		if (!skip_group(&s->p, s->end))
			return false;
		end_run(s);
		return true;
	case '[':
		end_run(s);
		return skip_class(&s->p, s->end);
	case '{':
		end_run(s);
		return skip_braces(s);
	case '.':
	case '^':
	case '$':
	case '*':
	case '+':
	case '?':
		end_run(s);
		s->p++;
		return true;
	default:
		take_character(s);
		return true;
	}
}

size_t
pattern_literal(const char *text, size_t length, char out[PATTERN_LITERAL_MAX])
{
	struct scan s = {.p = text, .end = text + length};

	/* A verb like (*ACCEPT) may end a match before its end. */
	if (memmem(text, length, "(*", 2) != NULL)
		return 0;
	while (s.p < s.end && take_item(&s))
		;
	if (s.alternation ||
	    memchr(s.p, '|', (size_t)(s.end - s.p)) != NULL)
		return 0;
	/* What stopped it may be nothing (a comment), and a repetition behind it. */
	if (s.p < s.end)
		drop_last(&s);
	end_run(&s);
	memcpy(out, s.best, s.best_length);
	return s.best_length;
}
