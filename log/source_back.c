/* SPDX-License-Identifier: ISC */
/*
 * A file backward: from the last frame to the first, each decoded as a whole. Of one
 * that is larger than two pages the last page is kept; when one before it is asked for,
 * it is decoded once more, and what goes by is put aside in a file without a name, which
 * has the last SPILL_BYTES of it. So memory has a bound, whatever the file is, and a
 * frame is decoded twice, or once more for each GiB. CLI only.
 */
#include "log/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "log/frame.h"
#include "log/segment.h"

#define PAGE_BYTES ((size_t)4 * 1024 * 1024)
#define SPILL_BYTES ((uint64_t)1024 * 1024 * 1024)
#define CHUNK_BYTES ((size_t)128 * 1024)
#define TAIL_BYTES ((size_t)64 * 1024)
#define WINDOW_LOG_MAX 23

struct source_back {
	struct buf page;   /* text, of which `end` bytes are not handed out yet */
	size_t end;
	uint64_t base;     /* where in its frame the page begins */
	size_t next_frame; /* the frame of the page is the one at next_frame */
	bool begun;        /* a page was read */
	struct buf carry;  /* what of the page behind begins in this one */
	struct buf input;
	int spill;         /* or -1: none was needed, or can be had */
	bool spilling;     /* what leaves the page goes there, and stands there */
	uint64_t spill_begin; /* from here on, of the frame's text */
};

void
source_back_free(struct source_back *back)
{
	if (back == NULL)
		return;
	buf_free(&back->page);
	buf_free(&back->carry);
	buf_free(&back->input);
	if (back->spill >= 0)
		(void)close(back->spill);
	free(back);
}

/* --- frames --- */

static int
read_at(const struct source *s, uint64_t offset, uint8_t *out, size_t length)
{
	while (length > 0) {
		ssize_t n = pread(s->fd, out, length, (off_t)offset);
		if (n <= 0)
			return n < 0 ? E_SYS : E_MORE;
		out += n;
		offset += (uint64_t)n;
		length -= (size_t)n;
	}
	return 0;
}

static int
read_table(struct source *s, uint64_t file_bytes)
{
	size_t need = TAIL_BYTES;
	struct buf tail;
	int error;

	buf_init(&tail, SIZE_MAX / 2);
	do {
		uint8_t *room;
		size_t length = need < file_bytes ? need : (size_t)file_bytes;
		buf_clear(&tail);
		error = buf_reserve(&tail, length, &room);
		if (error == 0)
			error = read_at(s, file_bytes - length, room, length);
		if (error == 0)
			error = segment_index_read(room, length, file_bytes,
			    &s->frames, &need);
		else if (error == E_MORE)
			error = E_NOTFOUND; /* it has become shorter */
	} while (error == E_MORE);
	buf_free(&tail);
	return error;
}

/* Where the frame of data at `offset` ends, by the headers of its blocks, or the
 * file's end when it is not whole. E_SYNTAX: that is no block. */
static int
walk_blocks(const struct source *s, uint64_t offset,
    const struct frame_header *header, uint64_t *end)
{
	uint8_t bytes[FRAME_BLOCK_HEADER_BYTES];
	struct frame_block block = {0};

	*end = offset + header->bytes;
	while (!block.last) {
		int error = read_at(s, *end, bytes, sizeof(bytes));
		if (error != 0)
			return error;
		if (frame_block_parse(bytes, sizeof(bytes), &block) < 0)
			return E_SYNTAX;
		*end += block.bytes;
	}
	*end += header->checksum ? FRAME_CHECKSUM_BYTES : 0;
	return 0;
}

static int
walk_frame(struct source *s, uint64_t offset, uint64_t file_bytes, bool *is_data,
    uint64_t *end)
{
	uint8_t bytes[FRAME_HEADER_MAX];
	struct frame_header header;
	size_t have = file_bytes - offset < sizeof(bytes)
	    ? (size_t)(file_bytes - offset) : sizeof(bytes);

	int error = read_at(s, offset, bytes, have);
	if (error != 0)
		return error;
	int used = frame_header_parse(bytes, have, &header);
	if (used < 0)
		return used;
	*is_data = header.kind == FRAME_DATA;
	if (*is_data)
		return walk_blocks(s, offset, &header, end);
	if (frame_u32(bytes) == SEGMENT_SEEK_MAGIC)
		s->table_damaged = true; /* else nobody would walk here */
	*end = offset + header.bytes + header.content_bytes;
	return 0;
}

