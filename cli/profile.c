/* SPDX-License-Identifier: ISC */
/*
 * `sightglass profile`: writes the configuration profile that device management
 * gives out to Macs, signed if asked to. CLI. It installs nothing.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/path.h"
#include "ca/cms.h"
#include "ca/key.h"
#include "cli/ca_text.h"
#include "cli/command.h"
#include "cli/profile_payloads.h"

#define PROFILE_BYTES_MAX (1024u * 1024)

enum { OPTION_SETTING = 256, OPTION_SIGN = 512, OPTION_CERT, OPTION_SPLIT };

/* Options that are settings by another name, in the order of `settings`. */
enum {
	OF_TEAM,
	OF_APP,
	OF_EXTENSION,
	OF_ORGANIZATION,
	OF_IDENTIFIER,
	OF_ORDER,
	OF_REQUIREMENT,
	OF_NO_DNS,
	OF_REMOVABLE,
	SETTING_COUNT
};

/* The value NULL: the option's argument. */
static const struct {
	const char *key, *value;
} settings[SETTING_COUNT] = {
    [OF_TEAM] = {"macos.team", NULL},
    [OF_APP] = {"macos.app", NULL},
    [OF_EXTENSION] = {"macos.extension", NULL},
    [OF_ORGANIZATION] = {"profile.organization", NULL},
    [OF_IDENTIFIER] = {"profile.identifier", NULL},
    [OF_ORDER] = {"profile.order", NULL},
    [OF_REQUIREMENT] = {"profile.requirement", NULL},
    [OF_NO_DNS] = {"profile.dns", "false"},
    [OF_REMOVABLE] = {"profile.removable", "true"},
};

static const struct option_row rows[] = {
    {OPTION_SETTING + OF_TEAM, "team", "ID",
        "Apple's team identifier (macos.team)",
        ARGUMENT_TEXT, NULL},
    {OPTION_SETTING + OF_APP, "app", "ID",
        "bundle identifier of the host app (macos.app)",
        ARGUMENT_TEXT, NULL},
    {OPTION_SETTING + OF_EXTENSION, "extension", "ID",
        "that of the extension (macos.extension)",
        ARGUMENT_TEXT, NULL},
    {OPTION_SETTING + OF_ORGANIZATION, "organization", "NAME",
        "whose profile it is (profile.organization)",
        ARGUMENT_TEXT, NULL},
    {OPTION_SETTING + OF_IDENTIFIER, "identifier", "ID",
        "its own identifier (profile.identifier)",
        ARGUMENT_TEXT, NULL},
    {OPTION_SETTING + OF_ORDER, "order", "N",
        "place among transparent proxies (profile.order)",
        ARGUMENT_TEXT, NULL},
    {OPTION_SETTING + OF_REQUIREMENT, "requirement", "TEXT",
        "what code signature the extension has to have\n"
        "(profile.requirement)",
        ARGUMENT_TEXT, NULL},
    {OPTION_SETTING + OF_NO_DNS, "no-dns", NULL,
        "the extension does not become DNS proxy",
        ARGUMENT_TEXT, NULL},
    {OPTION_SETTING + OF_REMOVABLE, "removable", NULL,
        "people may switch it off and remove the profile",
        ARGUMENT_TEXT, NULL},
    {OPTION_SIGN, "sign", "KEY",
        "sign it with the private key of this file (PEM)",
        ARGUMENT_FILE, NULL},
    {OPTION_CERT, "cert", "CERT", "whose certificate, and those above it, is in that\n"
        "one (PEM)", ARGUMENT_FILE, NULL},
    {'o', "output", "FILE",
        "write to a new file (standard output)",
        ARGUMENT_FILE, NULL},
    {OPTION_SPLIT, "split", "DIR",
        "one payload a file, in this directory",
        ARGUMENT_DIRECTORY, NULL},
    OPTIONS_END};

struct request {
	const char *values[SETTING_COUNT]; /* NULL: not given */
	const char *key, *certificate;     /* both, or neither: not signed */
	const char *output, *split;
};

struct signer {
	mbedtls_pk_context key;
	mbedtls_x509_crt certificates;
};

/* --- signing --- */

static int
load_signer(const struct request *r, struct signer *s)
{
	mbedtls_pk_init(&s->key);
	mbedtls_x509_crt_init(&s->certificates);
	if (r->key == NULL)
		return CLI_OK;
	if (mbedtls_pk_parse_keyfile(&s->key, r->key, NULL, mbedtls_psa_get_random,
	        MBEDTLS_PSA_RANDOM_STATE) != 0)
		diag_error("%s: no private key in PEM without a password", r->key);
	else if (mbedtls_x509_crt_parse_file(&s->certificates, r->certificate) != 0)
		diag_error("%s: no certificates in PEM", r->certificate);
	else
		return CLI_OK;
	return CLI_CANNOT_READ;
}

static void
free_signer(struct signer *s)
{
	mbedtls_pk_free(&s->key);
	mbedtls_x509_crt_free(&s->certificates);
}

static int
sign(const struct request *r, struct signer *s, const struct buf *profile,
    struct buf *out)
{
	int error = cms_sign(&s->key, &s->certificates, profile,
	    (int64_t)time(NULL), out);

	if (error == 0)
		return CLI_OK;
	if (error == E_DENIED)
		diag_error("%s is not the key of the first certificate of %s", r->key,
		    r->certificate);
	else
		diag_error("cannot sign: %s", err_text(error));
	return CLI_CANNOT_READ;
}

/* --- writing --- */

