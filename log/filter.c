/* SPDX-License-Identifier: ISC */
/*
 * Filters as a whole: adding to one, and judging a line by it. Pure; CLI only.
 * Parses a record only when its raw bytes leave the question open.
 */
#include "log/filter.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "log/filter_tree.h"
#include "log/when.h"

#define ARENA_BYTES (1024u * 1024)
#define POOL_BYTES (256u * 1024 * 1024) /* of address space; little is touched */
#define TEXT_BYTES (16u * 1024 * 1024)

static const char time_prefix[] = "{\"@timestamp\":\"";

struct filter *
filter_new(void)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	arena_init(&f->arena, ARENA_BYTES);
	buf_init(&f->pool, POOL_BYTES);
	buf_init(&f->text, TEXT_BYTES);
	return f;
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	for (const struct filter_patterns *p = f->patterns; p != NULL; p = p->next)
		pattern_free(p->pattern);
	arena_free(&f->arena);
	buf_free(&f->pool);
	buf_free(&f->text);
	free(f);
}

/* --- adding --- */

static void
say(struct filter_parser *ps, const char *at, const char *format, va_list arguments)
{
	ps->error->column = (size_t)(at - ps->text);
	(void)vsnprintf(ps->error->words, sizeof(ps->error->words), format,
	    arguments);
}

struct filter_node *
filter_fail(struct filter_parser *ps, const char *at, const char *format, ...)
{
	va_list arguments;

	if (ps->failure != 0)
		return NULL;
	ps->failure = E_SYNTAX;
	va_start(arguments, format);
	say(ps, at, format, arguments);
	va_end(arguments);
	return NULL;
}

void
filter_warn(struct filter_parser *ps, const char *at, const char *format, ...)
{
	va_list arguments;

	if (ps->failure != 0 || ps->error->words[0] != '\0')
		return;
	va_start(arguments, format);
	say(ps, at, format, arguments);
	va_end(arguments);
}

static struct filter_node *
no_memory(struct filter_parser *ps)
{
	(void)filter_fail(ps, ps->text, "%s", err_text(E_NOMEM));
	ps->failure = E_NOMEM;
	return NULL;
}

static struct filter_node *
new_node(struct filter_parser *ps, const struct filter_node *content)
{
	struct filter_node *node = arena_alloc(&ps->f->arena, sizeof(*node));

	if (node == NULL)
		return no_memory(ps);
	*node = *content;
	return node;
}

struct filter_node *
filter_join(struct filter_parser *ps, enum filter_op op,
    struct filter_node *left, struct filter_node *right)
{
	const struct filter_node node = {.op = op, .left = left, .right = right};

	if (left == NULL || (right == NULL && op != FILTER_NOT))
		return NULL;
	return new_node(ps, &node);
}

static struct filter_node *
finish_test(struct filter_parser *ps, const struct filter_test *test,
    const char *regex, size_t length, unsigned flags)
{
	struct filter_node node = {.op = FILTER_TEST, .test = *test};

	if (filter_need_find(ps->f, &node.test, regex, length, flags) != 0)
		return no_memory(ps);
	return new_node(ps, &node);
}

struct filter_node *
filter_test(struct filter_parser *ps, const struct filter_test *test)
{
	return finish_test(ps, test, NULL, 0, 0);
}

/* The filter owns it from now on, also when there is no memory to say so. */
static bool
own_pattern(struct filter *f, struct pattern *pattern)
{
	struct filter_patterns *entry = arena_alloc(&f->arena, sizeof(*entry));

	if (entry == NULL) {
		pattern_free(pattern);
		return false;
	}
	*entry = (struct filter_patterns){pattern, f->patterns};
	f->patterns = entry;
	return true;
}

struct filter_node *
filter_test_regex(struct filter_parser *ps, const struct filter_test *test,
    const char *regex, size_t length, unsigned flags, const char *at)
{
	struct pattern_error error = {0};
	struct filter_test full = *test;

	full.compare = FILTER_MATCHES;
	full.value.kind = FILTER_PATTERN;
	full.value.pattern = pattern_new(regex, length, flags, &error);
	if (full.value.pattern == NULL)
		return filter_fail(ps, at + error.offset,
		    "in the regular expression: %s", error.words);
	if (!own_pattern(ps->f, full.value.pattern))
		return no_memory(ps);
	return finish_test(ps, &full, regex, length, flags);
}

/* --- paths --- */

/* One name of a path, quoted or bare; returns what is behind it, or NULL. */
static const char *
take_name(const char *p, const char *end, char **out)
{
	bool quoted = *p == '"';

	for (p += quoted; p < end && (quoted ? *p != '"' : *p != '.'); p++)
		*(*out)++ = *p;
	*(*out)++ = '\0';
	if (quoted && p == end)
		return NULL;
	return p + quoted;
}

bool
filter_path_parse(struct filter_parser *ps, const char *text, size_t length,
    struct filter_path *out)
{
	const char *p = text, *end = text + length;
	char *names = arena_alloc(&ps->f->arena, length + 2);
	char *to = names;