/* Where, behind `offset`, a frame may begin; the file's end if nowhere. */
static int
search_frame(const struct source *s, uint64_t offset, uint64_t file_bytes,
    uint64_t *found)
{
	uint8_t chunk[16384];

	for (*found = offset + 1; *found < file_bytes;) {
		size_t length = file_bytes - *found < sizeof(chunk)
		    ? (size_t)(file_bytes - *found) : sizeof(chunk);
		int error = read_at(s, *found, chunk, length);
		if (error != 0)
			return error;
		size_t at = frame_search(chunk, length, 0);
		*found += at;
		if (at < length)
			return 0;
		if (*found < file_bytes)
			*found -= 3; /* the number may lie across the end */
	}
	return 0;
}

/* Each frame that begins in the file, the last one being cut or growing. */
static int
walk(struct source *s, uint64_t file_bytes)
{
	int error = 0;

	for (uint64_t at = 0; error == 0 && at < file_bytes;) {
		bool is_data = false;
		uint64_t end = file_bytes;
		error = walk_frame(s, at, file_bytes, &is_data, &end);
		if (error == E_SYNTAX)
			error = search_frame(s, at, file_bytes, &end);
		if (error == E_MORE) {
			error = 0;
			end = file_bytes;
		}
		if (error == 0 && is_data) {
			struct segment_frame *frame =
			    segment_index_add(&s->frames, at);
			if (frame == NULL)
				return E_NOMEM;
			frame->bytes = (end < file_bytes ? end : file_bytes) - at;
		}
		at = end;
	}
	return error;
}

int
source_index(struct source *s)
{
	struct stat st;

	if (s->indexed)
		return 0;
	if (fstat(s->fd, &st) != 0)
		return E_SYS;
	int error = read_table(s, (uint64_t)st.st_size);
	s->table_damaged = error == E_CORRUPT ||
	    (error == 0 && s->is_segment && !s->frames.own);
	if (error == E_NOTFOUND || error == E_CORRUPT)
		error = walk(s, (uint64_t)st.st_size);
	s->indexed = error == 0;
	return error;
}

/* --- pages --- */

/* A file without a name; -1: there is none. */
static int
open_spill(void)
{
	FILE *file = tmpfile();
	int fd = file == NULL ? -1 : fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);

	if (file != NULL)
		(void)fclose(file);
	return fd;
}

/* Text `at` of the frame has its place in the spill; how much there is in a row. */
static size_t
spill_run(uint64_t at, size_t length)
{
	uint64_t left = SPILL_BYTES - at % SPILL_BYTES;

	return length < left ? length : (size_t)left;
}

/* Puts the first bytes of the page aside. Without room for them it has to go on as if
 * there were none. */
static void
spill(struct source_back *b, size_t length)
{
	size_t done = 0;

	while (b->spilling && done < length) {
		uint64_t at = b->base + done;
		ssize_t n = pwrite(b->spill, buf_data(&b->page) + done,
		    spill_run(at, length - done), (off_t)(at % SPILL_BYTES));
		if (n <= 0)
			b->spilling = false;
		done += n <= 0 ? 0 : (size_t)n;
	}
}

/* Keeps a page of what is twice as much. */
static void
trim(struct source_back *b)
{
	size_t length = buf_length(&b->page);

	if (length < 2 * PAGE_BYTES)
		return;
	spill(b, length - PAGE_BYTES);
	b->base += length - PAGE_BYTES;
	buf_consume(&b->page, length - PAGE_BYTES);
}

/* Decodes input into the page until the frame's text is `to` bytes long. *left is 0
 * once the frame is over. */
static int
decode_chunk(struct source *s, ZSTD_inBuffer *in, uint64_t to, size_t *left)
{
	struct source_back *b = s->back;
	bool full = true;
	uint8_t *room;

	while (*left != 0 && (in->pos < in->size || full) &&
	    b->base + buf_length(&b->page) < to) {
		trim(b);
		int error = buf_reserve(&b->page, CHUNK_BYTES, &room);
		if (error != 0)
			return error;
		ZSTD_outBuffer out = {room, CHUNK_BYTES, 0};
		*left = ZSTD_decompressStream(s->zstd, &out, in);
		if (ZSTD_isError(*left))
			return E_CORRUPT;
		buf_commit(&b->page, out.pos);
		full = out.pos == out.size;
	}
	return 0;
}

