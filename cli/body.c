/* SPDX-License-Identifier: ISC */
/*
 * `sightglass body ID`: what was said in one exchange or message, byte by byte, for
 * a file or a pipe. CLI; reads the segments and asks no daemon.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <yyjson.h>

#include "base/diag.h"
#include "base/err.h"
#include "cli/command.h"
#include "cli/query.h"
#include "cli/safe.h"
#include "log/payload.h"

#define BODY_BYTES_MAX (64u * 1024 * 1024)

const char command_body_usage[] =
    "usage: sightglass body [--request | --response] [OPTION]... ID\n"
    "\n"
    "Writes what was said in the exchange or the WebSocket message with this\n"
    "event.id, as it was kept: without content codings, up to capture.body.\n"
    "\n"
    "      --request        what the client sent\n"
    "      --response       what the server sent (unless said otherwise)\n"
    "      --raw            to a terminal, too, as it is\n"
    "  -i, --input PATH     as of show\n"
    "  -d, --directory DIR  a state directory, as exec makes it\n"
    "  -c, --config FILE    the configuration of a daemon\n"
    "  -h, --help           this text\n";

enum body_option { BODY_REQUEST = 0x200, BODY_RESPONSE, BODY_RAW };

struct settings {
	struct query query;
	bool request, raw;
	const char *id;
};

static bool
read_options(struct cli *cli, struct settings *s, int argc, char **argv,
    int *status)
{
	static const struct option options[] = {
	    {"request", no_argument, NULL, BODY_REQUEST},
	    {"response", no_argument, NULL, BODY_RESPONSE},
	    {"raw", no_argument, NULL, BODY_RAW},
	    {"input", required_argument, NULL, 'i'}, CLI_LONG, {NULL, 0, NULL, 0}};
	int option;

	cli_options_begin();
	while ((option = getopt_long(argc, argv, "i:" CLI_SHORT, options, NULL)) !=
	    -1) {
		bool good = true;
		if (option == BODY_REQUEST || option == BODY_RESPONSE)
			s->request = option == BODY_REQUEST;
		else if (option == BODY_RAW)
			s->raw = true;
		else if (query_take(&s->query, option, optarg, &good)) {
			if (!good)
				return false;
		} else if (!cli_option(cli, option, command_body_usage, status))
			return false;
	}
	*status = CLI_USAGE;
	if (argc - optind != 1) {
		diag_error("body needs one ID, the event.id of a record");
		return false;
	}
	s->id = argv[optind];
	return query_add_id(&s->query, s->id);
}

/* The body, or the message, that was asked for; NULL: the record has none such. */
static yyjson_val *
find_holder(const struct settings *s, yyjson_val *record)
{
	yyjson_val *message = yyjson_obj_get(record, "websocket");

	return message != NULL ? message : yyjson_ptr_get(record, s->request
	        ? "/http/request/body" : "/http/response/body");
}

static int
write_payload(const struct settings *s, const struct payload *payload)
{
	struct buf safe;

	if (isatty(STDOUT_FILENO) != 1 || s->raw)
		return fwrite(payload->bytes, 1, payload->length, stdout) ==
		        payload->length ? 0 : E_SYS;
	buf_init(&safe, 8 * BODY_BYTES_MAX);
	int error = payload->length == 0 ? 0
	    : safe_text(&safe, (const char *)payload->bytes, payload->length, "\n");
	if (error == 0 && buf_length(&safe) > 0 &&
	    fwrite(buf_data(&safe), 1, buf_length(&safe), stdout) !=
	        buf_length(&safe))
		error = E_SYS;
	buf_free(&safe);
	return error;
}

/* Whether the record has what was asked for, which is written then. */
static int
write_record(const struct settings *s, const struct reader_line *line)
{
	yyjson_doc *doc = yyjson_read(line->text, line->length, 0);
	yyjson_val *record = yyjson_doc_get_root(doc);
	const char *id = yyjson_get_str(yyjson_ptr_get(record, "/event/id"));
	yyjson_val *holder = find_holder(s, record);
	struct payload payload;
	struct buf decoded;
	int error = E_NOTFOUND;

	buf_init(&decoded, BODY_BYTES_MAX);
	if (id != NULL && strcmp(id, s->id) == 0 && holder != NULL)
		error = payload_read(holder, &decoded, &payload);
	if (error == 0)
		error = write_payload(s, &payload);
	if (error == 0 && yyjson_get_bool(yyjson_obj_get(holder, "truncated")))
		diag_warning("it is cut: more was not kept (capture.body)");
	buf_free(&decoded);
	yyjson_doc_free(doc);
	return error;
}

static int
run(struct settings *s)
{
	struct reader_line line;
	int error, found = E_NOTFOUND;

	do {
		error = query_next(&s->query, &line);
		if (error == 0)
			found = write_record(s, &line);
	} while (error == 0 && found == E_NOTFOUND);
	if (error != 0) {
		int status = query_status(&s->query, error);
		if (status != CLI_OK)
			return status;
	}
	if (found == 0)
		return CLI_OK;
	if (found == E_NOTFOUND)
		diag_error("nothing was kept of what the %s sent in '%s'",
		    s->request ? "client" : "server", s->id);
	else if (!ferror(stdout))
		diag_error("%s: %s", s->id, err_text(found));
	return found == E_NOTFOUND ? CLI_NO_MATCH : CLI_CANNOT_READ;
}

int
command_body(struct cli *cli, int argc, char **argv)
{
	struct settings s = {0};
	int status = CLI_CANNOT_READ;

	if (query_open(&s.query) && read_options(cli, &s, argc, argv, &status)) {
		status = query_begin(&s.query, cli, false);
		if (status == CLI_OK)
			status = run(&s);
	}
	query_close(&s.query);
	return status;
}
