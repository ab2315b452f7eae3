/* SPDX-License-Identifier: ISC */
/* Rules compiled into short lists; hosts and applications are a policy each. They are
 * few, and asked twice an exchange. Pure. */
#include "mitm/capture_rules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/glob.h"

#define ARENA_BYTES_MAX ((size_t)1024 * 1024)
#define VALUE_BYTES_MAX 1100u /* of app: the longest path, and the NUL */
#define NAME_BYTES 256u
#define TYPE_BYTES 128u
#define STATUS_LEAST 100u
#define STATUS_MOST 999u

struct word {
	struct word *next;
	const char *text;
};

struct range {
	struct range *next;
	unsigned first, last;
};

/* A term that is not there is NULL. */
struct rule {
	enum capture_level level;
	struct policy *hosts, *applications; /* owned */
	struct word *methods, *types;        /* in the arena */
	struct range *statuses;
};

struct capture_rules {
	unsigned references;
	struct arena arena;
	struct rule *rules; /* in the arena */
	size_t count;
};

/* A part of a rule's line. */
struct span {
	const char *at;
	size_t length;
};

/* --- values --- */

/* Each adds one value to its term. E_SYNTAX with *why, static; E_NOMEM. */
typedef int reader(struct capture_rules *r, struct rule *rule, const char *value,
    const char **why);

static int
add_to_policy(struct policy **p, const char *value, bool is_host, const char **why)
{
	char text[VALUE_BYTES_MAX + 4] = "app:";

	if (*p == NULL)
		*p = policy_new(DECIDE_INSPECT);
	if (*p == NULL)
		return E_NOMEM;
	if (is_host)
		return policy_add_host(*p, value, DECIDE_REFUSE, why);
	memcpy(text + 4, value, strlen(value) + 1);
	return policy_add(*p, text, DECIDE_REFUSE, why);
}

static int
read_host(struct capture_rules *r UNUSED, struct rule *rule, const char *value,
    const char **why)
{
	return add_to_policy(&rule->hosts, value, true, why);
}

static int
read_application(struct capture_rules *r UNUSED, struct rule *rule,
    const char *value, const char **why)
{
	return add_to_policy(&rule->applications, value, false, why);
}

static int
add_word(struct capture_rules *r, struct word **words, const char *value)
{
	struct word *word = arena_alloc(&r->arena, sizeof(*word));
	char *copy = arena_copy(&r->arena, value, strlen(value));

	if (word == NULL || copy == NULL)
		return E_NOMEM;
	*word = (struct word){.next = *words, .text = copy};
	*words = word;
	return 0;
}

static int
read_method(struct capture_rules *r, struct rule *rule, const char *value,
    const char **why UNUSED)
{
	return add_word(r, &rule->methods, value);
}

static int
read_type(struct capture_rules *r, struct rule *rule, const char *value,
    const char **why)
{
	char lower[TYPE_BYTES];
	size_t length = strlen(value);

	*why = "expected a type as in image/png, image/* or */json";
	if (strchr(value, '/') == NULL || length >= sizeof(lower))
		return E_SYNTAX;
	for (size_t i = 0; i <= length; i++)
		lower[i] = (char)tolower((unsigned char)value[i]);
	return add_word(r, &rule->types, lower);
}

/* Three digits, or one of them and "xx". */
static bool
read_class(const char *text, size_t length, struct range *range)
{
	if (length != 3 || !isdigit((unsigned char)text[0]))
		return false;
	unsigned hundreds = (unsigned)(text[0] - '0') * 100;
	if (strncasecmp(text + 1, "xx", 2) == 0) {
		range->first = hundreds;
		range->last = hundreds + 99;
		return true;
	}
	if (!isdigit((unsigned char)text[1]) || !isdigit((unsigned char)text[2]))
		return false;
	range->first = range->last = hundreds + (unsigned)(text[1] - '0') * 10 +
	    (unsigned)(text[2] - '0');
	return true;
}

static int
read_status(struct capture_rules *r, struct rule *rule, const char *value,
    const char **why)
{
	const char *hyphen = strchr(value, '-');
	struct range first, last;

	*why = "expected a status, as in 404, 5xx or 400-499";
	if (!read_class(value, hyphen == NULL ? strlen(value)
	                                      : (size_t)(hyphen - value), &first))
		return E_SYNTAX;
	last = first;
	if (hyphen != NULL && !read_class(hyphen + 1, strlen(hyphen + 1), &last))
		return E_SYNTAX;
	if (first.first < STATUS_LEAST || last.last < first.first)
		return E_SYNTAX;
	struct range *range = arena_alloc(&r->arena, sizeof(*range));
	if (range == NULL)
		return E_NOMEM;
	*range = (struct range){.next = rule->statuses, .first = first.first,
	    .last = last.last};
	rule->statuses = range;
	return 0;
}

/* --- lines --- */

static const struct term {
	const char *name;
	reader *read;
} terms[] = {{"host", read_host}, {"app", read_application},
    {"method", read_method}, {"status", read_status}, {"type", read_type}};

