/* SPDX-License-Identifier: ISC */
/* The options that choose records. CLI; says what is wrong at its column. */
#include "cli/query.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "cli/safe.h"
#include "log/fields.h"
#include "log/when.h"

#define LIST_BYTES 4096u

const struct option_row query_options[] = {
    {'S', "since", "TIME", "from then on: 10m (ago), today, yesterday, 14:30,\n"
        "2026-11-26, RFC 3339", ARGUMENT_WORDS, "1h today yesterday"},
    {'U', "until", "TIME", "up to then", ARGUMENT_WORDS, "today yesterday now"},
    {QUERY_WHERE, "where", "EXPR", "by fields: url.domain == 'example.com' and\n"
        "http.response.status_code >= 500", ARGUMENT_TEXT, NULL},
    {'g', "grep", "REGEX", "only records whose line matches", ARGUMENT_TEXT, NULL},
    {QUERY_DATASET, "dataset", "NAME", "http, websocket, body, dns, tls, flow, mint "
        "or\ndaemon; may be repeated", ARGUMENT_WORDS,
        "http websocket body dns tls flow mint daemon"},
    QUERY_UTC_ROW, QUERY_INPUT_ROW, OPTIONS_END};

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int number)
{
	interrupted = number;
}

bool
query_interrupted(void)
{
	return interrupted != 0;
}

bool
query_open(struct query *q)
{
	*q = (struct query){.since_us = INT64_MIN, .until_us = INT64_MAX};
	buf_init(&q->datasets, LIST_BYTES);
	q->filter = filter_new();
	if (q->filter == NULL)
		diag_error("%s", err_text(E_NOMEM));
	return q->filter != NULL;
}

void
query_close(struct query *q)
{
	inputs_close(&q->inputs);
	filter_free(q->filter);
	buf_free(&q->datasets);
	conf_free(q->conf);
}

/* --- mistakes --- */

/* The expression and, below what is wrong or likely is, a caret. */
static void
explain(const char *what, const char *text, bool wrong,
    const struct filter_error *error)
{
	struct buf line;

	if (wrong)
		diag_error("%s: %s", what, error->words);
	else
		diag_warning("%s: %s", what, error->words);
	buf_init(&line, FILTER_TEXT_MAX * 8);
	int outcome = safe_text(&line, text, error->column, "");
	int caret = buf_length(&line) == 0 ? 0
	    : (int)safe_width((const char *)buf_data(&line), buf_length(&line));
	if (outcome == 0)
		outcome = safe_text(&line, text + error->column,
		    strlen(text) - error->column, "");
	if (outcome == 0 && buf_length(&line) > 0)
		(void)fprintf(stderr, "  %.*s\n  %*s^\n", (int)buf_length(&line),
		    (const char *)buf_data(&line), caret, "");
	buf_free(&line);
}

static bool
add(struct query *q, const char *what, const char *text,
    int (*add_to)(struct filter *f, const char *text, struct filter_error *error))
{
	struct filter_error error;

	q->narrowed = true;
	int outcome = add_to(q->filter, text, &error);
	if (error.words[0] != '\0')
		explain(what, text, outcome != 0, &error);
	return outcome == 0;
}

/* --- options --- */

static bool
add_dataset(struct query *q, const char *name)
{
	for (size_t i = 0; i < DATASET_COUNT; i++) {
		if (strcmp(dataset_rows[i].name, name) != 0)
			continue;
		const char *comma = buf_length(&q->datasets) > 0 ? "," : "";
		return buf_printf(&q->datasets, "%s'%s'", comma,
		    dataset_rows[i].word) == 0;
	}
	diag_error("--dataset knows" DATASET_WORDS ", not '%s'", name);
	return false;
}

/* Nothing would be found in it, and nothing said. */
static void
warn_of_state_directory(const char *path)
{
	char log[PATH_MAX], ca[PATH_MAX];
	struct stat st;

	if (snprintf(log, sizeof(log), "%s/log", path) >= (int)sizeof(log) ||
	    snprintf(ca, sizeof(ca), "%s/ca", path) >= (int)sizeof(ca))
		return;
	if (stat(log, &st) == 0 && S_ISDIR(st.st_mode) && access(ca, F_OK) == 0)
		diag_warning("--input: %s is a state directory: its log is %s, or that "
		    "of -d %s", path, log, path);
}

