/* SPDX-License-Identifier: ISC */
/*
 * permessage-deflate (RFC 7692) of one direction, to be read only: it keeps the
 * window that messages may share, and gives of each message's content what its
 * reader has room for. Pure; worker, used by mitm/ws.c only.
 */
#ifndef SIGHTGLASS_MITM_WS_INFLATE_H
#define SIGHTGLASS_MITM_WS_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zlib.h>

#include "base/attr.h"
#include "base/buf.h"

struct ws_inflate {
	bool agreed;      /* messages of this direction may be compressed */
	bool no_takeover; /* each message has a window of its own */
	bool open;        /* the stream has been begun: some 40 KiB */
	bool broken;      /* nothing of what follows can be read */
	z_stream stream;
	uint64_t length;  /* of this message's content so far */
};

/* More of a compressed message. What does not fit into `out` is let go. 0; E_LIMIT:
 * it grows without measure; E_CORRUPT, E_NOMEM. After an error: no more of this
 * message, and of none if they share a window. */
int ws_inflate_more(struct ws_inflate *w, const uint8_t *bytes, size_t length,
    struct buf *out) WUNRES NONNULL(1, 4);

/* The message has ended (RFC 7692 section 7.2.2) and had *length bytes of content.
 * As ws_inflate_more. */
int ws_inflate_end(struct ws_inflate *w, struct buf *out, uint64_t *length)
    WUNRES NONNULL(1, 2, 3);

void ws_inflate_free(struct ws_inflate *w) NONNULL(1);

#endif