	*out = (struct filter_path){names, 0};
	if (names == NULL) {
		(void)no_memory(ps);
		return false;
	}
	for (;;) {
		const char *name = p;
		if (p < end)
			p = take_name(p, end, &to);
		if (name == end || p == NULL || p == name) {
			(void)filter_fail(ps, name, "a name is missing here");
			return false;
		}
		out->count++;
		if (p == end)
			return true;
		if (*p++ != '.') {
			(void)filter_fail(ps, p - 1, "here a '.' is missing");
			return false;
		}
	}
}

/* --- the three ways to add --- */

static int
add(struct filter *f, const char *text, struct filter_error *error,
    struct filter_node *(*parse)(struct filter_parser *ps))
{
	struct filter_parser ps = {.f = f, .text = text, .p = text, .error = error};
	struct filter_node *node = NULL;

	*error = (struct filter_error){0};
	if (strlen(text) > FILTER_TEXT_MAX)
		(void)filter_fail(&ps, text, "longer than %u bytes",
		    FILTER_TEXT_MAX);
	else if (!json_is_utf8(text, strlen(text)))
		(void)filter_fail(&ps, text, "not UTF-8");
	else
		node = parse(&ps);
	if (node != NULL && f->root != NULL)
		node = filter_join(&ps, FILTER_AND, f->root, node);
	if (node == NULL)
		return ps.failure;
	f->root = node;
	f->anchor = filter_anchor(node);
	return 0;
}

int
filter_add_letters(struct filter *f, const char *text, struct filter_error *error)
{
	return add(f, text, error, filter_letters_parse);
}

int
filter_add_where(struct filter *f, const char *text, struct filter_error *error)
{
	return add(f, text, error, filter_where_parse);
}

static struct filter_node *
parse_regex(struct filter_parser *ps)
{
	const struct filter_test test = {.subject = FILTER_LINE};

	return filter_test_regex(ps, &test, ps->text, strlen(ps->text), 0, ps->text);
}

int
filter_add_regex(struct filter *f, const char *text, struct filter_error *error)
{
	return add(f, text, error, parse_regex);
}

void
filter_set_range(struct filter *f, int64_t since_us, int64_t until_us)
{
	f->ranged = true;
	f->since_us = since_us;
	f->until_us = until_us;
}

/* --- judging --- */

/* A line, and its record once somebody asked for that. */
struct subject {
	const char *line;
	size_t length;
	bool parsed;
	yyjson_val *record; /* NULL: it is no object */
};

static yyjson_val *
parse_record(struct filter *f, struct subject *s)
{
	uint8_t *room;
	yyjson_alc alc;

	if (s->parsed)
		return s->record;
	s->parsed = true;
	size_t need = yyjson_read_max_memory_usage(s->length, 0);
	buf_clear(&f->pool);
	if (buf_reserve(&f->pool, need, &room) != 0 ||
	    !yyjson_alc_pool_init(&alc, room, need))
		return NULL;
	/* Without YYJSON_READ_INSITU the text stays as it is. */
	yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)s->line, s->length, 0,
	    &alc, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	s->record = yyjson_is_obj(root) ? root : NULL;
	return s->record;
}

static bool
judge_test(struct filter *f, const struct filter_test *test, struct subject *s)
{
	if (test->subject == FILTER_ALL)
		return true;
	if (test->subject == FILTER_LINE)
		return pattern_matches(test->value.pattern, s->line, s->length);
	yyjson_val *record = parse_record(f, s);
	return record != NULL && filter_test_passes(f, test, record);
}

static bool
judge(struct filter *f, const struct filter_node *node, struct subject *s)
{
	switch (node->op) {
	case FILTER_AND:
		return judge(f, node->left, s) && judge(f, node->right, s);
	case FILTER_OR:
		return judge(f, node->left, s) || judge(f, node->right, s);
	case FILTER_NOT:
		return !judge(f, node->left, s);
	case FILTER_TEST:
		break;
	}
	return judge_test(f, &node->test, s);
}

static bool
find_time(struct filter *f, struct subject *s, int64_t *us)
{
	size_t n = sizeof(time_prefix) - 1;

	if (s->length > n && memcmp(s->line, time_prefix, n) == 0) {
		const char *end = memchr(s->line + n, '"', s->length - n);
		return end != NULL &&
		    when_stamp(s->line + n, (size_t)(end - s->line) - n, us);
	}
	yyjson_val *stamp = yyjson_obj_get(parse_record(f, s), "@timestamp");
	return yyjson_is_str(stamp) &&
	    when_stamp(yyjson_get_str(stamp), yyjson_get_len(stamp), us);
}

static bool
is_in_range(struct filter *f, struct subject *s)
{
	int64_t us;

	return find_time(f, s, &us) && us >= f->since_us && us < f->until_us;
}

bool
filter_passes(struct filter *f, const char *line, size_t length, bool own)
{
	struct subject s = {.line = line, .length = length};

	if (f->root != NULL && own && !filter_may_pass(f->root, line, length))
		return false;
	if (f->ranged && !is_in_range(f, &s))
		return false;
	return f->root == NULL || judge(f, f->root, &s);
}

size_t
filter_skip(struct filter *f, const uint8_t *text, size_t length)
{
	if (f->anchor == NULL)
		return 0;
	return filter_need_search(f->anchor, text, length);
}
