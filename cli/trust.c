/* SPDX-License-Identifier: ISC */
/*
 * Whom the command trusts: whom its caller trusts, and our CA. One bundle, named
 * by every variable that programs look at; and for wget, PHP and Java, which look at
 * none, a wgetrc, a php.ini and a trust store. CLI, before the command starts. It
 * touches no file of the user's and no store of the system.
 */
#include "cli/exec.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/roots.h"
#include "ca/key.h"
#include "cli/bundle.h"
#include "cli/tool.h"

#define FILE_BYTES (PATH_MAX + 64)
#define JAVA_OPTIONS_BYTES_MAX (128u * 1024)
#define BUNDLE_BYTES_MAX (32u * 1024 * 1024)
#define STORE_PASSWORD "changeit" /* Java's own default; it protects nothing */
#define STORE_ALIAS "sightglass-exec" /* a name that Java's own roots have not yet */

/* What each names is read into the bundle, and then it names the bundle. npm
 * heeds NODE_EXTRA_CA_CERTS only where no cafile is configured; of its two
 * spellings the last in the environment counts, so both are set. */
static const char *const bundle_variables[] = {"SSL_CERT_FILE",
    "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO", "AWS_CA_BUNDLE", "CARGO_HTTP_CAINFO", "PIP_CERT",
    "DENO_CERT", "npm_config_cafile", "NPM_CONFIG_CAFILE", "PERL_LWP_SSL_CA_FILE",
    "HTTPLIB2_CA_CERTS", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", "NIX_SSL_CERT_FILE"};

static int
fail(char error[EXEC_ERROR_BYTES], const char *path)
{
	(void)snprintf(error, EXEC_ERROR_BYTES, "%.300s: %s", path,
	    strerror(errno));
	return E_SYS;
}

static int
fail_with(char error[EXEC_ERROR_BYTES], const char *path, int outcome)
{
	(void)snprintf(error, EXEC_ERROR_BYTES, "%.300s: %s", path,
	    err_text(outcome));
	return E_SYS;
}

/* --- the files of the bundle --- */

/* A file that is not there, or not to be read, was of no use to the command
 * either: E_NOTFOUND. */
static int
add_file(struct bundle *bundle, const char *path)
{
	char bytes[8192];
	size_t n;
	int error = 0;
	FILE *in = fopen(path, "re");

	if (in == NULL)
		return E_NOTFOUND;
	while (error == 0 && (n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		error = bundle_feed(bundle, bytes, n);
	if (error == 0)
		error = bundle_end_file(bundle);
	if (error == 0 && ferror(in) != 0)
		error = E_NOTFOUND;
	(void)fclose(in);
	return error;
}

/* As add_file, of what may be missing. */
static int
add_optional(struct bundle *bundle, const char *path)
{
	int error = add_file(bundle, path);

	return error == E_NOTFOUND ? 0 : error;
}

static int
add_directory(struct bundle *bundle, const char *path)
{
	DIR *directory = opendir(path);
	char file[FILE_BYTES];
	int error = 0;

	if (directory == NULL)
		return 0;
	for (struct dirent *e; error == 0 && (e = readdir(directory)) != NULL;) {
		int length = snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (bundle_is_hash_name(e->d_name) && length > 0 &&
		    length < (int)sizeof(file))
			error = add_optional(bundle, file);
	}
	(void)closedir(directory);
	return error;
}

/* SSL_CERT_DIR is a list, as PATH is. */
static int
add_directories(struct bundle *bundle, const char *list)
{
	char *copy = strdup(list), *rest = copy;
	int error = copy == NULL ? E_NOMEM : 0;

	for (char *one; error == 0 && (one = strsep(&rest, ":")) != NULL;)
		error = add_directory(bundle, one);
	free(copy);
	return error;
}

static int
add_system(struct bundle *bundle)
{
	int error = E_NOTFOUND;

	for (size_t i = 0; roots_system_files[i] != NULL && error == E_NOTFOUND; i++)
		error = add_file(bundle, roots_system_files[i]);
	return error == E_NOTFOUND ? 0 : error;
}

/* The first that is set of those that name the same file is enough. */
static bool
named_before(size_t index, const char *path)
{
	for (size_t i = 0; i < index; i++) {
		const char *other = getenv(bundle_variables[i]);
		if (other != NULL && strcmp(other, path) == 0)
			return true;
	}
	return false;
}

/* What the caller's environment names. */
static int
add_named(struct bundle *bundle)
{
	const char *directories = getenv("SSL_CERT_DIR");
	int error = 0;

	for (size_t i = 0; error == 0 && i < ARRAY_LENGTH(bundle_variables); i++) {
		const char *path = getenv(bundle_variables[i]);
		if (path != NULL && path[0] != '\0' && !named_before(i, path))
			error = add_optional(bundle, path);
	}
	return error == 0 && directories != NULL
	    ? add_directories(bundle, directories) : error;
}

static bool
names_own_roots(void)
{
	return getenv("SSL_CERT_FILE") != NULL || getenv("SSL_CERT_DIR") != NULL;
}

static bool
names_any(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(bundle_variables); i++) {
		if (getenv(bundle_variables[i]) != NULL)
			return true;
	}
	return getenv("SSL_CERT_DIR") != NULL;
}

static int
add_trust(struct bundle *bundle)
{
	int error = names_own_roots() ? 0 : add_system(bundle);

	return error == 0 ? add_named(bundle) : error;
}

static int
finish(FILE *out, const char *path, char error[EXEC_ERROR_BYTES])
{
	bool failed = ferror(out) != 0;

	return fclose(out) != 0 || failed ? fail(error, path) : 0;
}

static int
write_text(const struct buf *text, const char *path,
    char error[EXEC_ERROR_BYTES])
{
	FILE *out = fopen(path, "we");

	if (out == NULL)
		return fail(error, path);
	if (buf_length(text) > 0)
		(void)fwrite(buf_data(text), 1, buf_length(text), out);
	return finish(out, path, error);
}

/* The caller's trust and (certificate != NULL) our CA, which a system that
 * trusts it already has in its store as well, and the one that is to follow. */
static int
write_bundle(const char *certificate, const char *next, const char *path,
    char error[EXEC_ERROR_BYTES])
{
	const char *about = path;
	struct bundle bundle;

	bundle_init(&bundle, BUNDLE_BYTES_MAX);
	int outcome = add_trust(&bundle);
	if (outcome == 0 && certificate != NULL) {
		about = certificate;
		outcome = add_file(&bundle, certificate);
	}
	if (outcome == 0 && next != NULL)
		outcome = add_optional(&bundle, next);
	outcome = outcome == 0 ? write_text(&bundle.text, path, error)
	                       : fail_with(error, about, outcome);
	bundle_free(&bundle);
	return outcome;
}

int
trust_of_caller(const struct exec_places *places, char trust[PATH_MAX],
    char error[EXEC_ERROR_BYTES])
{
	char path[FILE_BYTES];

	(void)snprintf(trust, PATH_MAX, "system");
	if (!names_any())
		return 0;
	(void)snprintf(path, sizeof(path), "%s/roots.pem", places->run);
	(void)snprintf(trust, PATH_MAX, "%.*s", PATH_MAX - 1, path);
	return write_bundle(NULL, NULL, path, error);
}

/* --- wget --- */

/* Appends a file, and a newline if its last line has none. */
static bool
append_file(FILE *out, const char *path)
{
	char bytes[8192], last = '\n';
	size_t n;
	FILE *in = fopen(path, "re");

	if (in == NULL)
		return false;
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0) {
		(void)fwrite(bytes, 1, n, out);
		last = bytes[n - 1];
	}
	if (last != '\n')
		(void)putc('\n', out);
	bool whole = ferror(in) == 0;
	(void)fclose(in);
	return whole;
}

/* It reads WGETRC instead of the user's own file, whose content is therefore
 * repeated. */
static int
set_wgetrc(const struct exec_places *places, const char *bundle,
    char error[EXEC_ERROR_BYTES])
{
	const char *own = getenv("WGETRC"), *home = getenv("HOME");
	char path[FILE_BYTES], user[FILE_BYTES] = "";

	if (own != NULL)
		(void)snprintf(user, sizeof(user), "%s", own);
	else if (home != NULL)
		(void)snprintf(user, sizeof(user), "%s/.wgetrc", home);
	(void)snprintf(path, sizeof(path), "%s/wgetrc", places->run);
	FILE *out = fopen(path, "we");
	if (out == NULL)
		return fail(error, path);
	if (user[0] != '\0')
		(void)append_file(out, user);
	(void)fprintf(out, "ca_certificate = %s\n", bundle);
	int outcome = finish(out, path, error);
	if (outcome == 0 && setenv("WGETRC", path, 1) != 0)
		outcome = fail(error, "WGETRC");
	return outcome;
}

/* --- PHP --- */

/* Its module curl asks no variable. Settings are read from the directories of the list,
 * the last one wins, and an empty name is the one that PHP was built with. */
static int
set_php(const struct exec_places *places, const char *bundle,
    char error[EXEC_ERROR_BYTES])
{
	const char *own = getenv("PHP_INI_SCAN_DIR");
	char path[FILE_BYTES], list[2 * FILE_BYTES];

	(void)snprintf(path, sizeof(path), "%s/php.ini", places->run);
	FILE *out = fopen(path, "we");
	if (out == NULL)
		return fail(error, path);
	(void)fprintf(out, "curl.cainfo = '%s'\nopenssl.cafile = '%s'\n", bundle,
	    bundle);
	int outcome = finish(out, path, error);
	int length = snprintf(list, sizeof(list), "%s:%s", own == NULL ? "" : own,
	    places->run);
	if (outcome == 0 && length < (int)sizeof(list) &&
	    setenv("PHP_INI_SCAN_DIR", list, 1) != 0)
		outcome = fail(error, "PHP_INI_SCAN_DIR");
	return outcome;
}

/* --- Java --- */

/* A copy of Java's own roots, with our CA added. */
static bool
make_store(const char *keytool, const char *store, const char *certificate)
{
	char roots[FILE_BYTES], fresh[FILE_BYTES + 16];
	const char *slash = strrchr(keytool, '/');

	(void)snprintf(roots, sizeof(roots), "%.*s/../lib/security/cacerts",
	    (int)(slash - keytool), keytool);
	(void)snprintf(fresh, sizeof(fresh), "%s.%d", store, (int)getpid());
	FILE *out = fopen(fresh, "we");
	if (out == NULL)
		return false;
	bool copied = append_file(out, roots);
	if (fclose(out) != 0 || !copied) {
		(void)unlink(fresh);
		return false;
	}
	char *const argv[] = {(char *)"keytool", (char *)"-importcert",
	    (char *)"-noprompt", (char *)"-alias", (char *)STORE_ALIAS,
	    (char *)"-keystore", fresh, (char *)"-storepass",
	    (char *)STORE_PASSWORD, (char *)"-file", (char *)certificate, NULL};
	if (tool_run(keytool, argv, NULL, NULL) && rename(fresh, store) == 0)
		return true;
	(void)unlink(fresh);
	return false;
}

static bool
is_newer(const char *path, const char *than)
{
	struct stat a, b;

	return stat(path, &a) == 0 && stat(than, &b) == 0 &&
	    a.st_mtime >= b.st_mtime;
}

/* As the virtual machine takes it apart: at white space that is not between
 * quotes, in which nothing is escaped. */
static int
append_quoted(struct buf *out, const char *text)
{
	int error = 0;

	while (error == 0 && *text != '\0') {
		char quote = *text == '"' ? '\'' : '"';
		size_t length = strcspn(text, *text == '"' ? "'" : "\"");
		error = buf_printf(out, "%c%.*s%c", quote, (int)length, text, quote);
		text += length;
	}
	return error;
}

/* The caller's own options stay before ours. */
static int
add_java_options(const char *store)
{
	const char *before = getenv("JAVA_TOOL_OPTIONS");
	struct buf options;

	buf_init(&options, JAVA_OPTIONS_BYTES_MAX);
	int error = buf_printf(&options, "%s%s-Djavax.net.ssl.trustStore=",
	    before == NULL ? "" : before, before == NULL ? "" : " ");
	if (error == 0)
		error = append_quoted(&options, store);
	if (error == 0)
		error = buf_puts(&options, " -Djavax.net.ssl.trustStorePassword="
		    STORE_PASSWORD);
	if (error == 0)
		error = buf_append(&options, "", 1);
	if (error == 0 &&
	    setenv("JAVA_TOOL_OPTIONS", (char *)buf_data(&options), 1) != 0)
		error = E_SYS;
	buf_free(&options);
	return error;
}

/* Java takes a second for it, so the store is kept with the CA. Without one its
 * programs give their own error, which is no reason not to run the command. */
static void
set_java(const struct exec_places *places, const char *certificate)
{
	char keytool[PATH_MAX], store[FILE_BYTES];

	if (!tool_find("keytool", keytool))
		return;
	(void)snprintf(store, sizeof(store), "%s/ca/java.truststore",
	    places->state);
	if ((!is_newer(store, certificate) &&
	        !make_store(keytool, store, certificate)) ||
	    add_java_options(store) != 0)
		diag_warning("keytool could not make a trust store: Java will not "
		    "trust the leaves");
}

/* --- all of it --- */

int
trust_set_environment(const struct exec_places *places,
    char error[EXEC_ERROR_BYTES])
{
	char certificate[FILE_BYTES], next[FILE_BYTES], bundle[FILE_BYTES];

	(void)snprintf(certificate, sizeof(certificate),
	    "%s/ca/" CA_CERTIFICATE_FILE, places->state);
	(void)snprintf(bundle, sizeof(bundle), "%s/bundle.pem", places->run);
	(void)snprintf(next, sizeof(next), "%s/ca/" CA_NEXT_CERTIFICATE_FILE,
	    places->state);
	int outcome = write_bundle(certificate, next, bundle, error);
	if (outcome == 0)
		outcome = set_wgetrc(places, bundle, error);
	if (outcome == 0)
		outcome = set_php(places, bundle, error);
	if (outcome != 0)
		return outcome;
	for (size_t i = 0; i < ARRAY_LENGTH(bundle_variables); i++) {
		if (setenv(bundle_variables[i], bundle, 1) != 0)
			return fail(error, bundle_variables[i]);
	}
	set_java(places, certificate);
	return 0;
}
