/* SPDX-License-Identifier: ISC */
/*
 * The language of --where: typed fields, "url.domain == 'x' and
 * http.response.status_code >= 500". A recursive descent, one function a level.
 * Pure; CLI only.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "log/fields.h"
#include "log/filter_tree.h"
#include "log/when.h"

#define TOKEN_MAX 128u

/* What a field's values are, by the table of fields. What the table does not have may
 * be compared with anything. */
enum type {
	ANY,
	TEXT,
	NUMBER,
	BYTES,
	NANOSECONDS,
	MILLISECONDS,
	SECONDS,
	TRUTH,
	ADDRESS,
	TIME,
	OBJECT
};

static const char *const type_words[] = {[ANY] = "anything",
    [TEXT] = "text, which stands in quotes", [NUMBER] = "a number",
    [BYTES] = "a number of bytes", [NANOSECONDS] = "a duration",
    [MILLISECONDS] = "a duration", [SECONDS] = "a duration",
    [TRUTH] = "true or false", [ADDRESS] = "an address", [TIME] = "a time",
    [OBJECT] = "an object, of which 'has' alone can be asked"};

/* What may stand behind a number, in nanoseconds or in bytes. */
static const struct {
	const char *name;
	bool duration;
	double size;
} units[] = {
    {"ns", true, 1}, {"us", true, 1e3}, {"ms", true, 1e6}, {"s", true, 1e9},
    {"m", true, 60e9}, {"h", true, 3600e9}, {"B", false, 1}, {"kB", false, 1e3},
    {"MB", false, 1e6}, {"GB", false, 1e9}, {"KiB", false, 1024},
    {"MiB", false, 1048576}, {"GiB", false, 1073741824},
};

static const struct {
	const char *sign;
	enum filter_compare compare;
	bool negated;
} signs[] = { /* the longer ones first */
    {"==", FILTER_EQUAL, false}, {"!=", FILTER_EQUAL, true},
    {"<=", FILTER_LESS_EQUAL, false}, {">=", FILTER_GREATER_EQUAL, false},
    {"<", FILTER_LESS, false}, {">", FILTER_GREATER, false},
};

/* A comparison that is being read. */
struct comparison {
	struct filter_test test;
	const char *name; /* of the field, dotted */
	enum field field; /* FIELD_COUNT: of no row, or inside a map */
	enum type type;
	bool negated;
};

static struct filter_node *parse_or(struct filter_parser *ps);

/* --- tokens --- */

static bool
refuse(struct filter_parser *ps, const char *at, const char *words)
{
	(void)filter_fail(ps, at, "%s", words);
	return false;
}

static void
skip_blanks(struct filter_parser *ps)
{
	while (isspace((unsigned char)*ps->p))
		ps->p++;
}

static bool
is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '@' || c == '-' ||
	    c == '.';
}

/* The keyword, if it is what comes next; it is taken then. */
static bool
take_word(struct filter_parser *ps, const char *word)
{
	size_t n = strlen(word);

	skip_blanks(ps);
	if (strncmp(ps->p, word, n) != 0 || is_name(ps->p[n]))
		return false;
	ps->p += n;
	return true;
}

/* Between quotes; a backslash makes the next character one of the text, \n and \t
 * a newline and a tab. In a regular expression only those before the quote are
 * taken away. */
static bool
take_quoted(struct filter_parser *ps, bool regex, struct filter_value *out)
{
	const char *start = ps->p;
	char quote = *ps->p++;
	char *text = arena_alloc(&ps->f->arena, strlen(ps->p) + 1);
	size_t n = 0;

	if (text == NULL)
		return refuse(ps, start, "out of memory");
	for (; *ps->p != quote; ps->p++) {
		if (*ps->p == '\0')
			return refuse(ps, start, "this quote is not closed");
		if (*ps->p == '\\' && ps->p[1] != '\0') {
			ps->p++;
			if (regex && *ps->p != quote)
				text[n++] = '\\';
			else if (!regex && (*ps->p == 'n' || *ps->p == 't')) {
				text[n++] = *ps->p == 'n' ? '\n' : '\t';
				continue;
			}
		}
		text[n++] = *ps->p;
	}
	ps->p++;
	*out = (struct filter_value){.kind = FILTER_TEXT, .text = text, .length = n};
	return true;
}

