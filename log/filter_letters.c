/* SPDX-License-Identifier: ISC */
/*
 * mitmproxy's filter expressions, with the meaning that its documentation gives
 * them, carried over to records: "~u login & !~c 200". Regular expressions are
 * found anywhere and in either case. A row of the table is a letter; those that
 * are a question of fields say so in the language of --where. Pure; CLI only.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "log/filter_tree.h"

enum argument { NONE, REGEX, INTEGER };

struct letter {
	const char *name; /* behind the tilde */
	enum argument argument;
	const char *where; /* NONE: what it stands for; NULL: not for a log */
	enum filter_subject subject;
	enum filter_side side;
	unsigned flags; /* of the pattern, besides PATTERN_CASELESS */
	const char *fields[FILTER_FIELDS_MAX];
};

#define REQUEST_TYPE "http.request.headers.content-type"
#define RESPONSE_TYPE "http.response.headers.content-type"

static const struct letter letters[] = {
    {.name = "a",
        .where = RESPONSE_TYPE " matches '^(?:text/css|text/javascript|"
                 "application/(?:x-)?javascript|application/font-|image/|font/)'"},
    {.name = "all", .where = ""},
    {.name = "b", .argument = REGEX, .subject = FILTER_BODY,
        .flags = PATTERN_DOTALL},
    {.name = "bq", .argument = REGEX, .subject = FILTER_BODY,
        .side = FILTER_REQUEST, .flags = PATTERN_DOTALL},
    {.name = "bs", .argument = REGEX, .subject = FILTER_BODY,
        .side = FILTER_RESPONSE, .flags = PATTERN_DOTALL},
    {.name = "c", .argument = INTEGER, .fields = {"http.response.status_code"}},
    {.name = "comment"},
    {.name = "d", .argument = REGEX,
        .fields = {"url.domain", "destination.domain", "tls.client.server_name"}},
    {.name = "dns", .where = "event.dataset == 'sightglass.dns'"},
    {.name = "dst", .argument = REGEX, .subject = FILTER_ENDPOINT,
        .side = FILTER_RESPONSE},
    {.name = "e",
        .where = "has sightglass.error or has sightglass.incomplete or "
                 "has sightglass.failure or has sightglass.reset"},
    {.name = "h", .argument = REGEX, .subject = FILTER_HEADERS},
    {.name = "hq", .argument = REGEX, .subject = FILTER_HEADERS,
        .side = FILTER_REQUEST},
    {.name = "hs", .argument = REGEX, .subject = FILTER_HEADERS,
        .side = FILTER_RESPONSE},
    {.name = "http", .where = "event.dataset == 'sightglass.http'"},
    {.name = "m", .argument = REGEX, .fields = {"http.request.method"}},
    {.name = "marked"},
    {.name = "marker"},
    {.name = "meta"},
    {.name = "p", .argument = REGEX,
        .fields = {"process.name", "process.executable",
            "process.code_signature.signing_id"}},
    {.name = "q", .where = "has http.request and not has http.response"},
    {.name = "replay"},
    {.name = "replayq"},
    {.name = "replays"},
    {.name = "s", .where = "has http.response"},
    {.name = "src", .argument = REGEX, .subject = FILTER_ENDPOINT,
        .side = FILTER_REQUEST},
    {.name = "t", .argument = REGEX, .fields = {REQUEST_TYPE, RESPONSE_TYPE}},
    {.name = "tcp",
        .where = "event.dataset == 'sightglass.flow' and "
                 "network.transport == 'tcp'"},
    {.name = "tq", .argument = REGEX, .fields = {REQUEST_TYPE}},
    {.name = "ts", .argument = REGEX, .fields = {RESPONSE_TYPE}},
    {.name = "u", .argument = REGEX, .fields = {"url.full"}},
    {.name = "udp",
        .where = "event.dataset == 'sightglass.flow' and "
                 "network.transport == 'udp'"},
    {.name = "websocket",
        .where = "event.dataset == 'sightglass.websocket' or "
                 "sightglass.protocol == 'websocket'"},
};

static struct filter_node *parse_or(struct filter_parser *ps);

static void
skip_blanks(struct filter_parser *ps)
{
	while (isspace((unsigned char)*ps->p))
		ps->p++;
}

/* --- arguments --- */

static bool
is_word(char c)
{
	return c != '\0' && !isspace((unsigned char)c) &&
	    strchr("()~'\"", c) == NULL;
}

/* What stands between quotes, with a backslash before one of them taken away;
 * all other backslashes are the regular expression's. */
static const char *
take_quoted(struct filter_parser *ps, size_t *length)
{
	const char *start = ps->p;
	char quote = *ps->p++;
	char *out = arena_alloc(&ps->f->arena, strlen(ps->p) + 1);

	*length = 0;
	if (out == NULL) {
		(void)filter_fail(ps, start, "out of memory");
		return NULL;
	}
	for (; *ps->p != quote; ps->p++) {
		if (*ps->p == '\0') {
			(void)filter_fail(ps, start, "this quote is not closed");
			return NULL;
		}
		if (ps->p[0] == '\\' && ps->p[1] == quote)
			ps->p++;
		else if (ps->p[0] == '\\' && ps->p[1] == '\\')
			out[(*length)++] = *ps->p++;
		out[(*length)++] = *ps->p;
	}
	ps->p++;
	return out;
}

/* A word or a quoted text, borrowed or in the arena. *at: where it begins. NULL
 * after filter_fail. */
static const char *
take_argument(struct filter_parser *ps, size_t *length, const char **at)
{
	skip_blanks(ps);
	*at = ps->p;
	if (*ps->p == '"' || *ps->p == '\'') {
		*at = ps->p + 1;
		return take_quoted(ps, length);
	}
	while (is_word(*ps->p))
		ps->p++;
	*length = (size_t)(ps->p - *at);
	if (*length > 0)
		return *at;
	(void)filter_fail(ps, *at, "a regular expression is missing here");
	return NULL;
}