/* Text of the frame up to `to` bytes of it, of which the last are kept. E_CORRUPT:
 * it does not decode, or its checksum is wrong; E_MORE: the file is cut now. */
static int
decode_frame(struct source *s, const struct segment_frame *frame, uint64_t to)
{
	struct source_back *b = s->back;
	uint64_t offset = frame->offset, end = offset + frame->bytes;
	size_t left = 1;
	int error = 0;

	(void)ZSTD_DCtx_reset(s->zstd, ZSTD_reset_session_only);
	while (error == 0 && left != 0 && offset < end &&
	    b->base + buf_length(&b->page) < to) {
		uint8_t *room;
		size_t want = end - offset < CHUNK_BYTES ? (size_t)(end - offset)
		                                         : CHUNK_BYTES;
		buf_clear(&b->input);
		error = buf_reserve(&b->input, want, &room);
		if (error == 0)
			error = read_at(s, offset, room, want);
		ZSTD_inBuffer in = {room, want, 0};
		if (error == 0)
			error = decode_chunk(s, &in, to, &left);
		offset += want;
	}
	/* Only the last one may be unfinished. */
	if (error == 0 && left != 0 && offset == end &&
	    frame != &s->frames.frames[s->frames.count - 1])
		return E_CORRUPT;
	return error;
}

static int
read_frame(struct source *s, const struct segment_frame *frame, uint64_t to)
{
	struct source_back *b = s->back;

	buf_clear(&b->page);
	b->base = 0;
	int error = decode_frame(s, frame, to);
	/* As in reading forward: nothing of a damaged frame that is held whole. */
	if (error == E_CORRUPT && b->base == 0)
		buf_clear(&b->page);
	if (b->base + buf_length(&b->page) > to) /* what was handed out before */
		b->page.length -= (size_t)(b->base + buf_length(&b->page) - to);
	return error == E_MORE ? E_CORRUPT : error;
}

static int
read_plain(struct source *s, uint64_t to)
{
	struct source_back *b = s->back;
	size_t length = to < PAGE_BYTES ? (size_t)to : PAGE_BYTES;
	uint8_t *room;

	buf_clear(&b->page);
	b->base = to - length;
	int error = buf_reserve(&b->page, length, &room);
	if (error == 0)
		error = read_at(s, b->base, room, length);
	if (error == 0)
		buf_commit(&b->page, length);
	return error == E_MORE ? E_CORRUPT : error;
}

/* The page before `to`, out of the spill: it has `begin` to there. */
static int
read_spill(struct source_back *b, uint64_t begin, uint64_t to)
{
	size_t length = to - begin < PAGE_BYTES ? (size_t)(to - begin) : PAGE_BYTES;
	uint8_t *room;

	buf_clear(&b->page);
	b->base = to - length;
	int error = buf_reserve(&b->page, length, &room);
	for (size_t done = 0; error == 0 && done < length;) {
		uint64_t at = b->base + done;
		ssize_t n = pread(b->spill, room + done,
		    spill_run(at, length - done), (off_t)(at % SPILL_BYTES));
		if (n <= 0)
			return E_SYS;
		done += (size_t)n;
	}
	if (error == 0)
		buf_commit(&b->page, length);
	return error;
}

/* The page before the one at hand, of the same frame. */
static int
page_within_frame(struct source *s)
{
	struct source_back *b = s->back;
	uint64_t to = b->base;

	if (b->spilling && to > b->spill_begin)
		return read_spill(b, b->spill_begin, to);
	if (b->spill < 0)
		b->spill = open_spill();
	b->spilling = b->spill >= 0;
	int error = read_frame(s, &s->frames.frames[b->next_frame], to);
	b->spill_begin = b->base > SPILL_BYTES ? b->base - SPILL_BYTES : 0;
	return error;
}

