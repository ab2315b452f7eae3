/* SPDX-License-Identifier: ISC */
/*
 * `sightglass doctor`: whether this machine's traffic is really seen, and why not,
 * a line each, with the remedy. CLI.
 */
#include "cli/doctor.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "cli/tool.h"
#include "mitm/policy.h"

#define SAID_BYTES_MAX (4u * 1024 * 1024)

enum doctor_option { DOCTOR_CONNECT = 0x200, DOCTOR_STRICT };

static const struct option_row rows[] = {
    {DOCTOR_CONNECT, "connect", "HOST[:PORT]",
        "connect there, as any program, by https_proxy\n"
        "where it is set, and see whether that is opened (443)", ARGUMENT_TEXT, NULL},
    {'o', "output", "FORMAT", "text, or json: an object a line",
        ARGUMENT_WORDS, "text json"},
    {DOCTOR_STRICT, "strict", NULL, "exit with 1 for a warning, too", ARGUMENT_TEXT,
        NULL},
    OPTIONS_END};

/* --- settings --- */

static bool
judge_rules(struct doctor *d, const char *key, const struct conf_list *rules,
    struct policy *policy)
{
	const char *why;
	bool good = true;

	for (size_t i = 0; i < rules->count; i++) {
		if (policy_add(policy, rules->items[i], DECIDE_SPLICE, &why) == 0)
			continue;
		good = false;
		finding_failure(&d->found, FINDING_POLICY, "%s: rule '%s': %s", key,
		    rules->items[i], why);
		finding_remedy(&d->found, "write it as sightglass.yaml(5) says under "
		    "policy; sightglassd -n checks the file");
	}
	return good;
}

static void
policy_probe(struct doctor *d)
{
	const struct conf *c = d->conf;
	struct policy *policy = policy_new(DECIDE_INSPECT);

	if (policy == NULL)
		return;
	bool good = judge_rules(d, "policy.inspect", &c->policy_inspect, policy);
	good &= judge_rules(d, "policy.splice", &c->policy_splice, policy);
	good &= judge_rules(d, "policy.refuse", &c->policy_refuse, policy);
	if (good)
		finding_ok(&d->found, FINDING_POLICY, "%zu rules",
		    c->policy_inspect.count + c->policy_splice.count +
		        c->policy_refuse.count);
	policy_free(policy);
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

/* What is wrong with them has been said. */
static void
refuse_settings(struct doctor *d)
{
	finding_failure(&d->found, FINDING_SETTINGS, "are not understood: standard "
	    "error tells why");
	finding_remedy(&d->found, "sightglassd -n checks them, each value too");
}

static void
examine(struct doctor *d)
{
	static doctor_probe *const always[] = {policy_probe, doctor_daemon, doctor_log,
	    doctor_disk, doctor_ca, doctor_system};
	static doctor_probe *const with_ca[] = {doctor_system_store,
	    doctor_nss_stores, doctor_java, doctor_python, doctor_node,
	    doctor_connection};

	finding_ok(&d->found, FINDING_SETTINGS, "are understood");
	mbedtls_x509_crt_init(&d->certificates);
	for (size_t i = 0; i < ARRAY_LENGTH(always); i++)
		always[i](d);
	for (size_t i = 0; d->has_ca && i < ARRAY_LENGTH(with_ca); i++)
		with_ca[i](d);
	doctor_alerts(d);
	mbedtls_x509_crt_free(&d->certificates);
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
	d.conf = conf;
	if (conf != NULL)
		examine(&d);
	else
		refuse_settings(&d);
	findings_end(&d.found);
	conf_free(conf);
	return summary(&d);
}

const struct command command_doctor = {.name = "doctor",
    .summary = "find why traffic is not seen, and who does not trust the CA",
    .synopsis = "sightglass doctor [--connect HOST[:PORT]] [-o text|json] [--strict] "
                "[-d DIR] [-c FILE]",
    .about =
        "Looks at settings, daemon, forwarders, log, CA, who trusts it, who turned it\n"
        "down, and at what the system says of all that, and tells what is wrong, with\n"
        "the remedy. Exits with 1 when something fails.\n",
    .options = {rows, cli_options},
    .operand = OPERAND_NONE, .run = doctor};
