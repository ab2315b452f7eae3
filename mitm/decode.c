/* SPDX-License-Identifier: ISC */
/*
 * A decoder is a row of stages, each with the state of one coding; a stage that
 * needs input asks the one in front of it. The front one undoes what was applied
 * last. Worker only.
 */
#include "mitm/decode.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "base/be.h"
#include "base/err.h"

#define PIECE_BYTES ((size_t)4 * 1024)
#define CODINGS_MAX 4u
/* deflate becomes 1032 times as much at best: a body that grows more, which br and
 * zstd allow, was made to. A short one may. */
#define RATIO_MAX 1032u
#define SHORT_BYTES ((size_t)64 * 1024)
/* RFC 9659: what a zstd content coding may ask for. */
#define ZSTD_WINDOW_LOG_MAX 23

struct stage {
	const struct coding *coding;
	enum decode_outcome outcome; /* DECODE_CUT while it goes on */
	bool open;         /* the state below stands */
	bool filled;       /* it may have more to give than it had room for */
	uint64_t produced;
	union {
		z_stream zlib;
		BrotliDecoderState *brotli;
		ZSTD_DCtx *zstd;
	};
	uint8_t head[2];   /* of gzip and deflate: read, and not given on yet */
	uint8_t head_length;
	bool begun;        /* deflate: its head was read */
	bool may_end;      /* between members of gzip, and frames of zstd */
	struct bytes rest; /* of the piece, to be read */
	uint8_t *piece;    /* owned: what the stage in front gave; none in the first */
};

struct decoder {
	struct stage stages[CODINGS_MAX];
	size_t count;
	uint64_t limit_bytes, consumed;
};

/* A coding. `open` prepares a stage; `step` reads from *in and returns how many
 * bytes it wrote, and sets the outcome when that is not DECODE_CUT any more. */
struct coding {
	const char *name; /* IANA's */
	bool (*open)(struct stage *s); /* NULL: nothing is to be done */
	size_t (*step)(struct stage *s, struct bytes *in, uint8_t *room, size_t size);
	void (*close)(struct stage *s);
};

/* --- gzip and deflate --- */

#define ZLIB_OR_GZIP (MAX_WBITS + 32)
#define RAW_DEFLATE (-MAX_WBITS)
#define GZIP_MAGIC_1 0x1f
#define GZIP_MAGIC_2 0x8b

static bool
zlib_open(struct stage *s)
{
	s->zlib = (z_stream){0};
	return inflateInit2(&s->zlib, ZLIB_OR_GZIP) == Z_OK;
}

static void
zlib_close(struct stage *s)
{
	(void)inflateEnd(&s->zlib);
}

/* Inflates until the input or the room ends, or the stream does. */
static size_t
inflate_some(struct stage *s, struct bytes *in, uint8_t *room, size_t size,
    bool *ended)
{
	z_stream *z = &s->zlib;
	uInt most = in->length > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)in->length;

	z->next_in = (z_const Bytef *)in->data;
	z->avail_in = most;
	z->next_out = room;
	z->avail_out = (uInt)size;
	int error = inflate(z, Z_NO_FLUSH);
	in->data += most - z->avail_in;
	in->length -= most - z->avail_in;
	*ended = error == Z_STREAM_END;
	if (error == Z_MEM_ERROR)
		s->outcome = DECODE_NO_MEMORY;
	else if (error != Z_OK && error != Z_BUF_ERROR && error != Z_STREAM_END)
		s->outcome = DECODE_CORRUPT;
	return size - z->avail_out;
}

/* Reads up to both bytes of the head. False: more are needed. */
static bool
take_head(struct stage *s, struct bytes *in)
{
	while (s->head_length < sizeof(s->head) && in->length > 0) {
		s->head[s->head_length++] = *in->data++;
		in->length--;
	}
	return s->head_length == sizeof(s->head);
}

/* Gives the inflater the head, which has no output yet. */
static void
begin_with_head(struct stage *s)
{
	struct bytes head = {s->head, sizeof(s->head)};
	uint8_t room;
	bool ended;

	(void)inflate_some(s, &head, &room, sizeof(room), &ended);
	s->head_length = 0;
}

/* RFC 1952 section 2.2: a gzip body may have several members in a row. What else
 * stands behind one pads the body. False: there is none, or not yet. */
