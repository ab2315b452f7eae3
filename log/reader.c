/* SPDX-License-Identifier: ISC */
/*
 * The files of a log, one behind the other. Several may grow at once (daemons share
 * a directory). A file that cannot be read, or a frame that is damaged, is said; it
 * never ends the reading of the others. CLI only.
 */
#include "log/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "log/segment.h"
#include "log/watch.h"

#define NAME_BYTES (SEGMENT_NAME_BYTES + 8)
#define PLACE_BYTES 512u
#define POINTER_BYTES sizeof(struct source *)

struct reader {
	char *directory; /* NULL: it reads one file */
	int directory_fd;
	bool standard_input;
	int kept_fd; /* of a copy of a stream, or -1 */
	bool following;
	struct watch *watch; /* owned: of all that are waited for with this one first */
	struct source **sources;
	size_t count, capacity;
	size_t current;
	bool rescanned; /* since the last line */
	bool backward;
	struct source_limits limits;
	struct reader_mark mark;
	char place[PLACE_BYTES];
};

/* --- files --- */

static int
open_segment(const struct reader *r, const struct source *s)
{
	char part[NAME_BYTES + 8];
	int fd;

	(void)snprintf(part, sizeof(part), "%s.part", s->name);
	/* It may be sealed, and so renamed, between the two. */
	fd = openat(r->directory_fd, s->name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = openat(r->directory_fd, part, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = openat(r->directory_fd, s->name, O_RDONLY | O_CLOEXEC);
	return fd;
}

static int
open_source(const struct reader *r, struct source *s)
{
	int fd = r->directory != NULL ? open_segment(r, s)
	    : r->kept_fd >= 0         ? dup(r->kept_fd)
	    : r->standard_input       ? STDIN_FILENO
	                              : open(s->name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? E_SYS : source_begin(s, fd);
}

/* Whether the writer is through with it: it has its final name, or none. Asked
 * before reading, so that the end that is found then is the end. Of a single file
 * nobody can tell but by its name. */
static bool
is_final(const struct reader *r, const struct source *s, bool *removed)
{
	struct stat ours, named;
	size_t length = strlen(s->name);

	*removed = false;
	if (s->streamed || r->kept_fd >= 0)
		return true;
	if (r->directory == NULL)
		return !r->following &&
		    (length < 5 || strcmp(s->name + length - 5, ".part") != 0);
	*removed = fstat(s->fd, &ours) != 0 || ours.st_nlink == 0;
	return *removed ||
	    (fstatat(r->directory_fd, s->name, &named, 0) == 0 &&
	        named.st_ino == ours.st_ino && named.st_dev == ours.st_dev);
}

/* --- the directory --- */

static int
by_age(const void *a, const void *b)
{
	const struct source *x = *(struct source *const *)a;
	const struct source *y = *(struct source *const *)b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* As long as segments come in the order of their numbers, where it must be tells at
 * once; there may be thousands, and all are asked about at each look. */
static bool
is_in_place(const struct reader *r, const char *file, size_t length,
    unsigned long number)
{
	char name[NAME_BYTES];
	struct source key = {.name = name, .number = number};
	const struct source *wanted = &key;

	if (r->count == 0)
		return false;
	memcpy(name, file, length);
	name[length] = '\0';
	struct source *const *found = bsearch(&wanted, r->sources, r->count,
	    POINTER_BYTES, by_age);
	return found != NULL && !(*found)->forgotten;
}

static bool
is_known(const struct reader *r, const char *file, size_t length,
    unsigned long number)
{
	if (is_in_place(r, file, length, number))
		return true;
	for (size_t i = 0; i < r->count; i++) {
		const struct source *s = r->sources[i];
		if (!s->forgotten && strlen(s->name) == length &&
		    memcmp(s->name, file, length) == 0)
			return true;
	}
	return false;
}

static struct source *
add_source(struct reader *r, const char *name, size_t length)
{
	if (r->count == r->capacity) {
		size_t capacity = r->capacity == 0 ? 16 : 2 * r->capacity;
		struct source **grown = realloc(r->sources,
		    capacity * POINTER_BYTES);
		if (grown == NULL)
			return NULL;
		r->sources = grown;
		r->capacity = capacity;
	}
	struct source *s = source_new(name, length);
	if (s != NULL)
		r->sources[r->count++] = s;
	return s;
}

static int
add_segment(struct reader *r, const char *file, unsigned long number, bool open)
{
	size_t length = strlen(file) - (open ? strlen(".part") : 0);

	if (length >= NAME_BYTES || is_known(r, file, length, number))
		return 0;
	struct source *s = add_source(r, file, length);
	if (s == NULL)
		return E_NOMEM;
	s->number = number;
	s->is_segment = true;
	return 0;
}

/* What stands in another directory by now; what is open is still read. */
static void
forget_all(struct reader *r)
{
	for (size_t i = 0; i < r->count; i++) {
		r->sources[i]->forgotten = true;
		r->sources[i]->done = r->sources[i]->done || r->sources[i]->fd < 0;
	}
}

/* Another one may have the name since. */
static int
follow_directory(struct reader *r, int now_fd)
{
	struct stat now, before;

	if (fstat(now_fd, &now) != 0 || fstat(r->directory_fd, &before) != 0)
		return E_SYS;
	if (now.st_ino == before.st_ino && now.st_dev == before.st_dev)
		return 0;
	int fd = fcntl(now_fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return E_SYS;
	(void)close(r->directory_fd);
	r->directory_fd = fd;
	forget_all(r);
	return 0;
}

/* Appends the segments that are new, in order. */
static int
scan(struct reader *r)
{
	size_t before = r->count;
	int error = 0;

	if (r->directory == NULL)
		return 0;
	DIR *directory = opendir(r->directory);
	if (directory == NULL) /* it may come again */
		return r->following && errno == ENOENT ? 0 : E_SYS;
	error = follow_directory(r, dirfd(directory));
	for (struct dirent *entry; error == 0 &&
	     (entry = readdir(directory)) != NULL;) {
		unsigned long number;
		bool open;
		if (segment_parse_name(entry->d_name, &number, &open))
			error = add_segment(r, entry->d_name, number, open);
	}
	(void)closedir(directory);
	if (r->count > before)
		qsort(r->sources + before, r->count - before,
		    POINTER_BYTES, by_age);
	return error;
}

/* --- what went wrong --- */

static void
note_place(struct reader *r, const struct source *s, int error)
{
	if (error == E_CORRUPT)
		(void)snprintf(r->place, sizeof(r->place),
		    "%s, frame at byte %llu", s->name,
		    (unsigned long long)s->frame_start);
	else
		(void)snprintf(r->place, sizeof(r->place), "%s", s->name);
}

static void
note_directory(struct reader *r)
{
	(void)snprintf(r->place, sizeof(r->place), "the directory");
}

const char *
reader_place(const struct reader *r)
{
	return r->place;
}

/* It cannot be opened: it was removed meanwhile, or is not ours to read. */
static int
give_up(struct reader *r, struct source *s, int error)
{
	bool gone = error == E_SYS && errno == ENOENT && r->directory != NULL;
	int saved = errno;

	note_place(r, s, error);
	s->done = true;
	s->forgotten = gone;
	source_close(s);
	errno = saved;
	return gone ? E_AGAIN : error;
}

/* --- forward --- */

/* A logger that starts over may cut a write off that was not whole; then what was
 * decoded of it no longer stands there, and the frame is read once more. */
static int
begin_again_if_cut(const struct reader *r, struct source *s)
{
	struct stat st;

	if (s->final || s->streamed || r->directory == NULL || fstat(s->fd, &st) != 0 ||
	    (uint64_t)st.st_size >= s->offset)
		return 0;
	struct source_place next = s->place;
	next.at += s->handed_out;
	source_close(s);
	int error = open_source(r, s);
	return error != 0 ? error : source_seek(s, &next);
}

static void
finish_source(struct source *s, bool removed)
{
	s->done = true;
	s->forgotten = removed;
	source_close(s);
}

/* The next line of this file; E_AGAIN: none now, and s->done tells whether there
 * will be more. */
static int
read_source(struct reader *r, struct source *s, struct reader_line *line)
{
	int error = s->fd < 0 ? open_source(r, s) : begin_again_if_cut(r, s);
	bool removed;

	if (error != 0)
		return give_up(r, s, error);
	/* Once it is, it stays so, and two calls a line are saved. */
	s->final = s->final || is_final(r, s, &removed);
	error = source_next(s, &r->limits, s->final, &line->text, &line->length);
	if (error == E_SYS)
		return give_up(r, s, error);
	if (error != 0)
		note_place(r, s, E_CORRUPT);
	if (error == E_AGAIN && s->final) {
		(void)is_final(r, s, &removed);
		finish_source(s, removed);
	}
	return error;
}

int
reader_next(struct reader *r, struct reader_line *line)
{
	for (;;) {
		for (; r->current < r->count; r->current++) {
			struct source *s = r->sources[r->current];
			if (s->done)
				continue;
			int error = read_source(r, s, line);
			if (error == 0) {
				r->rescanned = false;
				line->own = s->is_segment;
				r->mark = (struct reader_mark){true, r->current,
				    s->line};
			}
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

/* What is there now was there before: pass over it. */
static void
pass_source(struct reader *r, struct source *s)
{
	static const struct source_limits none = {0};
	const char *line;
	size_t length;
	bool removed;

	if (s->streamed)
		return;
	source_close(s);
	int error = open_source(r, s);
	if (error != 0) {
		(void)give_up(r, s, error);
		return;
	}
	if (is_final(r, s, &removed)) {
		finish_source(s, removed);
		return;
	}
	error = source_seek_last_frame(s);
	while (error == 0 || error == E_CORRUPT)
		error = source_next(s, &none, false, &line, &length);
}

void
reader_to_end(struct reader *r)
{
	for (size_t i = 0; i < r->count; i++)
		pass_source(r, r->sources[i]);
	r->current = 0;
}

/* --- backward --- */

int
reader_previous(struct reader *r, struct reader_line *line)
{
	if (!r->backward) {
		r->backward = true;
		r->current = r->count;
	}
	for (;; r->current--) {
		if (r->current == 0)
			return E_NOTFOUND;
		struct source *s = r->sources[r->current - 1];
		int error = s->done ? E_NOTFOUND
		    : s->fd < 0 ? open_source(r, s) : 0;
		if (error == 0)
			error = source_previous(s, &r->limits, &line->text,
			    &line->length);
		if (error == 0) {
			line->own = s->is_segment;
			r->mark = (struct reader_mark){true, r->current - 1, s->line};
			return 0;
		}
		if (error == E_CORRUPT) {
			note_place(r, s, error);
			return error;
		}
		if (error == E_NOTFOUND) {
			source_close(s);
			continue;
		}
		error = give_up(r, s, error);
		if (error != E_AGAIN)
			return error;
	}
}

/* --- streams --- */

static int
copy_stream(int from, int to)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(from, chunk, sizeof(chunk))) > 0) {
		int error = file_write(to, chunk, (size_t)n);
		if (error != 0)
			return error;
	}
	return n < 0 ? E_SYS : 0;
}

int
reader_keep(struct reader *r)
{
	struct source *s = r->count == 1 ? r->sources[0] : NULL;

	if (s == NULL || !s->streamed)
		return 0;
	int error = open_source(r, s);
	if (error != 0)
		return give_up(r, s, error);
	FILE *kept = tmpfile();
	int fd = kept == NULL ? -1 : dup(fileno(kept));
	error = fd < 0 ? E_SYS : copy_stream(s->fd, fd);
	if (kept != NULL)
		(void)fclose(kept);
	source_close(s);
	if (error == 0) {
		s->streamed = false;
		r->kept_fd = fd;
		return 0;
	}
	if (fd >= 0)
		(void)close(fd);
	return give_up(r, s, error);
}

/* --- marks --- */

struct reader_mark
reader_mark(const struct reader *r)
{
	return r->mark;
}

int
reader_seek(struct reader *r, const struct reader_mark *mark, bool behind)
{
	static const struct source_limits none = {0};
	const char *line;
	size_t length;

	if (mark->source >= r->count)
		return 0;
	for (size_t i = 0; i < mark->source; i++)
		finish_source(r->sources[i], r->sources[i]->forgotten);
	r->current = mark->source;
	struct source *s = r->sources[mark->source];
	source_close(s);
	int error = open_source(r, s);
	if (error == 0 && !s->streamed)
		error = source_seek(s, &mark->place);
	if (error == 0 && behind && mark->set)
		error = source_next(s, &none, false, &line, &length);
	if (error == E_SYS)
		error = give_up(r, s, error);
	return error == E_AGAIN || error == E_CORRUPT ? 0 : error;
}

int
reader_mark_write(const struct reader *r, const struct reader_mark *mark,
    struct buf *out)
{
	if (!mark->set)
		return E_NOTFOUND;
	return buf_printf(out, "%s:%llu:%llu", r->sources[mark->source]->name,
	    (unsigned long long)mark->place.frame,
	    (unsigned long long)mark->place.at);
}

/* The file of that name or, of a directory, the first that is newer. */
static size_t
find_source(const struct reader *r, const char *name, size_t length)
{
	unsigned long number;
	bool open;
	char copy[NAME_BYTES];

	for (size_t i = 0; i < r->count; i++) {
		if (strlen(r->sources[i]->name) == length &&
		    memcmp(r->sources[i]->name, name, length) == 0)
			return i;
	}
	if (length >= sizeof(copy))
		return SIZE_MAX;
	memcpy(copy, name, length);
	copy[length] = '\0';
	if (r->directory == NULL || !segment_parse_name(copy, &number, &open))
		return SIZE_MAX;
	size_t i = 0;
	while (i < r->count && r->sources[i]->number < number)
		i++;
	return i;
}

/* The number between two places; false: there is none. */
static bool
read_number(const char *from, const char *to, uint64_t *out)
{
	*out = 0;
	if (from == to || to - from > 19)
		return false;
	for (; from < to; from++) {
		if (*from < '0' || *from > '9')
			return false;
		*out = *out * 10 + (uint64_t)(*from - '0');
	}
	return true;
}

int
reader_mark_read(const struct reader *r, const char *text, size_t length,
    struct reader_mark *mark)
{
	const char *end = text + length;
	const char *second = source_last(text, ':', length);
	const char *first = second == NULL
	    ? NULL : source_last(text, ':', (size_t)(second - text));

	*mark = (struct reader_mark){.set = true};
	if (first == NULL || !read_number(first + 1, second, &mark->place.frame) ||
	    !read_number(second + 1, end, &mark->place.at))
		return E_SYNTAX;
	size_t name = (size_t)(first - text);
	mark->source = find_source(r, text, name);
	if (mark->source == SIZE_MAX)
		return E_SYNTAX;
	if (mark->source < r->count &&
	    (strlen(r->sources[mark->source]->name) != name ||
	        memcmp(r->sources[mark->source]->name, text, name) != 0))
		*mark = (struct reader_mark){.source = mark->source};
	return 0;
}

/* --- opening and waiting --- */

static int
open_file(struct reader *r, const char *path, bool streamed)
{
	const char *slash = strrchr(path, '/');
	struct source *s = add_source(r, path, strlen(path));
	unsigned long number;
	bool open;

	if (s == NULL)
		return E_NOMEM;
	s->streamed = streamed;
	s->is_segment = segment_parse_name(slash == NULL ? path : slash + 1,
	    &number, &open);
	return access(path, R_OK) == 0 ? 0 : E_SYS;
}

static int
open_path(struct reader *r, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0) {
		struct source *s = add_source(r, "standard input", 14);
		if (s == NULL)
			return E_NOMEM;
		s->streamed = r->standard_input = true;
		return 0;
	}
	if (stat(path, &st) != 0)
		return E_SYS;
	if (!S_ISDIR(st.st_mode))
		return open_file(r, path, !S_ISREG(st.st_mode));
	r->directory = strdup(path);
	if (r->directory == NULL)
		return E_NOMEM;
	r->directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r->directory_fd < 0 ? E_SYS : scan(r);
}

struct reader *
reader_open(const char *path, bool following, char error[256])
{
	struct reader *r = calloc(1, sizeof(*r));
	int outcome = r == NULL ? E_NOMEM : 0;

	if (outcome == 0) {
		r->directory_fd = r->kept_fd = -1;
		r->following = following;
		note_directory(r);
		outcome = open_path(r, path);
	}
	if (outcome == 0)
		return r;
	(void)snprintf(error, 256, "cannot read %s%.150s: %s",
	    r != NULL && r->directory != NULL ? "the log directory " : "", path,
	    err_text(outcome));
	reader_close(r);
	return NULL;
}

void
reader_close(struct reader *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++)
		source_free(r->sources[i]);
	free(r->sources);
	watch_free(r->watch);
	if (r->directory_fd >= 0)
		(void)close(r->directory_fd);
	if (r->kept_fd >= 0)
		(void)close(r->kept_fd);
	free(r->directory);
	free(r);
}

void
reader_limit(struct reader *r, const struct source_limits *limits)
{
	r->limits = *limits;
}

/* 1: it was not watched until now, so that it has to be read once more. */
static int
watch_reader(const struct reader *r, struct watch *w)
{
	char around[PATH_MAX];
	const char *directory = r->directory;

	if (directory == NULL) {
		file_parent(r->sources[0]->name, around);
		directory = around;
	}
	int is_new = watch_directory(w, directory);
	for (size_t i = 0; i < r->count && is_new >= 0; i++) {
		if (r->sources[i]->fd >= 0 &&
		    watch_file(w, r->sources[i]->fd) != 0)
			return E_SYS;
	}
	return is_new;
}

/* One that can be waited for; a stream is read, and so waited for, by itself. */
static bool
is_watched(const struct reader *r)
{
	return r->count != 1 || !r->sources[0]->streamed;
}

/* No signal comes between the look at what its handler sets and the wait. */
static int
wait_unless_stopped(struct watch *w, int timeout_ms,
    const volatile sig_atomic_t *stop)
{
	sigset_t all, before;
	int woken = E_SYS;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	errno = EINTR;
	if (*stop == 0)
		woken = watch_wait(w, timeout_ms, &before);
	int saved = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return woken;
}

/* Made late: a reader that never waits needs none. */
int
reader_wait(struct reader *const *readers, size_t count, int timeout_ms,
    const volatile sig_atomic_t *stop)
{
	struct reader *holder = readers[0];
	size_t watched = 0;
	bool any_new = false;

	if (holder->watch == NULL)
		holder->watch = watch_new();
	if (holder->watch == NULL)
		return E_SYS;
	for (size_t i = 0; i < count; i++) {
		if (!is_watched(readers[i]))
			continue;
		int is_new = watch_reader(readers[i], holder->watch);
		if (is_new < 0)
			return is_new;
		any_new = any_new || is_new == 1;
		watched++;
	}
	if (watched == 0)
		return E_CLOSED;
	return any_new ? 1
	               : wait_unless_stopped(holder->watch, timeout_ms, stop);
}
