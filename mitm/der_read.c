/* SPDX-License-Identifier: ISC */
/* DER, read in place. Pure; worker and CLI. It refuses whatever is only BER. */
#include "mitm/der_read.h"

#include <string.h>

#include "base/be.h"

#define LONG_FORM 0x80u
#define LENGTH_BYTES_MAX 4u
#define HIGH_TAG 0x1fu

/* The length behind the tag (X.690 section 10.1): *head bytes say it. */
static bool
read_length(struct der_span in, size_t *head, size_t *length)
{
	if (in.length < 2)
		return false;
	*head = 2;
	*length = in.at[1];
	if (*length < LONG_FORM)
		return true;
	size_t count = *length - LONG_FORM;
	if (count == 0 || count > LENGTH_BYTES_MAX || in.length < 2 + count ||
	    in.at[2] == 0)
		return false;
	*head += count;
	*length = (size_t)be_dec(in.at + 2, count);
	return *length >= LONG_FORM;
}

bool
der_read(struct der_span *in, uint8_t *tag, struct der_span *content)
{
	size_t head, length;

	if (!read_length(*in, &head, &length) || length > in->length - head ||
	    (in->at[0] & HIGH_TAG) == HIGH_TAG)
		return false;
	*tag = in->at[0];
	*content = (struct der_span){.at = in->at + head, .length = length};
	in->at += head + length;
	in->length -= head + length;
	return true;
}

bool
der_read_tag(struct der_span *in, uint8_t tag, struct der_span *content)
{
	struct der_span rest = *in, found;
	uint8_t found_tag;

	if (!der_read(&rest, &found_tag, &found) || found_tag != tag)
		return false;
	*in = rest;
	*content = found;
	return true;
}

bool
der_read_only(struct der_span in, uint8_t tag, struct der_span *content)
{
	return der_read_tag(&in, tag, content) && in.length == 0;
}

bool
der_read_boolean(struct der_span *in, bool *value)
{
	struct der_span content;

	if (in->length == 0 || in->at[0] != DER_READ_BOOLEAN)
		return true;
	if (!der_read_tag(in, DER_READ_BOOLEAN, &content) ||
	    content.length != 1 ||
	    (content.at[0] != 0 && content.at[0] != 0xff))
		return false;
	*value = content.at[0] != 0;
	return true;
}

bool
der_equal(struct der_span a, struct der_span b)
{
	return a.length == b.length &&
	    (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}
