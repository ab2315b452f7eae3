/* SPDX-License-Identifier: ISC */
/*
 * The rules own copies of their texts: the settings may go before they do. Since
 * each segment of a path is one step down, a rule that led so far is at the segment
 * of that depth: which rules they are is all that has to be remembered.
 */
#include "mitm/redact_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

/* --- paths --- */

/* An item of a setting, for messages. */
struct item {
	const char *setting, *text;
	const struct conf_place *place; /* where the file has it, or NULL */
};

static struct item
item_of(const char *setting, const struct conf_list *list, size_t i)
{
	return (struct item){setting, list->items[i],
	    list->places != NULL ? &list->places[i] : NULL};
}

/* What is wrong with it, so many bytes behind its beginning. */
static int
complain(struct conf_error *error, const struct item *item, size_t at,
    const char *words)
{
	if (item->place != NULL)
		(void)snprintf(error->text, sizeof(error->text),
		    "%s: line %zu, column %zu: '%.200s': %s", item->setting,
		    item->place->line, item->place->column + at, item->text, words);
	else
		(void)snprintf(error->text, sizeof(error->text),
		    "%s: '%.200s', column %zu: %s", item->setting, item->text, at + 1,
		    words);
	return -1;
}

static bool
is_path(const char *text)
{
	return strpbrk(text, ".[]") != NULL || strcmp(text, "*") == 0;
}

/* A name up to the next dot or bracket, which is put to its end. */
static size_t
take_name(struct redact_rule *rule, char *text, size_t at)
{
	size_t length = strcspn(text + at, ".[]");
	bool any = length == 1 && text[at] == '*';

	rule->path[rule->path_length++] = (struct redact_segment){
	    .name = any ? NULL : text + at};
	return length;
}

/* "a.b[].*": the segments point into rule->path_text. */
static int
parse_path(struct redact_rule *rule, const struct item *item,
    struct conf_error *error)
{
	char *text = rule->path_text;
	const char *whole = rule->name;
	size_t at = 0;

	while (whole[at] != '\0') {
		if (rule->path_length == REDACT_PATH_MAX)
			return complain(error, item, at,
			    "more than 16 steps: leave some out");
		if (strncmp(whole + at, "[]", 2) == 0) {
			rule->path[rule->path_length++] =
			    (struct redact_segment){.element = true};
			text[at] = '\0';
			at += 2;
		} else if (whole[at] == '[' || whole[at] == ']') {
			return complain(error, item, at,
			    "write [] for each element of an array");
		} else {
			size_t length = take_name(rule, text, at);
			if (length == 0)
				return complain(error, item, at,
				    "a name is missing: write one, or * for any");
			at += length;
		}
		if (whole[at] != '.')
			continue;
		text[at++] = '\0';
		if (whole[at] == '\0')
			return complain(error, item, at,
			    "a name is missing: write one, or * for any");
	}
	return 0;
}

/* --- life --- */

static void
free_rules(struct redact_rules *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->rules[i].name);
		free(r->rules[i].path_text);
		free(r->labels[i]);
	}
	redact_patterns_free(r->patterns);
	free(r->rules);
	free(r->labels);
	free(r);
}

static char *
label_of(enum redact_kind kind, const char *name)
{
	const char *prefix = kind == REDACT_COOKIE ? "cookie."
	    : kind == REDACT_PATTERN ? "/" : "";
	size_t size = strlen(prefix) + strlen(name) + 2;
	char *label = malloc(size);

	if (label != NULL)
		(void)snprintf(label, size, "%s%s%s", prefix, name,
		    kind == REDACT_PATTERN ? "/" : "");
	return label;
}

static int
no_memory(struct conf_error *error, const char *setting)
{
	(void)snprintf(error->text, sizeof(error->text), "%s: out of memory",
	    setting);
	return -1;
}

static int
add(struct redact_rules *r, enum redact_kind kind, const struct item *item,
    struct conf_error *error)
{
	struct redact_rule *rule = &r->rules[r->count];
	const char *name = item->text;

	*rule = (struct redact_rule){.kind = kind, .name = strdup(name),
	    .path_text = strdup(name)};
	r->labels[r->count] = label_of(kind, name);
	bool fits = rule->name != NULL && rule->path_text != NULL &&
	    r->labels[r->count] != NULL;
	r->count++;
	if (!fits)
		return no_memory(error, item->setting);
	if (kind != REDACT_PATTERN && strlen(name) >= REDACT_NAME_BYTES_MAX)
		return complain(error, item, REDACT_NAME_BYTES_MAX - 1,
		    "longer than 127 bytes: make it shorter");
	return kind == REDACT_FIELD && is_path(name)
	    ? parse_path(rule, item, error) : 0;
}

static int
add_all(struct redact_rules *r, const char *setting, enum redact_kind kind,
    const struct conf_list *list, struct conf_error *error)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct item item = item_of(setting, list, i);
		if (add(r, kind, &item, error) != 0)
			return -1;
		r->has_paths |= r->rules[r->count - 1].path_length > 0;
	}
	return 0;
}

static int
compile_pattern(struct redact_rules *r, const struct item *item,
    struct conf_error *error)
{
	struct redact_pattern_error why = {.column = 1};
	char words[256];
	int outcome = redact_patterns_add(r->patterns, item->text, &why);

