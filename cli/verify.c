/* SPDX-License-Identifier: ISC */
/*
 * `sightglass verify`: judges a chain of certificates as a worker would, with the
 * settings' trust or with that of the command line, at any time. CLI. Reads
 * files; asks no server.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <psa/crypto.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "ca/key.h"
#include "ca/system_roots.h"
#include "cli/command.h"
#include "log/when.h"
#include "mitm/trust.h"

#define FILE_BYTES_MAX (16u * 1024 * 1024)
#define ANSWER_BYTES_MAX (64u * 1024)
#define SUBJECT_BYTES 512u
#define CRLS_MAX 64u

enum verify_option {
	VERIFY_CHAIN = 0x200,
	VERIFY_HOST,
	VERIFY_TRUST,
	VERIFY_CRL,
	VERIFY_AT
};

static const struct option_row rows[] = {
    {VERIFY_CHAIN, "chain", "FILE", "the server's certificate first; PEM or DER, - is\n"
        "standard input", ARGUMENT_FILE, NULL},
    {VERIFY_HOST, "host", "NAME",
        "the name or address that it must speak for",
        ARGUMENT_TEXT, NULL},
    {VERIFY_TRUST, "trust", "FILE",
        "the roots, instead of upstream.trust",
        ARGUMENT_FILE, NULL},
    {VERIFY_CRL, "crl", "FILE",
        "a revocation list, instead of upstream.crl",
        ARGUMENT_FILE, NULL},
    {VERIFY_AT, "at", "TIME",
        "judge as of 2026-11-25T10:00:00Z, or of @SECONDS",
        ARGUMENT_TEXT, NULL},
    {'o', "output", "FORMAT", "text or json", ARGUMENT_WORDS, "text json"},
    OPTIONS_END};

struct request {
	const char *chain, *host, *trust;
	const char *crls[CRLS_MAX];
	size_t crl_count;
	int64_t now_s;
	bool json;
};

/* --- files --- */

/* A NUL behind it, which is not counted. */
static int
end_text(struct buf *text)
{
	uint8_t *room;
	int error = buf_reserve(text, 1, &room);

	if (error == 0)
		*room = '\0';
	return error;
}

/* The whole file, as text. False after a message. */
static bool
read_file(const char *path, struct buf *out)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO
	                                : open(path, O_RDONLY | O_CLOEXEC);

	buf_init(out, FILE_BYTES_MAX);
	int error = fd < 0 ? E_SYS : file_read_rest(fd, out);
	if (error == 0)
		error = end_text(out);
	if (error != 0)
		diag_error("%s: %s", path, err_text(error));
	if (fd > STDIN_FILENO)
		(void)close(fd);
	return error == 0;
}

/* Likewise, of what the system trusts. */
static bool
read_system_roots(struct buf *out)
{
	char words[256];

	buf_init(out, FILE_BYTES_MAX);
	int error = system_roots_read(out, words);
	if (error == 0) {
		error = end_text(out);
		(void)snprintf(words, sizeof(words), "%s", err_text(error));
	}
	if (error != 0)
		diag_error("the system's roots: %s; --trust names others", words);
	return error == 0;
}

static bool
load_roots(struct trust *t, const char *path)
{
	struct buf bytes;
	size_t bad = 0;

	bool read = strcmp(path, "system") == 0 ? read_system_roots(&bytes)
	                                        : read_file(path, &bytes);
	size_t count =
	    read ? trust_set_roots(t, buf_data(&bytes), buf_length(&bytes), &bad) : 0;
	buf_free(&bytes);
	if (read && count == bad)
		diag_error("%s holds no certificate that can be read", path);
	else if (bad > 0)
		diag_warning("%s: %zu certificates were not understood", path, bad);
	return read && count > bad;
}

static bool
load_crl(struct trust *t, const char *path)
{
	struct buf bytes;

	bool read = read_file(path, &bytes);
	int count =
	    read ? trust_add_crls(t, buf_data(&bytes), buf_length(&bytes)) : 0;
	buf_free(&bytes);
	if (count == E_VERSION)
		diag_error("%s has a partial list, or a critical extension that is "
		    "not known: it cannot be used", path);
	else if (count < 0)
		diag_error("%s is no revocation list: %s", path, err_text(count));
	return read && count > 0;
}

