/* SPDX-License-Identifier: ISC */
/*
 * Merges readers. Each is asked one line ahead; of those the oldest (backward: the
 * newest) by its @timestamp is next, so that logs that are in order each come out
 * in order. With one reader nothing is compared. CLI only.
 */
#include "log/inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define STAMP_BYTES 27u /* "2026-11-23T10:15:00.123456Z" */

struct input {
	struct reader_line line; /* read ahead, when pending */
	bool pending;
	bool over; /* it has none at present */
	struct reader_mark ahead; /* where that line stands */
	struct reader_mark mark;  /* where the one handed out last stands */
};

bool
inputs_open(struct inputs *in, const char *const *paths, size_t count,
    bool following, char error[256])
{
	*in = (struct inputs){0};
	in->readers = calloc(count, sizeof(struct reader *));
	in->items = calloc(count, sizeof(*in->items));
	if (in->readers == NULL || in->items == NULL) {
		(void)snprintf(error, 256, "%s", err_text(E_NOMEM));
		return false;
	}
	for (; in->count < count; in->count++) {
		in->readers[in->count] = reader_open(paths[in->count], following,
		    error);
		if (in->readers[in->count] == NULL)
			return false;
	}
	return true;
}

void
inputs_close(struct inputs *in)
{
	for (size_t i = 0; i < in->count; i++)
		reader_close(in->readers[i]);
	free(in->readers);
	free(in->items);
	*in = (struct inputs){0};
}

static size_t
skip(void *filter, const uint8_t *text, size_t length)
{
	return filter_skip(filter, text, length);
}

void
inputs_filter(struct inputs *in, struct filter *filter, int64_t since_us,
    int64_t until_us)
{
	const struct source_limits limits = {
	    .ranged = since_us != INT64_MIN || until_us != INT64_MAX,
	    .since_us = since_us, .until_us = until_us,
	    .skip = filter != NULL ? skip : NULL, .argument = filter};

	in->filter = filter;
	for (size_t i = 0; i < in->count; i++)
		reader_limit(in->readers[i], &limits);
}

/* --- merging --- */

static const char *
stamp(const struct reader_line *line)
{
	static const char prefix[] = "{\"@timestamp\":\"";
	size_t n = sizeof(prefix) - 1;

	return line->length >= n + STAMP_BYTES &&
	        memcmp(line->text, prefix, n) == 0 ? line->text + n : NULL;
}

/* What has no time is older than all that has. */
static bool
is_older(const struct reader_line *a, const struct reader_line *b)
{
	const char *x = stamp(a), *y = stamp(b);

	if (x == NULL || y == NULL)
		return y != NULL;
	return strncmp(x, y, STAMP_BYTES) < 0;
}

static bool
is_wanted(const struct inputs *in, const struct reader_line *line)
{
	return in->filter == NULL ||
	    filter_passes(in->filter, line->text, line->length, line->own);
}

/* A wanted line of reader i, read ahead, unless it has none at present. */
static int
read_ahead(struct inputs *in, size_t i, bool back)
{
	struct input *item = &in->items[i];

	while (!item->pending && !item->over) {
		int error = back ? reader_previous(in->readers[i], &item->line)
		                 : reader_next(in->readers[i], &item->line);
		if (error == E_AGAIN || error == E_NOTFOUND) {
			item->over = true;
		} else if (error != 0) {
			in->failed = i;
			return error;
		} else if (is_wanted(in, &item->line)) {
			item->pending = true;
			item->ahead = reader_mark(in->readers[i]);
		}
	}
	return 0;
}

/* None was found: the next time all are asked again. */
static int
end_round(struct inputs *in, bool back)
{
	for (size_t i = 0; i < in->count; i++)
		in->items[i].over = back;
	return back ? E_NOTFOUND : E_AGAIN;
}

static int
next_of_all(struct inputs *in, bool back, struct reader_line *line)
{
	struct input *best = NULL;

	for (size_t i = 0; i < in->count; i++) {
		struct input *item = &in->items[i];
		int error = read_ahead(in, i, back);
		if (error != 0)
			return error;
		if (item->pending && (best == NULL ||
		        (back ? is_older(&best->line, &item->line)
		              : is_older(&item->line, &best->line))))
			best = item;
	}
	if (best == NULL)
		return end_round(in, back);
	best->pending = false;
	best->mark = best->ahead;
	*line = best->line;
	return 0;
}

int
inputs_next(struct inputs *in, struct reader_line *line)
{
	return next_of_all(in, false, line);
}

int
inputs_previous(struct inputs *in, struct reader_line *line)
{
	return next_of_all(in, true, line);
}

int
inputs_wait(struct inputs *in, int timeout_ms, const volatile sig_atomic_t *stop)
{
	return reader_wait(in->readers, in->count, timeout_ms, stop);
}

const char *
inputs_place(const struct inputs *in)
{
	return reader_place(in->readers[in->failed]);
}

int
inputs_keep(struct inputs *in)
{
	for (size_t i = 0; i < in->count; i++) {
		int error = reader_keep(in->readers[i]);
		if (error != 0) {
			in->failed = i;
			return error;
		}
	}
	return 0;
}

/* --- starting elsewhere than at the front --- */

static int
seek(struct inputs *in, size_t i, const struct reader_mark *mark, bool behind)
{
	int error = reader_seek(in->readers[i], mark, behind);

	in->items[i] = (struct input){0};
	if (error != 0)
		in->failed = i;
	return error == E_AGAIN ? 0 : error;
}

int
inputs_start_at_last(struct inputs *in, size_t count)
{
	static const struct reader_mark front = {.set = true};
	struct reader_line line;
	int error = 0;

	/* What is damaged is told by reading on from there, if it is behind. */
	while (count > 0 && (error == 0 || error == E_CORRUPT)) {
		error = inputs_previous(in, &line);
		count -= error == 0;
	}
	if (error != 0 && error != E_NOTFOUND && error != E_CORRUPT)
		return error;
	bool all = error == E_NOTFOUND;
	for (size_t i = 0; i < in->count; i++) {
		struct reader_mark mark = in->items[i].mark;
		if (!all && !mark.set) {
			reader_to_end(in->readers[i]);
			in->items[i] = (struct input){0};
			continue;
		}
		error = seek(in, i, all ? &front : &mark, false);
		if (error != 0)
			return error;
	}
	return 0;
}

int
inputs_cursor_write(const struct inputs *in, struct buf *out)
{
	bool any = false;
	int error = 0;

	for (size_t i = 0; i < in->count && error == 0; i++) {
		if (i > 0)
			error = buf_puts(out, ",");
		if (error != 0 || !in->items[i].mark.set)
			continue;
		any = true;
		error = reader_mark_write(in->readers[i], &in->items[i].mark, out);
	}
	return error != 0 ? error : any ? 0 : E_NOTFOUND;
}

/* Each reader's mark, or nothing where none of it was seen. */
int
inputs_cursor_read(struct inputs *in, const char *cursor, bool behind)
{
	for (size_t i = 0; i < in->count; i++) {
		const char *end = in->count == 1 || i + 1 == in->count
		    ? cursor + strlen(cursor) : strchr(cursor, ',');
		struct reader_mark mark;
		if (end == NULL)
			return E_SYNTAX;
		if (end > cursor) {
			int error = reader_mark_read(in->readers[i], cursor,
			    (size_t)(end - cursor), &mark);
			if (error == 0)
				error = seek(in, i, &mark, behind);
			if (error != 0)
				return error;
		}
		cursor = *end == ',' ? end + 1 : end;
	}
	return 0;
}
