/* SPDX-License-Identifier: ISC */
/*
 * Makes a valid sealed segment of what a dead writer left. Every frame is
 * decoded; one that does not decode stays as it is when a good one follows, and
 * else is the one that was being written: its whole blocks are kept and it is
 * closed where it stands, with an empty last block and the checksum of what
 * they decode to, so that a reader in the middle of it can go on. Only when the
 * blocks end inside a line (a write torn by a power cut) is it encoded anew.
 * Pure; the logger at its start. Never changes a frame that is whole.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <yyjson.h>
#include <zstd.h>

#include "base/err.h"
#include "log/frame.h"
#include "log/segment.h"
#include "log/segment_index.h"

#define TEXT_MAX (64u * 1024 * 1024) /* of one frame; ours hold 1 MiB */
#define WINDOW_LOG_MAX 23            /* 8 MiB, as sightglass-log(5) promises */
#define LEVEL 3

struct repair {
	const uint8_t *file;
	size_t length;
	ZSTD_DCtx *zstd;
	struct buf text;            /* of the frame in hand, decoded */
	struct segment_index index; /* of all frames so far */
	size_t data_count;          /* of them up to the last with data, */
	size_t data_end;            /* and where that one ends */
	size_t read_end;            /* behind the last frame that made sense */
	bool sealed;                /* that one is a seek table */
	struct segment_repair *out;
};

/* What of a cut frame can be used. */
struct salvage {
	size_t end;        /* file offset behind the last block that gave text */
	size_t last_text;  /* where in the text that block's begins */
	size_t text_bytes; /* that the blocks up to there decode to */
	size_t keep_bytes; /* of them, whole lines */
	bool last_block;   /* the one before `end` is marked as the frame's last */
};

/* --- decoding --- */

/* One call of zstd, output to r->text. Returns its result or E_…; *full tells
 * whether there may be more output. */
static int
decode_step(struct repair *r, ZSTD_inBuffer *input, size_t *result, bool *full)
{
	uint8_t *room;
	int error = buf_reserve(&r->text, ZSTD_DStreamOutSize(), &room);

	if (error != 0)
		return error;
	ZSTD_outBuffer output = {room, ZSTD_DStreamOutSize(), 0};
	*result = ZSTD_decompressStream(r->zstd, &output, input);
	if (ZSTD_isError(*result))
		return E_CORRUPT;
	buf_commit(&r->text, output.pos);
	*full = output.pos == output.size;
	return 0;
}

static void
decode_start(struct repair *r)
{
	(void)ZSTD_DCtx_reset(r->zstd, ZSTD_reset_session_only);
	buf_clear(&r->text);
}

/* Decodes the whole frame at `at`. *bytes: its size. E_CORRUPT also when it is
 * cut; E_LIMIT, E_NOMEM. */
static int
decode_frame(struct repair *r, size_t at, size_t *bytes)
{
	ZSTD_inBuffer input = {r->file + at, r->length - at, 0};
	size_t result;
	bool full;

	decode_start(r);
	do {
		int error = decode_step(r, &input, &result, &full);
		if (error != 0)
			return error;
		if (result != 0 && !full && input.pos == input.size)
			return E_CORRUPT;
	} while (result != 0);
	*bytes = input.pos;
	return 0;
}

/* Gives zstd exactly these bytes of a frame. */
static int
decode_piece(struct repair *r, size_t at, size_t bytes)
{
	ZSTD_inBuffer input = {r->file + at, bytes, 0};
	size_t result;
	bool full;

	do {
		int error = decode_step(r, &input, &result, &full);
		if (error != 0)
			return error;
	} while (full || input.pos < input.size);
	return 0;
}

/* --- whole frames --- */

static void
count_lines(struct segment_frame *frame, const uint8_t *text, size_t length)
{
	while (length > 0) {
		const uint8_t *newline = memchr(text, '\n', length);
		size_t line = newline == NULL ? length
		                              : (size_t)(newline - text) + 1;
		segment_frame_count(frame, text, line);
		text += line;
		length -= line;
	}
}

