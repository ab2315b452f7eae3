/* SPDX-License-Identifier: ISC */
/*
 * `sightglass doctor`: whether this machine's traffic is really seen, and why not,
 * a line each, with the remedy. CLI.
 */
#include "cli/doctor.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <psa/crypto.h>
#include <yyjson.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/err.h"
#include "ca/key.h"
#include "cli/ca_text.h"
#include "cli/control.h"
#include "cli/tool.h"

#define ANSWER_BYTES_MAX (1024u * 1024)
#define SAID_BYTES_MAX (4u * 1024 * 1024)

enum doctor_option { DOCTOR_CONNECT = 0x200, DOCTOR_STRICT };

static const struct option_row rows[] = {
    {DOCTOR_CONNECT, "connect", "HOST[:PORT]",
        "connect there, as any program, and see whether\n"
        "that is opened (443)", ARGUMENT_TEXT, NULL},
    {'o', "output", "FORMAT", "text, or json: an object a line",
        ARGUMENT_WORDS, "text json"},
    {DOCTOR_STRICT, "strict", NULL, "exit with 1 for a warning, too", ARGUMENT_TEXT,
        NULL},
    OPTIONS_END};

/* --- the daemon --- */

static void
judge_version(struct doctor *d, yyjson_val *answer)
{
	const char *version = yyjson_get_str(yyjson_obj_get(answer, "version"));

	if (version == NULL) {
		finding_failure(&d->found, FINDING_DAEMON, "its answer is not "
		    "understood");
	} else if (strcmp(version, SIGHTGLASS_VERSION) != 0) {
		finding_warning(&d->found, FINDING_DAEMON, "runs, as version %s, and "
		    "this is " SIGHTGLASS_VERSION, version);
		finding_remedy(&d->found, "restart the daemon after an update");
	} else {
		finding_ok(&d->found, FINDING_DAEMON, "runs, version %s", version);
	}
}

static void
judge_answer(struct doctor *d, const struct buf *answer)
{
	yyjson_doc *doc = yyjson_read((const char *)buf_data(answer),
	    buf_length(answer), 0);
	yyjson_val *root = yyjson_doc_get_root(doc);

	judge_version(d, root);
	doctor_bridge(&d->found, root, doctor_forwarder, (int64_t)clock_wall_us());
	yyjson_doc_free(doc);
}

static void
daemon_probe(struct doctor *d)
{
	char places[CONTROL_PLACES_MAX][PATH_BYTES], error[256];
	size_t count = control_places(d->conf->run_dir, places);
	unsigned running = 0;

	for (size_t i = 0; i < count; i++) {
		struct buf answer;
		buf_init(&answer, ANSWER_BYTES_MAX);
		int outcome = control_ask(places[i], "status", &answer, error);
		if (outcome == 0)
			judge_answer(d, &answer);
		else if (outcome != E_NOTFOUND)
			finding_failure(&d->found, FINDING_DAEMON, "%s", error);
		running += outcome != E_NOTFOUND;
		buf_free(&answer);
	}
	if (running == 0) {
		finding_warning(&d->found, FINDING_DAEMON, "none runs at %s",
		    d->conf->run_dir);
		finding_remedy(&d->found, "start sightglassd, or run a program with "
		    "sightglass exec");
	}
}

/* --- the log --- */

static void
log_probe(struct doctor *d)
{
	struct stat st;
	const char *path = d->conf->log_dir;

	if (stat(path, &st) != 0) {
		if (errno == ENOENT)
			finding_ok(&d->found, FINDING_LOG, "none yet in %s", path);
		else
			finding_failure(&d->found, FINDING_LOG, "%s: %s", path,
			    strerror(errno));
		return;
	}
	bool group = d->conf->log_group[0] != '\0';
	mode_t open_to = st.st_mode & (group ? 027 : 077);
	if (open_to == 0) {
		finding_ok(&d->found, FINDING_LOG, "%s, mode %04o", path,
		    (unsigned)(st.st_mode & 07777));
		return;
	}
	finding_failure(&d->found, FINDING_LOG, "%s has mode %04o: others can reach "
	    "what was logged", path, (unsigned)(st.st_mode & 07777));
	finding_remedy(&d->found, "chmod %s %s", group ? "750" : "700", path);
}

static void
disk_probe(struct doctor *d)
{
	struct statvfs fs;

	if (statvfs(d->conf->log_dir, &fs) != 0)
		return;
	uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	uint64_t want = d->conf->log_keep_free_bytes;
	if (free_bytes >= 2 * want) {
		finding_ok(&d->found, FINDING_DISK, "%llu MiB are free where the log "
		    "is", (unsigned long long)(free_bytes / MIB));
		return;
	}
	finding_warning(&d->found, FINDING_DISK, "%llu MiB are free where the log is: "
	    "below log.keep_free (%llu MiB) old segments are removed",
	    (unsigned long long)(free_bytes / MIB), (unsigned long long)(want / MIB));
	finding_remedy(&d->found, "make room, or ship the log and lower log.keep_size");
}

/* --- the CA --- */