static const char *const levels[] = {[CAPTURE_BODY] = "body",
    [CAPTURE_HEAD] = "head", [CAPTURE_COUNT] = "count"};

static bool
is_text(struct span word, const char *text)
{
	return word.length == strlen(text) && memcmp(word.at, text, word.length) == 0;
}

/* Cuts the next word off the line; an empty one: there is none. */
static struct span
next_word(const char **line)
{
	const char *at = *line + strspn(*line, " \t");
	struct span word = {at, strcspn(at, " \t")};

	*line = at + word.length;
	return word;
}

static int
read_level(struct span word, enum capture_level *level, const char **why)
{
	for (size_t i = 0; i < ARRAY_LENGTH(levels); i++) {
		if (is_text(word, levels[i])) {
			*level = (enum capture_level)i;
			return 0;
		}
	}
	*why = "a rule begins with body, head or count";
	return E_SYNTAX;
}

/* The values behind the '=', with commas between. *wrong is the one that is. */
static int
read_values(struct capture_rules *r, struct rule *rule, const struct term *term,
    struct span values, struct span *wrong, const char **why)
{
	const char *end = values.at + values.length;
	char text[VALUE_BYTES_MAX];
	int error = 0;

	for (const char *at = values.at; error == 0 && at <= end; at++) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		struct span value = {at, (size_t)((comma == NULL ? end : comma) - at)};
		*wrong = value;
		if (value.length == 0 || value.length >= sizeof(text)) {
			*why = value.length == 0 ? "a value is missing here"
			                         : "longer than a value may be";
			return E_SYNTAX;
		}
		memcpy(text, value.at, value.length);
		text[value.length] = '\0';
		error = term->read(r, rule, text, why);
		at += value.length;
	}
	return error;
}

/* One term; `given` has a bit for each that the rule has. */
static int
read_term(struct capture_rules *r, struct rule *rule, struct span *word,
    unsigned *given, const char **why)
{
	const char *equals = memchr(word->at, '=', word->length);
	struct span name = {word->at, equals == NULL ? word->length
	                                            : (size_t)(equals - word->at)};

	for (size_t i = 0; i < ARRAY_LENGTH(terms); i++) {
		if (!is_text(name, terms[i].name))
			continue;
		*why = equals == NULL ? "expected = and a value behind it"
		    : "is there twice: put commas between its values";
		if (equals == NULL || (*given & 1u << i) != 0)
			return E_SYNTAX;
		*given |= 1u << i;
		struct span values = {equals + 1, word->length - name.length - 1};
		return read_values(r, rule, &terms[i], values, word, why);
	}
	*why = "expected host=, app=, method=, status= or type=";
	return E_SYNTAX;
}

/* *wrong is the word that an error is about. */
static int
read_rule(struct capture_rules *r, struct rule *rule, const char *line,
    struct span *wrong, const char **why)
{
	unsigned given = 0;
	int error;

	*wrong = next_word(&line);
	error = read_level(*wrong, &rule->level, why);
	while (error == 0) {
		*wrong = next_word(&line);
		if (wrong->length == 0)
			return 0;
		error = read_term(r, rule, wrong, &given, why);
	}
	return error;
}

/* --- life --- */

static int
read_rules(struct capture_rules *r, const struct conf_list *lines,
    struct capture_rules_error *error)
{
	r->rules = arena_alloc(&r->arena, (lines->count + 1) * sizeof(*r->rules));
	if (r->rules == NULL)
		return E_NOMEM;
	for (size_t i = 0; i < lines->count; i++) {
		struct span wrong = {lines->items[i], 0};
		r->rules[i] = (struct rule){0};
		r->count = i + 1;
		error->rule = i;
		error->why = i < CAPTURE_RULES_MAX ? NULL
		    : "more than 64 rules: join some with commas";
		int outcome = i >= CAPTURE_RULES_MAX ? E_LIMIT
		    : read_rule(r, &r->rules[i], lines->items[i], &wrong, &error->why);
		error->column = (size_t)(wrong.at - lines->items[i]);
		error->length = wrong.length;
		if (outcome != 0)
			return outcome;
	}
	return 0;
}

static void
destroy(struct capture_rules *r)
{
	for (size_t i = 0; i < r->count; i++) {
		policy_free(r->rules[i].hosts);
		policy_free(r->rules[i].applications);
	}
	arena_free(&r->arena);
	free(r);
}

struct capture_rules *
capture_rules_new(const struct conf_list *lines, struct capture_rules_error *error)
{
	struct capture_rules *r = calloc(1, sizeof(*r));
	int outcome = E_NOMEM;

	*error = (struct capture_rules_error){.rule = lines->count};
	if (r != NULL) {
		arena_init(&r->arena, ARENA_BYTES_MAX);
		r->references = 1;
		outcome = read_rules(r, lines, error);
	}
	if (outcome == 0)
		return r;
	if (outcome == E_NOMEM) {
		error->rule = lines->count;
		error->why = "out of memory";
	}
	if (r != NULL)
		destroy(r);
	return NULL;
}

