/* SPDX-License-Identifier: ISC */
/* Records of dataset body: a part of one, behind its http record's. Pure; worker. */
#include "base/json.h"
#include "log/record_line.h"

static void
put_body(struct json *j, const struct body_part *part)
{
	json_object_begin(j, "body");
	json_uint(j, "offset", part->offset);
	json_uint(j, "bytes", part->content.length);
	record_content(j, part->content, part->truncated);
	if (part->truncated)
		json_bool(j, "truncated", true);
	json_object_end(j);
}

/* The id is the request's in both directions: it names the exchange. */
static void
put_http(struct json *j, const struct record_facts *facts,
    const struct body_part *part)
{
	json_object_begin(j, "http");
	json_object_begin(j, "request");
	record_request_id(j, facts, part->serial);
	if (part->from == FROM_CLIENT)
		put_body(j, part);
	json_object_end(j);
	if (part->from == FROM_SERVER) {
		json_object_begin(j, "response");
		put_body(j, part);
		json_object_end(j);
	}
	json_object_end(j);
}

static void
put_redacted(struct json *j, const struct body_part *part)
{
	bool any = false;

	record_redacted(j, &any, part->from == FROM_CLIENT ? "http.request.body."
	                                                   : "http.response.body.",
	    &part->redacted);
	if (any)
		json_array_end(j);
}

int
record_body(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct body_part *part,
    struct buf *out)
{
	struct record_line line;

	record_begin(&line, w, sequence, "sightglass.body", part->first_us,
	    part->last_us > part->first_us ? part->last_us - part->first_us : 0,
	    facts, out);
	put_http(&line.json, facts, part);
	record_begin_own(&line, facts);
	json_uint(&line.json, "stream", part->stream);
	json_uint(&line.json, "part", part->number);
	if (part->last)
		json_bool(&line.json, "last", true);
	put_redacted(&line.json, part);
	return record_end(&line);
}