/* --- values --- */

static bool
set_number(const char *text, enum type type, struct filter_value *out)
{
	char *end;

	if (!isdigit((unsigned char)text[text[0] == '-']) ||
	    strpbrk(text, "xX") != NULL)
		return false;
	*out = (struct filter_value){.kind = FILTER_NUMBER,
	    .number = strtod(text, &end)};
	if (*end == '\0')
		return true;
	for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
		if (strcmp(units[i].name, end) != 0)
			continue;
		out->number *= units[i].size;
		if (type == MILLISECONDS || type == SECONDS)
			out->number /= type == SECONDS ? 1e9 : 1e6;
		return type == ANY || (units[i].duration
		    ? type == NANOSECONDS || type == MILLISECONDS || type == SECONDS
		    : type == BYTES);
	}
	return false;
}

static bool
set_network(const char *text, struct filter_value *out)
{
	char address[TOKEN_MAX];
	struct filter_network net = {.family = AF_INET};
	const char *slash = strchr(text, '/');
	size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);

	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(AF_INET, address, net.bytes) != 1) {
		net.family = AF_INET6;
		if (inet_pton(AF_INET6, address, net.bytes) != 1)
			return false;
	}
	unsigned most = net.family == AF_INET ? 32 : 128;
	net.prefix = most;
	if (slash != NULL) {
		char *end;
		unsigned long prefix = strtoul(slash + 1, &end, 10);
		if (!isdigit((unsigned char)slash[1]) || *end != '\0' ||
		    prefix > most)
			return false;
		net.prefix = (unsigned)prefix;
	}
	*out = (struct filter_value){.kind = FILTER_NETWORK, .network = net};
	return true;
}

static bool
set_time(const char *text, struct filter_value *out)
{
	int64_t us;

	if (!when_stamp(text, strlen(text), &us))
		return false;
	*out = (struct filter_value){.kind = FILTER_TIME, .time_us = us};
	return true;
}

static bool
set_truth(const char *text, struct filter_value *out)
{
	bool truth = strcmp(text, "true") == 0;

	*out = (struct filter_value){.kind = FILTER_TRUTH, .truth = truth};
	return truth || strcmp(text, "false") == 0;
}

/* A value without quotes. */
static bool
take_bare(struct filter_parser *ps, enum type type, struct filter_value *out)
{
	const char *start = ps->p;
	char token[TOKEN_MAX];

	while (is_name(*ps->p) || (*ps->p != '\0' && strchr(":/+", *ps->p) != NULL))
		ps->p++;
	size_t n = (size_t)(ps->p - start);
	if (n == 0)
		return refuse(ps, start, "a value is missing here");
	if (n >= sizeof(token))
		return refuse(ps, start, "text stands in quotes");
	memcpy(token, start, n);
	token[n] = '\0';
	if (set_number(token, type, out) || set_network(token, out) ||
	    set_time(token, out) || set_truth(token, out))
		return true;
	return filter_fail(ps, start, isdigit((unsigned char)token[0])
	        ? "no number with a unit that fits, address or time"
	        : "text stands in quotes") != NULL;
}

static bool
fits(enum type type, const struct filter_value *value)
{
	switch (type) {
	case ANY:
		return true;
	case TEXT: /* that may be an address */
		return value->kind == FILTER_TEXT || value->kind == FILTER_NETWORK;
	case ADDRESS:
		return value->kind == FILTER_NETWORK;
	case TIME:
		return value->kind == FILTER_TIME;
	case TRUTH:
		return value->kind == FILTER_TRUTH;
	case OBJECT:
		return false;
	case NUMBER:
	case BYTES:
	case NANOSECONDS:
	case MILLISECONDS:
	case SECONDS:
		break;
	}
	return value->kind == FILTER_NUMBER;
}

