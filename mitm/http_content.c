/* SPDX-License-Identifier: ISC */
#include "mitm/http_content.h"

#include "base/err.h"
#include "mitm/decode.h"
#include "mitm/http_fields.h"

#define CODINGS_BYTES_MAX 256u

/* All the fields of that name as one list (RFC 9110 section 5.3). False: it is
 * longer than any that is meant. */
static bool
join_codings(const struct http_message *m, struct buf *list)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < m->field_count; i++) {
		const struct http_field *field = &m->fields[i];
		if (!http_field_is(field, "content-encoding"))
			continue;
		error = buf_append(list, ",", 1);
		if (error == 0)
			error = buf_append(list, field->value.data,
			    field->value.length);
	}
	return error == 0;
}

static const char *
error_name(enum decode_outcome outcome)
{
	switch (outcome) {
	case DECODE_LIMIT:
		return "limit";
	case DECODE_CORRUPT:
		return "corrupt";
	case DECODE_UNKNOWN:
		return "unknown_coding";
	case DECODE_NO_MEMORY:
		return "no_memory";
	case DECODE_NOTHING:
	case DECODE_WHOLE:
	case DECODE_CUT:
		break;
	}
	return NULL;
}

void
http_content_decode(struct http_message *m, struct buf *scratch)
{
	struct http_body *body = &m->body;
	enum decode_outcome outcome = DECODE_UNKNOWN;
	struct buf list;

	if (body->captured.length == 0 || scratch->limit_bytes == 0)
		return;
	buf_init(&list, CODINGS_BYTES_MAX);
	if (join_codings(m, &list))
		outcome = decode_body((struct bytes){buf_data(&list),
		    buf_length(&list)}, body->captured, scratch);
	buf_free(&list);
	if (outcome == DECODE_NOTHING)
		return;
	body->decode_error = error_name(outcome);
	if (outcome != DECODE_WHOLE && buf_length(scratch) == 0)
		return;
	body->decoded = true;
	body->content = (struct bytes){buf_data(scratch), buf_length(scratch)};
	body->content_truncated = outcome != DECODE_WHOLE || body->truncated;
}
