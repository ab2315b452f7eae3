/* SPDX-License-Identifier: ISC */
/*
 * `sightglass bypass`: what the running daemon does not open because opening it
 * failed, and what a person adds to that or takes away. CLI. The daemon's parent
 * keeps the list; this asks it, a page at a time.
 */
#include "cli/bypass.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/control.h"

#define ANSWER_BYTES_MAX (1024u * 1024)
#define REQUEST_BYTES_MAX (16u * 1024)

enum bypass_option { BYPASS_APP = 0x200, BYPASS_NAME, BYPASS_TTL };

static const struct option_row rows[] = {
    {'o', "output", "FORMAT",
        "list: text (for a person) or json (one a line)",
        ARGUMENT_WORDS, "text json"},
    {BYPASS_APP, "app", "APP",
        "an application as list shows it: a signing identifier,\n"
        "the path of an executable, user:UID or any (that is:\n"
        "unknown); * is every one, and is meant without --app",
        ARGUMENT_TEXT, NULL},
    {BYPASS_NAME, "name", "NAME",
        "the server's name, or its address where none is sent",
        ARGUMENT_TEXT, NULL},
    {BYPASS_TTL, "ttl", "TIME",
        "how long, as in 30min or 2d (default: bypass.ttl)",
        ARGUMENT_TEXT, NULL},
    OPTIONS_END};

struct words {
	const char *application, *name, *ttl;
	bool as_json;
};

/* Which daemon is asked. */
struct target {
	const struct conf *conf;
	const char *place; /* its run directory */
};

/* --- asking --- */

/* The answer's document, which says that it is well. NULL: *status, and what was
 * wrong is said. */
static yyjson_doc *
ask(const char *place, const struct buf *request, int *status)
{
	struct buf answer;
	char error[256];

	buf_init(&answer, ANSWER_BYTES_MAX);
	int outcome = control_ask_line(place, (const char *)buf_data(request),
	    &answer, error);
	if (outcome != 0) {
		diag_error("%s", error);
		*status = outcome == E_NOTFOUND ? CLI_NO_MATCH : CLI_CANNOT_READ;
		buf_free(&answer);
		return NULL;
	}
	yyjson_doc *doc = yyjson_read((const char *)buf_data(&answer),
	    buf_length(&answer), 0);
	yyjson_val *root = yyjson_doc_get_root(doc);
	const char *wrong = yyjson_get_str(yyjson_obj_get(root, "error"));
	buf_free(&answer);
	if (yyjson_get_bool(yyjson_obj_get(root, "ok")))
		return doc;
	diag_error("%s", wrong != NULL ? wrong : "the daemon's answer is not JSON");
	*status = wrong != NULL ? CLI_NO_MATCH : CLI_CORRUPT;
	yyjson_doc_free(doc);
	return NULL;
}

static void
begin(struct json *j, struct buf *request, const char *verb)
{
	buf_init(request, REQUEST_BYTES_MAX);
	json_init(j, request);
	json_object_begin(j, NULL);
	json_text(j, "request", "bypass");
	json_text(j, "verb", verb);
}

/* Ends the request, asks it, frees it. */
static yyjson_doc *
finish(const char *place, struct json *j, int *status)
{
	yyjson_doc *doc = NULL;

	json_object_end(j);
	if (json_error(j) == 0 && buf_append(j->out, "", 1) == 0) {
		doc = ask(place, j->out, status);
	} else {
		diag_error("the name or the application is too long");
		*status = CLI_USAGE;
	}
	buf_free(j->out);
	return doc;
}

/* --- list --- */

static int
walk_page(const char *place, uint64_t *after,
    void (*visit)(void *context, yyjson_val *entry), void *context)
{
	struct buf request;
	struct json j;
	yyjson_val *entry;
	size_t index, count;
	int status = CLI_OK;

	begin(&j, &request, "list");
	json_uint(&j, "after", *after);
	yyjson_doc *doc = finish(place, &j, &status);
	if (doc == NULL)
		return status;
	yyjson_val *root = yyjson_doc_get_root(doc);
	yyjson_arr_foreach(yyjson_obj_get(root, "bypasses"), index, count, entry)
		visit(context, entry);
	uint64_t next = yyjson_get_uint(yyjson_obj_get(root, "next"));
	*after = next > *after ? next : 0;
	yyjson_doc_free(doc);
	return CLI_OK;
}