/* Whether a part of what a field says can be looked for. */
static bool
is_textual(enum type type)
{
	return type == ANY || type == TEXT || type == ADDRESS || type == TIME;
}

/* A field with a fixed set of values is asked for another one. */
static void
check_value(struct filter_parser *ps, const struct comparison *c, const char *at,
    const struct filter_value *value)
{
	bool known = false;

	if (value->kind != FILTER_TEXT || c->test.compare != FILTER_EQUAL)
		return;
	for (size_t i = 0; i < field_value_count; i++) {
		if (field_values[i].field != c->field)
			continue;
		const char *one = field_values[i].value;
		if (strcmp(one, "*") == 0 || (strlen(one) == value->length &&
		        memcmp(one, value->text, value->length) == 0))
			return;
		known = true;
	}
	if (known)
		filter_warn(ps, at, "no record has that as %s: 'sightglass fields %s' "
		    "lists what it may be", c->name, c->name);
}

/* One value, of the field's type where that is known. A quoted address or time is
 * one, too. */
static bool
take_value(struct filter_parser *ps, const struct comparison *c,
    struct filter_value *out)
{
	enum type type = c->type;
	bool textual = c->test.compare == FILTER_CONTAINS ||
	    c->test.compare == FILTER_STARTS || c->test.compare == FILTER_ENDS;

	skip_blanks(ps);
	const char *at = ps->p;
	if (*at != '"' && *at != '\'') {
		if (!take_bare(ps, type, out))
			return false;
	} else {
		struct filter_value text;
		if (!take_quoted(ps, false, &text))
			return false;
		char *copy = arena_copy(&ps->f->arena, text.text, text.length);
		*out = text;
		if (copy != NULL && !textual && type == ADDRESS)
			(void)set_network(copy, out);
		if (copy != NULL && !textual && type == TIME)
			(void)set_time(copy, out);
	}
	if (textual ? !is_textual(type) : !fits(type, out)) {
		(void)filter_fail(ps, at, "%s is %s", c->name, type_words[type]);
		return false;
	}
	if (textual && out->kind != FILTER_TEXT)
		return refuse(ps, at, "text stands in quotes");
	if (c->test.compare != FILTER_EQUAL &&
	    (out->kind == FILTER_NETWORK || out->kind == FILTER_TRUTH))
		return refuse(ps, at, "this has no order: == and != compare it");
	check_value(ps, c, at, out);
	return true;
}

/* --- comparisons --- */

static struct filter_node *
make_value_test(struct filter_parser *ps, const struct comparison *c)
{
	struct filter_test test = c->test;

	if (!take_value(ps, c, &test.value))
		return NULL;
	return filter_test(ps, &test);
}

/* "in" takes one value or several: it is true of a field that equals one. */
static struct filter_node *
parse_in(struct filter_parser *ps, struct comparison *c)
{
	c->test.compare = FILTER_EQUAL;
	skip_blanks(ps);
	if (*ps->p != '(')
		return make_value_test(ps, c);
	const char *open = ps->p++;
	struct filter_node *node = make_value_test(ps, c);
	for (;;) {
		skip_blanks(ps);
		if (node == NULL || *ps->p == ')')
			break;
		if (*ps->p != ',')
			return filter_fail(ps, *ps->p == '\0' ? open : ps->p,
			    *ps->p == '\0' ? "this parenthesis is not closed"
			                   : "here a ',' or a ')' is missing");
		ps->p++;
		node = filter_join(ps, FILTER_OR, node, make_value_test(ps, c));
	}
	ps->p += node != NULL;
	return node;
}

