/* SPDX-License-Identifier: ISC */
/*
 * `sightglass ca`: makes the CA, shows it, exports its certificate. CLI. Reads
 * the certificate only; never prints, copies or replaces a key.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mbedtls/md.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/path.h"
#include "ca/issue.h"
#include "ca/key.h"
#include "ca/renewal.h"
#include "cli/ca_text.h"
#include "cli/ca_trust.h"
#include "cli/command.h"

#define DIGEST_BYTES_MAX 64u

enum ca_option { CA_DER = 0x200, CA_NEXT, CA_ALL, CA_SYSTEM, CA_USER };

static const struct option_row rows[] = {
    {CA_DER, "der", NULL,
        "export DER instead of PEM: the CA's alone",
        ARGUMENT_TEXT, NULL},
    {CA_NEXT, "next", NULL,
        "export the CA alone that is to follow",
        ARGUMENT_TEXT, NULL},
    {'o', "output", "FILE",
        "export into a file instead of standard output",
        ARGUMENT_FILE, NULL},
    {CA_SYSTEM, "system", NULL,
        "trust, untrust: in the system's store",
        ARGUMENT_TEXT, NULL},
    {CA_USER, "user", NULL,
        "trust, untrust: in your own NSS stores",
        ARGUMENT_TEXT, NULL},
    {CA_ALL, "all", NULL,
        "untrust: every CA that 'ca trust' has put there",
        ARGUMENT_TEXT, NULL},
    OPTIONS_END};

struct settings {
	const struct cli *cli; /* borrowed */
	bool der;
	bool next;
	bool all;
	unsigned stores; /* enum ca_trust_stores; 0: all */
	const char *output;
};

/* --- init --- */

static int
init(const struct conf *conf, const struct settings *s)
{
	char hostname[256] = "", name[CA_NAME_BYTES], place[CLI_PLACE_BYTES];
	struct ca ca;

	cli_place(s->cli, false, place);
	if (conf->ca_certificate[0] != '\0') {
		diag_error("ca.certificate names a CA that is provided: none is made");
		return CLI_NO_MATCH;
	}
	(void)gethostname(hostname, sizeof(hostname) - 1);
	if (psa_crypto_init() != PSA_SUCCESS) {
		diag_error("cannot make a key: no random numbers?");
		return CLI_CANNOT_READ;
	}
	int made = ca_generate_configured(conf, hostname, (int64_t)time(NULL), name,
	    &ca);
	if (made != 0) {
		diag_error("cannot make a CA: %s", made == E_SYNTAX || made == E_FULL
		    ? "ca.permitted is not right" : err_text(made));
		return CLI_CANNOT_READ;
	}
	int error = ca_store(&ca, conf->ca_dir);
	ca_free(&ca);
	if (error == E_DENIED)
		diag_error("%s holds a CA already, which is kept: for a new one, "
		    "first move its " CA_KEY_FILE " and " CA_CERTIFICATE_FILE
		    " away", conf->ca_dir);
	else if (error != 0)
		diag_error("cannot write to %s: %s", conf->ca_dir, err_text(error));
	else
		(void)printf("made '%s' in %s\nto have it trusted, give out what "
		    "'sightglass ca export%s' prints\n", name, conf->ca_dir, place);
	return error == 0 ? CLI_OK
	    : error == E_DENIED ? CLI_NO_MATCH : CLI_CANNOT_READ;
}

/* --- show --- */

static void
print_digest(const char *label, mbedtls_md_type_t type,
    const mbedtls_x509_crt *certificate)
{
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(type);
	uint8_t digest[DIGEST_BYTES_MAX];

	if (md == NULL || mbedtls_md(md, certificate->raw.p,
	        certificate->raw.len, digest) != 0)
		return;
	(void)printf("%-9s ", label);
	for (size_t i = 0; i < mbedtls_md_get_size(md); i++)
		(void)printf("%s%02X", i == 0 ? "" : ":", digest[i]);
	(void)printf("\n");
}