/* Enters a frame with data: r->text up to text_bytes, at, and where it ends. */
static int
enter_data(struct repair *r, size_t at, size_t end, size_t text_bytes)
{
	struct segment_frame *frame = segment_index_add(&r->index, at);

	if (frame == NULL)
		return E_NOMEM;
	frame->bytes = end - at;
	if (text_bytes > 0)
		count_lines(frame, buf_data(&r->text), text_bytes);
	r->data_count = r->index.count;
	r->data_end = end;
	r->read_end = end;
	r->sealed = false;
	return 0;
}

static int
enter_skippable(struct repair *r, size_t at, size_t bytes)
{
	struct segment_frame *frame = segment_index_add(&r->index, at);

	if (frame == NULL)
		return E_NOMEM;
	frame->bytes = bytes;
	r->read_end = at + bytes;
	r->sealed = segment_is_seek_table(r->file + at, bytes);
	return 0;
}

static int
enter_damaged(struct repair *r, size_t at, size_t end)
{
	buf_clear(&r->text);
	r->out->bad_frames++;
	return enter_data(r, at, end, 0);
}

/* Takes the whole frame at `at`. E_CORRUPT: there is none. */
static int
take_frame(struct repair *r, size_t at)
{
	struct frame_header header;
	size_t left = r->length - at;
	size_t bytes;

	int used = frame_header_parse(r->file + at, left, &header);
	if (used < 0)
		return E_CORRUPT;
	if (header.kind == FRAME_SKIPPABLE) {
		if (header.content_bytes > left - header.bytes)
			return E_CORRUPT;
		return enter_skippable(r, at, header.bytes + header.content_bytes);
	}
	int error = decode_frame(r, at, &bytes);
	if (error != 0)
		return error == E_LIMIT ? E_CORRUPT : error;
	return enter_data(r, at, at + bytes, buf_length(&r->text));
}

/* --- the frame that was being written --- */

static bool
is_record(const uint8_t *line, size_t length)
{
	yyjson_doc *doc = yyjson_read((const char *)line, length, 0);
	bool answer = doc != NULL;

	yyjson_doc_free(doc);
	return answer;
}

/* Where the whole lines end, of which all are as the logger takes them: what is
 * behind one that is not was never written, since a torn block, or old bytes that
 * look like one, can decode to anything. The last block is the one that may be torn:
 * zeros in the place of its end can decode to lines, but hardly to records. */
static size_t
whole_lines(const uint8_t *text, const struct salvage *s)
{
	const uint8_t *newline;
	size_t end = 0;

	while ((newline = memchr(text + end, '\n', s->text_bytes - end)) != NULL) {
		size_t line = (size_t)(newline - text) + 1 - end;
		if (!segment_is_line(text + end, line) ||
		    (end + line > s->last_text && !is_record(text + end, line)))
			break;
		end += line;
	}
	return end;
}

static int
salvage_blocks(struct repair *r, size_t at, const struct frame_header *header,
    struct salvage *s)
{
	size_t next = at + header->bytes;
	struct frame_block block = {0, false};

	decode_start(r);
	int error = decode_piece(r, at, header->bytes);
	while (error == 0 && !block.last) {
		size_t left = r->length - next;
		if (frame_block_parse(r->file + next, left, &block) < 0 ||
		    block.bytes > left)
			break;
		error = decode_piece(r, next, block.bytes);
		if (error != 0)
			break;
		next += block.bytes;
		if (buf_length(&r->text) > s->text_bytes) {
			s->last_text = s->text_bytes;
			s->text_bytes = buf_length(&r->text);
			s->end = next;
			s->last_block = block.last;
		}
	}
	return error == E_NOMEM ? error : 0;
}

/* Reads what can be read of a frame that is cut or torn. s->keep_bytes is 0
 * when that is nothing. */
static int
salvage_frame(struct repair *r, size_t at, struct salvage *s)
{
	struct frame_header header;

	*s = (struct salvage){.end = at};
	if (frame_header_parse(r->file + at, r->length - at, &header) < 0 ||
	    header.kind != FRAME_DATA)
		return 0;
	int error = salvage_blocks(r, at, &header, s);
	if (error != 0 || s->text_bytes == 0)
		return error;
	s->keep_bytes = whole_lines(buf_data(&r->text), s);
	/* Only a frame as our writer begins them can be closed in place. */
	if (!header.checksum || header.has_size || header.has_dictionary)
		s->end = at;
	return 0;
}