int
bypass_walk(const char *place,
    void (*visit)(void *context, yyjson_val *entry), void *context)
{
	uint64_t after = 0;
	int status;

	do
		status = walk_page(place, &after, visit, context);
	while (status == CLI_OK && after != 0);
	return status;
}

/* In ASCII, all else escaped: applications and names come from outside and must
 * not steer a terminal. */
static void
print_text(yyjson_val *value, const char *before)
{
	size_t length;
	char *quoted = yyjson_val_write(value, YYJSON_WRITE_ESCAPE_UNICODE, &length);

	if (quoted != NULL && length >= 2)
		(void)printf("%s%.*s", before, (int)length - 2, quoted + 1);
	free(quoted);
}

static const char *
text(yyjson_val *object, const char *key)
{
	const char *value = yyjson_get_str(yyjson_obj_get(object, key));

	return value == NULL ? "?" : value;
}

static void
print_heading(bool *printed)
{
	if (!*printed)
		(void)printf("%-18s %-20s  %6s  %s\n", "REASON", "UNTIL", "HITS",
		    "NAME AND APPLICATION");
	*printed = true;
}

/* To the second; the rest of the time is of no use to a person. */
static void
print_line(void *context, yyjson_val *entry)
{
	print_heading(context);
	(void)printf("%-18s %.19sZ  %6llu", text(entry, "reason"),
	    text(entry, "expires"),
	    (unsigned long long)yyjson_get_uint(yyjson_obj_get(entry, "hits")));
	print_text(yyjson_obj_get(entry, "name"), "  ");
	print_text(yyjson_obj_get(entry, "application"), "  ");
	(void)printf("\n");
}

static void
print_json(void *context UNUSED, yyjson_val *entry)
{
	char *line = yyjson_val_write(entry, 0, NULL);

	if (line != NULL)
		(void)printf("%s\n", line);
	free(line);
}

static int
list(const struct target *at, const struct words *words)
{
	bool headed = words->as_json;
	int status = bypass_walk(at->place, words->as_json ? print_json : print_line,
	    &headed);

	if (status == CLI_OK)
		print_heading(&headed);
	return status;
}

/* --- changes --- */

static void
put_key(struct json *j, const struct words *words)
{
	json_text(j, "name", words->name);
	if (words->application != NULL)
		json_text(j, "application", words->application);
}

/* Asks for a change whose answer says no more than that it was made. */
static int
change(const char *place, struct json *j)
{
	int status = CLI_OK;

	yyjson_doc_free(finish(place, j, &status));
	return status;
}

static int
add(const struct target *at, const struct words *words)
{
	struct buf request;
	struct json j;

	begin(&j, &request, "add");
	put_key(&j, words);
	if (words->ttl != NULL)
		json_uint(&j, "ttl_ms", at->conf->bypass_ttl_ms);
	return change(at->place, &j);
}

static int
take_away(const struct target *at, const struct words *words)
{
	struct buf request;
	struct json j;

	begin(&j, &request, "remove");
	put_key(&j, words);
	return change(at->place, &j);
}

static int
clear(const struct target *at, const struct words *words UNUSED)
{
	struct buf request;
	struct json j;
	int status;

	begin(&j, &request, "clear");
	yyjson_doc *doc = finish(at->place, &j, &status);
	if (doc == NULL)
		return status;
	(void)printf("%llu removed\n", (unsigned long long)yyjson_get_uint(
	    yyjson_obj_get(yyjson_doc_get_root(doc), "removed")));
	yyjson_doc_free(doc);
	return CLI_OK;
}

/* --- dispatch --- */

struct action {
	const char *name;
	bool with_name, with_ttl, with_output;
	int (*run)(const struct target *at, const struct words *words);
};

static const struct action actions[] = {
    {"list", false, false, true, list},
    {"add", true, true, false, add},
    {"remove", true, false, false, take_away},
    {"clear", false, false, false, clear},
};

