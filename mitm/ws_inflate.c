/* SPDX-License-Identifier: ISC */
#include "mitm/ws_inflate.h"

#include "base/err.h"

#define PIECE_BYTES 4096u
/* What a window is kept up for: a message that becomes longer was made to. */
#define CONTENT_BYTES_MAX ((uint64_t)16 * 1024 * 1024)

static int
open_stream(struct ws_inflate *w)
{
	if (w->open)
		return 0;
	w->stream = (z_stream){.next_in = NULL};
	if (inflateInit2(&w->stream, -MAX_WBITS) != Z_OK)
		return E_NOMEM;
	w->open = true;
	return 0;
}

static int
inflate_all(struct ws_inflate *w, const uint8_t *bytes, size_t length,
    struct buf *out)
{
	uint8_t piece[PIECE_BYTES];
	z_stream *z = &w->stream;
	int error = Z_OK;

	z->next_in = (z_const Bytef *)bytes;
	z->avail_in = (uInt)length;
	do {
		z->next_out = piece;
		z->avail_out = sizeof(piece);
		error = inflate(z, Z_SYNC_FLUSH);
		size_t made = sizeof(piece) - z->avail_out;
		(void)buf_append_some(out, piece, made);
		w->length += made;
		if (w->length > CONTENT_BYTES_MAX)
			return E_LIMIT;
		if (error == Z_STREAM_END) /* a last block: more may follow */
			error = inflateReset(z);
	} while (error == Z_OK && (z->avail_in > 0 || z->avail_out == 0));
	if (error == Z_MEM_ERROR)
		return E_NOMEM;
	return error == Z_OK || error == Z_BUF_ERROR ? 0 : E_CORRUPT;
}

int
ws_inflate_more(struct ws_inflate *w, const uint8_t *bytes, size_t length,
    struct buf *out)
{
	int error = w->broken ? E_CORRUPT : open_stream(w);

	if (error == 0 && length > 0)
		error = inflate_all(w, bytes, length, out);
	if (error != 0 && !w->no_takeover) {
		ws_inflate_free(w);
		w->broken = true;
	}
	return error;
}

int
ws_inflate_end(struct ws_inflate *w, struct buf *out, uint64_t *length)
{
	static const uint8_t tail[] = {0x00, 0x00, 0xff, 0xff};
	int error = ws_inflate_more(w, tail, sizeof(tail), out);

	*length = w->length;
	w->length = 0;
	if (w->no_takeover)
		ws_inflate_free(w);
	return error;
}

void
ws_inflate_free(struct ws_inflate *w)
{
	if (w->open)
		(void)inflateEnd(&w->stream);
	w->open = false;
	w->length = 0;
}