static bool
load_crls(struct trust *t, const struct request *r, const struct conf *conf)
{
	bool good = true;

	for (size_t i = 0; i < r->crl_count; i++)
		good = good && load_crl(t, r->crls[i]);
	for (size_t i = 0; r->crl_count == 0 && i < conf->upstream_crl.count; i++)
		good = good && load_crl(t, conf->upstream_crl.items[i]);
	trust_use_crls(t);
	if (t->crls != NULL && revocation_expired(t->crls, r->now_s) > 0)
		diag_warning("%zu revocation lists are over: what is newer is not "
		    "known", revocation_expired(t->crls, r->now_s));
	return good;
}

static bool
load_distrust(struct trust *t, const struct conf *conf)
{
	if (distrust_set(&t->distrust, conf->upstream_distrust.items,
	        conf->upstream_distrust.count) == 0)
		return true;
	diag_error("upstream.distrust has what is not a SHA-256 digest");
	return false;
}

/* Our own CA, which no server may have; there may be none yet. */
static void
load_own(mbedtls_x509_crt *own, const struct conf *conf)
{
	if (ca_load_own(conf, own) == 0)
		return;
	mbedtls_x509_crt_free(own);
	mbedtls_x509_crt_init(own);
}

/* --- the verdict --- */

static void
print_failures(const struct verify_result *result)
{
	for (unsigned i = 0; i < VERIFY_COUNT; i++) {
		const char *name = verify_identifier((enum verify_failure)i);
		if ((result->failures & (uint32_t)1 << i) != 0 &&
		    strcmp(name, result->identifier) != 0)
			(void)printf("also: %s: %s\n", name,
			    verify_words((enum verify_failure)i));
	}
}

static void
print_text(const struct verify_result *result)
{
	(void)printf("%s: %s: %s\n", result->trusted ? "trusted" : "not trusted",
	    result->identifier, result->words);
	print_failures(result);
}

static void
write_subject(struct json *j, const mbedtls_x509_crt *crt)
{
	char subject[SUBJECT_BYTES];

	if (mbedtls_x509_dn_gets(subject, sizeof(subject), &crt->subject) < 0)
		(void)snprintf(subject, sizeof(subject), "(too long)");
	json_text(j, NULL, subject);
}

static void
write_json(struct json *j, const struct verify_result *result)
{
	json_object_begin(j, NULL);
	json_bool(j, "trusted", result->trusted);
	json_text(j, "identifier", result->identifier);
	json_text(j, "words", result->words);
	json_array_begin(j, "failures");
	for (unsigned i = 0; i < VERIFY_COUNT; i++)
		if ((result->failures & (uint32_t)1 << i) != 0)
			json_text(j, NULL, verify_identifier((enum verify_failure)i));
	json_array_end(j);
	json_array_begin(j, "path");
	for (unsigned i = 0; i < result->path_length; i++)
		write_subject(j, result->path[i]);
	json_array_end(j);
	json_object_end(j);
}

static int
print_json(const struct verify_result *result)
{
	struct buf answer;
	struct json j;

	buf_init(&answer, ANSWER_BYTES_MAX);
	json_init(&j, &answer);
	write_json(&j, result);
	int error = json_error(&j);
	if (error == 0)
		(void)printf("%.*s\n", (int)buf_length(&answer),
		    (const char *)buf_data(&answer));
	else
		diag_error("%s", err_text(error));
	buf_free(&answer);
	return error;
}

/* A certificate that cannot be read is no reason to stop: it is the verdict, as
 * it is for the daemon, whose handshake fails then. */
static int
judge(const struct request *r, const struct trust *t,
    const mbedtls_x509_crt *own, const mbedtls_x509_crt *chain, size_t bad)
{
	struct verify_options options = {.now_s = r->now_s, .host = r->host,
	    .own_ca = own->raw.p != NULL ? own : NULL};
	struct verify_result result = {.identifier =
	    verify_identifier(VERIFY_MALFORMED),
	    .words = "a certificate cannot be read",
	    .failures = (uint32_t)1 << VERIFY_MALFORMED};

	trust_options(t, &options);
	if (bad == 0)
		verify_chain(chain, &options, &result);
	if (!r->json)
		print_text(&result);
	else if (print_json(&result) != 0)
		return CLI_CANNOT_READ;
	return result.trusted ? CLI_OK : CLI_NO_MATCH;
}