static const struct action *
find_action(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

/* True: the words are those that the action takes. */
static bool
fits(const struct action *action, const struct words *words, const char *format)
{
	bool key = words->application != NULL || words->name != NULL;

	if (action->with_name && words->name == NULL)
		diag_error("bypass %s wants --name", action->name);
	else if (!action->with_name && key)
		diag_error("bypass %s takes no --app or --name", action->name);
	else if (!action->with_ttl && words->ttl != NULL)
		diag_error("bypass %s takes no --ttl", action->name);
	else if (!action->with_output && format != NULL)
		diag_error("bypass %s takes no --output", action->name);
	else if (format != NULL && strcmp(format, "text") != 0 &&
	    strcmp(format, "json") != 0)
		diag_error("bypass list prints text or json, not '%s'", format);
	else
		return true;
	return false;
}

/* At every daemon that is there: the directory's, and those of the execs that
 * run in it. */
static int
run_everywhere(const struct cli *cli, const struct action *action,
    const struct conf *conf, const struct words *words)
{
	char places[CONTROL_PLACES_MAX][PATH_BYTES], error[256], first[256] = "";
	size_t count = control_places(conf->run_dir, places), running = 0;
	int status = CLI_OK;

	for (size_t i = 0; i < count; i++) {
		const struct target at = {.conf = conf, .place = places[i]};
		if (control_ping(places[i], error) == E_NOTFOUND) {
			if (first[0] == '\0')
				memcpy(first, error, sizeof(first));
			continue;
		}
		int one = action->run(&at, words);
		running++;
		if (one != CLI_OK)
			status = one;
	}
	if (running > 0)
		return status;
	diag_error("%s%s", first, cli_no_daemon(cli));
	return CLI_NO_MATCH;
}

/* The settings, with --ttl in the place of bypass.ttl: it is read and limited in
 * the same way. */
static int
run(struct cli *cli, const struct action *action, const struct words *words)
{
	struct conf *conf = cli_conf(cli);
	struct conf_error error;
	int status = CLI_USAGE;

	if (conf == NULL)
		return CLI_CANNOT_READ;
	if (words->ttl != NULL &&
	    conf_set(conf, "bypass.ttl", words->ttl, &error) != 0)
		diag_error("--ttl: %s", error.text);
	else
		status = run_everywhere(cli, action, conf, words);
	conf_free(conf);
	return status;
}

static int
bypass(struct cli *cli, int argc, char **argv)
{
	struct words words = {0};
	const char *format = NULL;
	int option, status;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (option == BYPASS_APP)
			words.application = optarg;
		else if (option == BYPASS_NAME)
			words.name = optarg;
		else if (option == BYPASS_TTL)
			words.ttl = optarg;
		else if (option == 'o')
			format = optarg;
		else if (!cli_option(cli, option, &status))
			return status;
	}
	if (optind == argc)
		return cli_usage(cli);
	if (optind + 1 < argc)
		return cli_too_many("bypass", argv[optind + 1]);
	const struct action *action = find_action(argv[optind]);
	if (action == NULL) {
		diag_error("bypass knows list, add, remove and clear, not '%s'",
		    argv[optind]);
		return CLI_USAGE;
	}
	if (!fits(action, &words, format))
		return CLI_USAGE;
	words.as_json = format != NULL && strcmp(format, "json") == 0;
	return run(cli, action, &words);
}

const struct command command_bypass = {.name = "bypass",
    .summary = "list, add and remove what is not opened for having failed",
    .synopsis = "sightglass bypass list [-o text|json]\n"
        "       sightglass bypass add [--app APP] [--ttl TIME] --name NAME\n"
        "       sightglass bypass remove [--app APP] --name NAME\n"
        "       sightglass bypass clear",
    .about =
        "What is relayed unopened because an application turned our certificate\n"
        "down, or because a server wants a certificate of the client. Each has an\n"
        "end. For what is never to be opened there are rules: policy.splice.\n",
    .options = {rows, cli_options},
    .verbs = "list add remove clear",
    .operand = OPERAND_NONE, .run = bypass};
