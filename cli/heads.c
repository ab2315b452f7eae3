/* SPDX-License-Identifier: ISC */
/* Fields of messages. Pure; CLI only. */
#include "cli/heads.h"

#include <string.h>
#include <strings.h>

#define NAMES_MAX 512u /* of more the map says enough */

void
head_begin(struct head_walk *w, yyjson_val *message)
{
	yyjson_val *names = yyjson_obj_get(message, "header_names");

	*w = (struct head_walk){.headers = yyjson_obj_get(message, "headers")};
	(void)yyjson_obj_iter_init(w->headers, &w->members);
	if (yyjson_is_arr(names) && yyjson_arr_size(names) <= NAMES_MAX)
		w->names = names;
}

static bool
is_same(yyjson_val *a, yyjson_val *b)
{
	return yyjson_get_len(a) == yyjson_get_len(b) &&
	    strncasecmp(yyjson_get_str(a), yyjson_get_str(b), yyjson_get_len(a)) == 0;
}

/* The values of a name, without case; NULL: there are none. */
static yyjson_val *
find_values(yyjson_val *headers, yyjson_val *name)
{
	yyjson_val *key, *values;
	size_t index, count;

	if (headers == NULL)
		return NULL;
	yyjson_obj_foreach(headers, index, count, key, values) {
		if (is_same(key, name))
			return values;
	}
	return NULL;
}

/* How many of the first `index` names are the same as that one. */
static size_t
count_before(yyjson_val *names, size_t index)
{
	yyjson_val *name = yyjson_arr_get(names, index), *other;
	size_t i, count, same = 0;

	yyjson_arr_foreach(names, i, count, other) {
		if (i == index)
			break;
		same += yyjson_is_str(other) && is_same(other, name);
	}
	return same;
}

/* The next value, *name being its field's. NULL: there is none. */
static yyjson_val *
next_named(struct head_walk *w, yyjson_val **name)
{
	while ((*name = yyjson_arr_get(w->names, w->index)) != NULL) {
		size_t at = w->index++;
		if (!yyjson_is_str(*name))
			continue;
		yyjson_val *value = yyjson_arr_get(find_values(w->headers, *name),
		    count_before(w->names, at));
		if (yyjson_is_str(value))
			return value;
	}
	return NULL;
}

/* The same by the map. */
static yyjson_val *
next_member(struct head_walk *w, yyjson_val **name)
{
	for (;;) {
		yyjson_val *value =
		    w->name != NULL ? yyjson_arr_iter_next(&w->values) : NULL;
		*name = w->name;
		if (yyjson_is_str(value))
			return value;
		if (value != NULL)
			continue;
		w->name = yyjson_obj_iter_next(&w->members);
		if (w->name == NULL)
			return NULL;
		if (!yyjson_arr_iter_init(yyjson_obj_iter_get_val(w->name),
		        &w->values))
			w->values = (yyjson_arr_iter){0};
	}
}

bool
head_next(struct head_walk *w, struct head_field *field)
{
	yyjson_val *name;
	yyjson_val *value = w->names != NULL ? next_named(w, &name)
	                                     : next_member(w, &name);

	if (value == NULL)
		return false;
	*field = (struct head_field){yyjson_get_str(name), yyjson_get_len(name),
	    yyjson_get_str(value), yyjson_get_len(value)};
	return true;
}

const char *
head_find(yyjson_val *message, const char *name)
{
	yyjson_val *values = yyjson_obj_get(yyjson_obj_get(message, "headers"), name);

	return yyjson_get_str(yyjson_arr_get_first(values));
}

bool
head_is(const struct head_field *field, const char *name)
{
	return field->name_length == strlen(name) &&
	    strncasecmp(field->name, name, field->name_length) == 0;
}

const char *
head_version(yyjson_val *record, const char *two)
{
	static const char *const known[][2] = {{"1.0", "HTTP/1.0"},
	    {"1.1", "HTTP/1.1"}};
	const char *version =
	    yyjson_get_str(yyjson_ptr_get(record, "/http/version"));

	if (version == NULL)
		return "";
	for (size_t i = 0; i < 2; i++) {
		if (strcmp(version, known[i][0]) == 0)
			return known[i][1];
	}
	return two;
}
