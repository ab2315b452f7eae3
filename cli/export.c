/* SPDX-License-Identifier: ISC */
/*
 * `sightglass export FORMAT`: what is in the log, in a form that another program reads.
 * CLI; reads the segments and asks no daemon.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/command.h"
#include "cli/query.h"
#include "cli/view.h"

enum export_option { EXPORT_REQUEST = 0x200, EXPORT_RESPONSE };

static const struct option_row rows[] = {
    {'O', "output", "FILE", "there, and not to standard output", ARGUMENT_FILE, NULL},
    {EXPORT_REQUEST, "request", NULL,
        "of raw, the requests alone",
        ARGUMENT_TEXT, NULL},
    {EXPORT_RESPONSE, "response", NULL,
        "of raw, the responses alone",
        ARGUMENT_TEXT, NULL},
    {'F', "fields", "A,B", "of csv, these fields as columns", ARGUMENT_FIELDS, NULL},
    OPTIONS_END};

struct settings {
	struct query query;
	struct view view;
	const char *output; /* NULL: standard output */
};

static bool
take_option(struct cli *cli, struct settings *s, int option, int *status)
{
	bool good = true;

	*status = CLI_USAGE;
	switch (option) {
	case 'O':
		s->output = optarg;
		return true;
	case 'F':
		return view_set_fields(&s->view, optarg);
	case EXPORT_REQUEST:
		return view_set_parts(&s->view, "HB");
	case EXPORT_RESPONSE:
		return view_set_parts(&s->view, "hb");
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
	if (optind == argc) {
		diag_error("export needs a FORMAT: sightglass export --help lists "
		    "them");
		return false;
	}
	return view_set_format(&s->view, argv[optind]) &&
	    query_finish(&s->query, argc - optind - 1, argv + optind + 1);
}

/* What was said in secret is its owner's alone. */
static bool
open_output(struct settings *s)
{
	int fd = open(s->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (out == NULL) {
		diag_error("%s: %s", s->output, err_text(E_SYS));
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	view_set_output(&s->view, out);
	return true;
}

static int
write_all(struct settings *s)
{
	struct reader_line line;
	int error = view_begin(&s->view);

	while (error == 0) {
		error = query_next(&s->query, &line);
		if (error == 0)
			error = view_print(&s->view, &line);
	}
	if (error != E_AGAIN)
		return error;
	int failed = view_end(&s->view);
	return failed != 0 ? failed : error;
}

/* Closes the file. False after a message: not all is in it. */
static bool
close_output(const struct settings *s)
{
	bool failed = ferror(s->view.out) != 0;

	if (s->output == NULL)
		return true; /* main tells of it */
	failed |= fclose(s->view.out) != 0;
	if (failed)
		diag_error("%s: %s", s->output, err_text(E_SYS));
	return !failed;
}

static int
run(const struct cli *cli, struct settings *s)
{
	query_view(&s->query, &s->view);
	int status = query_begin(&s->query, cli, false);
	if (status != CLI_OK)
		return status;
	if (s->output != NULL && !open_output(s))
		return CLI_CANNOT_READ;
	int error = write_all(s);
	if (ferror(s->view.out) && s->output == NULL)
		return errno == EPIPE ? CLI_OK : CLI_CANNOT_READ;
	if (!close_output(s))
		return CLI_CANNOT_READ;
	return query_status(&s->query, error);
}

static int
export(struct cli *cli, int argc, char **argv)
{
	struct settings s = {0};
	int status = CLI_CANNOT_READ;

	view_open(&s.view, stdout);
	if (query_open(&s.query) && read_options(cli, &s, argc, argv, &status))
		status = run(cli, &s);
	view_close(&s.view);
	query_close(&s.query);
	return status;
}

const struct command command_export = {.name = "export",
    .summary = "write the log for other programs: har, curl, raw, csv",
    .synopsis = "sightglass export [OPTION]... FORMAT [FILTER]",
    .about =
        "Writes what is in the log for another program. FORMAT is one of\n"
        FORMAT_HELP
        "What the log has in parts is put together, and of an exchange all is written\n"
        "when one of its records is wanted.\n",
    .options = {rows, query_options, cli_options},
    .verbs = FORMAT_WORDS,
    .operand = OPERAND_FILTER, .run = export};
