/* SPDX-License-Identifier: ISC */
/*
 * `sightglass body ID`: what was said in one exchange or message, byte by byte, for
 * a file or a pipe. What was told in parts is put together: the log is read once for
 * the record that was asked for, once for the beginning of its body and once for the
 * parts, so that nothing of it is held. CLI; reads the segments and asks no daemon.
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
#define REQUEST_BYTES_MAX 128u /* of http.request.id */

enum body_option { BODY_REQUEST = 0x200, BODY_RESPONSE, BODY_RAW };

static const struct option_row rows[] = {
    {BODY_REQUEST, "request", NULL, "what the client sent", ARGUMENT_TEXT, NULL},
    {BODY_RESPONSE, "response", NULL, "what the server sent (unless said otherwise)",
        ARGUMENT_TEXT, NULL},
    {BODY_RAW, "raw", NULL, "as it was sent, with its content codings, where the log\n"
        "has that (capture.as_sent); to a terminal, too", ARGUMENT_TEXT, NULL},
    QUERY_INPUT_ROW,
    OPTIONS_END};

struct settings {
	struct query query;
	bool request, raw;
	const char *id;
	bool seen; /* there is a record of that id */
	char exchange[REQUEST_BYTES_MAX]; /* whose body is in parts, or "" */
	uint64_t written; /* of a body in parts */
	const char *lacking; /* why it is not there as it was sent, or NULL */
};

