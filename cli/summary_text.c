/* SPDX-License-Identifier: ISC */
/*
 * Summaries as tables for a person, a column a row of `columns`. Values come from
 * the wire: they are made safe, and cut so that a line fits the terminal. Pure; CLI
 * only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/amount.h"
#include "cli/colour.h"
#include "cli/safe.h"
#include "cli/summary.h"

#define GAP 2u            /* columns between columns */
#define LABEL_LEAST 12u   /* columns of the values, however narrow it is */
#define CELL_BYTES 64u
#define LABEL_BYTES (8u * GROUP_TEXT_MAX)

/* --- cells --- */

static int
put_count(struct buf *out, const struct group *group)
{
	return buf_printf(out, "%" PRIu64, group->count);
}

static int
put_errors(struct buf *out, const struct group *group)
{
	return buf_printf(out, "%" PRIu64, group->errors);
}

static int
put_sent(struct buf *out, const struct group *group)
{
	return amount_bytes(out, group->sent);
}

static int
put_received(struct buf *out, const struct group *group)
{
	return amount_bytes(out, group->received);
}

static int
put_latency(struct buf *out, const struct group *group, uint64_t us)
{
	return group->latency.count == 0 ? buf_puts(out, "-")
	                                 : amount_duration(out, us * 1000);
}

static int
put_p50(struct buf *out, const struct group *group)
{
	return put_latency(out, group, histogram_at(&group->latency, 50));
}

static int
put_p90(struct buf *out, const struct group *group)
{
	return put_latency(out, group, histogram_at(&group->latency, 90));
}

static int
put_p99(struct buf *out, const struct group *group)
{
	return put_latency(out, group, histogram_at(&group->latency, 99));
}

static int
put_most(struct buf *out, const struct group *group)
{
	return put_latency(out, group, group->latency.most);
}

static const struct {
	const char *title;
	int (*put)(struct buf *out, const struct group *group);
} columns[] = {{"count", put_count}, {"errors", put_errors}, {"sent", put_sent},
    {"received", put_received}, {"p50", put_p50}, {"p90", put_p90},
    {"p99", put_p99}, {"max", put_most}};
#define COLUMN_COUNT ARRAY_LENGTH(columns)

/* --- the table --- */

struct table {
	const struct summary *summary;
	const struct summary_look *look;
	struct buf *out;
	struct buf cell, label;
	struct group others;
	unsigned label_width, widths[COLUMN_COUNT];
	int error; /* the first */
};

static void
put(struct table *t, const char *text)
{
	if (t->error == 0)
		t->error = buf_puts(t->out, text);
}

static void
pad(struct table *t, size_t columns_wanted)
{
	if (t->error == 0)
		t->error = buf_printf(t->out, "%*s", (int)columns_wanted, "");
}

static void
colour(struct table *t, const char *code)
{
	if (t->look->colour)
		put(t, code);
}

static void
widen(unsigned *width, size_t needed)
{
	if (needed > *width)
		*width = (unsigned)needed;
}

static size_t
width_of(const struct buf *text)
{
	return buf_length(text) == 0 ? 0
	    : safe_width((const char *)buf_data(text), buf_length(text));
}

static void
make_cell(struct table *t, size_t column, const struct group *group)
{
	buf_clear(&t->cell);
	if (t->error == 0)
		t->error = columns[column].put(&t->cell, group);
}

/* A value as it can be shown; what has none, NULL, is "-", as with show -F. */
static void
make_label(struct table *t, const char *text, size_t length)
{
	buf_clear(&t->label);
	if (t->error == 0)
		t->error = text == NULL ? buf_puts(&t->label, "-")
		                        : safe_text(&t->label, text, length, "");
}

static size_t
shown(const struct table *t)
{
	size_t count = t->summary->groups.count;

	return count < t->look->top ? count : t->look->top;
}

static bool
has_others(const struct table *t)
{
	return t->summary->groups.given_up > 0 ||
	    t->summary->groups.count > t->look->top;
}

/* --- how wide --- */

static void
measure_row(struct table *t, const struct group *group)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		make_cell(t, i, group);
		widen(&t->widths[i], width_of(&t->cell));
	}
}

static void
measure(struct table *t)
{
	const struct groups *g = &t->summary->groups;
	size_t rest = 0;

	t->label_width = LABEL_LEAST;
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		t->widths[i] = (unsigned)strlen(columns[i].title);
	for (size_t i = 0; i < shown(t); i++) {
		make_label(t, g->items[i].text, g->items[i].length);
		widen(&t->label_width, width_of(&t->label));
		measure_row(t, &g->items[i]);
	}
	make_label(t, t->summary->by.name, t->summary->by.length);
	widen(&t->label_width, width_of(&t->label));
	measure_row(t, &t->others);
	measure_row(t, &g->total);
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		rest += GAP + t->widths[i];
	if (t->look->width == 0 || t->label_width + rest <= t->look->width)
		return;
	t->label_width = t->look->width > rest + LABEL_LEAST
	    ? t->look->width - (unsigned)rest : LABEL_LEAST;
}

/* --- rows --- */

/* What make_label made, as wide as all of them. */
static void
put_label(struct table *t)
{
	const char *text = (const char *)buf_data(&t->label);
	size_t length = buf_length(&t->label), width = width_of(&t->label);
	bool cut = width > t->label_width;

	if (cut)
		length = safe_fit(text, length, t->label_width - 1);
	if (t->error == 0 && length > 0)
		t->error = buf_append(t->out, text, length);
	if (cut)
		put(t, "\xe2\x80\xa6");
	else
		pad(t, t->label_width - width);
}

