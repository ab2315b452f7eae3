/* SPDX-License-Identifier: ISC */
/*
 * A file forward, as one stream of text: a growing one is decoded as far as it is
 * flushed and gone on with when it has grown. A frame that does not decode, or whose
 * checksum is wrong, is passed over and said; it never ends the reading. CLI only.
 */
#include "log/source.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "log/frame.h"
#include "log/segment.h"
#include "log/when.h"

#define CHUNK_BYTES (128u * 1024)
#define HELD_BYTES (2u * 1024 * 1024) /* of a frame's text; ours have half of it */
#define WINDOW_LOG_MAX 23 /* 8 MiB, as segments have it at most */

struct source *
source_new(const char *name, size_t length)
{
	struct source *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->fd = -1;
	s->name = strndup(name, length);
	if (s->name == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void
source_close(struct source *s)
{
	if (s->fd > STDIN_FILENO)
		(void)close(s->fd);
	s->fd = -1;
	(void)ZSTD_freeDCtx(s->zstd);
	s->zstd = NULL;
	buf_free(&s->input);
	buf_free(&s->text);
	segment_index_free(&s->frames);
	s->indexed = s->table_damaged = false;
	source_back_free(s->back);
	s->back = NULL;
}

void
source_free(struct source *s)
{
	if (s == NULL)
		return;
	source_close(s);
	free(s->name);
	free(s);
}

/* As if nothing had been read, from this byte of the file on. */
static void
start_at(struct source *s, uint64_t offset)
{
	(void)ZSTD_DCtx_reset(s->zstd, ZSTD_reset_session_only);
	buf_clear(&s->input);
	buf_clear(&s->text);
	s->offset = s->frame_start = offset;
	s->in_frame = s->pending = s->ended = s->in_line = false;
	s->place = (struct source_place){offset, 0};
	s->boundary = s->searched = s->handed_out = s->next_frame = 0;
	s->held = 0;
	s->loose = false;
	s->skip = 0;
}

int
source_begin(struct source *s, int fd)
{
	s->fd = fd;
	s->final = false;
	s->form = s->is_segment ? SOURCE_ZSTD : SOURCE_UNKNOWN;
	s->zstd = ZSTD_createDCtx();
	if (s->zstd == NULL)
		return E_NOMEM;
	(void)ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax,
	    WINDOW_LOG_MAX);
	buf_init(&s->input, 2 * CHUNK_BYTES);
	buf_init(&s->text, SEGMENT_LINE_MAX + HELD_BYTES + 2 * CHUNK_BYTES);
	start_at(s, 0);
	return 0;
}

/* --- reading --- */

/* Reads more of the file. 1: some; 0: its end as it is now; E_SYS. */
static int
fill(struct source *s)
{
	uint8_t *room;
	int error = buf_reserve(&s->input, CHUNK_BYTES, &room);

	if (error != 0)
		return error;
	ssize_t n = s->streamed ? read(s->fd, room, CHUNK_BYTES)
	                        : pread(s->fd, room, CHUNK_BYTES, (off_t)s->offset);
	if (n < 0)
		return E_SYS;
	s->ended = s->streamed && n == 0;
	buf_commit(&s->input, (size_t)n);
	s->offset += (uint64_t)n;
	return n > 0;
}

/* Every frame of zstd, also one to be skipped, begins with a number of its own. */
static int
find_form(struct source *s)
{
	struct frame_header header;
	int more = 1;

	while (buf_length(&s->input) < 4 && more > 0)
		more = fill(s);
	if (more < 0)
		return more;
	s->form = buf_length(&s->input) >= 4 &&
	        frame_header_parse(buf_data(&s->input), buf_length(&s->input),
	            &header) != E_SYNTAX ? SOURCE_ZSTD : SOURCE_PLAIN;
	return 0;
}

/* Drops text from the front. */
static void
consume(struct source *s, size_t length)
{
	buf_consume(&s->text, length);
	if (s->boundary > 0 && length >= s->boundary) {
		s->place = (struct source_place){s->frame_start,
		    length - s->boundary};
		s->boundary = 0;
		return;
	}
	s->place.at += length;
	s->boundary -= s->boundary > 0 ? length : 0;
}

/* A frame is damaged: go on at the next place where one may begin. Of a stream,
 * what was read of it before is gone. */
static int
pass_over_frame(struct source *s)
{
	if (!s->streamed) {
		start_at(s, s->frame_start + 1);
	} else {
		(void)ZSTD_DCtx_reset(s->zstd, ZSTD_reset_session_only);
		buf_clear(&s->text); /* the rest of a line is no line */
		s->in_frame = s->pending = s->loose = false;
		s->searched = s->boundary = s->held = 0;
	}
	for (;;) {
		size_t length = buf_length(&s->input);
		size_t at = length == 0 ? 0
		    : frame_search(buf_data(&s->input), length, 0);
		if (at < length) {
			buf_consume(&s->input, at);
			s->frame_start = s->offset - buf_length(&s->input);
			s->place = (struct source_place){s->frame_start, 0};
			return E_CORRUPT;
		}
		/* A magic number may lie across the chunk's end. */
		buf_consume(&s->input, length > 3 ? length - 3 : 0);
		int n = fill(s);
		if (n <= 0) {
			buf_clear(&s->input);
			return n < 0 ? n : E_CORRUPT;
		}
	}
}

/* A line that is longer than any of ours: what is left of it is no line. */
static int
pass_over_line(struct source *s)
{
	consume(s, buf_length(&s->text));
	s->searched = 0;
	s->in_line = true;
	return E_CORRUPT;
}

/* --- decoding --- */

/* Of the text, what may be handed out. */
static size_t
free_length(const struct source *s)
{
	return buf_length(&s->text) - s->held;
}

/* What is there of the frame in hand may be handed out, and what comes of it. */
static void
let_go(struct source *s)
{
	s->held = 0;
	s->loose = true;
}

/* So many bytes of text were won of a frame, which is over or not. */
static void
hold(struct source *s, size_t won, bool over)
{
	if (over) {
		s->held = 0;
		s->loose = false;
	} else if (!s->loose) {
		s->held += won;
		if (s->held > HELD_BYTES)
			let_go(s);
	}
}

static void
begin_frame(struct source *s)
{
	s->frame_start = s->offset - buf_length(&s->input);
	s->boundary = buf_length(&s->text);
	if (s->boundary == 0)
		s->place = (struct source_place){s->frame_start, 0};
}

/* Decodes some of the input. Bytes of text won, or E_CORRUPT. */
static int
decode(struct source *s)
{
	uint8_t *room;

	/* zstd takes being asked again and again without input for an error. */
	if (buf_length(&s->input) == 0 && !s->pending)
		return 0;
	int error = buf_reserve(&s->text, CHUNK_BYTES, &room);
	if (error != 0)
		return error == E_LIMIT ? E_CORRUPT : error;
	if (!s->in_frame && !s->pending)
		begin_frame(s);
	ZSTD_inBuffer in = {buf_data(&s->input), buf_length(&s->input), 0};
	ZSTD_outBuffer out = {room, CHUNK_BYTES, 0};
	size_t left = ZSTD_decompressStream(s->zstd, &out, &in);
	if (ZSTD_isError(left))
		return E_CORRUPT;
	buf_consume(&s->input, in.pos);
	buf_commit(&s->text, out.pos);
	s->pending = out.pos == out.size && left != 0;
	if (in.pos > 0 || out.pos > 0)
		s->in_frame = left != 0;
	hold(s, out.pos, left == 0);
	return (int)out.pos;
}

static int
take_plain(struct source *s)
{
	size_t n = buf_length(&s->input);
	int error = n == 0 ? 0 : buf_append(&s->text, buf_data(&s->input), n);

	if (error != 0)
		return error == E_LIMIT ? E_CORRUPT : error;
	buf_clear(&s->input);
	return (int)n;
}

/* --- frames that need not be decoded --- */

bool
source_frame_is_wanted(const struct segment_frame *frame,
    const struct source_limits *limits)
{
	int64_t first, last;

	if (!limits->ranged || frame->first[0] == '\0' ||
	    !when_stamp(frame->first, strlen(frame->first), &first) ||
	    !when_stamp(frame->last, strlen(frame->last), &last))
		return true;
	return last >= limits->since_us && first < limits->until_us;
}

/* Before a frame: past those that have nothing of the range. */
static void
pass_unwanted(struct source *s, const struct source_limits *limits)
{
	uint64_t at = s->offset - buf_length(&s->input);
	const struct segment_frame *frames = s->frames.frames;
	uint64_t to = at;

	while (s->next_frame < s->frames.count && frames[s->next_frame].offset < at)
		s->next_frame++;
	for (; s->next_frame < s->frames.count; s->next_frame++) {
		const struct segment_frame *frame = &frames[s->next_frame];
		if (frame->offset != to || source_frame_is_wanted(frame, limits))
			break;
		to += frame->bytes;
	}
	if (to == at)
		return;
	if (to - at < buf_length(&s->input)) {
		buf_consume(&s->input, (size_t)(to - at));
	} else {
		buf_clear(&s->input);
		s->offset = to;
	}
}

static int
prepare(struct source *s, const struct source_limits *limits, bool final)
{
	int error = s->form == SOURCE_UNKNOWN ? find_form(s) : 0;

	if (error == 0 && limits->ranged && final && !s->indexed && !s->streamed &&
	    s->form == SOURCE_ZSTD)
		error = source_index(s);
	if (error == 0 && limits->ranged && s->indexed && !s->in_frame &&
	    !s->pending && buf_length(&s->text) == 0)
		pass_unwanted(s, limits);
	return error;
}

/* Whether a stream has something, or its end, without being waited for. */
static bool
is_readable(int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};

	return poll(&poller, 1, 0) != 0;
}

