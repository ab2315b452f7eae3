/* SPDX-License-Identifier: ISC */
/* Skips records by their type. The type is a record's first byte, so none has to
 * be held back until it is known. Pure. */
#include "mitm/early_data.h"

#include <string.h>

#include "base/be.h"
#include "base/err.h"

#define CONTENT_HANDSHAKE 22
#define CONTENT_APPLICATION_DATA 23

void
early_data_begin(struct early_data *e, size_t hello_bytes)
{
	*e = (struct early_data){.first = hello_bytes};
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many of the bytes are of one kind: of the first hello, behind the second,
 * or of one record's header or body. */
static size_t
run(struct early_data *e, const uint8_t *bytes, size_t length)
{
	size_t n;

	if (e->over)
		return length;
	if (e->first > 0) {
		n = least(e->first, length);
		e->first -= n;
		return n;
	}
	if (e->body > 0) {
		n = least(e->body, length);
		e->body -= n;
		if (e->body == 0)
			e->header_length = 0;
		return n;
	}
	e->header[e->header_length++] = bytes[0];
	if (e->header_length == sizeof(e->header)) {
		e->body = be16_dec(e->header + 3);
		if (e->body == 0)
			e->header_length = 0;
	}
	return 1;
}

int
early_data_skip(struct early_data *e, uint8_t *bytes, size_t length)
{
	size_t kept = 0;

	for (size_t at = 0; at < length;) {
		bool in_records = e->first == 0 && !e->over;
		size_t n = run(e, bytes + at, length - at);

		if (in_records && e->header[0] == CONTENT_APPLICATION_DATA) {
			e->skipped += n;
			if (e->skipped > EARLY_DATA_BYTES_MAX)
				return E_LIMIT;
		} else {
			memmove(bytes + kept, bytes + at, n);
			kept += n;
			e->over |= in_records && e->header[0] == CONTENT_HANDSHAKE;
		}
		at += n;
	}
	return (int)kept;
}