static void
load_ca(struct doctor *d)
{
	struct buf pem;

	buf_init(&pem, CA_TEXT_BYTES_MAX);
	mbedtls_x509_crt_init(&d->certificates);
	int error = psa_crypto_init() == PSA_SUCCESS
	    ? ca_load_certificates(d->conf, &pem) : E_CRYPTO;
	if (error == 0)
		error = buf_append(&pem, "", 1);
	if (error == 0)
		error = ca_parse_certificates(&d->certificates,
		    (const char *)buf_data(&pem));
	d->has_ca = error == 0;
	buf_free(&pem);
}

static void
ca_probe(struct doctor *d)
{
	char path[PATH_BYTES];

	ca_certificate_path(d->conf, path);
	if (!d->has_ca) {
		finding_failure(&d->found, FINDING_CA, "%s: there is none", path);
		finding_remedy(&d->found, "sightglass ca init, or the first start of "
		    "the daemon");
	} else if (mbedtls_x509_time_is_past(&d->certificates.valid_to)) {
		finding_failure(&d->found, FINDING_CA, "%s is over", path);
		finding_remedy(&d->found, "move it and its key away: the daemon makes "
		    "a new one at its next start, which has to be trusted then");
	} else if (mbedtls_x509_time_is_future(&d->certificates.valid_from)) {
		finding_failure(&d->found, FINDING_CLOCK, "the CA begins in the "
		    "future");
		finding_remedy(&d->found, "set the clock");
	} else {
		finding_ok(&d->found, FINDING_CA, "%s, until %04d-%02d-%02d", path,
		    d->certificates.valid_to.year, d->certificates.valid_to.mon,
		    d->certificates.valid_to.day);
	}
}

/* --- all of it --- */

bool
doctor_ask(const char *tool, char *const argv[], struct buf *said)
{
	char path[PATH_MAX];

	buf_init(said, SAID_BYTES_MAX);
	if (!tool_find(tool, path))
		return false;
	(void)tool_run(path, argv, NULL, said);
	return buf_append(said, "", 1) == 0;
}

static void
examine(struct doctor *d)
{
	static doctor_probe *const always[] = {daemon_probe, log_probe, disk_probe,
	    ca_probe, doctor_system};
	static doctor_probe *const with_ca[] = {doctor_system_store,
	    doctor_nss_stores, doctor_java, doctor_python, doctor_node,
	    doctor_connection};

	for (size_t i = 0; i < ARRAY_LENGTH(always); i++)
		always[i](d);
	for (size_t i = 0; d->has_ca && i < ARRAY_LENGTH(with_ca); i++)
		with_ca[i](d);
	doctor_alerts(d);
}

static int
summary(const struct doctor *d)
{
	const struct findings *f = &d->found;

	if (!f->as_json)
		(void)printf("%u %s, %u %s\n", f->failures,
		    f->failures == 1 ? "failure" : "failures", f->warnings,
		    f->warnings == 1 ? "warning" : "warnings");
	return f->failures > 0 || (d->strict && f->warnings > 0) ? CLI_NO_MATCH : CLI_OK;
}

/* False: stop, with *status. */
static bool
read_options(struct doctor *d, int argc, char **argv, int *status)
{
	const char *format = "text";
	int option;

	options_begin(d->cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (option == DOCTOR_CONNECT)
			d->connect = optarg;
		else if (option == DOCTOR_STRICT)
			d->strict = true;
		else if (option == 'o')
			format = optarg;
		else if (!cli_option(d->cli, option, status))
			return false;
	}
	if (optind < argc) {
		*status = cli_too_many("doctor", argv[optind]);
		return false;
	}
	bool as_json = strcmp(format, "json") == 0;
	if (!as_json && strcmp(format, "text") != 0) {
		diag_error("doctor prints text or json, not '%s'", format);
		*status = CLI_USAGE;
		return false;
	}
	findings_begin(&d->found, stdout, as_json);
	return true;
}

static int
doctor(struct cli *cli, int argc, char **argv)
{
	struct doctor d = {.cli = cli};
	int status;

	if (!read_options(&d, argc, argv, &status))
		return status;
	struct conf *conf = cli_conf(cli);
	if (conf == NULL)
		return CLI_NO_MATCH;
	d.conf = conf;
	load_ca(&d);
	examine(&d);
	findings_end(&d.found);
	mbedtls_x509_crt_free(&d.certificates);
	conf_free(conf);
	return summary(&d);
}

const struct command command_doctor = {.name = "doctor",
    .summary = "find why traffic is not seen, and who does not trust the CA",
    .synopsis = "sightglass doctor [--connect HOST[:PORT]] [-o text|json] [--strict] "
                "[-d DIR] [-c FILE]",
    .about =
        "Looks at daemon, forwarders, log, CA, who trusts it, who turned it down, and\n"
        "at what the system says of all that, and tells what stands in the way, with\n"
        "the remedy. Exits with 1 when something fails.\n",
    .options = {rows, cli_options},
    .operand = OPERAND_NONE, .run = doctor};
