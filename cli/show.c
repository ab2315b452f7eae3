/* SPDX-License-Identifier: ISC */
/*
 * `sightglass show` and `sightglass tail`: the log for a person, or as it
 * stands. CLI; reads the segments and asks no daemon.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/command.h"
#include "cli/query.h"
#include "cli/view.h"
#include "log/reader.h"

#define COMMON_OPTIONS                                                        \
	"  -o, --output FORMAT  text (for a person) or json (as it is logged)\n" \
	"  -v                   heads too; -vv: bodies too\n"                 \
	QUERY_HELP                                                            \
	"  -d, --directory DIR  a state directory, as exec makes it\n"        \
	"  -c, --config FILE    the configuration of a daemon\n"              \
	"  -h, --help           this text\n"                                  \
	"\n" QUERY_FILTER_HELP

const char command_show_usage[] =
    "usage: sightglass show [OPTION]... [FILTER]\n"
    "\n"
    "Prints what is in the log, the oldest first.\n"
    "\n"
    "  -n N                 only the last N\n"
    "      --fail-empty     exit with 1 when there is nothing to print\n"
    COMMON_OPTIONS;

const char command_tail_usage[] =
    "usage: sightglass tail [OPTION]... [FILTER]\n"
    "\n"
    "Prints what is logged from now on, as it comes, until interrupted.\n"
    "\n"
    "  -n N                 the last N of before, first\n"
    COMMON_OPTIONS;

struct settings {
	struct query query;
	struct view view;
	size_t last; /* records of the past; SIZE_MAX: all */
	bool fail_empty;
};

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int number)
{
	interrupted = number;
}

/* --- options --- */

static bool
set_last(struct settings *s, const char *text)
{
	char *end;

	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && text[0] != '-') {
		s->last = n;
		return true;
	}
	diag_error("-n takes a number, not '%s'", text);
	return false;
}

static bool
set_format(struct view *v, const char *name)
{
	v->json = strcmp(name, "json") == 0;
	if (v->json || strcmp(name, "text") == 0)
		return true;
	diag_error("-o knows text and json, not '%s'", name);
	return false;
}

/* One option. False: stop, with *status. */
static bool
take_option(struct cli *cli, struct settings *s, int option, const char *usage,
    int *status)
{
	bool good = true;

	*status = CLI_USAGE;
	if (query_take(&s->query, option, optarg, &good))
		return good;
	switch (option) {
	case 'n':
		good = set_last(s, optarg);
		break;
	case 'o':
		good = set_format(&s->view, optarg);
		break;
	case 'v':
		s->view.pretty.detail++;
		break;
	case 'E':
		s->fail_empty = true;
		break;
	default:
		return cli_option(cli, option, usage, status);
	}
	return good;
}

static bool
read_options(struct cli *cli, struct settings *s, int argc, char **argv,
    const char *usage, int *status)
{
	static const struct option options[] = {
	    {"output", required_argument, NULL, 'o'},
	    {"fail-empty", no_argument, NULL, 'E'}, QUERY_LONG, CLI_LONG,
	    {NULL, 0, NULL, 0}};
	int option;

	cli_options_begin();
	while ((option = getopt_long(argc, argv, "n:o:v" QUERY_SHORT CLI_SHORT,
	            options, NULL)) != -1) {
		if (!take_option(cli, s, option, usage, status))
			return false;
	}
	*status = CLI_USAGE;
	if (!query_finish(&s->query, argc - optind, argv + optind))
		return false;
	s->view.filter = s->query.filter;
	s->view.pretty.utc = s->query.utc;
	return true;
}

/* --- the last N --- */

/* A ring of copies; reading backwards is not worth its code at 64 MiB. */
struct past {
	char **lines;
	size_t *lengths;
	size_t room, next, count;
};

static void
past_free(struct past *p)
{
	for (size_t i = 0; p->lines != NULL && i < p->room; i++)
		free(p->lines[i]);
	free(p->lines);
	free(p->lengths);
}

static int
past_new(struct past *p, size_t room)
{
	*p = (struct past){.room = room};
	p->lines = calloc(room, sizeof(*p->lines));
	p->lengths = calloc(room, sizeof(*p->lengths));
	return p->lines == NULL || p->lengths == NULL ? E_NOMEM : 0;
}

static int
past_add(struct past *p, const char *line, size_t length)
{
	char *copy = malloc(length);

	if (copy == NULL)
		return E_NOMEM;
	memcpy(copy, line, length);
	free(p->lines[p->next]);
	p->lines[p->next] = copy;
	p->lengths[p->next] = length;
	p->next = (p->next + 1) % p->room;
	p->count += p->count < p->room;
	return 0;
}

static int
past_print(const struct past *p, struct view *v)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < p->count; i++) {
		size_t at = (p->next + p->room - p->count + i) % p->room;
		error = view_print(v, p->lines[at], p->lengths[at]);
	}
	return error;
}

/* --- reading --- */

