/* SPDX-License-Identifier: ISC */
/*
 * Who trusts the CA: the system's bundle, NSS stores, Java's store, and what the
 * environment tells Python and Node. CLI. That somebody does not is a warning: it
 * may be meant so, where one program alone is looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/roots.h"
#include "ca/key.h"
#include "cli/anchors.h"
#include "cli/doctor.h"
#include "cli/doctor_text.h"

#define BUNDLE_BYTES_MAX (32u * 1024 * 1024)
#define FINGERPRINT_BYTES (3 * CA_DIGEST_BYTES)

/* The CA's root, or what comes nearest to it. */
static const mbedtls_x509_crt *
root_of(const struct doctor *d)
{
	for (const mbedtls_x509_crt *crt = &d->certificates; crt != NULL;
	    crt = crt->next) {
		if (ca_is_self_issued(crt))
			return crt;
	}
	return &d->certificates;
}

/* What stands before a command that root has to give. */
static const char *
as_root(void)
{
	return geteuid() == 0 ? "" : "sudo ";
}

/* --- files of roots --- */

static bool
contains(const mbedtls_x509_crt *all, const mbedtls_x509_crt *wanted)
{
	for (; all != NULL; all = all->next) {
		if (all->raw.len == wanted->raw.len &&
		    memcmp(all->raw.p, wanted->raw.p, wanted->raw.len) == 0)
			return true;
	}
	return false;
}

/* Those of the file that cannot be parsed are passed over, as who reads it does. */
static int
file_has(const char *path, const mbedtls_x509_crt *wanted, bool *has)
{
	mbedtls_x509_crt all;
	struct buf pem;

	buf_init(&pem, BUNDLE_BYTES_MAX);
	int error = file_read(path, &pem);
	if (error == 0)
		error = buf_append(&pem, "", 1);
	mbedtls_x509_crt_init(&all);
	if (error == 0 && mbedtls_x509_crt_parse(&all, buf_data(&pem),
	        buf_length(&pem)) < 0)
		error = E_SYNTAX;
	*has = error == 0 && contains(&all, wanted);
	mbedtls_x509_crt_free(&all);
	buf_free(&pem);
	return error;
}

static void
tell_to_trust(struct doctor *d)
{
	char place[CLI_PLACE_BYTES];

	cli_place(d->cli, geteuid() != 0, place);
	finding_remedy(&d->found, "%ssightglass ca trust --system%s", as_root(), place);
}

void
doctor_root_files(struct doctor *d)
{
	bool has;

	for (size_t i = 0; roots_system_files[i] != NULL; i++) {
		if (file_has(roots_system_files[i], root_of(d), &has) != 0)
			continue;
		if (has) {
			finding_ok(&d->found, FINDING_SYSTEM, "%s has the CA",
			    roots_system_files[i]);
		} else {
			finding_warning(&d->found, FINDING_SYSTEM, "%s does not have "
			    "the CA", roots_system_files[i]);
			tell_to_trust(d);
		}
		return;
	}
}

/* --- NSS --- */

static void
tell_nss(void *context, const char *store, bool has)
{
	struct doctor *d = context;
	char place[CLI_PLACE_BYTES];

	if (has) {
		finding_ok(&d->found, FINDING_NSS, "%s has the CA", store);
	} else {
		finding_warning(&d->found, FINDING_NSS, "%s does not have the CA",
		    store);
		cli_place(d->cli, false, place);
		finding_remedy(&d->found, "sightglass ca trust --user%s", place);
	}
}

void
doctor_nss_stores(struct doctor *d)
{
	struct anchors anchors;

	if (anchors_take(&anchors, &d->certificates) == 0)
		anchors_look_into_nss(&anchors, tell_nss, d);
	anchors_free(&anchors);
}

/* --- Java --- */

static bool
fingerprint(const mbedtls_x509_crt *crt, char out[FINGERPRINT_BYTES])
{
	uint8_t digest[CA_DIGEST_BYTES];

	if (ca_digest(crt, digest) != 0)
		return false;
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(out + 3 * i, 4, i + 1 < sizeof(digest) ? "%02X:" : "%02X",
		    digest[i]);
	return true;
}

