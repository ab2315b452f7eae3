/* SPDX-License-Identifier: ISC */
/*
 * Segments back into lines. CLI only. Each segment is decoded as one stream from
 * its beginning; a growing one is decoded as far as it is flushed and gone on
 * with when it has grown. Several may grow at once (daemons share a directory).
 * A frame that does not decode is skipped and said; it never ends the reading.
 */
#include "log/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/err.h"
#include "log/frame.h"
#include "log/segment.h"
#include "log/watch.h"

#define CHUNK_BYTES (128u * 1024)
#define WINDOW_LOG_MAX 23 /* 8 MiB, as segments have it at most */
#define NAME_BYTES (SEGMENT_NAME_BYTES + 8)

/* One segment. */
struct source {
	char name[NAME_BYTES]; /* without ".part" */
	unsigned long number;
	bool done;
	int fd; /* -1: not opened yet */
	ZSTD_DCtx *zstd;
	uint64_t offset;      /* of the next byte to be read from the file */
	uint64_t frame_start; /* where the frame being decoded begins */
	bool in_frame;
	bool pending;      /* zstd may have more text without more input */
	struct buf input;  /* read, not yet decoded */
	struct buf text;   /* decoded, not yet handed out */
	size_t searched;   /* bytes of text known to hold no newline */
	size_t handed_out; /* of text: the line of the last call */
	uint64_t lines;    /* handed out so far */
	uint64_t skip;     /* lines to pass over: were handed out before */
};

struct reader {
	char *directory;
	int directory_fd;
	struct watch *watch; /* made by the first wait */
	struct source *sources;
	size_t count, capacity;
	size_t current;
	bool rescanned; /* since the last line */
	char place[NAME_BYTES + 64];
};

/* --- sources --- */

/* A removed file's name may come again: a daemon that loses the race for one
 * tries the next, and another takes it. */
static void
forget_name(struct source *s)
{
	s->name[0] = '\0';
}

static void
close_source(struct source *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	(void)ZSTD_freeDCtx(s->zstd);
	s->zstd = NULL;
	buf_free(&s->input);
	buf_free(&s->text);
	s->searched = s->handed_out = 0;
}

static int
open_source(const struct reader *r, struct source *s)
{
	char part[NAME_BYTES + 8];

	(void)snprintf(part, sizeof(part), "%s.part", s->name);
	/* It may be sealed, and so renamed, between the two. */
	s->fd = openat(r->directory_fd, s->name, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		s->fd = openat(r->directory_fd, part, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		s->fd = openat(r->directory_fd, s->name, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return E_SYS;
	s->zstd = ZSTD_createDCtx();
	if (s->zstd == NULL)
		return E_NOMEM;
	(void)ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax,
	    WINDOW_LOG_MAX);
	buf_init(&s->input, 2 * CHUNK_BYTES);
	buf_init(&s->text, SEGMENT_LINE_MAX + 2 * CHUNK_BYTES);
	s->offset = s->frame_start = 0;
	s->in_frame = s->pending = false;
	return 0;
}

/* Whether the writer is through with it: it has its final name, or none. Asked
 * before reading, so that the end that is found then is the end. */
static bool
is_final(const struct reader *r, const struct source *s, bool *removed)
{
	struct stat ours, named;

	*removed = fstat(s->fd, &ours) != 0 || ours.st_nlink == 0;
	return *removed ||
	    (fstatat(r->directory_fd, s->name, &named, 0) == 0 &&
	        named.st_ino == ours.st_ino && named.st_dev == ours.st_dev);
}

/* --- the directory --- */

static bool
is_known(const struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->sources[i].name, name) == 0)
			return true;
	}
	return false;
}

static int
add_source(struct reader *r, const char *file, unsigned long number, bool open)
{
	struct source s = {.number = number, .fd = -1};
	size_t length = strlen(file) - (open ? strlen(".part") : 0);

	if (length >= sizeof(s.name))
		return 0;
	memcpy(s.name, file, length);
	if (is_known(r, s.name))
		return 0;
	if (r->count == r->capacity) {
		size_t capacity = r->capacity == 0 ? 16 : 2 * r->capacity;
		struct source *grown = realloc(r->sources,
		    capacity * sizeof(*grown));
		if (grown == NULL)
			return E_NOMEM;
		r->sources = grown;
		r->capacity = capacity;
	}
	r->sources[r->count++] = s;
	return 0;
}

