/* SPDX-License-Identifier: ISC */
/*
 * `sightglass check`: what stands in the way of a working tap, a line each, with
 * the remedy. CLI. Looks and changes nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/path.h"
#include "ca/key.h"
#include "cli/bypass.h"
#include "cli/command.h"
#include "cli/control.h"
#include "log/segment.h"
#include "mitm/bypass.h"
#include "mitm/policy.h"

#define PEM_BYTES_MAX (256u * 1024)
#define APPLICATIONS_MAX 256u

/* A line; false when it is bad news. */
static bool PRINTF_LIKE(3, 4)
say(bool good, const char *what, const char *format, ...)
{
	va_list arguments;

	(void)printf("%-4s %-8s ", good ? "ok" : "BAD", what);
	va_start(arguments, format);
	(void)vprintf(format, arguments);
	va_end(arguments);
	(void)printf("\n");
	return good;
}

static bool
check_rules(const char *key, const struct conf_list *rules,
    struct policy *policy)
{
	const char *why;
	bool good = true;

	for (size_t i = 0; i < rules->count; i++) {
		if (policy_add(policy, rules->items[i], DECIDE_SPLICE, &why) != 0)
			good = say(false, "policy", "%s: rule '%s': %s", key,
			    rules->items[i], why);
	}
	return good;
}

static bool
check_policy(const struct conf *conf)
{
	struct policy *policy = policy_new(DECIDE_INSPECT);

	if (policy == NULL)
		return say(false, "policy", "out of memory");
	bool good = check_rules("policy.inspect", &conf->policy_inspect, policy);
	good &= check_rules("policy.splice", &conf->policy_splice, policy);
	good &= check_rules("policy.refuse", &conf->policy_refuse, policy);
	policy_free(policy);
	return good && say(true, "policy", "%zu rules",
	    conf->policy_inspect.count + conf->policy_splice.count +
	        conf->policy_refuse.count);
}

/* Only what anyone may see: the key's mode, not the key. */
static bool
check_key(const struct conf *conf)
{
	struct stat st;
	char path[1024];

	if (conf->ca_private_key[0] != '\0')
		(void)snprintf(path, sizeof(path), "%s", conf->ca_private_key);
	else
		(void)snprintf(path, sizeof(path), "%s/" CA_KEY_FILE, conf->ca_dir);
	if (stat(path, &st) != 0)
		return errno == EACCES ||
		    say(false, "ca", "%s: %s: without it no leaf can be signed; move "
		        "the certificate away too, and a new CA is made", path,
		        strerror(errno));
	if ((st.st_mode & 077) == 0)
		return true;
	return say(false, "ca", "%s may be read by others (mode %04o): chmod 600 it",
	    path, (unsigned)(st.st_mode & 07777));
}

static bool
check_ca(const struct conf *conf)
{
	struct buf pem;
	char path[PATH_BYTES];

	buf_init(&pem, PEM_BYTES_MAX);
	int error = ca_load_certificates(conf, &pem);
	buf_free(&pem);
	ca_certificate_path(conf, path);
	if (error == E_NOTFOUND && conf->ca_certificate[0] == '\0')
		return say(true, "ca", "none yet in %s: made at the first start, or "
		    "by sightglass ca init", conf->ca_dir);
	if (error != 0)
		return say(false, "ca", "%s: %s", path, err_text(error));
	return check_key(conf) && say(true, "ca", "%s", path);
}

static bool
check_log(const struct conf *conf)
{
	DIR *directory = opendir(conf->log_dir);
	unsigned sealed = 0, growing = 0;

	if (directory == NULL)
		return errno == ENOENT
		    ? say(true, "log", "none yet in %s", conf->log_dir)
		    : say(false, "log", "%s: %s: ask as root, or set log.group",
		        conf->log_dir, strerror(errno));
	for (struct dirent *e; (e = readdir(directory)) != NULL;) {
		unsigned long number_of;
		bool open;
		if (!segment_parse_name(e->d_name, &number_of, &open))
			continue;
		growing += open;
		sealed += !open;
	}
	(void)closedir(directory);
	return say(true, "log", "%s: %u sealed segments, %u growing", conf->log_dir,
	    sealed, growing);
}

struct distrust {
	struct application {
		char *name;
		unsigned pinned;
	} applications[APPLICATIONS_MAX];
	size_t count;
};

static void
count_pinned(void *context, yyjson_val *entry)
{
	struct distrust *d = context;
	const char *name = yyjson_get_str(yyjson_obj_get(entry, "application"));
	size_t i = 0;

	if (name == NULL ||
	    !yyjson_equals_str(yyjson_obj_get(entry, "reason"), "pinned"))
		return;
	while (i < d->count && strcmp(d->applications[i].name, name) != 0)
		i++;
	if (i == APPLICATIONS_MAX)
		return;
	if (i == d->count) {
		d->applications[i].name = strdup(name);
		if (d->applications[i].name == NULL)
			return;
		d->count++;
	}
	d->applications[i].pinned++;
}

/* Who turns our certificate down everywhere was never told of the CA. */
static bool
check_bypasses(const char *place)
{
	struct distrust d = {0};
	bool good = bypass_walk(place, count_pinned, &d) == CLI_OK;

	for (size_t i = 0; i < d.count; i++) {
		if (d.applications[i].pinned >= BYPASS_DISTRUST)
			good = say(false, "bypass", "%s turns our certificate down "
			    "for %u names: make it trust the CA (sightglass ca "
			    "export), or splice it by a rule",
			    d.applications[i].name, d.applications[i].pinned);
		free(d.applications[i].name);
	}
	return good;
}

/* That none runs is no fault, and not worth a line where an exec's does. */
static bool
check_daemon(const struct conf *conf)
{
	char places[CONTROL_PLACES_MAX][PATH_BYTES], error[256], none[256] = "";
	size_t count = control_places(conf->run_dir, places), running = 0;
	bool good = true;

	for (size_t i = 0; i < count; i++) {
		int outcome = control_ping(places[i], error);
		running += outcome != E_NOTFOUND;
		if (outcome == 0)
			good &= say(true, "daemon", "answers at %s/control.sock",
			    places[i]) && check_bypasses(places[i]);
		else if (outcome != E_NOTFOUND)
			good = say(false, "daemon", "%s", error);
		else if (none[0] == '\0')
			memcpy(none, error, sizeof(none));
	}
	return running > 0 ? good : say(true, "daemon", "%s", none);
}

static int
check(struct cli *cli, int argc, char **argv)
{
	int option, status;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (!cli_option(cli, option, &status))
			return status;
	}
	if (optind < argc)
		return cli_too_many("check", argv[optind]);
	struct conf *conf = cli_conf(cli);
	if (conf == NULL)
		return CLI_NO_MATCH;
	bool good = say(true, "settings", "understood");
	good &= check_policy(conf);
	good &= check_ca(conf);
	good &= check_log(conf);
	good &= check_daemon(conf);
	conf_free(conf);
	return good ? CLI_OK : CLI_NO_MATCH;
}

const struct command command_check = {.name = "check",
    .summary = "find what is wrong with settings, CA and log",
    .synopsis = "sightglass check [-d DIR] [-c FILE]",
    .about =
        "Looks at settings, CA, log directory and daemon, and says what is wrong and\n"
        "how to mend it. Exits with 1 when something is.\n",
    .options = {cli_options},
    .operand = OPERAND_NONE, .run = check};