static bool
add_input(struct query *q, const char *path)
{
	warn_of_state_directory(path);
	if (q->path_count == QUERY_INPUTS_MAX) {
		diag_error("--input: more than %u", QUERY_INPUTS_MAX);
		return false;
	}
	q->paths[q->path_count++] = path;
	return true;
}

bool
query_take(struct query *q, int option, const char *argument, bool *good)
{
	*good = true;
	switch (option) {
	case 'g':
		*good = add(q, "--grep", argument, filter_add_regex);
		return true;
	case 'i':
		*good = add_input(q, argument);
		return true;
	case 'S':
		q->since = argument;
		return true;
	case 'U':
		q->until = argument;
		return true;
	case QUERY_WHERE:
		*good = add(q, "--where", argument, filter_add_where);
		return true;
	case QUERY_DATASET:
		*good = add_dataset(q, argument);
		return true;
	case QUERY_UTC:
		q->utc = true;
		return true;
	default:
		return false;
	}
}

/* --- when all are known --- */

static bool
read_time(const struct query *q, const char *option, const char *text,
    int64_t *us)
{
	if (text == NULL || when_parse(text, (int64_t)clock_wall_us(), q->utc, us))
		return true;
	diag_error("%s: '%s' is no time: 10m, 2h, 3d (ago), today, yesterday, 14:30, "
	    "2026-11-26, '2026-11-26 14:30' or RFC 3339 are", option, text);
	return false;
}

static bool
set_range(struct query *q)
{
	if (q->since == NULL && q->until == NULL)
		return true;
	if (!read_time(q, "--since", q->since, &q->since_us) ||
	    !read_time(q, "--until", q->until, &q->until_us))
		return false;
	q->narrowed = true;
	filter_set_range(q->filter, q->since_us, q->until_us);
	return true;
}

static bool
set_datasets(struct query *q)
{
	struct buf text;

	if (buf_length(&q->datasets) == 0)
		return true;
	buf_init(&text, 2 * LIST_BYTES);
	bool good = buf_printf(&text, "event.dataset in (%.*s)",
	    (int)buf_length(&q->datasets), (const char *)buf_data(&q->datasets)) ==
	        0 &&
	    buf_append(&text, "", 1) == 0 &&
	    add(q, "--dataset", (const char *)buf_data(&text), filter_add_where);
	buf_free(&text);
	return good;
}

/* Whether one --dataset was asked for, and it is this one. */
static bool
is_of(const struct query *q, const char *dataset)
{
	char list[64];
	int n = snprintf(list, sizeof(list), "'sightglass.%s'", dataset);

	return n > 0 && buf_length(&q->datasets) == (size_t)n &&
	    memcmp(buf_data(&q->datasets), list, (size_t)n) == 0;
}

/* The text in quotes, as --where has it. */
static int
put_quoted(struct buf *out, const char *text)
{
	int error = buf_puts(out, "'");

	for (; *text != '\0' && error == 0; text++)
		error = buf_printf(out, "%s%c",
		    *text == '\'' || *text == '\\' ? "\\" : "", *text);
	return error != 0 ? error : buf_puts(out, "'");
}

bool
query_add_id(struct query *q, const char *id)
{
	static const char *const fields[] = {"event.id", " or sightglass.flow",
	    " or http.request.id"};
	struct buf text;
	int error = 0;

	buf_init(&text, FILTER_TEXT_MAX);
	for (size_t i = 0; i < ARRAY_LENGTH(fields) && error == 0; i++) {
		error = buf_printf(&text, "%s == ", fields[i]);
		if (error == 0)
			error = put_quoted(&text, id);
	}
	if (error == 0)
		error = buf_append(&text, "", 1);
	if (error != 0)
		diag_error("ID: %s", err_text(error));
	bool good = error == 0 &&
	    add(q, "ID", (const char *)buf_data(&text), filter_add_where);
	buf_free(&text);
	return good;
}

