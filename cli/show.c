/* SPDX-License-Identifier: ISC */
/*
 * `sightglass show` and `sightglass tail`: the log for a person, or as it
 * stands. CLI; reads the segments and asks no daemon.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/command.h"
#include "cli/pager.h"
#include "cli/query.h"
#include "cli/view.h"

enum show_option {
	SHOW_FAIL_EMPTY = 0x200,
	SHOW_NO_PAGER,
	SHOW_NO_FOLLOW,
	SHOW_CURSOR,
	SHOW_AFTER_CURSOR,
	SHOW_SHOW_CURSOR
};

#define CURSOR_ROWS                                                           \
	{SHOW_CURSOR, "cursor", "CURSOR", "from the record there on", ARGUMENT_TEXT, \
	 NULL},                                                               \
	{SHOW_AFTER_CURSOR, "after-cursor", "CURSOR", "from behind it on",    \
	 ARGUMENT_TEXT, NULL},                                                \
	{SHOW_SHOW_CURSOR, "show-cursor", NULL,                               \
	 "say at the end, on standard error, where that was", ARGUMENT_TEXT, NULL}, \
	{SHOW_NO_PAGER, "no-pager", NULL, "straight to the terminal",         \
	 ARGUMENT_TEXT, NULL}

static const struct option_row show_rows[] = {
    {'n', NULL, "N", "only the last N, or all", ARGUMENT_TEXT, NULL},
    {'r', "reverse", NULL, "the newest first", ARGUMENT_TEXT, NULL},
    {'f', "follow", NULL, "and what comes, as tail does", ARGUMENT_TEXT, NULL},
    {SHOW_FAIL_EMPTY, "fail-empty", NULL,
        "exit with 1 when there is nothing to print",
        ARGUMENT_TEXT, NULL},
    CURSOR_ROWS,
    OPTIONS_END};

static const struct option_row tail_rows[] = {
    {'n', NULL, "N", "the last N of before, or all, first", ARGUMENT_TEXT, NULL},
    {SHOW_NO_FOLLOW, "no-follow", NULL, "only those", ARGUMENT_TEXT, NULL},
    CURSOR_ROWS,
    OPTIONS_END};

struct settings {
	struct query query;
	struct view view;
	size_t last; /* records of the past; SIZE_MAX: all */
	bool following, reverse, fail_empty, no_pager, show_cursor;
	const char *cursor; /* NULL: none */
	bool behind_cursor;
};

/* --- options --- */

static bool
set_last(struct settings *s, const char *text)
{
	char *end;

	s->last = SIZE_MAX;
	if (strcmp(text, "all") == 0)
		return true;
	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && text[0] != '-') {
		s->last = n;
		return true;
	}
	diag_error("-n takes a number or all, not '%s'", text);
	return false;
}

static void
set_cursor(struct settings *s, const char *cursor, bool behind)
{
	s->cursor = cursor;
	s->behind_cursor = behind;
}

/* Those with an argument of which something may be wrong. */
static bool
take_valued(struct settings *s, int option, bool *good)
{
	switch (option) {
	case 'n':
		*good = set_last(s, optarg);
		return true;
	default:
		return view_take(&s->view, option, optarg, good) ||
		    query_take(&s->query, option, optarg, good);
	}
}

static bool
take_plain(struct settings *s, int option)
{
	switch (option) {
	case 'r':
		s->reverse = true;
		return true;
	case 'f':
		s->following = true;
		return true;
	case SHOW_NO_FOLLOW:
		s->following = false;
		return true;
	case SHOW_FAIL_EMPTY:
		s->fail_empty = true;
		return true;
	case SHOW_NO_PAGER:
		s->no_pager = true;
		return true;
	case SHOW_SHOW_CURSOR:
		s->show_cursor = true;
		return true;
	case SHOW_CURSOR:
	case SHOW_AFTER_CURSOR:
		set_cursor(s, optarg, option == SHOW_AFTER_CURSOR);
		return true;
	default:
		return false;
	}
}

/* One option. False: stop, with *status. */
static bool
take_option(struct cli *cli, struct settings *s, int option, int *status)
{
	bool good = true;

	*status = CLI_USAGE;
	if (take_valued(s, option, &good))
		return good;
	return take_plain(s, option) || cli_option(cli, option, status);
}

/* What does not go together. */
static bool
check_options(const struct settings *s)
{
	bool last = s->last != SIZE_MAX && s->last > 0;

	if (s->reverse && s->following)
		diag_error("-r goes backward and -f forward: one of them");
	else if ((s->reverse || last) && view_is_joined(&s->view))
		diag_error("-o %s puts records together, for which it reads all of "
		    "them: not with -r or -n", s->view.format->name);
	else if (s->cursor != NULL && (s->reverse || last))
		diag_error("a cursor says where to begin: not with -r or -n");
	else
		return true;
	return false;
}

static bool
read_options(struct cli *cli, struct settings *s, int argc, char **argv,
    int *status)
{
	int option;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (!take_option(cli, s, option, status))
			return false;
	}
	*status = CLI_USAGE;
	return query_finish(&s->query, argc - optind, argv + optind) &&
	    check_options(s);
}

/* --- reading --- */

/* A reader of what we print who went away is no failure. */
static bool
is_closed(const struct settings *s)
{
	return ferror(s->view.out) != 0 && errno == EPIPE;
}