/* The page in front of the one that is handed out; E_NOTFOUND: it was the first. */
static int
page_before(struct source *s, const struct source_limits *limits)
{
	struct source_back *b = s->back;
	int error;

	if (s->form == SOURCE_PLAIN) {
		struct stat st;
		if (b->begun && b->base == 0)
			return E_NOTFOUND;
		if (!b->begun && fstat(s->fd, &st) != 0)
			return E_SYS;
		error = read_plain(s, b->begun ? b->base : (uint64_t)st.st_size);
	} else if (b->begun && b->base > 0) {
		error = page_within_frame(s);
	} else {
		do {
			if (b->next_frame == 0)
				return E_NOTFOUND;
			b->next_frame--;
		} while (!source_frame_is_wanted(&s->frames.frames[b->next_frame],
		    limits));
		b->spilling = false;
		error = read_frame(s, &s->frames.frames[b->next_frame], UINT64_MAX);
	}
	b->begun = true;
	b->end = buf_length(&b->page);
	return error;
}

/* --- lines --- */

static int
begin_back(struct source *s)
{
	static const struct source_place front = {0, 0};
	int error = source_seek(s, &front);

	if (error == 0 && s->form == SOURCE_ZSTD)
		error = source_index(s);
	if (error != 0)
		return error;
	s->back = calloc(1, sizeof(*s->back));
	if (s->back == NULL)
		return E_NOMEM;
	s->back->spill = -1;
	buf_init(&s->back->page, 2 * (PAGE_BYTES + CHUNK_BYTES) + SEGMENT_LINE_MAX);
	buf_init(&s->back->carry, SEGMENT_LINE_MAX);
	buf_init(&s->back->input, CHUNK_BYTES);
	s->back->next_frame = s->frames.count;
	return 0;
}

/* Whether a line may begin before the page: frames of ours have whole ones. */
static bool
has_earlier(const struct source *s)
{
	const struct source_back *b = s->back;

	return !b->begun || b->base > 0 ||
	    (s->form == SOURCE_ZSTD && !s->is_segment && b->next_frame > 0);
}

/* The last line of the page. E_AGAIN: all of it belongs to lines that begin
 * before. */
static int
last_line(struct source *s, const char **line, size_t *length)
{
	struct source_back *b = s->back;
	const char *page = (const char *)buf_data(&b->page);
	size_t text = b->end;

	if (b->end == 0)
		return E_AGAIN;
	if (page[text - 1] == '\n')
		text--;
	const char *newline = source_last(page, '\n', text);
	if (newline == NULL && has_earlier(s))
		return E_AGAIN;
	size_t begin = newline == NULL ? 0 : (size_t)(newline - page) + 1;
	*line = page + begin;
	*length = text - begin;
	s->line.frame = s->form == SOURCE_PLAIN
	    ? 0 : s->frames.frames[b->next_frame].offset;
	s->line.at = b->base + begin;
	b->end = begin;
	return 0;
}

/* What is left of the page goes behind the page before. */
static int
turn_page(struct source *s, const struct source_limits *limits)
{
	struct source_back *b = s->back;

	buf_clear(&b->carry);
	int error = b->end == 0 ? 0
	    : buf_append(&b->carry, buf_data(&b->page), b->end);
	int outcome = page_before(s, limits);
	if (outcome != 0 && outcome != E_CORRUPT) {
		b->end = 0;
		return outcome;
	}
	size_t length = buf_length(&b->page);
	if (s->is_segment && length > 0) { /* what a crash left is no line */
		const uint8_t *page = buf_data(&b->page);
		const uint8_t *newline = source_last(page, '\n', length);
		b->page.length = newline == NULL ? 0 : (size_t)(newline - page) + 1;
	} else if (error == 0 && buf_length(&b->carry) > 0) {
		error = buf_append(&b->page, buf_data(&b->carry),
		    buf_length(&b->carry));
	}
	b->end = buf_length(&b->page);
	if (error == E_LIMIT) /* a line longer than any of ours */
		return E_CORRUPT;
	return error != 0 ? error : outcome;
}

int
source_previous(struct source *s, const struct source_limits *limits,
    const char **line, size_t *length)
{
	int error = s->back == NULL ? begin_back(s) : 0;

	while (error == 0) {
		error = last_line(s, line, length);
		if (error != E_AGAIN)
			return error;
		error = turn_page(s, limits);
	}
	return error;
}