/* Wins more text that may be handed out, no line being whole in what may be already. 0;
 * E_AGAIN: the file's end; E_CORRUPT, E_SYS, E_NOMEM. */
static int
more_text(struct source *s, const struct source_limits *limits, bool final)
{
	for (size_t before = free_length(s);;) {
		int n = free_length(s) > SEGMENT_LINE_MAX
		    ? E_CORRUPT : prepare(s, limits, final);
		if (n == 0)
			n = s->form == SOURCE_PLAIN ? take_plain(s) : decode(s);
		if (n == E_CORRUPT)
			return s->form == SOURCE_ZSTD ? pass_over_frame(s)
			                              : pass_over_line(s);
		/* The end of a frame frees text without any of its own. */
		if (n != 0 || free_length(s) > before)
			return n < 0 ? n : 0;
		if (buf_length(&s->input) > 0)
			continue;
		if (s->held > 0 && s->streamed && !is_readable(s->fd))
			return E_AGAIN;
		n = s->ended ? 0 : fill(s);
		if (n <= 0)
			return n < 0 ? n : E_AGAIN;
	}
}

/* --- lines --- */

/* Past what is left of a line. */
static void
skip_line(struct source *s)
{
	size_t length = free_length(s);
	const uint8_t *text = buf_data(&s->text);
	const uint8_t *newline = length == 0 ? NULL : memchr(text, '\n', length);

	consume(s, newline == NULL ? length : (size_t)(newline - text) + 1);
	s->in_line = newline == NULL;
}