static int
by_age(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Appends the segments that are new, in order. */
static int
scan(struct reader *r)
{
	size_t before = r->count;
	int error = 0;
	DIR *directory = opendir(r->directory);

	if (directory == NULL)
		return E_SYS;
	for (struct dirent *entry; error == 0 &&
	     (entry = readdir(directory)) != NULL;) {
		unsigned long number;
		bool open;
		if (segment_parse_name(entry->d_name, &number, &open))
			error = add_source(r, entry->d_name, number, open);
	}
	(void)closedir(directory);
	if (r->count > before)
		qsort(r->sources + before, r->count - before,
		    sizeof(*r->sources), by_age);
	return error;
}

/* --- decoding --- */

static void
note_place(struct reader *r, const struct source *s)
{
	(void)snprintf(r->place, sizeof(r->place), "%s, frame at byte %llu",
	    s->name, (unsigned long long)s->frame_start);
}

static void
note_directory(struct reader *r)
{
	(void)snprintf(r->place, sizeof(r->place), "the directory");
}

/* Reads more of the file. 1: some; 0: its end as it is now; E_SYS. */
static int
fill(struct source *s)
{
	uint8_t *room;
	int error = buf_reserve(&s->input, CHUNK_BYTES, &room);

	if (error != 0)
		return error;
	ssize_t n = pread(s->fd, room, CHUNK_BYTES, (off_t)s->offset);
	if (n < 0)
		return E_SYS;
	buf_commit(&s->input, (size_t)n);
	s->offset += (uint64_t)n;
	return n > 0;
}

/* A frame is damaged: go on at the next place where one may begin. */
static int
skip_frame(struct reader *r, struct source *s)
{
	uint64_t from = s->frame_start + 1;

	note_place(r, s);
	(void)ZSTD_DCtx_reset(s->zstd, ZSTD_reset_session_only);
	buf_clear(&s->text); /* the rest of a line is no line */
	s->searched = 0;
	s->in_frame = s->pending = false;
	buf_clear(&s->input);
	s->offset = from;
	for (;;) {
		int n = fill(s);
		if (n <= 0) {
			buf_clear(&s->input);
			return n < 0 ? n : E_CORRUPT;
		}
		size_t at = frame_search(buf_data(&s->input),
		    buf_length(&s->input), 0);
		if (at < buf_length(&s->input)) {
			buf_consume(&s->input, at);
			s->frame_start = s->offset - buf_length(&s->input);
			return E_CORRUPT;
		}
		/* A magic number may lie across the chunk's end. */
		buf_consume(&s->input, buf_length(&s->input) > 3
		        ? buf_length(&s->input) - 3 : 0);
	}
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
	ZSTD_inBuffer in = {buf_data(&s->input), buf_length(&s->input), 0};
	ZSTD_outBuffer out = {room, CHUNK_BYTES, 0};
	size_t left = ZSTD_decompressStream(s->zstd, &out, &in);
	if (ZSTD_isError(left))
		return E_CORRUPT;
	buf_consume(&s->input, in.pos);
	buf_commit(&s->text, out.pos);
	s->pending = out.pos == out.size;
	if (in.pos > 0 || out.pos > 0)
		s->in_frame = left != 0;
	if (in.pos > 0 && left == 0)
		s->frame_start = s->offset - buf_length(&s->input);
	return (int)out.pos;
}

/* The next newline in the text, or NULL. */
static const uint8_t *
find_line(struct source *s)
{
	const uint8_t *text = buf_data(&s->text);
	size_t length = buf_length(&s->text);
	const uint8_t *newline = length > s->searched
	    ? memchr(text + s->searched, '\n', length - s->searched) : NULL;

	if (newline == NULL)
		s->searched = length;
	return newline;
}

/* Wins more text. 0; E_AGAIN: the file's end; E_CORRUPT, E_SYS, E_NOMEM. */
static int
more_text(struct reader *r, struct source *s)
{
	for (;;) {
		int n = decode(s);
		if (n == E_CORRUPT)
			return skip_frame(r, s);
		if (n != 0)
			return n < 0 ? n : 0;
		if (buf_length(&s->input) > 0)
			continue;
		n = fill(s);
		if (n <= 0)
			return n < 0 ? n : E_AGAIN;
	}
}

/* A logger that starts over may cut a write off that was not whole; then what
 * was decoded of it no longer stands there, and all is read once more. */
static int
begin_again_if_cut(struct reader *r, struct source *s)
{
	struct stat st;

	if (s->fd < 0 || fstat(s->fd, &st) != 0 ||
	    (uint64_t)st.st_size >= s->offset)
		return 0;
	uint64_t lines = s->lines;
	close_source(s);
	s->skip = lines;
	s->lines = 0;
	return open_source(r, s);
}

static int
next_line(struct reader *r, struct source *s, const char **line, size_t *length)
{
	const uint8_t *newline;

	buf_consume(&s->text, s->handed_out);
	s->handed_out = 0;
	while ((newline = find_line(s)) == NULL) {
		int error = more_text(r, s);
		if (error != 0)
			return error;
	}
	*line = (const char *)buf_data(&s->text);
	*length = (size_t)(newline - buf_data(&s->text));
	s->handed_out = *length + 1;
	s->searched = 0;
	s->lines++;
	return 0;
}

/* It cannot be opened: it was removed meanwhile, or is not ours to read. */
static int
give_up(struct reader *r, struct source *s, int error)
{
	bool gone = error == E_SYS && errno == ENOENT;

	note_place(r, s);
	s->done = true;
	if (gone)
		forget_name(s);
	close_source(s);
	return gone ? E_AGAIN : error;
}

/* The next line of this segment; E_AGAIN: none now, and s->done tells whether
 * there will be more. */
static int
read_source(struct reader *r, struct source *s, const char **line,
    size_t *length)
{
	int error = s->fd < 0 ? open_source(r, s) : begin_again_if_cut(r, s);

	if (error != 0)
		return give_up(r, s, error);
	bool removed;
	bool sealed = is_final(r, s, &removed);
	do {
		error = next_line(r, s, line, length);
	} while (error == 0 && s->skip > 0 && s->skip-- > 0);
	if (error == E_SYS)
		note_place(r, s);
	if (error != E_AGAIN || !sealed)
		return error;
	bool cut = s->in_frame || buf_length(&s->text) > 0;
	note_place(r, s);
	s->done = true;
	if (removed)
		forget_name(s);
	close_source(s);
	return cut ? E_CORRUPT : E_AGAIN;
}

/* --- the reader --- */

/* What is there now was there before: pass over it. */
static void
skip_all(struct reader *r)
{
	const char *line;
	size_t length;

	for (size_t i = 0; i < r->count; i++) {
		struct source *s = &r->sources[i];
		bool removed;
		if (open_source(r, s) != 0) {
			(void)give_up(r, s, E_SYS);
			continue;
		}
		if (is_final(r, s, &removed)) {
			s->done = true;
			close_source(s);
			continue;
		}
		int error;
		do {
			error = next_line(r, s, &line, &length);
		} while (error == 0 || error == E_CORRUPT);
	}
}

struct reader *
reader_open(const char *directory, enum reader_start start, char error[256])
{
	struct reader *r = calloc(1, sizeof(*r));
	int outcome = r == NULL ? E_NOMEM : 0;

	if (outcome == 0) {
		r->directory_fd = -1;
		note_directory(r);
		r->directory = strdup(directory);
		r->directory_fd = open(directory,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		outcome = r->directory == NULL ? E_NOMEM
		    : r->directory_fd < 0 ? E_SYS : scan(r);
	}
	if (outcome != 0) {
		(void)snprintf(error, 256, "cannot read the log directory %.150s: "
		    "%s", directory, err_text(outcome));
		reader_close(r);
		return NULL;
	}
	if (start == READER_FROM_END)
		skip_all(r);
	return r;
}

void
reader_close(struct reader *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++)
		close_source(&r->sources[i]);
	free(r->sources);
	watch_free(r->watch);
	if (r->directory_fd >= 0)
		(void)close(r->directory_fd);
	free(r->directory);
	free(r);
}

int
reader_next(struct reader *r, const char **line, size_t *length)
{
	for (;;) {
		for (; r->current < r->count; r->current++) {
			struct source *s = &r->sources[r->current];
			if (s->done)
				continue;
			int error = read_source(r, s, line, length);
			if (error == 0)
				r->rescanned = false;
			if (error != E_AGAIN)
				return error;
		}
		r->current = 0;
		if (r->rescanned) {
			r->rescanned = false;
			return E_AGAIN;
		}
		r->rescanned = true;
		int error = scan(r);
		if (error != 0) {
			note_directory(r);
			return error;
		}
	}
}

/* Made late: a reader that never waits needs none. What came since the last
 * look is looked for once more. */
static int
begin_watching(struct reader *r)
{
	r->watch = watch_new(r->directory);
	return r->watch == NULL ? E_SYS : 1;
}

int
reader_wait(struct reader *r, int timeout_ms)
{
	if (r->watch == NULL)
		return begin_watching(r);
	for (size_t i = 0; i < r->count; i++) {
		if (r->sources[i].fd >= 0 &&
		    watch_file(r->watch, r->sources[i].fd) != 0)
			return E_SYS;
	}
	return watch_wait(r->watch, timeout_ms);
}

const char *
reader_place(const struct reader *r)
{
	return r->place;
}