/* As one would have written them in one pair of quotes. */
static bool
add_words(struct query *q, int count, char **words)
{
	struct buf text;
	bool good = true;

	if (count == 0)
		return true;
	buf_init(&text, 2 * FILTER_TEXT_MAX);
	for (int i = 0; i < count && good; i++)
		good = buf_printf(&text, "%s%s", i > 0 ? " " : "", words[i]) == 0;
	good = good && buf_append(&text, "", 1) == 0;
	if (good)
		good = add(q, "filter", (const char *)buf_data(&text),
		    filter_add_letters);
	else
		diag_error("filter: %s", err_text(E_LIMIT));
	buf_free(&text);
	return good;
}

bool
query_finish(struct query *q, int count, char **words)
{
	return set_range(q) && set_datasets(q) && add_words(q, count, words);
}

void
query_view(struct query *q, struct view *v)
{
	v->pretty.utc = q->utc;
	v->of_dns = is_of(q, "dns");
	q->all = view_is_joined(v);
	v->filter = q->all ? q->filter : NULL;
}

/* --- reading --- */

/* A log that is not there, or has nothing in it: where that is, and what to do. */
static int
explain_no_log(const struct query *q, const struct cli *cli, const char *words)
{
	if (q->conf != NULL && access(q->conf->log_dir, F_OK) != 0 &&
	    errno == ENOENT)
		diag_error("there is no log in %s: %s", q->conf->log_dir,
		    cli_remedy(cli));
	else
		diag_error("%s", words);
	return CLI_CANNOT_READ;
}

int
query_begin(struct query *q, const struct cli *cli, bool following)
{
	const struct sigaction action = {.sa_handler = on_interrupt};
	char words[256];

	if (q->path_count == 0) {
		q->conf = cli_conf(cli);
		if (q->conf == NULL)
			return CLI_CANNOT_READ;
	}
	const char *const *paths = q->path_count > 0
	    ? q->paths : (const char *const[]){q->conf->log_dir};
	size_t count = q->path_count > 0 ? q->path_count : 1;
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	if (!inputs_open(&q->inputs, paths, count, following, words))
		return explain_no_log(q, cli, words);
	/* What belongs to a record of the range may stand behind its end. */
	if (q->all)
		inputs_filter(&q->inputs, NULL, q->since_us, INT64_MAX);
	else
		inputs_filter(&q->inputs, q->filter, q->since_us, q->until_us);
	return CLI_OK;
}

static int
read_on(struct query *q, struct reader_line *line,
    int (*read)(struct inputs *in, struct reader_line *line))
{
	while (!query_interrupted()) {
		int error = read(&q->inputs, line);
		if (error != E_CORRUPT)
			return error == E_NOTFOUND ? E_AGAIN : error;
		diag_warning("%s is damaged: it is passed over",
		    inputs_place(&q->inputs));
		q->damaged = true;
	}
	return E_AGAIN;
}

int
query_next(struct query *q, struct reader_line *line)
{
	return read_on(q, line, inputs_next);
}

int
query_previous(struct query *q, struct reader_line *line)
{
	return read_on(q, line, inputs_previous);
}

int
query_wait(struct query *q)
{
	return inputs_wait(&q->inputs, -1, &interrupted);
}

int
query_status(const struct query *q, int error)
{
	const char *where = q->conf == NULL ? NULL : q->conf->log_dir;

	if (query_interrupted())
		return CLI_INTERRUPTED;
	if (error == E_AGAIN)
		return q->damaged ? CLI_CORRUPT : CLI_OK;
	if (error != E_SYS)
		diag_error("%s", err_text(error));
	else
		diag_error("cannot read %s%s%s: %s", inputs_place(&q->inputs),
		    where == NULL ? "" : " in ", where == NULL ? "" : where,
		    err_text(error));
	return CLI_CANNOT_READ;
}
