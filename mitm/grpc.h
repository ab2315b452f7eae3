/* SPDX-License-Identifier: ISC */
/*
 * gRPC and gRPC-Web as they lie over HTTP (doc/PROTOCOL-HTTP2.md and
 * doc/PROTOCOL-WEB.md of github.com/grpc/grpc). The messages in a body are counted as
 * its bytes pass, in any fragments, and nothing of them is kept. Broken framing ends
 * the counting, and nothing else. Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_GRPC_H
#define SIGHTGLASS_MITM_GRPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

#define GRPC_PREFIX_BYTES 5u

enum grpc_format {
	GRPC_NONE,
	GRPC_PLAIN,
	GRPC_WEB,     /* trailers come in the body */
	GRPC_WEB_TEXT /* likewise, and all of it in base64 */
};

/* A body that is being read. */
struct grpc_body {
	enum grpc_format format;
	struct grpc_messages seen;
	uint8_t prefix[GRPC_PREFIX_BYTES];
	size_t prefix_length;
	uint32_t payload_left;
	bool trailers_whole;  /* nothing may follow */
	struct buf trailers;  /* their lines, up to its limit */
	size_t trailers_lost; /* bytes of them that it had no room for */
	uint32_t quantum;     /* of base64: the digits so far... */
	unsigned digits;      /* ...how many, and what padding must follow */
	unsigned padding;
};

/* What the head of a message says that its body is. */
enum grpc_format grpc_format_of(const struct http_field *fields, size_t count)
    WUNRES;

/* Makes b a body of that format (not GRPC_NONE) under these fields, of whose trailers
 * at most trailer_bytes are kept. Free with grpc_body_free. */
void grpc_body_init(struct grpc_body *b, enum grpc_format format,
    const struct http_field *fields, size_t count, size_t trailer_bytes)
    NONNULL(1);
void grpc_body_free(struct grpc_body *b) NONNULL(1);

/* Reads on. True: the trailers of gRPC-Web became whole with these bytes. */
bool grpc_body_feed(struct grpc_body *b, const uint8_t *bytes, size_t length)
    WUNRES NONNULL(1);

/* The body has ended: a message of which not all came is an error. */
void grpc_body_end(struct grpc_body *b) NONNULL(1);

/* Takes the next field off the lines in *rest, at first all of b->trailers. False:
 * there is none. Borrowed like *rest. */
bool grpc_next_trailer(struct bytes *rest, struct http_field *field)
    WUNRES NONNULL(1, 2);

/* What e says of the call that it is. False: it is none. What *call borrows is e's
 * and, decoded, in `scratch`, which is empty and whose limit bounds it. */
bool grpc_describe(const struct http_exchange *e, struct grpc_call *call,
    struct buf *scratch) WUNRES NONNULL(1, 2, 3);

#endif
