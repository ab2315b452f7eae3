/* SPDX-License-Identifier: ISC */
/* `sightglass status`: the running daemon's own account of itself. CLI. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "cli/bridge.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/safe.h"

#define ANSWER_BYTES_MAX (1024u * 1024)
#define SAFE_BYTES_MAX 4096u

static const struct option_row rows[] = {
    {'o', "output", "FORMAT",
        "text (for a person) or json (the answer itself)",
        ARGUMENT_WORDS, "text json"},
    OPTIONS_END};

static uint64_t
number(yyjson_val *object, const char *key)
{
	return yyjson_get_uint(yyjson_obj_get(object, key));
}

static const char *
text(yyjson_val *object, const char *key)
{
	const char *value = yyjson_get_str(yyjson_obj_get(object, key));

	return value == NULL ? "?" : value;
}

static void
print_workers(yyjson_val *workers)
{
	size_t index, count;
	yyjson_val *w;

	yyjson_arr_foreach(workers, index, count, w) {
		(void)printf("worker %-2zu pid %-7llu flows %llu (of %llu), records "
		    "%llu, restarts %llu, waits for the log %llu, for descriptors "
		    "%llu\n", index + 1, (unsigned long long)number(w, "pid"),
		    (unsigned long long)number(w, "flows"),
		    (unsigned long long)number(w, "flows_total"),
		    (unsigned long long)number(w, "records"),
		    (unsigned long long)number(w, "restarts"),
		    (unsigned long long)number(w, "waits"),
		    (unsigned long long)number(w, "no_descriptor"));
	}
}

static void
print_flows(const char *what, const struct bridge_flows *flows, int64_t now_us)
{
	char age[BRIDGE_AGE_BYTES];

	bridge_age(now_us, flows->last_us, age);
	(void)printf(", %s %llu (last %s)", what, (unsigned long long)flows->count,
	    age);
}

/* What a forwarder says of itself. */
static void
print_safe(const char *words)
{
	struct buf line;

	buf_init(&line, SAFE_BYTES_MAX);
	if (safe_text(&line, words, strlen(words), "") == 0)
		(void)fwrite(buf_data(&line), 1, buf_length(&line), stdout);
	buf_free(&line);
}

static void
print_forwarders(yyjson_val *forwarders)
{
	int64_t now_us = (int64_t)clock_wall_us();
	char age[BRIDGE_AGE_BYTES];
	struct bridge_forwarder b;
	size_t index, count;
	yyjson_val *item;

	yyjson_arr_foreach(forwarders, index, count, item) {
		bridge_read(item, &b);
		(void)printf("forwarder ");
		print_safe(b.name == NULL ? "(unnamed)" : b.name);
		if (b.hello_us != 0) {
			(void)printf(" ");
			print_safe(b.build);
			bridge_age(now_us, b.heard_us, age);
			(void)printf(", protocol %llu, connections %llu, heard of %s",
			    (unsigned long long)b.protocol,
			    (unsigned long long)b.connections, age);
		}
		print_flows("streams", &b.streams, now_us);
		print_flows("datagram flows", &b.datagrams, now_us);
		(void)printf(", bad headers %llu\n", (unsigned long long)b.bad_headers);
	}
}