/* Past the text that was handed out before a growing file was begun anew. What
 * stands there now may be another line. */
static void
skip_text(struct source *s)
{
	size_t n = free_length(s);

	if (s->skip > 0 && n > 0) {
		if (n > s->skip)
			n = (size_t)s->skip;
		s->in_line = buf_data(&s->text)[n - 1] != '\n';
		consume(s, n);
		s->skip -= n;
	}
	if (s->skip == 0 && s->in_line)
		skip_line(s);
}

/* Past whole lines that have nothing of what is looked for. */
static void
pass_lines(struct source *s, const struct source_limits *limits)
{
	const uint8_t *text = buf_data(&s->text);
	size_t length = free_length(s);

	if (limits->skip == NULL || !s->is_segment || length == 0)
		return;
	size_t hit = limits->skip(limits->argument, text, length);
	const uint8_t *newline = source_last(text, '\n', hit);
	if (newline == NULL)
		return;
	consume(s, (size_t)(newline - text) + 1);
	s->searched = 0;
}

/* The next newline in the text, or NULL. */
static const uint8_t *
find_line(struct source *s)
{
	const uint8_t *text = buf_data(&s->text);
	size_t length = free_length(s);
	const uint8_t *newline = length > s->searched
	    ? memchr(text + s->searched, '\n', length - s->searched) : NULL;

	if (newline == NULL)
		s->searched = length;
	return newline;
}

static void
hand_out(struct source *s, size_t length, size_t with_newline,
    const char **line, size_t *out)
{
	*line = (const char *)buf_data(&s->text);
	*out = length;
	s->line = s->place;
	s->handed_out = with_newline;
	s->searched = 0;
}

/* The rest of a file that somebody else wrote is a line without its end; of ours
 * it is what a crash left. */
static int
take_rest(struct source *s, const char **line, size_t *length)
{
	if (s->is_segment && buf_length(&s->text) > 0) {
		consume(s, buf_length(&s->text));
		return E_CORRUPT;
	}
	if (buf_length(&s->text) == 0)
		return E_AGAIN;
	hand_out(s, buf_length(&s->text), buf_length(&s->text), line, length);
	return 0;
}

int
source_next(struct source *s, const struct source_limits *limits, bool final,
    const char **line, size_t *length)
{
	const uint8_t *newline;

	consume(s, s->handed_out);
	s->handed_out = 0;
	for (;;) {
		skip_text(s);
		bool at_line = s->skip == 0 && !s->in_line;
		if (at_line)
			pass_lines(s, limits);
		newline = at_line ? find_line(s) : NULL;
		if (newline != NULL)
			break;
		int error = more_text(s, limits, final);
		/* Its end is not there yet, or never comes; but a sealed segment
		 * has it, or is damaged. */
		if (error == E_AGAIN && s->held > 0 && !(final && s->is_segment)) {
			let_go(s);
			continue;
		}
		if (error == E_AGAIN && final)
			return s->in_frame ? pass_over_frame(s)
			                   : take_rest(s, line, length);
		if (error != 0)
			return error;
	}
	size_t n = (size_t)(newline - buf_data(&s->text));
	hand_out(s, n, n + 1, line, length);
	return 0;
}

int
source_seek(struct source *s, const struct source_place *place)
{
	int error = s->form == SOURCE_UNKNOWN ? find_form(s) : 0;

	if (error != 0)
		return error;
	if (s->form == SOURCE_PLAIN) {
		start_at(s, place->at);
		s->place = *place;
		return 0;
	}
	start_at(s, place->frame);
	s->skip = place->at;
	return 0;
}

int
source_seek_last_frame(struct source *s)
{
	int error = s->form == SOURCE_UNKNOWN ? find_form(s) : 0;

	if (error == 0 && s->form == SOURCE_ZSTD)
		error = source_index(s);
	if (error != 0 || s->frames.count == 0)
		return error;
	start_at(s, s->frames.frames[s->frames.count - 1].offset);
	segment_index_free(&s->frames);
	s->indexed = false;
	return 0;
}
