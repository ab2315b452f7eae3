/* SPDX-License-Identifier: ISC */
/* Records of dataset body: a part of one, behind its http record's. Pure; worker. */
#include "log/member.h"
#include "log/record_line.h"

static void
put_body(struct json *j, const struct body_part *part)
{
	member_object(j, F_BODY);
	member_uint(j, F_PART_OFFSET, part->offset);
	member_uint(j, F_PART_BYTES, part->content.length);
	record_content(j, part->content, part->truncated);
	member_true_if(j, F_BODY_TRUNCATED, part->truncated);
	json_object_end(j);
}

/* The id is the request's in both directions: it names the exchange. */
static void
put_http(struct json *j, const struct record_facts *facts,
    const struct body_part *part)
{
	member_object(j, F_HTTP);
	member_object(j, F_REQUEST);
	record_request_id(j, facts, part->serial);
	if (part->from == FROM_CLIENT)
		put_body(j, part);
	json_object_end(j);
	if (part->from == FROM_SERVER) {
		member_object(j, F_RESPONSE);
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

	record_begin(&line, w, sequence, DATASET_BODY, part->first_us,
	    part->last_us > part->first_us ? part->last_us - part->first_us : 0,
	    facts, out);
	put_http(&line.json, facts, part);
	record_begin_own(&line, facts);
	member_uint(&line.json, F_STREAM, part->stream);
	member_uint(&line.json, F_PART, part->number);
	member_true_if(&line.json, F_LAST, part->last);
	put_redacted(&line.json, part);
	return record_end(&line);
}