static struct filter_node *
parse_matches(struct filter_parser *ps, const struct comparison *c)
{
	struct filter_value regex;

	skip_blanks(ps);
	const char *at = ps->p;
	if (c->type == TRUTH || c->type == OBJECT)
		return filter_fail(ps, at, "%s is %s", c->name, type_words[c->type]);
	if (*at != '"' && *at != '\'')
		return filter_fail(ps, at, "a regular expression stands in quotes");
	if (!take_quoted(ps, true, &regex))
		return NULL;
	return filter_test_regex(ps, &c->test, regex.text, regex.length, 0, at + 1);
}

/* "!=" asks for a field that is there and equals nothing of it. */
static struct filter_node *
negate(struct filter_parser *ps, const struct comparison *c,
    struct filter_node *equal)
{
	struct filter_test has = c->test;

	has.compare = FILTER_HAS;
	struct filter_node *differs = filter_join(ps, FILTER_NOT, equal, NULL);
	return differs == NULL
	    ? NULL : filter_join(ps, FILTER_AND, filter_test(ps, &has), differs);
}

static bool
take_sign(struct filter_parser *ps, struct comparison *c)
{
	skip_blanks(ps);
	for (size_t i = 0; i < ARRAY_LENGTH(signs); i++) {
		if (strncmp(ps->p, signs[i].sign, strlen(signs[i].sign)) != 0)
			continue;
		ps->p += strlen(signs[i].sign);
		c->test.compare = signs[i].compare;
		c->negated = signs[i].negated;
		return true;
	}
	return false;
}

static struct filter_node *
parse_operator(struct filter_parser *ps, struct comparison *c)
{
	if (take_sign(ps, c)) {
		struct filter_node *node = make_value_test(ps, c);
		return c->negated && node != NULL ? negate(ps, c, node) : node;
	}
	if (take_word(ps, "in"))
		return parse_in(ps, c);
	if (take_word(ps, "matches"))
		return parse_matches(ps, c);
	const char *at = ps->p;
	if (take_word(ps, "contains"))
		c->test.compare = FILTER_CONTAINS;
	else if (take_word(ps, "starts") && take_word(ps, "with"))
		c->test.compare = FILTER_STARTS;
	else if (take_word(ps, "ends") && take_word(ps, "with"))
		c->test.compare = FILTER_ENDS;
	else
		return filter_fail(ps, at, "here a comparison is missing: ==, !=, <, "
		    "<=, >, >=, in, contains, starts with, ends with or matches");
	return make_value_test(ps, c);
}

/* --- fields --- */

static enum type
type_of_number(enum field_unit unit)
{
	static const enum type types[] = {[UNIT_NONE] = NUMBER, [UNIT_BYTES] = BYTES,
	    [UNIT_NANOSECONDS] = NANOSECONDS, [UNIT_MILLISECONDS] = MILLISECONDS,
	    [UNIT_SECONDS] = SECONDS};

	return types[unit];
}

static enum type
type_of(const struct field_row *row)
{
	static const enum type types[] = {[KIND_TEXT] = TEXT, [KIND_TEXTS] = TEXT,
	    [KIND_NUMBER] = NUMBER, [KIND_BOOLEAN] = TRUTH, [KIND_TIME] = TIME,
	    [KIND_ADDRESS] = ADDRESS, [KIND_ADDRESSES] = ADDRESS,
	    [KIND_OBJECT] = OBJECT, [KIND_OBJECTS] = OBJECT, [KIND_MAP] = OBJECT};

	return row->kind == KIND_NUMBER ? type_of_number(row->unit)
	                                : types[row->kind];
}

