/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of the CA bundle; the unit suite calls it too. What must hold: a
 * file comes to the same however it is cut up; fed again, nothing is added, and
 * fed by itself the result stays as it is; each certificate is there once; no
 * private key gets in.
 */
#include "cli/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

#define TEXT_BYTES_MAX (1024u * 1024)

/* In pieces of `piece` bytes, each by itself so that a read behind it is seen. */
static void
feed(struct bundle *b, const uint8_t *bytes, size_t length, size_t piece)
{
	for (size_t at = 0; at < length; at += piece) {
		size_t n = length - at < piece ? length - at : piece;
		uint8_t *copy = malloc(n);
		must(copy != NULL);
		memcpy(copy, bytes + at, n);
		must(bundle_feed(b, copy, n) == 0);
		free(copy);
	}
	must(bundle_end_file(b) == 0);
}

static bool
same(const struct bundle *a, const struct bundle *b)
{
	return a->count == b->count &&
	    buf_length(&a->text) == buf_length(&b->text) &&
	    (buf_length(&a->text) == 0 || memcmp(buf_data(&a->text),
	        buf_data(&b->text), buf_length(&a->text)) == 0);
}

static void
all_differ(const struct bundle *b)
{
	const uint8_t *text = buf_data(&b->text);

	for (size_t i = 0; i < b->count; i++) {
		for (size_t k = 0; k < i; k++)
			must(b->blocks[i].length != b->blocks[k].length ||
			    memcmp(text + b->blocks[i].at,
			        text + b->blocks[k].at, b->blocks[i].length) != 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const size_t pieces[] = {1, 7, 64};
	struct bundle whole, other;

	if (length > TEXT_BYTES_MAX / 4)
		return 0;
	bundle_init(&whole, TEXT_BYTES_MAX);
	feed(&whole, bytes, length, length + 1);
	all_differ(&whole);
	/* A blank is in no base64. */
	must(whole.count == 0 || memmem(buf_data(&whole.text),
	    buf_length(&whole.text), "PRIVATE KEY", 11) == NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
		bundle_init(&other, TEXT_BYTES_MAX);
		feed(&other, bytes, length, pieces[i]);
		must(same(&whole, &other));
		feed(&other, bytes, length, length + 1);
		must(same(&whole, &other));
		bundle_free(&other);
	}
	bundle_init(&other, TEXT_BYTES_MAX);
	feed(&other, buf_data(&whole.text), buf_length(&whole.text), 64);
	must(same(&whole, &other));
	bundle_free(&other);
	bundle_free(&whole);
	return 0;
}