/* Writes the profile of those parts to `path`, or standard output for NULL. */
static int
write_profile(const struct conf *conf, const struct request *r, struct signer *s,
    const mbedtls_x509_crt *certificates, unsigned parts, const char *path)
{
	struct buf profile, message;
	const struct buf *what = &profile;
	int status = CLI_OK;

	buf_init(&profile, PROFILE_BYTES_MAX);
	buf_init(&message, 2 * PROFILE_BYTES_MAX);
	int error = profile_write(conf, certificates, parts, &profile);
	if (error != 0) {
		diag_error("cannot write the profile: %s", error == E_SYNTAX
		    ? "a setting of macos or profile has a character that XML "
		      "cannot hold" : err_text(error));
		status = CLI_CANNOT_READ;
	} else if (r->key != NULL) {
		what = &message;
		status = sign(r, s, &profile, &message);
	}
	if (status == CLI_OK)
		status = cli_write_new(path, buf_data(what), buf_length(what));
	buf_free(&message);
	buf_free(&profile);
	return status;
}

static int
write_split(const struct conf *conf, const struct request *r, struct signer *s,
    const mbedtls_x509_crt *certificates)
{
	char path[PATH_BYTES];
	int status = CLI_OK;

	if (mkdir(r->split, 0755) != 0 && errno != EEXIST) {
		diag_error("%s: %s", r->split, strerror(errno));
		return CLI_CANNOT_READ;
	}
	for (unsigned i = 0; status == CLI_OK && i < PROFILE_PART_COUNT; i++) {
		if (i == PROFILE_DNS && !conf->profile_dns)
			continue;
		(void)snprintf(path, sizeof(path), "%s/sightglass-%s.mobileconfig",
		    r->split, profile_part_name((enum profile_part)i));
		status = write_profile(conf, r, s, certificates, 1u << i, path);
	}
	return status;
}

/* A Mac trusts what is below a root; one that is not here has to be there. */
static void
warn_without_root(const mbedtls_x509_crt *certificates)
{
	for (const mbedtls_x509_crt *crt = certificates; crt != NULL;
	    crt = crt->next) {
		if (ca_is_self_issued(crt))
			return;
	}
	diag_warning("none of the CA's certificates is a root: the one above them "
	    "has to be trusted by the Macs already, or to stand in ca.chain");
}

static int
write_all(const struct conf *conf, const struct request *r,
    const mbedtls_x509_crt *certificates)
{
	struct signer signer;

	warn_without_root(certificates);
	int status = load_signer(r, &signer);
	if (status == CLI_OK && r->split != NULL)
		status = write_split(conf, r, &signer, certificates);
	else if (status == CLI_OK)
		status = write_profile(conf, r, &signer, certificates, PROFILE_ALL,
		    r->output);
	free_signer(&signer);
	return status;
}

/* --- settings and options --- */

static int
apply(struct conf *conf, const struct request *r)
{
	struct conf_error error;
	char why[256];

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (r->values[i] != NULL && conf_set(conf, settings[i].key,
		        r->values[i], &error) != 0) {
			diag_error("--%s: %s", rows[i].name, error.text);
			return CLI_USAGE;
		}
	}
	if (profile_check(conf, why) == 0)
		return CLI_OK;
	diag_error("%s", why);
	return CLI_USAGE;
}

static int
run(const struct conf *conf, const struct request *r)
{
	mbedtls_x509_crt certificates;

	int status = ca_text_certificates(conf, &certificates);
	if (status != CLI_OK)
		return status;
	status = write_all(conf, r, &certificates);
	mbedtls_x509_crt_free(&certificates);
	return status;
}

static bool
are_whole(const struct request *r)
{
	if ((r->key == NULL) != (r->certificate == NULL))
		diag_error("--sign and --cert belong together: a key, and its "
		    "certificate");
	else if (r->output != NULL && r->split != NULL)
		diag_error("-o writes one file and --split several: one of them");
	else
		return true;
	return false;
}

/* Takes one option; false: it is none of profile's own. */
static bool
take(struct request *r, int option)
{
	if (option >= OPTION_SETTING &&
	    option < OPTION_SETTING + (int)SETTING_COUNT) {
		size_t i = (size_t)(option - OPTION_SETTING);
		r->values[i] = settings[i].value != NULL ? settings[i].value : optarg;
		return true;
	}
	switch (option) {
	case OPTION_SIGN:
		r->key = optarg;
		return true;
	case OPTION_CERT:
		r->certificate = optarg;
		return true;
	case OPTION_SPLIT:
		r->split = optarg;
		return true;
	case 'o':
		r->output = optarg;
		return true;
	default:
		return false;
	}
}

static int
profile(struct cli *cli, int argc, char **argv)
{
	struct request request = {0};
	int option, status;

	options_begin(cli->command);
	while ((option = options_next(argc, argv)) != -1) {
		if (!take(&request, option) &&
		    !cli_option(cli, option, &status))
			return status;
	}
	if (optind < argc)
		return cli_too_many("profile", argv[optind]);
	if (!are_whole(&request))
		return CLI_USAGE;
	struct conf *conf = cli_conf(cli);
	if (conf == NULL)
		return CLI_CANNOT_READ;
	status = apply(conf, &request);
	if (status == CLI_OK)
		status = run(conf, &request);
	conf_free(conf);
	return status;
}

const struct command command_profile = {.name = "profile",
    .summary = "write the profile by which device management sets Macs up",
    .synopsis = "sightglass profile --team ID [OPTION...] [-o FILE | --split DIR]",
    .about =
        "Writes the configuration profile (.mobileconfig) by which device management\n"
        "makes Macs trust the CA, allow the system extension and use it. Settings come\n"
        "from the configuration; the options win over them.\n",
    .options = {rows, cli_options},
    .operand = OPERAND_NONE, .run = profile};