static void
print_time(const char *label, const mbedtls_x509_time *t)
{
	(void)printf("%-9s %04d-%02d-%02d %02d:%02d:%02d UTC\n", label, t->year,
	    t->mon, t->day, t->hour, t->min, t->sec);
}

static void
print_subject(const mbedtls_x509_crt *certificate)
{
	char subject[512];

	if (mbedtls_x509_dn_gets(subject, sizeof(subject),
	        &certificate->subject) < 0)
		(void)snprintf(subject, sizeof(subject), "(too long)");
	(void)printf("subject   %s\n", subject);
}

/* Those that follow the first are the CAs above it. */
static void
print_certificate(const char *path, const mbedtls_x509_crt *certificate)
{
	if (path != NULL)
		(void)printf("file      %s\n", path);
	else
		(void)printf("\nabove it\n");
	print_subject(certificate);
	print_time("from", &certificate->valid_from);
	print_time("until", &certificate->valid_to);
	print_digest("SHA-256", MBEDTLS_MD_SHA256, certificate);
	print_digest("SHA-1", MBEDTLS_MD_SHA1, certificate);
}

static int
show_all(const struct buf *pem, const char *path)
{
	mbedtls_x509_crt certificates;

	int status = ca_text_parse(pem, &certificates);
	if (status != CLI_OK)
		return status;
	for (const mbedtls_x509_crt *crt = &certificates; crt != NULL;
	    crt = crt->next)
		print_certificate(crt == &certificates ? path : NULL, crt);
	mbedtls_x509_crt_free(&certificates);
	return CLI_OK;
}

/* The CA's times, in seconds since the epoch. */
static int64_t
end_of(const struct buf *pem, int64_t *begin_s)
{
	mbedtls_x509_crt certificates;
	int64_t end_s = 0;

	*begin_s = 0;
	if (ca_text_parse(pem, &certificates) == CLI_OK) {
		*begin_s = issue_seconds(&certificates.valid_from) + ISSUE_BACKDATE_S;
		end_s = issue_seconds(&certificates.valid_to);
		mbedtls_x509_crt_free(&certificates);
	}
	return end_s;
}

static void
print_seconds(const char *label, int64_t seconds)
{
	const time_t when = (time_t)seconds;
	struct tm tm;
	char text[32];

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		return;
	(void)printf("%-9s %s\n", label, text);
}

/* The CA that is to follow, and from when on; or when it is to be made. */
static int
show_next(const struct conf *conf, const struct buf *pem)
{
	int64_t begin_s, made_s, end_s = end_of(pem, &begin_s);
	char path[PATH_BYTES];
	struct buf next;
	int status = CLI_OK;

	if (conf->ca_certificate[0] != '\0')
		return CLI_OK;
	buf_init(&next, CA_TEXT_BYTES_MAX);
	int error = ca_load_next_certificate(conf, &next);
	if (error == 0)
		error = buf_append(&next, "", 1);
	if (error == 0) {
		(void)snprintf(path, sizeof(path), "%s/" CA_NEXT_CERTIFICATE_FILE,
		    conf->ca_dir);
		(void)printf("\nto follow it, and to be trusted by then\n");
		(void)end_of(&next, &made_s);
		print_seconds("in use", renewal_switch_s(conf, made_s, end_s));
		status = show_all(&next, path);
	} else if (renewal_make_s(conf, begin_s, end_s) != INT64_MAX) {
		print_seconds("renewal", renewal_make_s(conf, begin_s, end_s));
	}
	buf_free(&next);
	return status;
}

static int
show(const struct conf *conf, const struct settings *s UNUSED)
{
	struct buf pem;
	char path[PATH_BYTES];

	ca_certificate_path(conf, path);
	int status = ca_text_load(conf, &pem);
	if (status == CLI_OK)
		status = show_all(&pem, path);
	if (status == CLI_OK)
		status = show_next(conf, &pem);
	buf_free(&pem);
	return status;
}