/* What the table says of a name. Records of other writers may have others. */
static void
look_up(struct filter_parser *ps, const char *at, struct comparison *c)
{
	char words[FIELD_WORDS_MAX];
	size_t length = strlen(c->name);
	bool inside;

	c->field = field_resolve(c->name, length, &inside);
	c->type = c->field == FIELD_COUNT ? ANY
	    : inside ? TEXT : type_of(&field_rows[c->field]);
	if (c->field == FIELD_COUNT) {
		field_unknown(c->name, length, words);
		filter_warn(ps, at, "%s", words);
	}
	if (inside)
		c->field = FIELD_COUNT;
}

/* The names of a path with dots between them. */
static const char *
join_names(struct filter_parser *ps, const struct filter_path *path)
{
	const char *from = path->names;
	size_t n = 0;

	for (size_t i = 0; i < path->count; i++)
		n += strlen(path->names + n) + 1;
	char *name = arena_copy(&ps->f->arena, from, n - 1);
	for (size_t i = 0; name != NULL && i + 1 < n; i++) {
		if (name[i] == '\0')
			name[i] = '.';
	}
	return name;
}

/* A field's name, where parts with other characters stand in quotes. */
static bool
take_field(struct filter_parser *ps, struct comparison *c)
{
	skip_blanks(ps);
	const char *at = ps->p;
	while (is_name(*ps->p) || *ps->p == '"') {
		if (*ps->p++ != '"')
			continue;
		while (*ps->p != '\0' && *ps->p != '"')
			ps->p++;
		if (*ps->p == '\0')
			return refuse(ps, at, "this quote is not closed");
		ps->p++;
	}
	if (ps->p == at)
		return refuse(ps, ps->p, "the name of a field is missing here");
	c->test.field_count = 1;
	if (!filter_path_parse(ps, at, (size_t)(ps->p - at), &c->test.fields[0]))
		return false;
	c->name = join_names(ps, &c->test.fields[0]);
	if (c->name == NULL)
		return refuse(ps, at, "out of memory");
	look_up(ps, at, c);
	return true;
}

static struct filter_node *
parse_comparison(struct filter_parser *ps)
{
	struct comparison c = {0};
	bool has = take_word(ps, "has");

	if (!take_field(ps, &c))
		return NULL;
	if (!has)
		return parse_operator(ps, &c);
	c.test.compare = FILTER_HAS;
	return filter_test(ps, &c.test);
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
		return filter_fail(ps, *ps->p == '\0' ? at : ps->p,
		    *ps->p == '\0' ? "this parenthesis is not closed"
		                   : "here 'and', 'or' or a ')' is missing");
	ps->p++;
	return node;
}

static struct filter_node *
parse_not(struct filter_parser *ps)
{
	struct filter_node *node;

	if (ps->depth++ >= FILTER_DEPTH_MAX)
		return filter_fail(ps, ps->p, "nested more than %u deep",
		    FILTER_DEPTH_MAX);
	if (take_word(ps, "not"))
		node = filter_join(ps, FILTER_NOT, parse_not(ps), NULL);
	else if (*ps->p == '(')
		node = parse_group(ps);
	else
		node = parse_comparison(ps);
	ps->depth--;
	return node;
}

static struct filter_node *
parse_and(struct filter_parser *ps)
{
	struct filter_node *node = parse_not(ps);

	while (node != NULL && take_word(ps, "and"))
		node = filter_join(ps, FILTER_AND, node, parse_not(ps));
	return node;
}

static struct filter_node *
parse_or(struct filter_parser *ps)
{
	struct filter_node *node = parse_and(ps);

	while (node != NULL && take_word(ps, "or"))
		node = filter_join(ps, FILTER_OR, node, parse_and(ps));
	return node;
}

struct filter_node *
filter_where_parse(struct filter_parser *ps)
{
	struct filter_node *node = parse_or(ps);

	skip_blanks(ps);
	if (node != NULL && *ps->p != '\0')
		return filter_fail(ps, ps->p, *ps->p == ')'
		        ? "this parenthesis was not opened"
		        : "here 'and' or 'or' is missing");
	return node;
}