void
doctor_java(struct doctor *d)
{
	char *const argv[] = {(char *)"keytool", (char *)"-list", (char *)"-cacerts",
	    (char *)"-storepass", (char *)"changeit", NULL};
	char wanted[FINGERPRINT_BYTES], place[CLI_PLACE_BYTES];
	struct buf said;

	if (!fingerprint(root_of(d), wanted))
		return;
	bool there = doctor_ask("keytool", argv, &said);
	const char *text = there ? (const char *)buf_data(&said) : "";
	if (there && doctor_has_fingerprint(text, wanted)) {
		finding_ok(&d->found, FINDING_JAVA, "its store has the CA");
	} else if (there && strstr(text, "SHA-256") != NULL) {
		finding_warning(&d->found, FINDING_JAVA, "its store does not have the "
		    "CA");
		cli_place(d->cli, false, place);
		finding_remedy(&d->found, "sightglass ca export -o ca.pem%s; %skeytool "
		    "-importcert -cacerts -storepass changeit -noprompt -alias "
		    "sightglass-%.2s%.2s%.2s%.2s -file ca.pem", place, as_root(), wanted,
		    wanted + 3, wanted + 6, wanted + 9);
	}
	buf_free(&said);
}

/* --- by the environment --- */

static bool
is_of_system(const char *path)
{
	for (size_t i = 0; roots_system_files[i] != NULL; i++) {
		if (strcmp(path, roots_system_files[i]) == 0)
			return true;
	}
	return false;
}

/* The first of the variables that is set, ended by NULL, and what its file has. */
static bool
judge_variables(struct doctor *d, enum finding_id what,
    const char *const variables[])
{
	char place[CLI_PLACE_BYTES];
	bool has;

	for (size_t i = 0; variables[i] != NULL; i++) {
		const char *path = getenv(variables[i]);
		if (path == NULL || path[0] == '\0')
			continue;
		int error = file_has(path, root_of(d), &has);
		if (error == 0 && has) {
			finding_ok(&d->found, what, "%s names a file that has the CA",
			    variables[i]);
		} else {
			finding_failure(&d->found, what, "%s=%s: %s", variables[i],
			    path, error != 0 ? err_text(error)
			                     : "it does not have the CA");
			cli_place(d->cli, false, place);
			if (is_of_system(path))
				tell_to_trust(d);
			else
				finding_remedy(&d->found, "sightglass ca export%s >> "
				    "%s", place, path);
		}
		return true;
	}
	return false;
}

/* Python asks the system's OpenSSL; what brings its own roots (certifi) does not. */
void
doctor_python(struct doctor *d)
{
	static const char *const variables[] = {
	    "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", NULL};
	char *const argv[] = {(char *)"python3", (char *)"-m", (char *)"certifi", NULL};
	struct buf said;
	bool has;

	if (judge_variables(d, FINDING_PYTHON, variables))
		return;
	bool there = doctor_ask("python3", argv, &said);
	char *path = there ? (char *)buf_data(&said) : NULL;
	if (path != NULL)
		path[strcspn(path, "\r\n")] = '\0';
	if (path != NULL && path[0] == '/' && file_has(path, root_of(d), &has) == 0 &&
	    !has) {
		finding_warning(&d->found, FINDING_PYTHON, "requests and pip trust %s "
		    "alone, which does not have the CA", path);
		finding_remedy(&d->found, "set %s", doctor_cure("python"));
	}
	buf_free(&said);
}

/* Node has roots of its own, whatever the system says. */
void
doctor_node(struct doctor *d)
{
	static const char *const variables[] = {"NODE_EXTRA_CA_CERTS", NULL};
	char *const argv[] = {(char *)"node", (char *)"--version", NULL};
	char place[CLI_PLACE_BYTES];
	struct buf said;

	if (judge_variables(d, FINDING_NODE, variables))
		return;
	if (doctor_ask("node", argv, &said)) {
		finding_warning(&d->found, FINDING_NODE, "does not ask the system whom "
		    "to trust, and NODE_EXTRA_CA_CERTS is not set");
		cli_place(d->cli, false, place);
		finding_remedy(&d->found, "sightglass ca export -o ca.pem%s; export "
		    "NODE_EXTRA_CA_CERTS=$PWD/ca.pem", place);
	}
	buf_free(&said);
}
