/* SPDX-License-Identifier: ISC */
/* Text in pieces. Pure; worker, used by mitm/h1.c only. */
#include "mitm/h1_span.h"

void
h1_span_init(struct h1_span *s, size_t limit_bytes)
{
	*s = (struct h1_span){0};
	buf_init(&s->kept, limit_bytes);
}

void
h1_span_free(struct h1_span *s)
{
	buf_free(&s->kept);
}

void
h1_span_clear(struct h1_span *s)
{
	s->at = NULL;
	s->length = 0;
	if (s->kept.data != NULL)
		buf_free(&s->kept);
}

void
h1_span_settle(struct h1_span *s)
{
	if (s->at != NULL)
		(void)buf_append_some(&s->kept, s->at, s->length);
	s->at = NULL;
}

void
h1_span_add(struct h1_span *s, const uint8_t *at, size_t length)
{
	if (length == 0)
		return;
	if (s->length == 0) {
		s->at = at;
	} else if (s->at == NULL || s->at + s->length != at) {
		h1_span_settle(s);
		(void)buf_append_some(&s->kept, at, length);
	}
	s->length += length;
}

bool
h1_span_bytes(const struct h1_span *s, struct bytes *out)
{
	if (s->at != NULL)
		*out = (struct bytes){s->at, s->length};
	else
		*out = (struct bytes){buf_data(&s->kept), buf_length(&s->kept)};
	return out->length == s->length;
}