static void
print_status(yyjson_val *status)
{
	yyjson_val *logger = yyjson_obj_get(status, "logger");
	yyjson_val *signer = yyjson_obj_get(status, "signer");

	(void)printf("sightglassd %s, pid %llu, run %s, since %s\n",
	    text(status, "version"), (unsigned long long)number(status, "pid"),
	    text(status, "run"), text(status, "started"));
	print_workers(yyjson_obj_get(status, "workers"));
	print_forwarders(yyjson_obj_get(status, "forwarders"));
	(void)printf("logger    pid %-7llu records %llu, %llu bytes of text in %llu "
	    "on disk, sealed %llu, removed %llu, repaired %llu, write errors %llu, "
	    "lost %llu, restarts %llu\n", (unsigned long long)number(logger, "pid"),
	    (unsigned long long)number(logger, "records"),
	    (unsigned long long)number(logger, "text_bytes"),
	    (unsigned long long)number(logger, "file_bytes"),
	    (unsigned long long)number(logger, "segments_sealed"),
	    (unsigned long long)number(logger, "segments_removed"),
	    (unsigned long long)number(logger, "repaired"),
	    (unsigned long long)number(logger, "write_errors"),
	    (unsigned long long)number(logger, "lost_records"),
	    (unsigned long long)number(logger, "restarts"));
	(void)printf("signer    pid %-7llu leaves %llu, given again %llu, refused "
	    "%llu, delayed %llu, restarts %llu\n",
	    (unsigned long long)number(signer, "pid"),
	    (unsigned long long)number(signer, "leaves"),
	    (unsigned long long)number(signer, "leaves_again"),
	    (unsigned long long)number(signer, "leaves_refused"),
	    (unsigned long long)number(signer, "leaves_delayed"),
	    (unsigned long long)number(signer, "restarts"));
}

static int
print_answer(const struct buf *answer, bool as_json)
{
	const char *line = (const char *)buf_data(answer);
	size_t length = buf_length(answer);

	if (as_json) {
		(void)printf("%.*s\n", (int)length, line);
		return CLI_OK;
	}
	yyjson_doc *doc = yyjson_read(line, length, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);
	int status = yyjson_is_obj(root) ? CLI_OK : CLI_CORRUPT;
	if (status == CLI_OK)
		print_status(root);
	else
		diag_error("the daemon's answer is not JSON");
	yyjson_doc_free(doc);
	return status;
}

static int
ask(const char *place, bool as_json, char error[256])
{
	struct buf answer;

	buf_init(&answer, ANSWER_BYTES_MAX);
	int outcome = control_ask(place, "status", &answer, error);
	int status = outcome == 0 ? print_answer(&answer, as_json)
	    : outcome == E_NOTFOUND ? CLI_NO_MATCH : CLI_CANNOT_READ;
	buf_free(&answer);
	return status;
}

/* Every daemon that is there. Where one answers, it matters not that another
 * place has none. */
static int
ask_all(const struct cli *cli, const struct conf *conf, bool as_json)
{
	char places[CONTROL_PLACES_MAX][PATH_BYTES], error[256], first[256] = "";
	size_t count = control_places(conf->run_dir, places);
	int status = CLI_NO_MATCH;

	for (size_t i = 0; i < count; i++) {
		int one = ask(places[i], as_json, error);
		if (one == CLI_CANNOT_READ)
			diag_error("%s", error);
		else if (one == CLI_NO_MATCH && first[0] == '\0')
			memcpy(first, error, sizeof(first));
		if (one != CLI_NO_MATCH && status != CLI_CANNOT_READ)
			status = one;
	}
	if (status == CLI_NO_MATCH)
		diag_error("%s%s", first, cli_no_daemon(cli));
	return status;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	const char *format = "text";
	int option, status;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (option == 'o')
			format = optarg;
		else if (!cli_option(cli, option, &status))
			return status;
	}
	if (optind < argc)
		return cli_too_many("status", argv[optind]);
	bool as_json = strcmp(format, "json") == 0;
	if (!as_json && strcmp(format, "text") != 0) {
		diag_error("status prints text or json, not '%s'", format);
		return CLI_USAGE;
	}
	struct conf *conf = cli_conf(cli);
	if (conf == NULL)
		return CLI_CANNOT_READ;
	status = ask_all(cli, conf, as_json);
	conf_free(conf);
	return status;
}

const struct command command_status = {.name = "status",
    .summary = "how the running daemon is",
    .synopsis = "sightglass status [-o text|json] [-d DIR] [-c FILE]",
    .about =
        "Asks the running daemon, and those of the execs that run in the directory.\n"
        "Exits with 1 when none runs.\n",
    .options = {rows, cli_options},
    .operand = OPERAND_NONE, .run = run};