struct capture_rules *
capture_rules_hold(struct capture_rules *r)
{
	if (r != NULL)
		r->references++;
	return r;
}

void
capture_rules_release(struct capture_rules *r)
{
	if (r != NULL && --r->references == 0)
		destroy(r);
}

/* --- questions --- */

static bool
is_in(const struct policy *p, const struct policy_subject *subject)
{
	return p != NULL && policy_ask(p, subject).decision == DECIDE_REFUSE;
}

struct capture_flow
capture_rules_flow(const struct capture_rules *r,
    const struct policy_subject *subject)
{
	const struct policy_subject address = {.address = subject->address};
	const struct policy_subject application = {.executable = subject->executable,
	    .signing_id = subject->signing_id, .team_id = subject->team_id};
	struct capture_flow flow = {0};

	for (size_t i = 0; i < r->count; i++) {
		const struct rule *rule = &r->rules[i];
		if (rule->applications == NULL ||
		    is_in(rule->applications, &application))
			flow.application |= UINT64_C(1) << i;
		if (is_in(rule->hosts, &address))
			flow.address |= UINT64_C(1) << i;
	}
	return flow;
}

static bool
fits_host(const struct rule *rule, const char *name)
{
	const struct policy_subject subject = {.server_name = name};

	return rule->hosts == NULL || is_in(rule->hosts, &subject);
}

static bool
fits_method(const struct rule *rule, struct bytes method)
{
	const struct word *word = rule->methods;

	while (word != NULL && (strlen(word->text) != method.length ||
	    strncasecmp(word->text, (const char *)method.data, method.length) != 0))
		word = word->next;
	return rule->methods == NULL || word != NULL;
}

static bool
fits_status(const struct rule *rule, unsigned status)
{
	const struct range *range = rule->statuses;

	while (range != NULL && (status < range->first || status > range->last))
		range = range->next;
	return rule->statuses == NULL || range != NULL;
}

static bool
fits_type(const struct rule *rule, const char *type)
{
	const struct word *word = rule->types;

	while (word != NULL && !glob_matches(word->text, type))
		word = word->next;
	return rule->types == NULL || (word != NULL && type[0] != '\0');
}

/* What is asked for, as the rules' functions want it. */
struct question {
	const struct capture_subject *subject;
	char name[NAME_BYTES], type[TYPE_BYTES];
};

/* Without parameters (RFC 9110 section 8.3.1), in lower case, as far as it fits. */
static void
read_content_type(const struct bytes *type, char out[TYPE_BYTES])
{
	size_t length = 0;

	while (type != NULL && length < type->length && length < TYPE_BYTES - 1 &&
	    type->data[length] != '\0' &&
	    strchr("; \t", type->data[length]) == NULL) {
		out[length] = (char)tolower(type->data[length]);
		length++;
	}
	out[length] = '\0';
}

static void
ask(const struct capture_subject *subject, struct question *q)
{
	struct bytes host = subject->host;

	q->subject = subject;
	q->name[0] = '\0';
	if (host.length > 0 && host.length < sizeof(q->name) &&
	    memchr(host.data, '\0', host.length) == NULL) {
		memcpy(q->name, host.data, host.length);
		q->name[host.length] = '\0';
	}
	read_content_type(subject->type, q->type);
}

enum fit { FITS_NOT, MAY_FIT, FITS };

static enum fit
fits(const struct capture_rules *r, size_t i, const struct capture_flow *flow,
    const struct question *q)
{
	const struct rule *rule = &r->rules[i];
	const struct capture_subject *s = q->subject;
	uint64_t bit = UINT64_C(1) << i;

	if ((flow->application & bit) == 0 || !fits_method(rule, s->method) ||
	    ((flow->address & bit) == 0 && !fits_host(rule, q->name)))
		return FITS_NOT;
	if (rule->statuses == NULL && rule->types == NULL)
		return FITS;
	if (!s->answered)
		return MAY_FIT;
	return fits_status(rule, s->status) && fits_type(rule, q->type) ? FITS
	                                                              : FITS_NOT;
}

struct capture_verdict
capture_rules_ask(const struct capture_rules *r, const struct capture_flow *flow,
    const struct capture_subject *subject)
{
	enum capture_level most = CAPTURE_COUNT, least = CAPTURE_BODY;
	enum fit fit = FITS_NOT;
	struct question q;

	ask(subject, &q);
	/* Behind the last one is a rule that fits all. */
	for (size_t i = 0; fit != FITS && i <= r->count; i++) {
		enum capture_level level =
		    i < r->count ? r->rules[i].level : CAPTURE_BODY;
		fit = i < r->count ? fits(r, i, flow, &q) : FITS;
		if (fit == FITS_NOT)
			continue;
		most = level < most ? level : most;
		least = level > least ? level : least;
	}
	return (struct capture_verdict){.level = most, .decided = most == least};
}
