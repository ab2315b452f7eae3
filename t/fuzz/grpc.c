/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/grpc: the first byte chooses the format, the others are a body.
 * What is counted is the same however the body is cut, and agrees with itself; its
 * trailers make an answer that is described within its limits. Runs in the fuzzer and
 * in the unit suite.
 */
#include "mitm/grpc.h"

#include <stdlib.h>
#include <string.h>

#include "t/fuzz/conversation.h"

#define TRAILER_BYTES 200u
#define FIELDS_MAX 8u
#define MESSAGE_BYTES 100u

static void
read_all(struct grpc_body *b, enum grpc_format format, struct bytes in, size_t step)
{
	unsigned ends = 0;

	grpc_body_init(b, format, NULL, 0, TRAILER_BYTES);
	for (size_t at = 0; at < in.length; at += step)
		ends += grpc_body_feed(b, in.data + at,
		    in.length - at < step ? in.length - at : step);
	must(ends == (b->trailers_whole ? 1 : 0));
	grpc_body_end(b);
}

static void
check_same(const struct grpc_body *a, const struct grpc_body *b)
{
	must(a->seen.count == b->seen.count && a->seen.bytes == b->seen.bytes);
	must(a->seen.largest == b->seen.largest);
	must(a->seen.compressed == b->seen.compressed);
	must(a->seen.error == b->seen.error);
	must(a->trailers_whole == b->trailers_whole);
	must(a->trailers_lost == b->trailers_lost);
	must(buf_length(&a->trailers) == buf_length(&b->trailers));
	must(buf_length(&a->trailers) == 0 || memcmp(buf_data(&a->trailers),
	    buf_data(&b->trailers), buf_length(&a->trailers)) == 0);
}

static void
check_counts(const struct grpc_body *b, size_t length)
{
	const struct grpc_messages *seen = &b->seen;

	must(seen->bytes + seen->count * GRPC_PREFIX_BYTES <= length);
	must(seen->compressed <= seen->count);
	must(seen->error != NULL || seen->largest <= seen->bytes);
	must(buf_length(&b->trailers) <= TRAILER_BYTES);
}

static void
describe(const struct grpc_body *b)
{
	struct http_field fields[FIELDS_MAX];
	struct http_exchange e = {.response = {.trailers = fields, .grpc = &b->seen}};
	struct bytes rest = {buf_data(&b->trailers), buf_length(&b->trailers)};
	struct grpc_call call;
	struct buf scratch;

	e.target = rest;
	while (e.response.trailer_count < FIELDS_MAX &&
	    grpc_next_trailer(&rest, &fields[e.response.trailer_count]))
		e.response.trailer_count++;
	buf_init(&scratch, MESSAGE_BYTES);
	must(grpc_describe(&e, &call, &scratch));
	must(call.message.length <= MESSAGE_BYTES);
	must(call.has_status || call.status_name == NULL);
	buf_free(&scratch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct grpc_body whole, cut;

	if (length == 0)
		return 0;
	enum grpc_format format = (enum grpc_format)(GRPC_PLAIN + bytes[0] % 3);
	const struct bytes in = {bytes + 1, length - 1};
	read_all(&whole, format, in, in.length + 1);
	read_all(&cut, format, in, 1);
	check_same(&whole, &cut);
	check_counts(&whole, in.length);
	describe(&whole);
	grpc_body_free(&whole);
	grpc_body_free(&cut);
	return 0;
}