static int
close_in_place(struct repair *r, size_t at, const struct salvage *s)
{
	static const uint8_t empty_last_block[] = {1, 0, 0};
	uint8_t checksum[FRAME_CHECKSUM_BYTES];
	struct buf *tail = &r->out->tail;
	int error = 0;

	frame_put_u32(checksum,
	    (uint32_t)XXH64(buf_data(&r->text), s->text_bytes, 0));
	if (!s->last_block)
		error = buf_append(tail, empty_last_block,
		    sizeof(empty_last_block));
	if (error == 0)
		error = buf_append(tail, checksum, sizeof(checksum));
	if (error != 0)
		return error;
	r->out->keep_bytes = s->end;
	return enter_data(r, at, s->end + buf_length(tail), s->text_bytes);
}

static int
encode_anew(struct repair *r, size_t at, const struct salvage *s)
{
	size_t bound = ZSTD_compressBound(s->keep_bytes);
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	size_t bytes = 0;
	uint8_t *room;

	if (zstd == NULL)
		return E_NOMEM;
	int error = buf_reserve(&r->out->tail, bound, &room);
	if (error == 0) {
		(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);
		(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
		(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
		bytes = ZSTD_compress2(zstd, room, bound, buf_data(&r->text),
		    s->keep_bytes);
		if (ZSTD_isError(bytes))
			error = E_NOMEM;
	}
	ZSTD_freeCCtx(zstd);
	if (error != 0)
		return error;
	buf_commit(&r->out->tail, bytes);
	r->out->keep_bytes = at;
	return enter_data(r, at, at + bytes, s->keep_bytes);
}

/* The rest of the file, from `at`, where no whole frame follows any more. */
static int
take_rest(struct repair *r, size_t at)
{
	struct salvage s;
	int error = salvage_frame(r, at, &s);

	if (error != 0)
		return error;
	r->out->lost_bytes = r->length - at;
	if (s.keep_bytes == 0)
		return 0;
	if (s.keep_bytes == s.text_bytes && s.end > at) {
		r->out->lost_bytes = r->length - s.end;
		return close_in_place(r, at, &s);
	}
	r->out->lost_bytes = s.text_bytes - s.keep_bytes;
	return encode_anew(r, at, &s);
}

/* --- the file --- */

/* Four bytes and a size prove little: the file's end or another frame must
 * follow. */
static bool
is_skippable(const struct repair *r, size_t at,
    const struct frame_header *header)
{
	size_t left = r->length - at - header->bytes;
	struct frame_header next;

	if (header->content_bytes > left)
		return false;
	left -= header->content_bytes;
	return left == 0 ||
	    frame_header_parse(r->file + r->length - left, left, &next) > 0;
}

/* Whether what begins at `at` is a frame indeed, be it cut. */
static int
is_frame(struct repair *r, size_t at, bool *answer)
{
	struct frame_header header;
	struct salvage s;
	size_t left = r->length - at;

	*answer = false;
	if (frame_header_parse(r->file + at, left, &header) < 0)
		return 0;
	if (header.kind == FRAME_SKIPPABLE) {
		*answer = is_skippable(r, at, &header);
		return 0;
	}
	int error = salvage_frame(r, at, &s);
	*answer = s.keep_bytes > 0;
	return error;
}

/* Past the damaged frame at `at`: *next is where the next one begins, or the
 * file's length. */
static int
find_next(struct repair *r, size_t at, size_t *next)
{
	bool found = false;
	int error = 0;

	*next = at;
	do {
		*next = frame_search(r->file, r->length, *next + 1);
		if (*next == r->length)
			return 0;
		error = is_frame(r, *next, &found);
	} while (error == 0 && !found);
	return error;
}

static int
walk(struct repair *r)
{
	size_t at = 0;

	while (at < r->length) {
		size_t next;
		int error = take_frame(r, at);
		if (error == 0) {
			at = r->read_end;
			continue;
		}
		if (error == E_CORRUPT)
			error = find_next(r, at, &next);
		if (error != 0)
			return error;
		if (next == r->length)
			return take_rest(r, at);
		error = enter_damaged(r, at, next);
		if (error != 0)
			return error;
		at = next;
	}
	return 0;
}

/* One entry of the seek table: its frame is there whole, or it is damaged. */
static int
take_entry(struct repair *r, size_t at, size_t bytes)
{
	int error = take_frame(r, at);

	if (error == 0 && r->read_end == at + bytes)
		return 0;
	if (error == 0) /* another frame than the table knows */
		r->index.count--;
	else if (error != E_CORRUPT)
		return error;
	return enter_damaged(r, at, at + bytes);
}

/* Where the seek table at the file's end begins; 0 when there is none, or when
 * its sizes do not lead to its own begin. */
static size_t
find_table(const struct repair *r, size_t *entry_bytes)
{
	if (r->length < SEGMENT_SEEK_FOOTER_BYTES)
		return 0;
	const uint8_t *footer = r->file + r->length - SEGMENT_SEEK_FOOTER_BYTES;
	*entry_bytes = (footer[4] & 0x80) != 0 ? 12 : 8;
	size_t entries = frame_u32(footer);
	size_t bytes = FRAME_SKIPPABLE_HEADER_BYTES + entries * *entry_bytes +
	    SEGMENT_SEEK_FOOTER_BYTES;
	if (bytes >= r->length ||
	    !segment_is_seek_table(r->file + r->length - bytes, bytes) ||
	    frame_u32(r->file + r->length - bytes + 4) !=
	        bytes - FRAME_SKIPPABLE_HEADER_BYTES)
		return 0;
	const uint8_t *entry = r->file + r->length - bytes +
	    FRAME_SKIPPABLE_HEADER_BYTES;
	size_t sum = 0;
	for (size_t i = 0; i < entries; i++, entry += *entry_bytes) {
		if (frame_u32(entry) == 0 || frame_u32(entry) > r->length - sum)
			return 0;
		sum += frame_u32(entry);
	}
	return sum == r->length - bytes ? sum : 0;
}

/* A sealed file tells itself where its frames begin, damaged or not. */
static int
walk_table(struct repair *r, size_t table, size_t entry_bytes)
{
	const uint8_t *entry = r->file + table + FRAME_SKIPPABLE_HEADER_BYTES;
	int error = 0;

	for (size_t at = 0; error == 0 && at < table; entry += entry_bytes) {
		size_t bytes = frame_u32(entry);
		error = take_entry(r, at, bytes);
		at += bytes;
	}
	return error != 0 ? error
	                  : enter_skippable(r, table, r->length - table);
}

/* A file without one frame: begins with an empty one, as every segment. */
static int
seal_empty(struct segment_repair *out)
{
	struct segment_writer *w = segment_writer_new(LEVEL);

	if (w == NULL)
		return E_NOMEM;
	int error = segment_seal(w, &out->tail);
	segment_writer_free(w);
	return error;
}

static int
finish(struct repair *r)
{
	struct segment_repair *out = r->out;

	if (r->sealed) {
		out->keep_bytes = r->read_end;
	} else if (buf_length(&out->tail) == 0) {
		out->keep_bytes = r->data_end;
		r->index.count = r->data_count;
	}
	for (size_t i = 0; i < r->index.count; i++)
		out->records += r->index.frames[i].lines;
	if (r->sealed)
		return 0;
	if (r->index.count == 0)
		return seal_empty(out);
	return segment_index_write(&r->index, &out->tail);
}

int
segment_repair(const uint8_t *file, size_t length, struct segment_repair *out)
{
	struct repair r = {.file = file, .length = length, .out = out};
	size_t entry_bytes = 0;

	*out = (struct segment_repair){0};
	buf_init(&out->tail, 2 * TEXT_MAX);
	buf_init(&r.text, TEXT_MAX);
	r.zstd = ZSTD_createDCtx();
	int error = r.zstd == NULL ? E_NOMEM : 0;
	if (error == 0) {
		(void)ZSTD_DCtx_setParameter(r.zstd, ZSTD_d_windowLogMax,
		    WINDOW_LOG_MAX);
		size_t table = find_table(&r, &entry_bytes);
		error = table > 0 ? walk_table(&r, table, entry_bytes)
		                  : walk(&r);
	}
	if (error == 0)
		error = finish(&r);
	ZSTD_freeDCtx(r.zstd);
	segment_index_free(&r.index);
	buf_free(&r.text);
	return error;
}
