/* SPDX-License-Identifier: ISC */
/*
 * The table of the records' fields as values, and looking names up in it. Pure; any
 * process.
 */
#include "log/fields.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/near.h"

const struct field_row field_rows[FIELD_COUNT] = {
#define ROW(name, parent, key, kind, unit, datasets, text)                    \
	[F_##name] = {",\"" key "\":", sizeof(",\"" key "\":") - 1, parent, key, \
	    KIND_##kind, UNIT_##unit, datasets, text},
	FIELDS(ROW)
#undef ROW
};

const struct dataset_row dataset_rows[DATASET_COUNT] = {
#define ROW(name, word, text) {"sightglass." word, word, text},
	DATASETS(ROW)
#undef ROW
};

const struct field_value field_values[] = {
#define ROW(name, value, text) {F_##name, value, text},
	FIELD_VALUES(ROW)
#undef ROW
};
const size_t field_value_count = sizeof(field_values) / sizeof(*field_values);

const char *
field_kind_name(enum field_kind kind)
{
	static const char *const names[] = {[KIND_TEXT] = "text",
	    [KIND_TEXTS] = "list of texts", [KIND_NUMBER] = "number",
	    [KIND_BOOLEAN] = "boolean", [KIND_TIME] = "time",
	    [KIND_ADDRESS] = "address", [KIND_ADDRESSES] = "list of addresses",
	    [KIND_OBJECT] = "object", [KIND_OBJECTS] = "list of objects",
	    [KIND_MAP] = "map of lists of texts"};

	return names[kind];
}

const char *
field_unit_name(enum field_unit unit)
{
	static const char *const names[] = {[UNIT_NONE] = "", [UNIT_BYTES] = "bytes",
	    [UNIT_NANOSECONDS] = "nanoseconds",
	    [UNIT_MILLISECONDS] = "milliseconds", [UNIT_SECONDS] = "seconds"};

	return names[unit];
}

/* Appends to a dotted name; what is too long for one is cut, which no row is. */
static void
append(char name[FIELD_NAME_MAX], const char *text, size_t length)
{
	size_t used = strlen(name);

	(void)snprintf(name + used, FIELD_NAME_MAX - used, "%.*s", (int)length,
	    text);
}

/* The alternative of that number in "a,b}"; NULL: there are not so many. */
static const char *
find_alternative(const char *text, unsigned index)
{
	for (; index > 0; index--) {
		text += strcspn(text, ",}");
		if (*text++ != ',')
			return NULL;
	}
	return text;
}

/* A parent with its group of alternatives, if it has one, replaced by one of them. */
static bool
expand(const char *parent, unsigned index, char out[FIELD_NAME_MAX])
{
	const char *open = strchr(parent, '{');

	out[0] = '\0';
	if (open == NULL) {
		append(out, parent, strlen(parent));
		return index == 0;
	}
	const char *chosen = find_alternative(open + 1, index);
	if (chosen == NULL)
		return false;
	const char *behind = strchr(open, '}') + 1;
	append(out, parent, (size_t)(open - parent));
	append(out, chosen, strcspn(chosen, ",}"));
	append(out, behind, strlen(behind));
	return true;
}

bool
field_name(enum field field, unsigned index, char out[FIELD_NAME_MAX])
{
	const struct field_row *row = &field_rows[field];

	if (!expand(row->parent, index, out))
		return false;
	if (out[0] != '\0')
		append(out, ".", 1);
	append(out, row->key, strlen(row->key));
	return true;
}

static bool
has_name(enum field field, const char *name, size_t length)
{
	char each[FIELD_NAME_MAX];

	for (unsigned i = 0; field_name(field, i, each); i++) {
		if (strlen(each) == length && memcmp(each, name, length) == 0)
			return true;
	}
	return false;
}

enum field
field_find(const char *name, size_t length, unsigned datasets)
{
	enum field field = 0;

	while (field < FIELD_COUNT && ((field_rows[field].datasets & datasets) == 0 ||
	           !has_name(field, name, length)))
		field++;
	return field;
}

unsigned
field_datasets(enum field field, const char *name)
{
	unsigned datasets = field_rows[field].datasets;

	for (const char *dot = strchr(name, '.'); dot != NULL;
	     dot = strchr(dot + 1, '.')) {
		enum field parent = field_find(name, (size_t)(dot - name), IN_ALL);
		datasets &= parent == FIELD_COUNT ? 0 : field_rows[parent].datasets;
	}
	return datasets;
}

enum field
field_resolve(const char *name, size_t length, bool *inside)
{
	enum field field = field_find(name, length, IN_ALL);

	*inside = false;
	for (size_t n = 0; field == FIELD_COUNT && n < length; n++) {
		if (name[n] != '.')
			continue;
		enum field parent = field_find(name, n, IN_ALL);
		*inside = parent < FIELD_COUNT && field_rows[parent].kind == KIND_MAP;
		if (*inside)
			return parent;
	}
	return field;
}

/* --- the nearest name --- */

static size_t
count_dots(const char *text, size_t length)
{
	size_t dots = 0;

	for (size_t i = 0; i < length; i++)
		dots += text[i] == '.';
	return dots;
}

/* How much of the name may be a slip for `known`, whose map the rest is inside of. */
static size_t
head_length(const char *name, size_t length, const char *known)
{
	size_t dots = count_dots(known, strlen(known)), n = 0;

	for (; n < length; n++) {
		if (name[n] == '.' && dots-- == 0)
			break;
	}
	return n;
}

/* "status_code" of "http.response.status_code". */
static bool
is_end_of(const char *name, size_t length, const char *known)
{
	size_t whole = strlen(known);

	return length < whole && known[whole - length - 1] == '.' &&
	    memcmp(known + whole - length, name, length) == 0;
}

bool
field_nearest(const char *name, size_t length, char out[FIELD_NAME_MAX])
{
	unsigned least = UINT_MAX;
	char known[FIELD_NAME_MAX];

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		for (unsigned i = 0; field_name(f, i, known); i++) {
			size_t head = field_rows[f].kind == KIND_MAP
			    ? head_length(name, length, known) : length;
			unsigned d = is_end_of(name, length, known) ? 1
			    : near_distance(name, head, known, strlen(known));
			if (d >= least || !near_enough(d, head))
				continue;
			least = d;
			memcpy(out, known, sizeof(known));
			append(out, name + head, length - head);
		}
	}
	return least != UINT_MAX;
}

void
field_unknown(const char *name, size_t length, char out[FIELD_WORDS_MAX])
{
	char nearest[FIELD_NAME_MAX];

	if (field_nearest(name, length, nearest))
		(void)snprintf(out, FIELD_WORDS_MAX, "no record has a field '%.*s': "
		    "did you mean '%s'?", (int)length, name, nearest);
	else
		(void)snprintf(out, FIELD_WORDS_MAX, "no record has a field '%.*s': "
		    "'sightglass fields' lists them",
		    length > FIELD_NAME_MAX ? (int)FIELD_NAME_MAX : (int)length,
		    name);
}
