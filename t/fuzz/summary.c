/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of the summaries; the unit suite calls it too. What must hold,
 * whatever the lines are: no byte of the tables steers a terminal, the other page is
 * JSON, and in it the groups and the others of each summary make its total.
 */
#include "cli/summary.h"

#include <yyjson.h>

#include "t/fuzz/target.h"

#define PAGE_BYTES_MAX (16u * 1024 * 1024)

static uint64_t
count_of(yyjson_val *sums)
{
	return yyjson_get_uint(yyjson_obj_get(sums, "count"));
}

static void
adds_up(yyjson_val *summary)
{
	size_t index, count;
	yyjson_val *group;
	uint64_t sum = count_of(yyjson_obj_get(summary, "others"));

	yyjson_arr_foreach(yyjson_obj_get(summary, "groups"), index, count, group)
		sum += count_of(group);
	must(sum == count_of(yyjson_obj_get(summary, "total")));
}

static void
is_json(const struct buf *page)
{
	yyjson_doc *doc = yyjson_read((const char *)buf_data(page),
	    buf_length(page), 0);
	size_t index, count;
	yyjson_val *summary;

	must(doc != NULL);
	yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(doc), "summaries"),
	    index, count, summary)
		adds_up(summary);
	yyjson_doc_free(doc);
}

static void
look_at(const struct summaries *s)
{
	const struct summary_look look = {.utc = true, .width = 60, .top = 2};
	struct buf page;

	buf_init(&page, PAGE_BYTES_MAX);
	must(summaries_text(s, &look, &page) == 0);
	must_be_harmless(buf_data(&page), buf_length(&page));
	buf_clear(&page);
	must(summaries_json(s, look.top, &page) == 0);
	is_json(&page);
	buf_free(&page);
}

static void
sum_up(const uint8_t *bytes, size_t length, bool asked)
{
	static const char *const names[] = {"host", "application", "status", "type",
	    "method", "dns_hostname", "sightglass", "event.dataset"};
	struct summaries s = {0};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		must(summaries_by(&s, names[i], strlen(names[i])));
	must(!summaries_by(&s, "x", 1));
	must(summaries_begin(&s, GROUP_BY_COUNT, asked));
	for (size_t at = 0; at < length;) {
		const uint8_t *newline = memchr(bytes + at, '\n', length - at);
		size_t n = newline == NULL ? length - at
		                           : (size_t)(newline - (bytes + at));
		must(summaries_add(&s, (const char *)bytes + at, n) == 0);
		at += n + 1;
	}
	must(summaries_end(&s) == 0);
	look_at(&s);
	summaries_free(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length > PAGE_BYTES_MAX / 64)
		return 0;
	sum_up(bytes, length, false);
	sum_up(bytes, length, true);
	return 0;
}
