/* SPDX-License-Identifier: ISC */
/*
 * `sightglass get ID`: one record, or with the id of a flow all of it, with heads
 * and bodies. CLI; reads the segments and asks no daemon.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/command.h"
#include "cli/query.h"
#include "cli/view.h"

static const struct option_row rows[] = {
    QUERY_INPUT_ROW, QUERY_UTC_ROW,
    OPTIONS_END};

static bool
take_option(struct cli *cli, struct query *q, struct view *v, int option,
    int *status)
{
	bool good = true;

	*status = CLI_USAGE;
	if (view_take(v, option, optarg, &good) ||
	    query_take(q, option, optarg, &good))
		return good;
	return cli_option(cli, option, status);
}

static bool
read_options(struct cli *cli, struct query *q, struct view *v, int argc,
    char **argv, int *status)
{
	int option;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (!take_option(cli, q, v, option, status))
			return false;
	}
	*status = CLI_USAGE;
	if (argc - optind != 1) {
		diag_error("get needs one ID: of a record, a flow or a request");
		return false;
	}
	return query_add_id(q, argv[optind]);
}

static int
print(struct query *q, struct view *v, const char *id)
{
	struct reader_line line;
	int error = view_begin(v);

	while (error == 0) {
		error = query_next(q, &line);
		if (error == 0)
			error = view_print(v, &line);
	}
	if (error == E_AGAIN) {
		int failed = view_end(v);
		error = failed != 0 ? failed : error;
	}
	int status = query_status(q, error);
	if (status == CLI_OK && v->shown == 0) {
		diag_error("there is no record, flow or request '%s'", id);
		return CLI_NO_MATCH;
	}
	return status;
}

static int
get(struct cli *cli, int argc, char **argv)
{
	struct query q;
	struct view v = {0};
	int status = CLI_CANNOT_READ;

	view_open(&v, stdout);
	if (query_open(&q) && read_options(cli, &q, &v, argc, argv, &status)) {
		/* One record is worth all of it, unless something else was said. */
		if (v.pretty.detail == 0 && v.pretty.parts == 0)
			v.pretty.detail = 2;
		query_view(&q, &v);
		status = query_begin(&q, cli, false);
		if (status == CLI_OK)
			status = print(&q, &v, argv[optind]);
	}
	view_close(&v);
	query_close(&q);
	return status;
}

const struct command command_get = {.name = "get",
    .summary = "print one record, flow or request",
    .synopsis = "sightglass get [OPTION]... ID",
    .about =
        "Prints the record with this event.id, or all records of the flow or of the\n"
        "request with this id (sightglass.flow, http.request.id).\n",
    .options = {view_options, rows, cli_options},
    .operand = OPERAND_TEXT, .run = get};