static bool
go_on_after(const struct reader *r, int error, bool *damaged)
{
	if (error != E_CORRUPT)
		return false;
	diag_warning("%s is damaged: it is passed over", reader_place(r));
	*damaged = true;
	return true;
}

/* All that is there now, to the view or (past != NULL) into the past. E_AGAIN
 * at its end. */
static int
read_all(struct reader *r, struct view *v, struct past *past, bool *damaged)
{
	const char *line;
	size_t length;

	while (interrupted == 0) {
		int error = reader_next(r, &line, &length);
		if (go_on_after(r, error, damaged))
			continue;
		if (error == 0 && view_wants(v, line, length))
			error = past != NULL ? past_add(past, line, length)
			                     : view_print(v, line, length);
		if (error != 0)
			return error;
	}
	return E_AGAIN;
}

static int
read_past(struct reader *r, struct settings *s, bool *damaged)
{
	struct past past;

	if (s->last == SIZE_MAX)
		return read_all(r, &s->view, NULL, damaged);
	int error = past_new(&past, s->last == 0 ? 1 : s->last);
	if (error == 0)
		error = read_all(r, &s->view, &past, damaged);
	if (error == E_AGAIN && s->last > 0 && past_print(&past, &s->view) != 0)
		error = E_SYS;
	past_free(&past);
	return error;
}

static int
follow(struct reader *r, struct settings *s, bool *damaged)
{
	int error = E_AGAIN;

	while (interrupted == 0 && error == E_AGAIN) {
		error = read_all(r, &s->view, NULL, damaged);
		if (fflush(s->view.out) != 0)
			return E_SYS;
		if (error == E_AGAIN && interrupted == 0 &&
		    reader_wait(r, -1) < 0 && errno != EINTR)
			return E_SYS;
	}
	return error;
}

static int
exit_status(const struct settings *s, int error, bool damaged)
{
	if (interrupted != 0)
		return CLI_INTERRUPTED;
	if (error != E_AGAIN)
		return CLI_CANNOT_READ;
	if (damaged)
		return CLI_CORRUPT;
	return s->fail_empty && s->view.shown == 0 ? CLI_NO_MATCH : CLI_OK;
}

/* Of an output that failed main tells. */
static void
explain_end(const struct conf *conf, const struct reader *r, int error)
{
	if (ferror(stdout) != 0)
		return;
	if (error == E_SYS)
		diag_error("cannot read %s in %s: %s", reader_place(r),
		    conf->log_dir, err_text(error));
	else
		diag_error("%s", err_text(error));
}

/* A log that is not there, or has nothing in it: where that is, and what to do. */
static int
explain_no_log(const struct cli *cli, const struct conf *conf,
    const char *words)
{
	if (access(conf->log_dir, F_OK) != 0 && errno == ENOENT)
		diag_error("there is no log in %s: %s", conf->log_dir,
		    cli_remedy(cli));
	else
		diag_error("%s", words);
	return CLI_CANNOT_READ;
}

static void
explain_empty(const struct cli *cli, const struct conf *conf,
    const struct settings *s)
{
	if (s->view.shown == 0 && !s->query.narrowed && s->last > 0 &&
	    interrupted == 0)
		diag_info("the log in %s is empty: %s", conf->log_dir,
		    cli_remedy(cli));
}

static int
run(const struct cli *cli, const struct conf *conf, struct settings *s,
    bool following)
{
	char words[256];
	bool damaged = false;
	enum reader_start start = following && s->last == 0 ? READER_FROM_END
	                                                    : READER_FROM_START;
	struct reader *r = reader_open(conf->log_dir, start, words);

	if (r == NULL)
		return explain_no_log(cli, conf, words);
	int error = start == READER_FROM_END ? E_AGAIN : read_past(r, s, &damaged);
	if (following && error == E_AGAIN)
		error = follow(r, s, &damaged);
	else if (error == E_AGAIN && !damaged)
		explain_empty(cli, conf, s);
	if (error != E_AGAIN && interrupted == 0)
		explain_end(conf, r, error);
	reader_close(r);
	return exit_status(s, error, damaged);
}

/* With the options read. */
static int
start(const struct cli *cli, struct settings *s, bool following)
{
	const struct sigaction action = {.sa_handler = on_interrupt};
	struct conf *conf = cli_conf(cli);

	if (conf == NULL)
		return CLI_CANNOT_READ;
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	int status = run(cli, conf, s, following);
	conf_free(conf);
	return status;
}

static int
command(struct cli *cli, int argc, char **argv, const char *usage,
    bool following)
{
	struct settings s = {.last = following ? 0 : SIZE_MAX};
	int status = CLI_CANNOT_READ;

	view_open(&s.view, stdout);
	if (query_open(&s.query) &&
	    read_options(cli, &s, argc, argv, usage, &status))
		status = start(cli, &s, following);
	query_close(&s.query);
	return status;
}

int
command_show(struct cli *cli, int argc, char **argv)
{
	return command(cli, argc, argv, command_show_usage, false);
}

int
command_tail(struct cli *cli, int argc, char **argv)
{
	return command(cli, argc, argv, command_tail_usage, true);
}