static bool
next_member(struct stage *s, struct bytes *in)
{
	if (!take_head(s, in)) {
		if (s->head_length == 1 && s->head[0] != GZIP_MAGIC_1)
			s->outcome = DECODE_WHOLE;
		return false;
	}
	if (s->head[0] != GZIP_MAGIC_1 || s->head[1] != GZIP_MAGIC_2) {
		s->outcome = DECODE_WHOLE;
		return false;
	}
	s->may_end = false;
	if (inflateReset(&s->zlib) != Z_OK)
		s->outcome = DECODE_CORRUPT;
	else
		begin_with_head(s);
	return s->outcome == DECODE_CUT;
}

static size_t
gzip_step(struct stage *s, struct bytes *in, uint8_t *room, size_t size)
{
	if (s->may_end && !next_member(s, in))
		return 0;
	return inflate_some(s, in, room, size, &s->may_end);
}

/* RFC 1950 section 2.2: the first two bytes of what "deflate" means in HTTP. Some
 * senders leave them out (RFC 9110 section 8.4.1.2). */
static bool
has_zlib_header(const uint8_t head[2])
{
	return (head[0] & 0x0f) == 8 && be16_dec(head) % 31 == 0;
}

static size_t
deflate_step(struct stage *s, struct bytes *in, uint8_t *room, size_t size)
{
	bool ended;

	if (!s->begun) {
		if (!take_head(s, in))
			return 0;
		s->begun = true;
		if (!has_zlib_header(s->head) &&
		    inflateReset2(&s->zlib, RAW_DEFLATE) != Z_OK)
			s->outcome = DECODE_NO_MEMORY;
	}
	struct bytes head = {s->head, s->head_length};
	struct bytes *from = head.length > 0 ? &head : in;
	size_t written = inflate_some(s, from, room, size, &ended);
	memmove(s->head, head.data, head.length);
	s->head_length = (uint8_t)head.length;
	if (ended)
		s->outcome = DECODE_WHOLE;
	return written;
}

/* --- br --- */

static bool
brotli_open(struct stage *s)
{
	s->brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	return s->brotli != NULL;
}

static void
brotli_close(struct stage *s)
{
	BrotliDecoderDestroyInstance(s->brotli);
}

static size_t
brotli_step(struct stage *s, struct bytes *in, uint8_t *room, size_t size)
{
	size_t left = size;
	BrotliDecoderResult result = BrotliDecoderDecompressStream(s->brotli,
	    &in->length, &in->data, &left, &room, NULL);

	if (result == BROTLI_DECODER_RESULT_SUCCESS)
		s->outcome = DECODE_WHOLE;
	else if (result == BROTLI_DECODER_RESULT_ERROR)
		s->outcome = DECODE_CORRUPT;
	return size - left;
}

/* --- zstd --- */

static bool
zstd_open(struct stage *s)
{
	s->zstd = ZSTD_createDCtx();
	return s->zstd != NULL && !ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd,
	    ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX));
}

static void
zstd_close(struct stage *s)
{
	(void)ZSTD_freeDCtx(s->zstd);
}

static size_t
zstd_step(struct stage *s, struct bytes *bytes, uint8_t *room, size_t size)
{
	ZSTD_inBuffer in = {.src = bytes->data, .size = bytes->length};
	ZSTD_outBuffer piece = {.dst = room, .size = size};
	size_t more = ZSTD_decompressStream(s->zstd, &piece, &in);

	bytes->data += in.pos;
	bytes->length -= in.pos;
	if (ZSTD_isError(more))
		s->outcome = DECODE_CORRUPT;
	else if (in.pos > 0 || piece.pos > 0)
		s->may_end = more == 0;
	return piece.pos;
}

/* --- codings --- */

static const struct coding known[] = {
    {"gzip", zlib_open, gzip_step, zlib_close},
    {"x-gzip", zlib_open, gzip_step, zlib_close},
    {"deflate", zlib_open, deflate_step, zlib_close},
    {"br", brotli_open, brotli_step, brotli_close},
    {"zstd", zstd_open, zstd_step, zstd_close},
    {"identity", NULL, NULL, NULL}};

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

/* NULL: it is not known. */
static const struct coding *
find(struct bytes name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
		if (strlen(known[i].name) == name.length &&
		    strncasecmp(known[i].name, (const char *)name.data,
		        name.length) == 0)
			return &known[i];
	}
	return NULL;
}

/* The codings in the order in which they are undone. False: not all are known, or
 * they are too many to be meant. */
static bool
plan(struct decoder *d, struct bytes codings)
{
	struct bytes name;

	while ((name = take_last(&codings)).length > 0) {
		const struct coding *coding = find(name);
		if (coding == NULL)
			return false;
		if (coding->open == NULL)
			continue;
		if (d->count == CODINGS_MAX)
			return false;
		d->stages[d->count++] = (struct stage){.coding = coding,
		    .outcome = DECODE_CUT};
	}
	return true;
}

