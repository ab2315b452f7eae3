/* SPDX-License-Identifier: ISC */
/* Fields of messages. Pure; CLI only. */
#include "cli/heads.h"

#include <string.h>
#include <strings.h>

void
head_begin(struct head_walk *w, yyjson_val *message, const char *which)
{
	*w = (struct head_walk){0};
	(void)yyjson_obj_iter_init(yyjson_obj_get(message, which), &w->members);
}

bool
head_next(struct head_walk *w, struct head_field *field)
{
	yyjson_val *value;

	for (;;) {
		value = w->name != NULL ? yyjson_arr_iter_next(&w->values) : NULL;
		if (yyjson_is_str(value))
			break;
		if (value != NULL)
			continue;
		w->name = yyjson_obj_iter_next(&w->members);
		if (w->name == NULL)
			return false;
		if (!yyjson_arr_iter_init(yyjson_obj_iter_get_val(w->name),
		        &w->values))
			w->values = (yyjson_arr_iter){0};
	}
	*field = (struct head_field){yyjson_get_str(w->name),
	    yyjson_get_len(w->name), yyjson_get_str(value), yyjson_get_len(value)};
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