/* --- letters --- */

static bool
set_fields(struct filter_parser *ps, const struct letter *letter,
    struct filter_test *test)
{
	test->subject = letter->subject;
	test->side = letter->side;
	for (; test->field_count < FILTER_FIELDS_MAX &&
	     letter->fields[test->field_count] != NULL; test->field_count++) {
		const char *name = letter->fields[test->field_count];
		if (!filter_path_parse(ps, name, strlen(name),
		        &test->fields[test->field_count]))
			return false;
	}
	return true;
}

static struct filter_node *
make_regex(struct filter_parser *ps, const struct letter *letter)
{
	struct filter_test test = {0};
	const char *at;
	size_t length;
	const char *regex = take_argument(ps, &length, &at);

	if (regex == NULL || !set_fields(ps, letter, &test))
		return NULL;
	return filter_test_regex(ps, &test, regex, length,
	    letter->flags | PATTERN_CASELESS, at);
}

static struct filter_node *
make_integer(struct filter_parser *ps, const struct letter *letter)
{
	struct filter_test test = {.compare = FILTER_EQUAL};

	skip_blanks(ps);
	const char *at = ps->p;
	while (isdigit((unsigned char)*ps->p))
		ps->p++;
	if (ps->p == at || ps->p - at > 9 || is_word(*ps->p))
		return filter_fail(ps, at, "~%s takes a number", letter->name);
	test.value.kind = FILTER_NUMBER;
	test.value.number = strtod(at, NULL);
	return set_fields(ps, letter, &test) ? filter_test(ps, &test) : NULL;
}

static struct filter_node *
make_fixed(struct filter_parser *ps, const struct letter *letter, const char *at)
{
	const struct filter_test all = {.subject = FILTER_ALL};
	struct filter_parser inner = *ps;

	if (letter->where == NULL)
		return filter_fail(ps, at, "~%s asks for what mitmproxy keeps and a "
		    "log does not", letter->name);
	if (letter->where[0] == '\0')
		return filter_test(ps, &all);
	inner.text = inner.p = letter->where;
	struct filter_node *node = filter_where_parse(&inner);
	ps->failure = inner.failure;
	return node;
}

static const struct letter *
find_letter(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_LENGTH(letters); i++) {
		if (strlen(letters[i].name) == length &&
		    memcmp(letters[i].name, name, length) == 0)
			return &letters[i];
	}
	return NULL;
}

static struct filter_node *
parse_letter(struct filter_parser *ps)
{
	const char *at = ps->p++;

	while (islower((unsigned char)*ps->p))
		ps->p++;
	size_t length = (size_t)(ps->p - at) - 1;
	const struct letter *letter = find_letter(at + 1, length);
	if (letter == NULL)
		return filter_fail(ps, at, "there is no ~%.*s; sightglass(1) lists "
		    "what there is", (int)(length > 20 ? 20 : length), at + 1);
	if (letter->argument == REGEX)
		return make_regex(ps, letter);
	if (letter->argument == INTEGER)
		return make_integer(ps, letter);
	return make_fixed(ps, letter, at);
}

/* --- operators --- */

static struct filter_node *
parse_group(struct filter_parser *ps)
{
	const char *at = ps->p++;
	struct filter_node *node = parse_or(ps);

	if (node == NULL)
		return NULL;
	skip_blanks(ps);
	if (*ps->p != ')')
		return filter_fail(ps, at, "this parenthesis is not closed");
	ps->p++;
	return node;
}

/* What has no letter is looked for in the URL. */
static struct filter_node *
parse_operand(struct filter_parser *ps)
{
	skip_blanks(ps);
	if (*ps->p == '\0' || strchr(")&|", *ps->p) != NULL)
		return filter_fail(ps, ps->p, "an expression is missing here");
	if (*ps->p == '(')
		return parse_group(ps);
	if (*ps->p == '~')
		return parse_letter(ps);
	return make_regex(ps, find_letter("u", 1));
}

static struct filter_node *
parse_not(struct filter_parser *ps)
{
	struct filter_node *node;

	skip_blanks(ps);
	if (ps->depth++ >= FILTER_DEPTH_MAX)
		return filter_fail(ps, ps->p, "nested more than %u deep",
		    FILTER_DEPTH_MAX);
	if (*ps->p == '!') {
		ps->p++;
		node = filter_join(ps, FILTER_NOT, parse_not(ps), NULL);
	} else {
		node = parse_operand(ps);
	}
	ps->depth--;
	return node;
}

/* Two behind one another without a sign are joined by "and". */
static struct filter_node *
parse_and(struct filter_parser *ps)
{
	struct filter_node *node = parse_not(ps);

	for (;;) {
		skip_blanks(ps);
		if (node == NULL || *ps->p == '\0' || *ps->p == '|' || *ps->p == ')')
			return node;
		if (*ps->p == '&')
			ps->p++;
		node = filter_join(ps, FILTER_AND, node, parse_not(ps));
	}
}

static struct filter_node *
parse_or(struct filter_parser *ps)
{
	struct filter_node *node = parse_and(ps);

	while (node != NULL && *ps->p == '|') {
		ps->p++;
		node = filter_join(ps, FILTER_OR, node, parse_and(ps));
	}
	return node;
}

struct filter_node *
filter_letters_parse(struct filter_parser *ps)
{
	struct filter_node *node = parse_or(ps);

	if (node != NULL && *ps->p != '\0')
		return filter_fail(ps, ps->p, "this parenthesis was not opened");
	return node;
}
