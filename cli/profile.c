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

const char command_profile_usage[] =
    "usage: sightglass profile --team ID [OPTION...] [-o FILE | --split DIR]\n"
    "\n"
    "Writes the configuration profile (.mobileconfig) by which device management\n"
    "makes Macs trust the CA, allow the system extension and use it.\n"
    "\n"
    "      --team ID            Apple's team identifier (macos.team)\n"
    "      --app ID             bundle identifier of the host app (macos.app)\n"
    "      --extension ID       that of the extension (macos.extension)\n"
    "      --organization NAME  whose profile it is (profile.organization)\n"
    "      --identifier ID      its own identifier (profile.identifier)\n"
    "      --order N            place among transparent proxies (profile.order)\n"
    "      --requirement TEXT   what code signature the extension has to have\n"
    "                           (profile.requirement)\n"
    "      --no-dns             the extension does not become DNS proxy\n"
    "      --removable          people may switch it off and remove the profile\n"
    "      --sign KEY           sign it with the private key of this file (PEM)\n"
    "      --cert CERT          whose certificate, and those above it, is in that\n"
    "                           one (PEM)\n"
    "  -o, --output FILE        write to a new file (standard output)\n"
    "      --split DIR          one payload a file, in this directory\n"
    "  -d, --directory DIR      state directory of the CA\n"
    "  -c, --config FILE        settings; the options above win over them\n"
    "  -h, --help               this text\n";

enum { OPTION_SETTING = 256, OPTION_SIGN = 512, OPTION_CERT, OPTION_SPLIT };

/* Long options that are settings by another name; the value NULL: the option's
 * argument. */
static const struct {
	const char *option, *key, *value;
} settings[] = {
    {"team", "macos.team", NULL},
    {"app", "macos.app", NULL},
    {"extension", "macos.extension", NULL},
    {"organization", "profile.organization", NULL},
    {"identifier", "profile.identifier", NULL},
    {"order", "profile.order", NULL},
    {"requirement", "profile.requirement", NULL},
    {"no-dns", "profile.dns", "false"},
    {"removable", "profile.removable", "true"},
};
#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

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
			diag_error("--%s: %s", settings[i].option, error.text);
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

int
command_profile(struct cli *cli, int argc, char **argv)
{
	static const struct option others[] = {
	    {"sign", required_argument, NULL, OPTION_SIGN},
	    {"cert", required_argument, NULL, OPTION_CERT},
	    {"output", required_argument, NULL, 'o'},
	    {"split", required_argument, NULL, OPTION_SPLIT}, CLI_LONG,
	    {NULL, 0, NULL, 0}};
	struct option options[SETTING_COUNT + sizeof(others) / sizeof(others[0])];
	struct request request = {0};
	int option, status;

	for (size_t i = 0; i < SETTING_COUNT; i++)
		options[i] = (struct option){settings[i].option,
		    settings[i].value == NULL ? required_argument : no_argument, NULL,
		    OPTION_SETTING + (int)i};
	memcpy(options + SETTING_COUNT, others, sizeof(others));
	cli_options_begin();
	while ((option = getopt_long(argc, argv, "o:" CLI_SHORT, options, NULL)) !=
	    -1) {
		if (!take(&request, option) &&
		    !cli_option(cli, option, command_profile_usage, &status))
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
