/* SPDX-License-Identifier: ISC */
/*
 * One value of each kind: from the text that stands in a file or behind -o, and
 * what it may be, in words. Pure; parent, CLI and roles. A value out of its
 * range is an error, never moved into it.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/table.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* The largest first: a value is shown in the largest that divides it. */
static const struct unit byte_units[] = {
    {"GiB", GIB}, {"MiB", MIB}, {"KiB", KIB}, {"B", 1}, {NULL, 0}};
static const struct unit time_units[] = {
    {"d", DAY}, {"h", HOUR}, {"min", MINUTE}, {"s", SECOND}, {"ms", 1}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *
units_of(enum conf_kind kind)
{
	return kind == CONF_KIND_BYTES || kind == CONF_KIND_BYTES_OR_ALL
	    ? byte_units : kind == CONF_KIND_TIME ? time_units : no_units;
}

/* --- what it may be --- */

static void
print_number(enum conf_kind kind, uint64_t value, char out[32])
{
	const struct unit *u = units_of(kind);

	while (u->factor > 1 && (value == 0 || value % u->factor != 0))
		u++;
	(void)snprintf(out, 32, "%" PRIu64 "%s%s", value / u->factor,
	    u->name[0] == '\0' ? "" : " ", u->name);
}

/* A CHOICE's words: those before the colon in the row's text. Copies word
 * `index` into out, false when there is none. */
static bool
choice_at(const struct conf_row *row, unsigned index, char out[32])
{
	const char *word = row->text;

	for (unsigned i = 0;; i++) {
		size_t length = strcspn(word, "|:");
		if (i == index) {
			(void)snprintf(out, 32, "%.*s", (int)length, word);
			return true;
		}
		if (word[length] != '|')
			return false;
		word += length + 1;
	}
}

static const char *
choices(const struct conf_row *row, char *out, size_t size)
{
	char word[32], next[32];
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; choice_at(row, i, word) && used < size; i++) {
		bool last = !choice_at(row, i + 1, next);
		used += (size_t)snprintf(out + used, size - used, "%s%s",
		    i == 0 ? "" : last ? " or " : ", ", word);
	}
	return out;
}

const char *
value_range(const struct conf_row *row)
{
	static char out[160];
	char least[32], most[32];

	switch (row->kind) {
	case CONF_KIND_BOOL:
		return "true or false";
	case CONF_KIND_CHOICE:
		return choices(row, out, sizeof(out));
	case CONF_KIND_TEXT:
		return "text";
	case CONF_KIND_LIST:
		return "a list of texts";
	default:
		break;
	}
	print_number(row->kind, row->least, least);
	print_number(row->kind, row->most, most);
	(void)snprintf(out, sizeof(out), "%s to %s%s", least, most,
	    row->kind == CONF_KIND_BYTES_OR_ALL ? ", or all" : "");
	return out;
}

/* --- from text --- */

static int
wrong(const struct conf_row *row, const char *text, const char *what,
    struct conf_error *error, int code)
{
	(void)snprintf(error->text, sizeof(error->text),
	    "%s: '%.100s' is %s: expected %s", row->key, text, what,
	    value_range(row));
	return code;
}

static const struct unit *
find_unit(enum conf_kind kind, const char *name)
{
	for (const struct unit *u = units_of(kind); u->name != NULL; u++) {
		if (strcmp(u->name, name) == 0)
			return u;
	}
	return NULL;
}

static const char *
not_a(enum conf_kind kind)
{
	switch (kind) {
	case CONF_KIND_BYTES:
	case CONF_KIND_BYTES_OR_ALL:
		return "not a size (a whole number with B, KiB, MiB or GiB)";
	case CONF_KIND_TIME:
		return "not a time (a whole number with ms, s, min, h or d)";
	default:
		return "not a whole number";
	}
}

/* A whole number and its unit, with or without a blank between. A bare 0 needs
 * no unit. */
static int
set_number(const struct conf_row *row, uint64_t *out, const char *text,
    struct conf_error *error)
{
	const char *p = text;
	uint64_t value = 0;

	if (row->kind == CONF_KIND_BYTES_OR_ALL && strcmp(text, "all") == 0) {
		*out = CONF_ALL;
		return 0;
	}
	for (; isdigit((unsigned char)*p); p++) {
		if (value > UINT64_MAX / 10 - 1)
			return wrong(row, text, "too large", error, E_RANGE);
		value = value * 10 + (uint64_t)(*p - '0');
	}
	bool digits = p > text;
	while (*p == ' ')
		p++;
	const struct unit *unit = find_unit(row->kind, p);
	if (unit == NULL && *p == '\0' && value == 0)
		unit = &no_units[0];
	if (!digits || unit == NULL)
		return wrong(row, text, not_a(row->kind), error, E_SYNTAX);
	if (value > UINT64_MAX / unit->factor)
		return wrong(row, text, "too large", error, E_RANGE);
	value *= unit->factor;
	if (value < row->least || value > row->most)
		return wrong(row, text, "out of range", error, E_RANGE);
	*out = value;
	return 0;
}

static int
set_bool(const struct conf_row *row, bool *out, const char *text,
    struct conf_error *error)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return wrong(row, text, "neither", error, E_SYNTAX);
	*out = text[0] == 't';
	return 0;
}

static int
set_choice(const struct conf_row *row, unsigned *out, const char *text,
    struct conf_error *error)
{
	char word[32];