static int
print_all(struct settings *s)
{
	struct reader_line line;
	int error;

	do {
		error = query_next(&s->query, &line);
		if (error == 0)
			error = view_print(&s->view, &line);
	} while (error == 0);
	return error;
}

static int
print_reverse(struct settings *s)
{
	struct reader_line line;
	int error = inputs_keep(&s->query.inputs);

	for (size_t n = 0; error == 0 && n < s->last; n++) {
		error = query_previous(&s->query, &line);
		if (error == 0)
			error = view_print(&s->view, &line);
	}
	return error == 0 ? E_AGAIN : error;
}

static int
follow(struct settings *s)
{
	int error = E_AGAIN;

	while (!query_interrupted() && error == E_AGAIN) {
		error = print_all(s);
		if (fflush(s->view.out) != 0)
			return E_SYS;
		if (error != E_AGAIN)
			break;
		int waited = query_wait(&s->query);
		if (waited == E_CLOSED)
			break;
		if (waited < 0 && errno != EINTR)
			return waited;
	}
	return error;
}

/* To where the first record to be printed is. */
static int
find_begin(struct settings *s)
{
	struct inputs *in = &s->query.inputs;

	if (s->cursor != NULL)
		return inputs_cursor_read(in, s->cursor, s->behind_cursor);
	if (s->last == SIZE_MAX)
		return 0;
	int error = s->last > 0 ? inputs_keep(in) : 0;
	return error != 0 ? error : inputs_start_at_last(in, s->last);
}

static int
print_records(struct settings *s)
{
	int error = find_begin(s);

	if (error == E_SYNTAX)
		return error;
	if (error == 0)
		error = s->following ? follow(s) : print_all(s);
	return error;
}

static int
print(struct settings *s)
{
	int error = view_begin(&s->view);

	if (error != 0)
		return error;
	error = s->reverse ? print_reverse(s) : print_records(s);
	int failed = error == E_SYNTAX ? 0 : view_end(&s->view);
	return failed != 0 ? failed : error;
}

/* --- the end --- */

static void
explain_empty(const struct cli *cli, const struct settings *s)
{
	const struct query *q = &s->query;

	if (s->view.shown == 0 && !q->narrowed && s->last > 0 && q->conf != NULL &&
	    s->cursor == NULL && !s->following && !q->damaged &&
	    !query_interrupted())
		diag_info("the log in %s is empty: %s", q->conf->log_dir,
		    cli_remedy(cli));
}

static void
tell_cursor(const struct settings *s)
{
	struct buf cursor;

	buf_init(&cursor, 64 * 1024);
	if (inputs_cursor_write(&s->query.inputs, &cursor) == 0)
		(void)fprintf(stderr, "cursor: %.*s\n", (int)buf_length(&cursor),
		    (const char *)buf_data(&cursor));
	buf_free(&cursor);
}

static int
finish(const struct cli *cli, const struct settings *s, int error)
{
	bool closed = is_closed(s);

	if (s->show_cursor)
		tell_cursor(s);
	if (closed)
		return CLI_OK;
	if (error == E_SYNTAX) {
		diag_error("'%s' is no cursor of this log", s->cursor);
		return CLI_USAGE;
	}
	/* Of an output that failed otherwise main tells. */
	if (ferror(s->view.out) != 0)
		return CLI_CANNOT_READ;
	if (error == E_AGAIN)
		explain_empty(cli, s);
	int status = query_status(&s->query, error);
	return status == CLI_OK && s->fail_empty && s->view.shown == 0
	    ? CLI_NO_MATCH : status;
}

static int
run(const struct cli *cli, struct settings *s)
{
	query_view(&s->query, &s->view);
	int status = query_begin(&s->query, cli, s->following);
	if (status != CLI_OK)
		return status;
	pid_t pager = s->following || s->no_pager ? 0 : pager_open();
	status = finish(cli, s, print(s));
	return pager_close(pager) || status != CLI_OK ? status : CLI_CANNOT_READ;
}

static int
command(struct cli *cli, int argc, char **argv, bool following)
{
	struct settings s = {.last = following ? 0 : SIZE_MAX,
	    .following = following};
	int status = CLI_CANNOT_READ;

	view_open(&s.view, stdout);
	if (query_open(&s.query) &&
	    read_options(cli, &s, argc, argv, &status))
		status = run(cli, &s);
	view_close(&s.view);
	query_close(&s.query);
	return status;
}

static int
show(struct cli *cli, int argc, char **argv)
{
	return command(cli, argc, argv, false);
}

static int
tail(struct cli *cli, int argc, char **argv)
{
	return command(cli, argc, argv, true);
}

const struct command command_show = {.name = "show",
    .summary = "print the log",
    .synopsis = "sightglass show [OPTION]... [FILTER]",
    .about = "Prints what is in the log, the oldest first.\n",
    .options = {show_rows, view_options, query_options, cli_options},
    .operand = OPERAND_FILTER, .run = show};

const struct command command_tail = {.name = "tail",
    .summary = "follow the log",
    .synopsis = "sightglass tail [OPTION]... [FILTER]",
    .about = "Prints what is logged from now on, as it comes, until interrupted.\n",
    .options = {tail_rows, view_options, query_options, cli_options},
    .operand = OPERAND_FILTER, .run = tail};