/* --- stages --- */

static void
close_stage(struct stage *s)
{
	if (s->open)
		s->coding->close(s);
	s->open = false;
	free(s->piece);
	s->piece = NULL;
	s->rest = (struct bytes){0};
}

static void
open_stage(struct decoder *d, struct stage *s)
{
	s->open = s->coding->open(s);
	if (s != d->stages)
		s->piece = malloc(PIECE_BYTES);
	if (!s->open || (s != d->stages && s->piece == NULL))
		s->outcome = DECODE_NO_MEMORY;
}

/* How many more bytes a stage may give for what the decoder was given. */
static size_t
room_of(const struct decoder *d, const struct stage *s, size_t size)
{
	uint64_t most = d->consumed < d->limit_bytes / RATIO_MAX
	    ? d->consumed * RATIO_MAX : d->limit_bytes;

	if (most < SHORT_BYTES)
		most = SHORT_BYTES;
	if (most > d->limit_bytes)
		most = d->limit_bytes;
	uint64_t left = most > s->produced ? most - s->produced : 0;
	return size < left ? size : (size_t)left;
}

/* One step; a stage that may give no more is stopped when there would be more. */
static size_t
step(struct decoder *d, struct stage *s, struct bytes *in, uint8_t *room,
    size_t size)
{
	uint8_t spare;
	size_t before = in->length, may = room_of(d, s, size);
	size_t written = may > 0 ? s->coding->step(s, in, room, may)
	                         : s->coding->step(s, in, &spare, sizeof(spare));

	if (s == d->stages)
		d->consumed += before - in->length;
	s->filled = written > 0 && written == may;
	if (may == 0 && written > 0) {
		s->outcome = DECODE_LIMIT;
		return 0;
	}
	s->produced += written;
	return written;
}

static size_t read_stage(struct decoder *d, struct stage *s, struct bytes *in,
    uint8_t *room, size_t size);

/* Whether the stage has something to do: input, or more to give. */
static bool
has_work(struct decoder *d, struct stage *s, struct bytes *in)
{
	if (s == d->stages)
		return in->length > 0 || s->filled;
	if (s->rest.length == 0 && !s->filled)
		s->rest = (struct bytes){s->piece,
		    read_stage(d, s - 1, in, s->piece, PIECE_BYTES)};
	return s->rest.length > 0 || s->filled;
}

/* A stage that is over gives its memory back at once. */
static size_t
read_stage(struct decoder *d, struct stage *s, struct bytes *in, uint8_t *room,
    size_t size)
{
	size_t written = 0;

	if (s->outcome == DECODE_CUT && !s->open)
		open_stage(d, s);
	while (written == 0 && s->outcome == DECODE_CUT && has_work(d, s, in))
		written = step(d, s, s == d->stages ? in : &s->rest, room, size);
	if (s->outcome != DECODE_CUT)
		close_stage(s);
	return written;
}

/* --- decoders --- */

enum decode_outcome
decoder_new(struct bytes codings, uint64_t limit_bytes, struct decoder **out)
{
	struct decoder *d = calloc(1, sizeof(*d));

	*out = NULL;
	if (d == NULL)
		return DECODE_NO_MEMORY;
	d->limit_bytes = limit_bytes;
	bool all_known = plan(d, codings);
	if (!all_known || d->count == 0) {
		free(d);
		return all_known ? DECODE_NOTHING : DECODE_UNKNOWN;
	}
	*out = d;
	return DECODE_CUT;
}

void
decoder_free(struct decoder *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->count; i++)
		close_stage(&d->stages[i]);
	free(d);
}

size_t
decoder_read(struct decoder *d, struct bytes *in, uint8_t *room, size_t size)
{
	return read_stage(d, &d->stages[d->count - 1], in, room, size);
}

bool
decoder_is_over(const struct decoder *d)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->stages[i].outcome != DECODE_CUT)
			return true;
	}
	return false;
}

/* Of a stage alone. */
static enum decode_outcome
outcome_of(const struct stage *s)
{
	return s->outcome == DECODE_CUT && s->may_end ? DECODE_WHOLE : s->outcome;
}

enum decode_outcome
decoder_outcome(const struct decoder *d)
{
	enum decode_outcome last = outcome_of(&d->stages[d->count - 1]);

	/* What a stage left out, the next ones miss. */
	for (size_t i = 0; last == DECODE_CUT && i < d->count; i++) {
		enum decode_outcome one = outcome_of(&d->stages[i]);
		if (one != DECODE_WHOLE)
			return one;
	}
	return last;
}
