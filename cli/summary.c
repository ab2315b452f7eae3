/* SPDX-License-Identifier: ISC */
/* Counting. Pure; CLI only. */
#include "cli/summary.h"

#include <yyjson.h>

#include "base/err.h"

bool
summaries_by(struct summaries *s, const char *name, size_t length)
{
	if (s->count == SUMMARIES_MAX)
		return false;
	s->items[s->count++].by = traffic_by(name, length);
	return true;
}

bool
summaries_begin(struct summaries *s, enum group_order order, bool asked)
{
	bool good = s->count > 0;

	s->asked = asked;
	for (size_t i = 0; i < s->count && good; i++)
		good = groups_init(&s->items[i].groups, SUMMARY_VALUES / s->count,
		    order);
	return good;
}

void
summaries_free(struct summaries *s)
{
	for (size_t i = 0; i < s->count; i++)
		groups_free(&s->items[i].groups);
	*s = (struct summaries){0};
}

static int
add_to(struct summary *summary, const struct traffic *t)
{
	struct traffic_value value;
	bool failed;
	int error = 0;

	if (traffic_value(&summary->by, t, &value, &failed))
		error = groups_add(&summary->groups, value.text, value.length,
		    &t->sample);
	else if (failed)
		error = E_NOMEM;
	else if (summary->by.key == NULL && !t->twin)
		summary->without += t->sample.counted;
	traffic_value_free(&value);
	return error;
}

static void
note(struct summaries *s, const struct traffic *t)
{
	s->records += t->sample.counted && !t->twin;
	if (!t->has_time)
		return;
	if (!s->has_time || t->time_us < s->first_us)
		s->first_us = t->time_us;
	if (!s->has_time || t->time_us > s->last_us)
		s->last_us = t->time_us;
	s->has_time = true;
}

int
summaries_add(struct summaries *s, const char *line, size_t length)
{
	yyjson_doc *doc = yyjson_read(line, length, 0);
	struct traffic t;
	enum traffic_verdict verdict =
	    traffic_read(yyjson_doc_get_root(doc), s->asked, &t);
	int error = 0;

	s->continues += verdict == TRAFFIC_CONTINUES;
	s->foreign += verdict == TRAFFIC_FOREIGN;
	if (verdict == TRAFFIC_COUNTED) {
		note(s, &t);
		for (size_t i = 0; i < s->count && error == 0; i++)
			error = add_to(&s->items[i], &t);
	}
	yyjson_doc_free(doc);
	return error;
}

int
summaries_end(struct summaries *s)
{
	int error = 0;

	for (size_t i = 0; i < s->count && error == 0; i++)
		error = groups_sort(&s->items[i].groups);
	return error;
}