static bool
read_options(struct cli *cli, struct settings *s, int argc, char **argv,
    int *status)
{
	int option;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		bool good = true;
		if (option == BODY_REQUEST || option == BODY_RESPONSE)
			s->request = option == BODY_REQUEST;
		else if (option == BODY_RAW)
			s->raw = true;
		else if (query_take(&s->query, option, optarg, &good)) {
			if (!good)
				return false;
		} else if (!cli_option(cli, option, status))
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

/* Whether something was replaced in this body, or message. */
static bool
is_redacted(const struct settings *s, yyjson_val *record)
{
	const char *place = yyjson_obj_get(record, "websocket") != NULL ? ""
	    : s->request ? "http.request.body." : "http.response.body.";
	yyjson_val *name;
	size_t index, count;

	yyjson_arr_foreach(yyjson_ptr_get(record, "/sightglass/redacted"), index,
	    count, name) {
		const char *text = yyjson_get_str(name);
		if (text != NULL && strncmp(text, place, strlen(place)) == 0)
			return true;
	}
	return false;
}

/* Whether it is there as it was sent, or nothing of it is. E_DENIED: only as something
 * else, and s->lacking says why. */
static int
check_as_sent(struct settings *s, yyjson_val *record, yyjson_val *holder)
{
	struct payload payload;
	struct buf decoded;

	if (is_redacted(s, record)) {
		s->lacking = "something in it was redacted";
		return E_DENIED;
	}
	buf_init(&decoded, BODY_BYTES_MAX);
	int error = payload_read_as_sent(holder, &decoded, &payload);
	buf_free(&decoded);
	if (error != E_NOTFOUND || (yyjson_obj_get(holder, "content") == NULL &&
	        yyjson_obj_get(holder, "parts") == NULL))
		return 0;
	s->lacking = "it has it without its coding, or in UTF-8 (capture.as_sent)";
	return E_DENIED;
}

/* Writes what the holder has. E_NOTFOUND: nothing; E_SYS, ... */
static int
write_holder(struct settings *s, yyjson_val *holder)
{
	struct payload payload;
	struct buf decoded;

	buf_init(&decoded, BODY_BYTES_MAX);
	int error = s->raw ? payload_read_as_sent(holder, &decoded, &payload)
	                   : payload_read(holder, &decoded, &payload);
	if (error == 0)
		error = write_payload(s, &payload);
	if (error == 0)
		s->written += payload.length;
	if (error == 0 && yyjson_get_bool(yyjson_obj_get(holder, "truncated")))
		diag_warning("it is cut: more was not kept (capture.body)");
	buf_free(&decoded);
	return error;
}

static bool
says(yyjson_val *record, const char *pointer, const char *text)
{
	const char *said = yyjson_get_str(yyjson_ptr_get(record, pointer));

	return said != NULL && strcmp(said, text) == 0;
}

/* The record that was asked for, unless its body is in parts. E_NOTFOUND: this is not
 * it, or has none. */
static int
write_record(struct settings *s, yyjson_val *record)
{
	yyjson_val *holder = find_holder(s, record);
	const char *exchange =
	    yyjson_get_str(yyjson_ptr_get(record, "/http/request/id"));

	if (!says(record, "/event/id", s->id))
		return E_NOTFOUND;
	s->seen = true;
	int error = s->raw ? check_as_sent(s, record, holder) : 0;
	if (error != 0)
		return error;
	if (exchange == NULL || strlen(exchange) >= sizeof(s->exchange) ||
	    yyjson_obj_get(holder, "parts") == NULL)
		return write_holder(s, holder);
	memcpy(s->exchange, exchange, strlen(exchange) + 1);
	return 0;
}

/* Of the http records of an exchange one has the beginning of the body. */
static int
write_beginning(struct settings *s, yyjson_val *record)
{
	return says(record, "/event/dataset", "sightglass.http")
	    ? write_holder(s, find_holder(s, record)) : E_NOTFOUND;
}

/* E_NOTFOUND, so that the next one is read: this was none, or is written. */
static int
write_part(struct settings *s, yyjson_val *record)
{
	yyjson_val *holder = find_holder(s, record);
	yyjson_val *offset = yyjson_obj_get(holder, "offset");

	if (!says(record, "/event/dataset", "sightglass.body") || offset == NULL)
		return E_NOTFOUND;
	if (yyjson_get_uint(offset) != s->written)
		diag_warning("the log has not all of it: from byte %llu on it lacks "
		    "some", (unsigned long long)s->written);
	s->written = yyjson_get_uint(offset);
	int error = write_holder(s, holder);
	return error == 0 ? E_NOTFOUND : error;
}

/* Shows `take` record after record, until it returns anything but E_NOTFOUND, which
 * *found is then. CLI_OK, or a status after a message. */
static int
read_records(struct settings *s, struct query *q,
    int (*take)(struct settings *s, yyjson_val *record), int *found)
{
	struct reader_line line;
	int error;

	*found = E_NOTFOUND;
	do {
		error = query_next(q, &line);
		if (error != 0)
			break;
		yyjson_doc *doc = yyjson_read(line.text, line.length, 0);
		*found = take(s, yyjson_doc_get_root(doc));
		yyjson_doc_free(doc);
	} while (*found == E_NOTFOUND);
	return error == 0 ? CLI_OK : query_status(q, error);
}

/* The same, of the records of the exchange, from the log's beginning. */
static int
read_exchange(struct cli *cli, struct settings *s,
    int (*take)(struct settings *s, yyjson_val *record), int *found)
{
	struct query q;
	int status = CLI_CANNOT_READ;

	if (query_open(&q) && query_add_id(&q, s->exchange)) {
		memcpy(q.paths, s->query.paths, sizeof(q.paths));
		q.path_count = s->query.path_count;
		status = query_begin(&q, cli, false);
		if (status == CLI_OK)
			status = read_records(s, &q, take, found);
	}
	query_close(&q);
	return status;
}

/* A pipe cannot be read a second time. */
static bool
can_be_read_again(const struct settings *s)
{
	for (size_t i = 0; i < s->query.path_count; i++) {
		if (strcmp(s->query.paths[i], "-") != 0)
			continue;
		diag_error("'%s' is in parts, and standard input can be read but "
		    "once: name a file or a directory", s->id);
		return false;
	}
	return true;
}

static int
write_whole(struct cli *cli, struct settings *s, int *found)
{
	if (!can_be_read_again(s))
		return CLI_CANNOT_READ;
	int status = read_exchange(cli, s, write_beginning, found);
	if (status != CLI_OK || (*found != 0 && *found != E_NOTFOUND))
		return status;
	status = read_exchange(cli, s, write_part, found);
	if (*found == E_NOTFOUND && s->written > 0)
		*found = 0;
	return status;
}

static void
explain(const struct settings *s, int found)
{
	if (found == E_NOTFOUND && !s->seen)
		diag_error("there is no record '%s'", s->id);
	else if (found == E_NOTFOUND)
		diag_error("nothing was kept of what the %s sent in '%s'",
		    s->request ? "client" : "server", s->id);
	else if (found == E_DENIED)
		diag_error("the log does not have '%s' as it was sent: %s", s->id,
		    s->lacking);
	else if (!ferror(stdout))
		diag_error("%s: %s", s->id, err_text(found));
}

static int
run(struct cli *cli, struct settings *s)
{
	int found, status = read_records(s, &s->query, write_record, &found);

	if (status == CLI_OK && found == 0 && s->exchange[0] != '\0')
		status = write_whole(cli, s, &found);
	if (status != CLI_OK || found == 0)
		return status;
	explain(s, found);
	return found == E_NOTFOUND || found == E_DENIED ? CLI_NO_MATCH : CLI_CANNOT_READ;
}

static int
body(struct cli *cli, int argc, char **argv)
{
	struct settings s = {0};
	int status = CLI_CANNOT_READ;

	if (query_open(&s.query) && read_options(cli, &s, argc, argv, &status)) {
		status = query_begin(&s.query, cli, false);
		if (status == CLI_OK)
			status = run(cli, &s);
	}
	query_close(&s.query);
	return status;
}

const struct command command_body = {.name = "body",
    .summary = "write what was said in an exchange",
    .synopsis = "sightglass body [--request | --response] [OPTION]... ID",
    .about =
        "Writes what was said in the exchange or the WebSocket message with this\n"
        "event.id: without content codings, up to capture.body, its parts put\n"
        "together.\n",
    .options = {rows, cli_options},
    .operand = OPERAND_TEXT, .run = body};