	if (outcome == 0)
		return 0;
	if (outcome == E_SYNTAX)
		(void)snprintf(words, sizeof(words), "%s: mend the expression "
		    "(pcre2pattern(3)), or write \\Q in front of what is meant as it "
		    "stands", why.words);
	else
		(void)snprintf(words, sizeof(words), "more than %u: leave some out, or "
		    "join them with |", REDACT_PATTERNS_MAX);
	return complain(error, item, why.column - 1, words);
}

static int
compile_patterns(struct redact_rules *r, const struct conf_list *list,
    struct conf_error *error)
{
	r->first_pattern = r->count;
	if (list->count == 0)
		return 0;
	r->patterns = redact_patterns_new();
	if (r->patterns == NULL)
		return no_memory(error, "capture.redact_patterns");
	for (size_t i = 0; i < list->count; i++) {
		const struct item item = item_of("capture.redact_patterns", list, i);
		if (compile_pattern(r, &item, error) != 0)
			return -1;
	}
	return add_all(r, "capture.redact_patterns", REDACT_PATTERN, list, error);
}

static int
compile(struct redact_rules *r, const struct conf *conf, struct conf_error *error)
{
	const struct conf_list *fields = &conf->capture_redact_fields;
	const struct conf_list *cookies = &conf->capture_redact_cookies;
	const struct conf_list *patterns = &conf->capture_redact_patterns;
	size_t most = fields->count + cookies->count + patterns->count + 1;

	if (most > REDACT_RULES_MAX) {
		(void)snprintf(error->text, sizeof(error->text),
		    "capture.redact_fields, _cookies and _patterns: %zu items, and %u "
		    "are the most: leave some out", most - 1, REDACT_RULES_MAX - 1);
		return -1;
	}
	r->rules = calloc(most, sizeof(*r->rules));
	r->labels = calloc(most, sizeof(*r->labels));
	if (r->rules == NULL || r->labels == NULL)
		return no_memory(error, "capture.redact_fields");
	if (add_all(r, "capture.redact_fields", REDACT_FIELD, fields, error) != 0 ||
	    add_all(r, "capture.redact_cookies", REDACT_COOKIE, cookies, error) != 0 ||
	    compile_patterns(r, patterns, error) != 0)
		return -1;
	const struct item userinfo = {"capture.redact_userinfo", "userinfo", NULL};
	r->hides_userinfo = conf->capture_redact_userinfo;
	return r->hides_userinfo ? add(r, REDACT_USERINFO, &userinfo, error) : 0;
}

struct redact_rules *
redact_rules_new(const struct conf *conf, struct conf_error *error)
{
	struct redact_rules *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		(void)no_memory(error, "capture.redact_fields");
		return NULL;
	}
	r->references = 1;
	if (conf->capture_mode != CONF_CAPTURE_FULL &&
	    compile(r, conf, error) != 0) {
		free_rules(r);
		return NULL;
	}
	return r;
}

struct redact_rules *
redact_rules_ref(struct redact_rules *r)
{
	if (r != NULL)
		r->references++;
	return r;
}

void
redact_rules_unref(struct redact_rules *r)
{
	if (r != NULL && --r->references == 0)
		free_rules(r);
}

/* --- asking --- */

void
redact_rules_note(const struct redact_rules *r, size_t rule, struct redacted *met)
{
	met->names = (const char *const *)r->labels;
	met->bits[rule / 64] |= UINT64_C(1) << rule % 64;
}

static bool
has(const struct redact_set *set, size_t rule)
{
	return (set->bits[rule / 64] >> rule % 64 & 1) != 0;
}

bool
redact_rules_name(const struct redact_rules *r, enum redact_kind kind,
    const char *name, struct redacted *met)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->rules[i].kind == kind &&
		    strcasecmp(name, r->rules[i].name) == 0) {
			redact_rules_note(r, i, met);
			return true;
		}
	}
	return false;
}

bool
redact_rules_userinfo(const struct redact_rules *r, struct redacted *met)
{
	if (r->hides_userinfo)
		redact_rules_note(r, r->count - 1, met);
	return r->hides_userinfo;
}

bool
redact_rules_end(const struct redact_rules *r, const struct redact_set *set,
    size_t depth, struct redacted *met)
{
	for (size_t i = 0; r->has_paths && i < r->count; i++) {
		if (has(set, i) && r->rules[i].path_length == depth) {
			redact_rules_note(r, i, met);
			return true;
		}
	}
	return false;
}

void
redact_rules_top(const struct redact_rules *r, struct redact_set *set)
{
	*set = (struct redact_set){{0}};
	for (size_t i = 0; r->has_paths && i < r->count; i++) {
		if (r->rules[i].path_length > 0)
			set->bits[i / 64] |= UINT64_C(1) << i % 64;
	}
}

static bool
leads_to(const struct redact_segment *s, const char *name)
{
	if (name == NULL || s->element)
		return name == NULL && s->element;
	return s->name == NULL || strcasecmp(s->name, name) == 0;
}

void
redact_rules_step(const struct redact_rules *r, const struct redact_set *from,
    size_t depth, const char *name, struct redact_set *to)
{
	struct redact_set next = {{0}};

	for (size_t i = 0; r->has_paths && i < r->count; i++) {
		if (has(from, i) && depth < r->rules[i].path_length &&
		    leads_to(&r->rules[i].path[depth], name))
			next.bits[i / 64] |= UINT64_C(1) << i % 64;
	}
	*to = next;
}