	for (unsigned i = 0; choice_at(row, i, word); i++) {
		if (strcmp(word, text) != 0)
			continue;
		*out = i;
		return 0;
	}
	return wrong(row, text, "none of them", error, E_SYNTAX);
}

static int
no_memory(struct conf_error *error)
{
	(void)snprintf(error->text, sizeof(error->text), "out of memory");
	return E_NOMEM;
}

static int
set_text(char **out, const char *text, struct conf_error *error)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return no_memory(error);
	free(*out);
	*out = copy;
	return 0;
}

static void
free_list(struct conf_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	free(list->places);
	*list = (struct conf_list){0};
}

static int
append(struct conf_list *list, const char *text, size_t length)
{
	char **items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (items == NULL)
		return E_NOMEM;
	list->items = items;
	items[list->count] = strndup(text, length);
	if (items[list->count] == NULL)
		return E_NOMEM;
	list->count++;
	return 0;
}

static int
copy_places(struct conf_list *list, const struct conf_place *places)
{
	if (places == NULL || list->count == 0)
		return 0;
	list->places = malloc(list->count * sizeof(*places));
	if (list->places == NULL)
		return E_NOMEM;
	memcpy(list->places, places, list->count * sizeof(*places));
	return 0;
}

int
value_set_list(const struct conf_row *row, struct conf *c,
    const char *const *items, const struct conf_place *places, size_t count,
    struct conf_error *error)
{
	struct conf_list list = {0};
	int outcome = 0;

	for (size_t i = 0; outcome == 0 && i < count; i++)
		outcome = append(&list, items[i], strlen(items[i]));
	if (outcome == 0)
		outcome = copy_places(&list, places);
	if (outcome != 0) {
		free_list(&list);
		return no_memory(error);
	}
	free_list(conf_member(row, c));
	memcpy(conf_member(row, c), &list, sizeof(list));
	return 0;
}

/* Items in one text are separated by blanks; one in double quotes may have some. Cuts
 * the next off, which is *length bytes long. */
static const char *
next_item(const char **text, size_t *length)
{
	const char *item = *text;
	const char *end = *item == '"' ? strchr(item + 1, '"') : NULL;

	if (end != NULL)
		item++;
	else
		end = item + strcspn(item, " ");
	*length = (size_t)(end - item);
	*text = end + (*end == '"');
	*text += strspn(*text, " ");
	return item;
}

static int
set_list(const struct conf_row *row, struct conf *c, const char *text,
    struct conf_error *error)
{
	struct conf_list list = {0};

	for (text += strspn(text, " "); *text != '\0';) {
		size_t length;
		const char *item = next_item(&text, &length);
		if (append(&list, item, length) != 0) {
			free_list(&list);
			return no_memory(error);
		}
	}
	free_list(conf_member(row, c));
	memcpy(conf_member(row, c), &list, sizeof(list));
	return 0;
}

int
value_set(const struct conf_row *row, struct conf *c, const char *text,
    struct conf_error *error)
{
	void *member = conf_member(row, c);

	switch (row->kind) {
	case CONF_KIND_BOOL:
		return set_bool(row, member, text, error);
	case CONF_KIND_COUNT:
	case CONF_KIND_BYTES:
	case CONF_KIND_BYTES_OR_ALL:
	case CONF_KIND_TIME:
		return set_number(row, member, text, error);
	case CONF_KIND_CHOICE:
		return set_choice(row, member, text, error);
	case CONF_KIND_TEXT:
		return set_text(member, text, error);
	case CONF_KIND_LIST:
		return set_list(row, c, text, error);
	}
	return E_SYNTAX;
}

void
value_free(const struct conf_row *row, struct conf *c)
{
	if (row->kind == CONF_KIND_TEXT) {
		char **text = conf_member(row, c);
		free(*text);
		*text = NULL;
	} else if (row->kind == CONF_KIND_LIST) {
		free_list(conf_member(row, c));
	}
}

static bool
equal_lists(const struct conf_list *a, const struct conf_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static size_t
size_of(enum conf_kind kind)
{
	switch (kind) {
	case CONF_KIND_BOOL:
		return sizeof(CONF_TYPE_BOOL);
	case CONF_KIND_CHOICE:
		return sizeof(CONF_TYPE_CHOICE);
	case CONF_KIND_TEXT:
		return sizeof(CONF_TYPE_TEXT);
	case CONF_KIND_LIST:
		return sizeof(CONF_TYPE_LIST);
	default:
		return sizeof(CONF_TYPE_COUNT);
	}
}

bool
value_equal(const struct conf_row *row, const struct conf *a,
    const struct conf *b)
{
	const void *x = conf_member_const(row, a), *y = conf_member_const(row, b);

	if (row->kind == CONF_KIND_TEXT)
		return strcmp(*(char *const *)x, *(char *const *)y) == 0;
	if (row->kind == CONF_KIND_LIST)
		return equal_lists(x, y);
	return memcmp(x, y, size_of(row->kind)) == 0;
}

void
value_swap(const struct conf_row *row, struct conf *a, struct conf *b)
{
	unsigned char kept[sizeof(CONF_TYPE_LIST)];
	size_t size = size_of(row->kind);

	memcpy(kept, conf_member(row, a), size);
	memcpy(conf_member(row, a), conf_member(row, b), size);
	memcpy(conf_member(row, b), kept, size);
}
