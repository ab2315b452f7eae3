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

const char command_get_usage[] =
    "usage: sightglass get [OPTION]... ID\n"
    "\n"
    "Prints the record with this event.id, or all records of the flow or of the\n"
    "request with this id (sightglass.flow, http.request.id).\n"
    "\n"
    VIEW_HELP
    "  -i, --input PATH     as of show\n"
    "  -d, --directory DIR  a state directory, as exec makes it\n"
    "  -c, --config FILE    the configuration of a daemon\n"
    "  -h, --help           this text\n";

enum get_option { GET_COLOUR = 0x200, GET_PARTS };

static bool
take_option(struct cli *cli, struct query *q, struct view *v, int option,
    int *status)
{
	bool good = true;

	*status = CLI_USAGE;
	switch (option) {
	case 'o':
		return view_set_format(v, optarg);
	case 'F':
		return view_set_fields(v, optarg);
	case 'v':
		v->pretty.detail++;
		return true;
	case GET_COLOUR:
		return view_set_colour(v, optarg);
	case GET_PARTS:
		return view_set_parts(v, optarg);
	default:
		if (query_take(q, option, optarg, &good))
			return good;
		return cli_option(cli, option, command_get_usage, status);
	}
}

static bool
read_options(struct cli *cli, struct query *q, struct view *v, int argc,
    char **argv, int *status)
{
	static const struct option options[] = {
	    {"output", required_argument, NULL, 'o'},
	    {"fields", required_argument, NULL, 'F'},
	    {"color", required_argument, NULL, GET_COLOUR},
	    {"print", required_argument, NULL, GET_PARTS},
	    {"input", required_argument, NULL, 'i'},
	    {"utc", no_argument, NULL, QUERY_UTC}, CLI_LONG, {NULL, 0, NULL, 0}};
	int option;

	cli_options_begin();
	while ((option = getopt_long(argc, argv, "o:F:vi:" CLI_SHORT, options,
	            NULL)) != -1) {
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

int
command_get(struct cli *cli, int argc, char **argv)
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