/* `code` is the row's colour, or "". */
static void
put_cell(struct table *t, size_t column, const struct group *group,
    const char *code)
{
	bool bad = columns[column].put == put_errors && group->errors > 0;

	make_cell(t, column, group);
	pad(t, GAP + t->widths[column] - width_of(&t->cell));
	if (bad)
		colour(t, COLOUR_RED);
	if (t->error == 0)
		t->error = buf_append(t->out, buf_data(&t->cell),
		    buf_length(&t->cell));
	if (bad) {
		colour(t, COLOUR_RESET);
		colour(t, code);
	}
}

/* What make_label made, and the sums. */
static void
put_row(struct table *t, const struct group *group, const char *code)
{
	colour(t, code);
	put_label(t);
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		put_cell(t, i, group, code);
	if (code[0] != '\0')
		colour(t, COLOUR_RESET);
	put(t, "\n");
}

static void
put_titles(struct table *t)
{
	colour(t, COLOUR_BOLD);
	make_label(t, t->summary->by.name, t->summary->by.length);
	put_label(t);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		pad(t, GAP + t->widths[i] - strlen(columns[i].title));
		put(t, columns[i].title);
	}
	colour(t, COLOUR_RESET);
	put(t, "\n");
}

static void
put_item(struct table *t, const struct group *group)
{
	make_label(t, group->text, group->length);
	put_row(t, group, "");
}

static void
put_sum(struct table *t, const char *label, const struct group *group,
    const char *code)
{
	make_label(t, label, strlen(label));
	put_row(t, group, code);
}

static void
put_others(struct table *t)
{
	size_t values = t->summary->groups.count - shown(t);
	char label[CELL_BYTES] = "others";

	if (!has_others(t))
		return;
	if (t->summary->groups.given_up == 0)
		(void)snprintf(label, sizeof(label), "others (%zu)", values);
	put_sum(t, label, &t->others, COLOUR_DIM);
}

/* --- what is to be known besides --- */

static void
put_note(struct table *t, uint64_t number, const char *words)
{
	if (number == 0)
		return;
	colour(t, COLOUR_DIM);
	if (t->error == 0)
		t->error = buf_printf(t->out, "%" PRIu64 " %s\n", number, words);
	colour(t, COLOUR_RESET);
}

static void
put_notes(struct table *t)
{
	const struct groups *g = &t->summary->groups;

	put_note(t, t->summary->without, "without this field, not counted here");
	put_note(t, g->given_up, "times a value was given up for others; its sums are "
	    "in theirs");
	put_note(t, g->missing, "of a value's count may be among the others'");
	put_note(t, g->cut, "with a value that is told by its first 512 bytes");
}

static int
put_table(const struct summary *summary, const struct summary_look *look,
    struct buf *out)
{
	struct table t = {.summary = summary, .look = look, .out = out};

	buf_init(&t.cell, CELL_BYTES);
	buf_init(&t.label, LABEL_BYTES);
	t.error = groups_others(&summary->groups, look->top, &t.others);
	measure(&t);
	put(&t, "\n");
	put_titles(&t);
	for (size_t i = 0; i < shown(&t); i++)
		put_item(&t, &summary->groups.items[i]);
	put_others(&t);
	put_sum(&t, "total", &summary->groups.total, COLOUR_BOLD);
	put_notes(&t);
	group_free(&t.others);
	buf_free(&t.cell);
	buf_free(&t.label);
	return t.error;
}

/* --- the page --- */

static void
format_time(char text[CELL_BYTES], int64_t us, bool utc)
{
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;
	struct tm *shifted = utc ? gmtime_r(&seconds, &tm)
	                         : localtime_r(&seconds, &tm);

	if (shifted == NULL ||
	    strftime(text, CELL_BYTES, "%Y-%m-%d %H:%M:%S", shifted) == 0)
		(void)snprintf(text, CELL_BYTES, "?");
}

static int
put_range(const struct summaries *s, const struct summary_look *look,
    struct buf *out)
{
	char first[CELL_BYTES], last[CELL_BYTES];
	int error = buf_printf(out, "%" PRIu64 " record%s", s->records,
	    s->records == 1 ? "" : "s");

	if (error == 0 && s->has_time) {
		format_time(first, s->first_us, look->utc);
		format_time(last, s->last_us, look->utc);
		error = buf_printf(out, ", %s to %s", first, last);
	}
	return error != 0 ? error : buf_puts(out, "\n");
}

static int
put_left_out(const struct summaries *s, struct buf *out)
{
	int error = 0;

	if (s->continues > 0)
		error = buf_printf(out, "not counted: %" PRIu64 " of exchanges before "
		    "their end\n", s->continues);
	if (error == 0 && s->foreign > 0)
		error = buf_printf(out, "not counted: %" PRIu64 " lines that are no "
		    "records\n", s->foreign);
	return error;
}

int
summaries_text(const struct summaries *s, const struct summary_look *look,
    struct buf *out)
{
	int error = put_range(s, look, out);

	if (error == 0)
		error = put_left_out(s, out);
	for (size_t i = 0; i < s->count && error == 0; i++)
		error = put_table(&s->items[i], look, out);
	return error;
}
