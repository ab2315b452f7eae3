/* SPDX-License-Identifier: ISC */
/* Summaries as one JSON object (sightglass(1), stats). Pure; CLI only. */
#include "base/json.h"
#include "cli/summary.h"

static void
put_latency(struct json *j, const struct histogram *h)
{
	json_object_begin(j, "latency_ms");
	if (h->count > 0) {
		json_ms(j, "p50", histogram_at(h, 50));
		json_ms(j, "p90", histogram_at(h, 90));
		json_ms(j, "p99", histogram_at(h, 99));
		json_ms(j, "max", h->most);
	}
	json_object_end(j);
}

static void
put_sums(struct json *j, const struct group *group)
{
	json_uint(j, "count", group->count);
	json_uint(j, "errors", group->errors);
	json_object_begin(j, "bytes");
	json_uint(j, "sent", group->sent);
	json_uint(j, "received", group->received);
	json_object_end(j);
	put_latency(j, &group->latency);
}

static void
put_groups(struct json *j, const struct groups *g, size_t top)
{
	json_array_begin(j, "groups");
	for (size_t i = 0; i < g->count && i < top; i++) {
		json_object_begin(j, NULL);
		if (g->items[i].text == NULL)
			json_text(j, "value", NULL);
		else
			json_string(j, "value", g->items[i].text,
			    g->items[i].length);
		put_sums(j, &g->items[i]);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
put_others(struct json *j, const struct groups *g, size_t top)
{
	struct group others = {0};
	int error = groups_others(g, top, &others);

	if (error != 0)
		json_fail(j, error);
	json_object_begin(j, "others");
	json_uint(j, "values", g->count > top ? g->count - top : 0);
	put_sums(j, &others);
	json_object_end(j);
	group_free(&others);
}

static void
put_summary(struct json *j, const struct summary *summary, size_t top)
{
	const struct groups *g = &summary->groups;

	json_object_begin(j, NULL);
	json_string(j, "by", summary->by.name, summary->by.length);
	put_groups(j, g, top);
	put_others(j, g, top);
	json_object_begin(j, "total");
	put_sums(j, &g->total);
	json_object_end(j);
	json_uint(j, "without", summary->without);
	json_uint(j, "given_up", g->given_up);
	json_uint(j, "missing", g->missing);
	json_uint(j, "cut", g->cut);
	json_object_end(j);
}

int
summaries_json(const struct summaries *s, size_t top, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object_begin(&j, NULL);
	json_uint(&j, "records", s->records);
	if (s->has_time && s->first_us >= 0) {
		json_time(&j, "first", (uint64_t)s->first_us);
		json_time(&j, "last", (uint64_t)s->last_us);
	}
	json_uint(&j, "continues", s->continues);
	json_uint(&j, "foreign", s->foreign);
	json_array_begin(&j, "summaries");
	for (size_t i = 0; i < s->count; i++)
		put_summary(&j, &s->items[i], top);
	json_array_end(&j);
	json_object_end(&j);
	int error = json_error(&j);
	return error != 0 ? error : buf_puts(out, "\n");
}