static int
judge_file(const struct request *r, const struct trust *t,
    const mbedtls_x509_crt *own)
{
	mbedtls_x509_crt chain;
	struct buf bytes;
	size_t bad = 0;
	int status = CLI_CANNOT_READ;

	mbedtls_x509_crt_init(&chain);
	bool read = read_file(r->chain, &bytes);
	size_t count = read
	    ? trust_read(&chain, buf_data(&bytes), buf_length(&bytes), &bad) : 0;
	buf_free(&bytes);
	if (count > 0)
		status = judge(r, t, own, &chain, bad);
	else if (read)
		diag_error("%s holds no certificate", r->chain);
	mbedtls_x509_crt_free(&chain);
	return status;
}

static int
run(const struct request *r, const struct conf *conf)
{
	int status = CLI_CANNOT_READ;
	mbedtls_x509_crt own;
	struct trust t;

	trust_init(&t);
	mbedtls_x509_crt_init(&own);
	load_own(&own, conf);
	if (load_roots(&t, r->trust != NULL ? r->trust : conf->upstream_trust) &&
	    load_crls(&t, r, conf) &&
	    load_distrust(&t, conf))
		status = judge_file(r, &t, &own);
	mbedtls_x509_crt_free(&own);
	trust_free(&t);
	return status;
}

/* --- options --- */

static bool
parse_time(const char *text, int64_t *out)
{
	char *end;

	if (text[0] != '@') {
		int64_t us;
		if (!when_stamp(text, strlen(text), &us))
			return false;
		/* Down, before the epoch too. */
		*out = us / 1000000 - (us % 1000000 < 0);
		return true;
	}
	errno = 0;
	*out = strtoll(text + 1, &end, 10);
	return errno == 0 && end != text + 1 && *end == '\0';
}

static bool
take(struct request *r, int option)
{
	switch (option) {
	case VERIFY_CHAIN:
		r->chain = optarg;
		return true;
	case VERIFY_HOST:
		r->host = optarg;
		return true;
	case VERIFY_TRUST:
		r->trust = optarg;
		return true;
	case VERIFY_CRL:
		if (r->crl_count == CRLS_MAX)
			return false;
		r->crls[r->crl_count++] = optarg;
		return true;
	case VERIFY_AT:
		return parse_time(optarg, &r->now_s);
	default: /* o */
		r->json = strcmp(optarg, "json") == 0;
		return r->json || strcmp(optarg, "text") == 0;
	}
}

static bool
read_options(struct cli *cli, struct request *r, int argc, char **argv,
    int *status)
{
	int option;

	options_begin(cli->command);
	*status = CLI_USAGE;
	while ((option = options_next(argc, argv)) != -1) {
		if (option != 'o' && option < VERIFY_CHAIN) {
			if (!cli_option(cli, option, status))
				return false;
		} else if (!take(r, option)) {
			diag_error("'%s' cannot be taken here: see sightglass verify "
			    "--help", optarg);
			return false;
		}
	}
	if (optind < argc) {
		*status = cli_too_many("verify", argv[optind]);
		return false;
	}
	if (r->chain != NULL && r->host != NULL)
		return true;
	*status = cli_usage(cli);
	return false;
}

static int
run_verify(struct cli *cli, int argc, char **argv)
{
	struct request r = {.now_s = (int64_t)time(NULL)};
	int status;

	if (!read_options(cli, &r, argc, argv, &status))
		return status;
	if (psa_crypto_init() != PSA_SUCCESS) {
		diag_error("cannot begin: no random numbers?");
		return CLI_CANNOT_READ;
	}
	struct conf *conf = cli_conf(cli);
	if (conf == NULL)
		return CLI_CANNOT_READ;
	status = run(&r, conf);
	conf_free(conf);
	return status;
}

const struct command command_verify = {.name = "verify",
    .summary = "judge a server's chain as the daemon would",
    .synopsis = "sightglass verify --chain FILE --host NAME [--trust FILE]\n"
        "                         [--crl FILE]... [--at TIME] [-o text|json]\n"
        "                         [-d DIR] [-c FILE]",
    .about =
        "Judges the chain that a server sent, as the daemon would: exits with 0 when it\n"
        "is trusted, with 1 when it is not, and says why.\n",
    .options = {rows, cli_options},
    .operand = OPERAND_NONE, .run = run_verify};