/* --- export --- */

static int
export_der(const struct buf *pem, const struct settings *s)
{
	mbedtls_x509_crt certificate;

	int status = ca_text_parse(pem, &certificate);
	if (status != CLI_OK)
		return status;
	status = cli_write_new(s->output, certificate.raw.p, certificate.raw.len);
	mbedtls_x509_crt_free(&certificate);
	return status;
}

static int
export_certificate(const struct conf *conf, const struct settings *s)
{
	struct buf pem;

	int status = s->next ? ca_text_load_next(conf, &pem)
	    : s->der ? ca_text_load(conf, &pem) : ca_text_load_all(conf, &pem);
	if (status == CLI_OK && s->der)
		status = export_der(&pem, s);
	else if (status == CLI_OK)
		status = cli_write_new(s->output, buf_data(&pem),
		    strlen((const char *)buf_data(&pem)));
	buf_free(&pem);
	return status;
}

/* --- who trusts it --- */

static unsigned
stores(const struct settings *s)
{
	return s->stores != 0 ? s->stores : CA_TRUST_SYSTEM | CA_TRUST_USER;
}

static int
trust(const struct conf *conf, const struct settings *s)
{
	return ca_trust(conf, stores(s));
}

static int
untrust(const struct conf *conf, const struct settings *s)
{
	return ca_untrust(conf, stores(s), s->all);
}

/* --- dispatch --- */

static int
run(const struct conf *conf, const struct settings *s, const char *action)
{
	static const struct {
		const char *name;
		int (*run)(const struct conf *conf, const struct settings *s);
	} actions[] = {
	    {"init", init}, {"show", show}, {"export", export_certificate},
	    {"trust", trust}, {"untrust", untrust}};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, action) == 0)
			return actions[i].run(conf, s);
	}
	diag_error("ca knows init, show, export, trust and untrust, not '%s'", action);
	return CLI_USAGE;
}

static int
run_ca(struct cli *cli, int argc, char **argv)
{
	struct settings s = {.cli = cli};
	int option, status;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (option == CA_DER)
			s.der = true;
		else if (option == CA_NEXT)
			s.next = true;
		else if (option == CA_ALL)
			s.all = true;
		else if (option == CA_SYSTEM)
			s.stores |= CA_TRUST_SYSTEM;
		else if (option == CA_USER)
			s.stores |= CA_TRUST_USER;
		else if (option == 'o')
			s.output = optarg;
		else if (!cli_option(cli, option, &status))
			return status;
	}
	if (optind == argc)
		return cli_usage(cli);
	if (optind + 1 < argc)
		return cli_too_many("ca", argv[optind + 1]);
	struct conf *conf = cli_conf(cli);
	if (conf == NULL)
		return CLI_CANNOT_READ;
	status = run(conf, &s, argv[optind]);
	conf_free(conf);
	return status;
}

const struct command command_ca = {.name = "ca",
    .summary = "make, show, export or trust the CA certificate",
    .synopsis = "sightglass ca init | show | export [--der] [--next] [-o FILE] |\n"
        "           trust | untrust [--system] [--user] [--all] [-d DIR] [-c FILE]",
    .about =
        "  init    make the CA now: the daemon and exec do it at their first start; one\n"
        "          that is there is kept, and the status is 1\n"
        "  show    whose it is, until when, and its fingerprints\n"
        "  export  its certificate, to be trusted where traffic is to be read, and\n"
        "          that of the CA that is to follow it, once there is one\n"
        "  trust   have this machine trust it: the system's store as root (--system),\n"
        "          and your own NSS stores, of Chromium and Firefox (--user)\n"
        "  untrust undo that; --all: for every CA that 'ca trust' has put there\n",
    .options = {rows, cli_options},
    .verbs = "init show export trust untrust",
    .operand = OPERAND_NONE, .run = run_ca};
