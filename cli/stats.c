/* SPDX-License-Identifier: ISC */
/*
 * `sightglass stats`: the log summed up, by host and whatever else is asked for. CLI;
 * reads the segments and asks no daemon. Its memory has a bound, whatever is in them
 * (cli/summary.h).
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/command.h"
#include "cli/query.h"
#include "cli/summary.h"
#include "cli/view.h"

#define PAGE_BYTES_MAX (64u * 1024 * 1024)

enum stats_option { STATS_BY = 0x200, STATS_TOP, STATS_SORT, STATS_FAIL_EMPTY };

static const struct option_row rows[] = {
    {STATS_BY, "by", "NAME",
        "host (unless said otherwise), application, status, type,\n"
        "method or any field: dns_hostname, user.id; may be\n"
        "repeated, or several with commas",
        ARGUMENT_FIELDS, "host application status type method"},
    {STATS_TOP, "top", "N",
        "the N largest of each, or all (10); the rest is one sum",
        ARGUMENT_TEXT, NULL},
    {STATS_SORT, "sort", "KEY",
        "count, errors, sent, received, bytes, p50, p90, p99, max\n"
        "or name",
        ARGUMENT_WORDS, "count errors sent received bytes p50 p90 p99 max name"},
    {'o', "output", "FORMAT",
        "table or json, one object",
        ARGUMENT_WORDS, "table json"},
    VIEW_COLOUR_ROW,
    {STATS_FAIL_EMPTY, "fail-empty", NULL,
        "exit with 1 when there is nothing to count",
        ARGUMENT_TEXT, NULL},
    OPTIONS_END};

struct settings {
	struct query query;
	struct view view; /* where to, and how that looks */
	struct summaries summaries;
	struct summary_look look;
	enum group_order order;
	bool json, fail_empty;
	char **words; /* the filter's */
};

/* --- options --- */

static bool
add_by(struct settings *s, const char *names)
{
	for (;;) {
		size_t length = strcspn(names, ",");
		if (length == 0) {
			diag_error("--by takes names with commas between them");
			return false;
		}
		if (!summaries_by(&s->summaries, names, length)) {
			diag_error("--by: more than %u", SUMMARIES_MAX);
			return false;
		}
		if (s->summaries.items[s->summaries.count - 1].by.key == NULL)
			view_warn_of_unknown("--by", names, length);
		if (names[length] == '\0')
			return true;
		names += length + 1;
	}
}

static bool
set_top(struct settings *s, const char *text)
{
	char *end;

	s->look.top = SIZE_MAX;
	if (strcmp(text, "all") == 0)
		return true;
	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && text[0] != '-' && n > 0) {
		s->look.top = n;
		return true;
	}
	diag_error("--top takes a number from 1 on, or all, not '%s'", text);
	return false;
}

static bool
set_order(struct settings *s, const char *text)
{
	static const char *const names[] = {[GROUP_BY_COUNT] = "count",
	    [GROUP_BY_ERRORS] = "errors", [GROUP_BY_SENT] = "sent",
	    [GROUP_BY_RECEIVED] = "received", [GROUP_BY_BYTES] = "bytes",
	    [GROUP_BY_P50] = "p50", [GROUP_BY_P90] = "p90", [GROUP_BY_P99] = "p99",
	    [GROUP_BY_MAX] = "max", [GROUP_BY_NAME] = "name"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (strcmp(names[i], text) != 0)
			continue;
		s->order = (enum group_order)i;
		return true;
	}
	diag_error("--sort knows count, errors, sent, received, bytes, p50, p90, p99, "
	    "max and name, not '%s'", text);
	return false;
}

static bool
set_format(struct settings *s, const char *text)
{
	s->json = strcmp(text, "json") == 0;
	if (s->json || strcmp(text, "table") == 0)
		return true;
	diag_error("-o knows table and json, not '%s'", text);
	return false;
}

/* One option. False: stop, with *status. */
static bool
take_option(struct cli *cli, struct settings *s, int option, int *status)
{
	bool good = true;

	*status = CLI_USAGE;
	switch (option) {
	case STATS_BY:
		return add_by(s, optarg);
	case STATS_TOP:
		return set_top(s, optarg);
	case STATS_SORT:
		return set_order(s, optarg);
	case VIEW_COLOUR:
		return view_set_colour(&s->view, optarg);
	case STATS_FAIL_EMPTY:
		s->fail_empty = true;
		return true;
	case 'o':
		return set_format(s, optarg);
	default:
		if (query_take(&s->query, option, optarg, &good))
			return good;
		return cli_option(cli, option, status);
	}
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
	s->words = argv + optind;
	return query_finish(&s->query, argc - optind, argv + optind) &&
	    (s->summaries.count > 0 || add_by(s, "host"));
}

/* --- counting --- */

static int
count(struct settings *s)
{
	struct reader_line line;
	int error;

	do {
		error = query_next(&s->query, &line);
		if (error == 0)
			error = summaries_add(&s->summaries, line.text, line.length);
	} while (error == 0);
	return error;
}

static int
print(struct settings *s)
{
	struct buf page;

	s->look.colour = s->view.pretty.colour;
	s->look.utc = s->query.utc;
	s->look.width = view_width(&s->view);
	buf_init(&page, PAGE_BYTES_MAX);
	int error = summaries_end(&s->summaries);
	if (error == 0)
		error = s->json ? summaries_json(&s->summaries, s->look.top, &page)
		                : summaries_text(&s->summaries, &s->look, &page);
	size_t length = buf_length(&page);
	if (error == 0 && fwrite(buf_data(&page), 1, length, stdout) != length)
		error = E_SYS;
	buf_free(&page);
	return error;
}

/* Nothing, where a word of the filter is the name of what was to be read. */
static void
explain_empty(const struct settings *s)
{
	for (char **word = s->words; *word != NULL; word++) {
		if (access(*word, F_OK) == 0)
			diag_info("'%s' was looked for in URLs: -i %s reads it",
			    *word, *word);
	}
}

static int
run(const struct cli *cli, struct settings *s)
{
	int status = query_begin(&s->query, cli, false);

	if (status != CLI_OK)
		return status;
	if (!summaries_begin(&s->summaries, s->order,
	        buf_length(&s->query.datasets) > 0)) {
		diag_error("%s", err_text(E_NOMEM));
		return CLI_CANNOT_READ;
	}
	/* What was counted is worth seeing, be it that the rest cannot be read. */
	status = query_status(&s->query, count(s));
	int error = print(s);
	if (error != 0 && error != E_SYS) {
		diag_error("%s", err_text(error));
		return CLI_CANNOT_READ;
	}
	if (s->summaries.records > 0 || status != CLI_OK)
		return status;
	explain_empty(s);
	return s->fail_empty ? CLI_NO_MATCH : CLI_OK;
}

static int
stats(struct cli *cli, int argc, char **argv)
{
	struct settings s = {.look.top = 10};
	int status = CLI_CANNOT_READ;

	view_open(&s.view, stdout);
	if (query_open(&s.query) && read_options(cli, &s, argc, argv, &status))
		status = run(cli, &s);
	summaries_free(&s.summaries);
	view_close(&s.view);
	query_close(&s.query);
	return status;
}

const struct command command_stats = {.name = "stats",
    .summary = "sum the log up, by host and whatever else",
    .synopsis = "sightglass stats [--by NAME]... [OPTION]... [FILTER]",
    .about =
        "Sums the log up: how many exchanges, DNS questions and other flows there were,\n"
        "how many failed, their bytes, and the percentiles of how long they took.\n",
    .options = {rows, query_options, cli_options},
    .operand = OPERAND_FILTER, .run = stats};
