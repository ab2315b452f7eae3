/* SPDX-License-Identifier: ISC */
/*
 * One decoder at a time, each a row of a table: it is opened, fed all of its input
 * while there is room for what comes out, and closed. Codings in a row go from
 * buffer to buffer, the last applied first. Worker only.
 */
#include "mitm/decode.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "base/err.h"

#define PIECE_BYTES ((size_t)16 * 1024)
#define CODINGS_MAX 4u
/* deflate becomes 1032 times as much at best: a body that grows more, which br and
 * zstd allow, was made to. A short one may. */
#define RATIO_MAX 1032u
#define SHORT_BYTES ((size_t)64 * 1024)
/* RFC 9659: what a zstd content coding may ask for. */
#define ZSTD_WINDOW_LOG_MAX 23

/* --- out --- */

/* Room for a piece, or for what is left of the limit. 0: none. */
static size_t
room_for(struct buf *out, uint8_t **room)
{
	size_t left = out->limit_bytes - buf_length(out);
	size_t want = left < PIECE_BYTES ? left : PIECE_BYTES;

	return want > 0 && buf_reserve(out, want, room) == 0 ? want : 0;
}

static enum decode_outcome
no_room(const struct buf *out)
{
	return buf_length(out) == out->limit_bytes ? DECODE_LIMIT
	                                           : DECODE_NO_MEMORY;
}

/* --- gzip and deflate --- */

#define ZLIB_OR_GZIP (MAX_WBITS + 32)
#define RAW_DEFLATE (-MAX_WBITS)

/* RFC 1950 section 2.2: the first two bytes of what "deflate" means in HTTP. Some
 * senders leave them out (RFC 9110 section 8.4.1.2). */
static bool
has_zlib_header(struct bytes in)
{
	return in.length < 2 || ((in.data[0] & 0x0f) == 8 &&
	    (in.data[0] << 8 | in.data[1]) % 31 == 0);
}

/* Inflates to the end of one stream. Z_OK: the input or the room has an end. */
static int
inflate_stream(z_stream *z, struct buf *out)
{
	uint8_t *room;
	size_t length;
	int error = Z_OK;

	while (error == Z_OK && (length = room_for(out, &room)) > 0) {
		z->next_out = room;
		z->avail_out = (uInt)length;
		error = inflate(z, Z_NO_FLUSH);
		buf_commit(out, length - z->avail_out);
	}
	return error == Z_BUF_ERROR ? Z_OK : error;
}

/* RFC 1952 section 2.2: a gzip body may have several members in a row. */
static bool
next_member(z_stream *z)
{
	return z->avail_in >= 2 && z->next_in[0] == 0x1f && z->next_in[1] == 0x8b &&
	    inflateReset(z) == Z_OK;
}

static enum decode_outcome
inflate_all(struct bytes in, int window_bits, struct buf *out)
{
	z_stream z = {.next_in = (z_const Bytef *)in.data,
	    .avail_in = (uInt)in.length};
	int error;

	if (inflateInit2(&z, window_bits) != Z_OK)
		return DECODE_NO_MEMORY;
	do
		error = inflate_stream(&z, out);
	while (error == Z_STREAM_END && next_member(&z));
	bool all_read = z.avail_in == 0;
	(void)inflateEnd(&z);
	if (error == Z_STREAM_END)
		return DECODE_WHOLE;
	if (error == Z_MEM_ERROR)
		return DECODE_NO_MEMORY;
	if (error != Z_OK)
		return DECODE_CORRUPT;
	return all_read && buf_length(out) < out->limit_bytes ? DECODE_CUT
	                                                      : no_room(out);
}

static enum decode_outcome
decode_gzip(struct bytes in, struct buf *out)
{
	return inflate_all(in, ZLIB_OR_GZIP, out);
}

static enum decode_outcome
decode_deflate(struct bytes in, struct buf *out)
{
	return inflate_all(in, has_zlib_header(in) ? ZLIB_OR_GZIP : RAW_DEFLATE,
	    out);
}

/* --- br --- */

static enum decode_outcome
brotli_all(BrotliDecoderState *state, struct bytes in, struct buf *out)
{
	uint8_t *room;
	size_t length;

	while ((length = room_for(out, &room)) > 0) {
		size_t left = length;
		BrotliDecoderResult result = BrotliDecoderDecompressStream(state,
		    &in.length, &in.data, &left, &room, NULL);
		buf_commit(out, length - left);
		if (result == BROTLI_DECODER_RESULT_SUCCESS)
			return DECODE_WHOLE;
		if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT)
			return DECODE_CUT;
		if (result == BROTLI_DECODER_RESULT_ERROR)
			return DECODE_CORRUPT;
	}
	return no_room(out);
}

