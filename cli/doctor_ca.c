/* SPDX-License-Identifier: ISC */
/* Our CA: whether it can be read, is valid now, and has a key that is its own. CLI;
 * of the key only what anyone may see, its mode. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <psa/crypto.h>

#include "base/err.h"
#include "ca/key.h"
#include "cli/ca_text.h"
#include "cli/doctor.h"

static int
load(struct doctor *d)
{
	struct buf pem;

	buf_init(&pem, CA_TEXT_BYTES_MAX);
	int error = psa_crypto_init() == PSA_SUCCESS
	    ? ca_load_certificates(d->conf, &pem) : E_CRYPTO;
	if (error == 0)
		error = buf_append(&pem, "", 1);
	if (error == 0)
		error = ca_parse_certificates(&d->certificates,
		    (const char *)buf_data(&pem));
	buf_free(&pem);
	return error;
}

static void
judge_life(struct doctor *d, const char *path)
{
	const mbedtls_x509_crt *ca = &d->certificates;

	if (mbedtls_x509_time_is_past(&ca->valid_to)) {
		finding_failure(&d->found, FINDING_CA, "%s is over", path);
		finding_remedy(&d->found, "move it and its key away: the daemon makes a "
		    "new one at its next start, which has to be trusted then");
	} else if (mbedtls_x509_time_is_future(&ca->valid_from)) {
		finding_failure(&d->found, FINDING_CLOCK, "the CA begins in the future");
		finding_remedy(&d->found, "set the clock");
	} else {
		finding_ok(&d->found, FINDING_CA, "%s, until %04d-%02d-%02d", path,
		    ca->valid_to.year, ca->valid_to.mon, ca->valid_to.day);
	}
}

/* Who may not look knows nothing of it. */
static void
judge_key(struct doctor *d)
{
	const struct conf *conf = d->conf;
	char path[2 * PATH_BYTES];
	struct stat st;

	if (conf->ca_private_key[0] != '\0')
		(void)snprintf(path, sizeof(path), "%s", conf->ca_private_key);
	else
		(void)snprintf(path, sizeof(path), "%s/" CA_KEY_FILE, conf->ca_dir);
	int error = stat(path, &st) == 0 ? 0 : errno;
	if (error == EACCES)
		return;
	if (error != 0) {
		finding_failure(&d->found, FINDING_KEY, "%s: %s: without it no leaf can "
		    "be signed", path, strerror(error));
		finding_remedy(&d->found, "bring it back, or move the certificate away "
		    "too, and a new CA is made");
	} else if ((st.st_mode & 077) != 0) {
		finding_failure(&d->found, FINDING_KEY, "%s may be read by others (mode "
		    "%04o)", path, (unsigned)(st.st_mode & 07777));
		finding_remedy(&d->found, "chmod 600 %s", path);
	} else {
		finding_ok(&d->found, FINDING_KEY, "%s", path);
	}
}

void
doctor_ca(struct doctor *d)
{
	char path[PATH_BYTES], place[CLI_PLACE_BYTES];
	int error = load(d);

	d->has_ca = error == 0;
	ca_certificate_path(d->conf, path);
	if (d->has_ca) {
		judge_life(d, path);
		judge_key(d);
	} else if (error == E_NOTFOUND) {
		finding_failure(&d->found, FINDING_CA, "%s: there is none", path);
		cli_place(d->cli, false, place);
		finding_remedy(&d->found, "sightglass ca init%s, or the first start of "
		    "the daemon", place);
	} else {
		finding_failure(&d->found, FINDING_CA, "%s: %s", path, err_text(error));
		finding_remedy(&d->found, error == E_SYS
		    ? "ask as root, or let the doctor read it: it is no secret"
		    : "bring it back from where it was given out, or move it and its "
		      "key away, and a new CA is made");
	}
}