static enum decode_outcome
decode_brotli(struct bytes in, struct buf *out)
{
	BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);

	if (state == NULL)
		return DECODE_NO_MEMORY;
	enum decode_outcome outcome = brotli_all(state, in, out);
	BrotliDecoderDestroyInstance(state);
	return outcome;
}

/* --- zstd --- */

static enum decode_outcome
zstd_all(ZSTD_DCtx *context, struct bytes bytes, struct buf *out)
{
	ZSTD_inBuffer in = {.src = bytes.data, .size = bytes.length};
	uint8_t *room;
	size_t length, more = 1;

	while ((length = room_for(out, &room)) > 0) {
		ZSTD_outBuffer piece = {.dst = room, .size = length};
		more = ZSTD_decompressStream(context, &piece, &in);
		buf_commit(out, piece.pos);
		if (ZSTD_isError(more))
			return DECODE_CORRUPT;
		if (in.pos == in.size && piece.pos < piece.size)
			return more == 0 ? DECODE_WHOLE : DECODE_CUT;
	}
	return no_room(out);
}

static enum decode_outcome
decode_zstd(struct bytes in, struct buf *out)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();

	if (context == NULL)
		return DECODE_NO_MEMORY;
	(void)ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax,
	    ZSTD_WINDOW_LOG_MAX);
	enum decode_outcome outcome = zstd_all(context, in, out);
	(void)ZSTD_freeDCtx(context);
	return outcome;
}

/* --- codings --- */

typedef enum decode_outcome decoder(struct bytes in, struct buf *out);

static const struct {
	const char *name; /* IANA's */
	decoder *decode;  /* NULL: nothing is to be done */
} known[] = {{"gzip", decode_gzip}, {"x-gzip", decode_gzip},
    {"deflate", decode_deflate}, {"br", decode_brotli}, {"zstd", decode_zstd},
    {"identity", NULL}};

static bool
is_separator(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == ',';
}

/* Takes the last token off a list. Empty: there is none. */
static struct bytes
take_last(struct bytes *list)
{
	while (list->length > 0 && is_separator(list->data[list->length - 1]))
		list->length--;
	if (list->length == 0)
		return (struct bytes){0};
	size_t end = list->length;
	while (list->length > 0 && !is_separator(list->data[list->length - 1]))
		list->length--;
	return (struct bytes){list->data + list->length, end - list->length};
}

/* Its row in `known`; as many as there are: it has none. */
static size_t
find(struct bytes name)
{
	size_t i = 0;

	while (i < ARRAY_LENGTH(known) && (strlen(known[i].name) != name.length ||
	           strncasecmp(known[i].name, (const char *)name.data,
	               name.length) != 0))
		i++;
	return i;
}

/* The rows of the decoders in the order in which they are needed. False: not all
 * are known, or they are too many to be meant. */
static bool
plan(struct bytes codings, size_t rows[CODINGS_MAX], size_t *count)
{
	struct bytes name;

	*count = 0;
	while ((name = take_last(&codings)).length > 0) {
		size_t row = find(name);
		if (row == ARRAY_LENGTH(known))
			return false;
		if (known[row].decode == NULL)
			continue;
		if (*count == CODINGS_MAX)
			return false;
		rows[(*count)++] = row;
	}
	return true;
}

/* Whether the output of a step may be the input of the next. */
static bool
goes_on(enum decode_outcome outcome)
{
	return outcome == DECODE_WHOLE || outcome == DECODE_CUT ||
	    outcome == DECODE_LIMIT;
}

static size_t
bound(size_t in_length, size_t limit)
{
	size_t most = in_length < limit / RATIO_MAX ? in_length * RATIO_MAX : limit;

	if (most < SHORT_BYTES)
		most = SHORT_BYTES;
	return most < limit ? most : limit;
}

enum decode_outcome
decode_body(struct bytes codings, struct bytes in, struct buf *out)
{
	size_t rows[CODINGS_MAX], count, limit = bound(in.length, out->limit_bytes);
	enum decode_outcome outcome = DECODE_NOTHING, first = DECODE_WHOLE;

	if (!plan(codings, rows, &count))
		return DECODE_UNKNOWN;
	for (size_t i = 0; i < count && (i == 0 || goes_on(outcome)); i++) {
		struct buf next;
		buf_init(&next, limit);
		outcome = known[rows[i]].decode(in, &next);
		/* What a step left out, the next one misses. */
		if (first == DECODE_WHOLE)
			first = outcome;
		buf_free(out);
		*out = next;
		in = (struct bytes){buf_data(out), buf_length(out)};
	}
	return outcome == DECODE_CUT ? first : outcome;
}
